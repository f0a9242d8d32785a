#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two primaries must agree: BIND over TLS and Knot over TCP. Behind others, who poison what they pass on,
# the zone that is served stays; without any it is withheld.
. "$(dirname "$0")/world.bash"
here=$(realpath "$(dirname "$0")")
zone=$(realpath "$ROOT_ZONE")
knot=198.18.0.61 bind=198.18.0.63 bad=198.18.0.64
children=()

primaries_end() {
	for child in ${children[@]+"${children[@]}"}; do
		kill -KILL "$child" 2>/dev/null || true
	done
	world_end
}
trap primaries_end EXIT

cd "$work"
world_make
for address in $knot $bind $bad; do
	ip -n $client addr add $address/24 dev vc
done
mkdir knot state
cp "$ROOT_ANCHORS" anchors
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.pem \
	-days 2 -subj /CN=primary.example -addext subjectAltName=DNS:primary.example 2>/dev/null
pin=$(openssl x509 -in tls.pem -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
cat >named.conf <<TEXT
tls xot { cert-file "$work/tls.pem"; key-file "$work/tls.key"; };
options {
    directory "$work";
    listen-on { $bind; };
    listen-on port 853 tls xot { $bind; };
    listen-on-v6 { none; };
    pid-file none;
    session-keyfile none;
    recursion no;
    allow-transfer { any; };
};
controls { };
zone "." { type primary; file "$zone"; };
TEXT
cat >knot.conf <<TEXT
server:
    listen: $knot@53
    rundir: $work/knot
database:
    storage: $work/knot
acl:
  - id: all
    action: transfer
    address: 198.18.0.0/15
zone:
  - domain: .
    file: $zone
    zonefile-sync: -1
    journal-content: none
    acl: all
TEXT
ip netns exec $client named -g -n 1 -c named.conf >named.out 2>&1 </dev/null &
children+=($!)
ip netns exec $client knotd -c knot.conf >knot.out 2>&1 </dev/null &
children+=($!)
for address in $knot $bind; do
	for _ in $(seq 100); do
		! ip netns exec $client dig +norec +tries=1 +time=1 @$address . SOA +short 2>/dev/null | grep -q . || continue 2
		sleep 0.1
	done
	fail "$address does not answer"
done
serial=$(ip netns exec $client dig +norec @$knot . SOA +short | cut -d ' ' -f 3)
# what Knot has, with a newer serial: signature and digest fit no more
ip netns exec $client python3 "$here/bad_primary.py" --upstream $knot@53 --serial $((serial + 1)) $bad \
	good@5301 cut@5302 two-soas@5303 misfit-ixfr@5304 >bad.out 2>&1 </dev/null &
children+=($!)
for _ in $(seq 100); do
	! grep -q ready bad.out || break
	sleep 0.1
done

# configure PRIMARIES QUORUM
configure() {
	cat >mangroved.yaml <<TEXT
addresses: [$addr4, "$addr6"]
state_directory: $work/state
primaries:
  - {name: bind, address: $bind, tls: {pin: "$pin"}}
  - {name: stranger, address: $bind, tls: {pin: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}
  - {name: knot, address: $knot}
  - {name: unsigned, address: $bad, port: 5301}
  - {name: cut, address: $bad, port: 5302}
  - {name: two-soas, address: $bad, port: 5303}
  - {name: misfit, address: $bad, port: 5304}
zones:
  - {origin: ., primaries: [$1], quorum: $2, anchors: $work/anchors, at: "$ROOT_AT"}
control: {socket: $work/control.sock}
health: {refresh_wait_seconds: 20}
TEXT
}
status_is() {
	ask @$addr4 . SOA | grep -q "status: $1"
}
says() {
	grep -q -- "$1" log || fail "\"$1\" is not said"
}

# nobody to believe: not a stranger, not one of two
configure 'stranger, knot' 2
server_start
says 'ready .*zone=none'
says 'primary failed .*primary=stranger.*pin'
status_is SERVFAIL || fail "a zone without a quorum is served"
server_stop

configure 'bind, knot' 2
server_start
says "zone accepted zone=. serial=$serial .*source=\"primary knot AXFR\""
says "zone transferred .*primary=bind form=AXFR"
status_is NOERROR || fail "the zone is not served"
# anchors that fit nothing: what was proven with others is served on, and so it is after a blunder
echo '. IN DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000' >anchors
for _ in $(seq 100); do
	! grep -q 'zone refused, the old one stays' log || break
	sleep 0.1
done
says 'zone refused, the old one stays: .*no key matches a trust anchor'
status_is NOERROR || fail "new anchors took the zone away"
server_stop

# what is on disk was proven by an earlier process: it is not believed for longer than a proof takes
server_start
for _ in $(seq 100); do
	! status_is SERVFAIL || break
	sleep 0.1
done
status_is SERVFAIL || fail "what is on disk cannot be proven, and is served"
server_stop
cp "$ROOT_ANCHORS" anchors

# poison: refused, and what is on disk is served on
configure 'unsigned, cut, two-soas, misfit' 1
server_start
says "zone from disk zone=. serial=$serial"
for _ in $(seq 100); do
	! grep -q 'primary failed .*two-soas' log || ! grep -q 'zone refused.*unsigned' log || break
	sleep 0.2
done
says 'zone refused, the old one stays: .*primary unsigned'
says 'primary failed .*primary=cut'
says 'primary failed .*primary=two-soas'
[ "$(ask @$addr4 +short . SOA | cut -d ' ' -f 3)" = "$serial" ] || fail "another serial is served"
ip netns exec $server "$BUILD/app/mangrovectl/mangrovectl" --socket "$work/control.sock" health >health.out || true
grep -q version_refused health.out || fail "health does not tell of the refusal: $(cat health.out)"
server_stop
echo "a quorum of BIND over TLS and Knot; no stranger, no poison taken; nothing believed unproven"
