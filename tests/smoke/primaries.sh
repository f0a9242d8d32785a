#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two primaries must agree: BIND over TLS and Knot over TCP. Behind others, who poison what they pass on,
# the zone that is served stays; without any it is withheld.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"
zone=$(realpath "$ROOT_ZONE")
knot=198.18.0.61 bind=198.18.0.63 bad=198.18.0.64

cd "$work"
world_make
for address in $knot $bind $bad; do
	ip -n $client addr add $address/24 dev vc
done
mkdir state
cp "$ROOT_ANCHORS" anchors
certificate_make
bind_start bind $client "listen-on { $bind; }" "listen-on port 853 tls xot { $bind; }" 'recursion no' \
	'allow-transfer { any; }' <<TEXT
tls xot { cert-file "$work/tls.pem"; key-file "$work/tls.key"; };
zone "." { type primary; file "$zone"; };
TEXT
knot_open $knot@53 "$zone"
speaks bind @$bind . SOA
served=$(ask @$knot . SOA +short | cut -d ' ' -f 3)
# what Knot has, with a newer serial: signature and digest fit no more
misbehaving $client --upstream $knot@53 --serial $((served + 1)) $bad good@5301 cut@5302 two-soas@5303 misfit-ixfr@5304

device=
# configure PRIMARIES QUORUM
configure() {
	config_make <<TEXT
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

# nobody to believe: not a stranger, not one of two
configure 'stranger, knot' 2
server_start
until_said 'ready .*zone=none'
until_said 'primary failed .*primary=stranger.*pin'
status_is SERVFAIL || fail "a zone without a quorum is served"
server_stop

configure 'bind, knot' 2
server_start
until_said "zone accepted zone=. serial=$served .*source=\"primary knot AXFR\""
until_said "zone transferred .*primary=bind form=AXFR"
status_is NOERROR || fail "the zone is not served"
# anchors that fit nothing: what was proven with others is served on, and so it is after a blunder
echo '. IN DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000' >anchors
until_said 'zone refused, the old one stays: .*no key matches a trust anchor'
status_is NOERROR || fail "new anchors took the zone away"
server_stop

# what is on disk was proven by an earlier process: it is not believed for longer than a proof takes
server_start
within 20 status_is SERVFAIL || fail "what is on disk cannot be proven, and is served"
server_stop
cp "$ROOT_ANCHORS" anchors

# poison: refused, and what is on disk is served on
configure 'unsigned, cut, two-soas, misfit' 1
server_start
until_said "zone from disk zone=. serial=$served"
until_said 'zone refused, the old one stays: .*primary unsigned'
until_said 'primary failed .*primary=cut'
until_said 'primary failed .*primary=two-soas'
serial_is "$served" || fail "another serial is served"
ctl health >health.out || true
grep -q version_refused health.out || fail "health does not tell of the refusal: $(cat health.out)"
server_stop
echo "a quorum of BIND over TLS and Knot; no stranger, no poison taken; nothing believed unproven"
