#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A zone comes from Knot, NSD and BIND: AXFR signed and unsigned, over TLS, by differences. From primaries
# that misbehave it does not come, and each is told off with its reason, in bounded time and memory.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"
zone=$(realpath "$ROOT_ZONE")
knot=198.18.0.61 nsd=198.18.0.62 bind=198.18.0.63 bad=198.18.0.64

cd "$work"
world_make
for address in $knot $nsd $bind $bad; do
	ip -n $server addr add $address/24 dev vs
done
ip -n $server addr add 2001:db8::61/64 dev vs nodad
tsig-keygen -a hmac-sha256 k256. >keys
tsig-keygen -a hmac-sha512 k512. >>keys
chmod 600 keys

mkdir knot
printf 'example. 60 IN SOA a. b. 1 1800 900 604800 60\nexample. 60 IN NS a.example.\n' >knot/example.zone
printf 'a.example. 60 IN A 198.18.1.%s\n' 1 >>knot/example.zone
knot_start knot $server "$knot@53, 2001:db8::61@53" <<TEXT
key:
  - id: k256.
    algorithm: hmac-sha256
    secret: $(secret_of k256. keys)
  - id: k512.
    algorithm: hmac-sha512
    secret: $(secret_of k512. keys)
acl:
  - id: plain
    action: transfer
    address: [198.18.0.1, 2001:db8::1]
  - id: signed
    action: transfer
    key: [k256., k512.]
zone:
  - domain: .
    file: $zone
    zonefile-sync: -1
    journal-content: none
    acl: [plain, signed]
  - domain: example.
    file: $work/knot/example.zone
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: changes
    acl: [plain, signed]
TEXT
nsd_start nsd $server $nsd <<TEXT
key:
    name: k256.
    algorithm: hmac-sha256
    secret: "$(secret_of k256. keys)"
key:
    name: k512.
    algorithm: hmac-sha512
    secret: "$(secret_of k512. keys)"
zone:
    name: "."
    zonefile: "$zone"
    provide-xfr: 198.18.0.1 NOKEY
    provide-xfr: 0.0.0.0/0 k256.
    provide-xfr: 0.0.0.0/0 k512.
TEXT
certificate_make
bind_start bind $server "listen-on { $bind; }" "listen-on port 853 tls xot { $bind; }" 'recursion no' \
	'allow-transfer { any; }' <<TEXT
include "$work/keys";
tls xot { cert-file "$work/tls.pem"; key-file "$work/tls.key"; };
zone "." { type primary; file "$zone"; };
TEXT

# fetch WHAT OPTION...: to WHAT.zone, with what it says in WHAT.out
fetch() {
	local what=$1
	shift
	at_client timeout 60 "$zone_tool" fetch --origin . --output "$work/$what.zone" "$@" \
		>"$what.out" 2>&1
}
gets() {
	fetch "$@" || fail "$1: $(cat "$1.out")"
}
# refuses WHAT REASON OPTION...: and leaves nothing
refuses() {
	local what=$1 why=$2
	shift 2
	! fetch "$what" "$@" || fail "$what: $(cat "$what.out")"
	grep -q -- "$why" "$what.out" || fail "$what: not \"$why\" but $(cat "$what.out")"
	[ ! -e "$what.zone" ] && [ ! -e "$what.zone.new" ] || fail "$what left a file"
}

misbehaving $server --serial 2026080107 $bad cut@5301 silent@5302 two-soas@5303 behind@5304 endless@5305 slow@5306 \
	wrong-id@5307 garbage@5308 refused@5309 wrong-class@5310 no-ixfr@5311 broken-ixfr@5312 closes@5313 \
	wrong-tsig@5314 good@5315 misfit-ixfr@5316
for name in knot nsd bind; do
	speaks $name @${!name} . SOA
done

# those take their time
refuses slow 'too slow: [0-9]* octets in' --from $bad@5306 &
slow=$!
refuses silent 'too slow: 0 octets in' --from $bad@5302 &
silent=$!

# ---- real ones ----

for name in knot nsd bind; do
	gets $name-plain --from ${!name}
	gets $name-256 --from ${!name} --key keys:k256.
	gets $name-512 --from ${!name} --key keys:k512.
	cmp $name-plain.zone $name-512.zone || fail "$name: signed, it is another zone"
	"$zone_tool" check --at "$ROOT_AT" --anchors "$ROOT_ANCHORS" $name-256.zone >check.out ||
		fail "$name: $(cat check.out)"
done
gets knot-6 --from 2001:db8::61@53
cmp knot-plain.zone knot-6.zone || fail "over IPv6, it is another zone"
serial=$(awk '$4 == "SOA" { print $7; exit }' knot-plain.zone)
for name in knot nsd bind; do
	gets same --from ${!name} --serial "$serial"
	grep -q 'no newer' same.out || fail "$name: $(cat same.out)"
	gets older --from ${!name} --serial $((serial + 1))
	grep -q older older.out || fail "$name: $(cat older.out)"
	# none of them has differences from there
	gets $name-ixfr --from ${!name} --serial $((serial - 1))
	grep -q AXFR $name-ixfr.out || fail "$name: $(cat $name-ixfr.out)"
done
tsig-keygen -a hmac-sha256 k256. >keys.wrong
tsig-keygen -a hmac-sha256 unknown. >>keys.wrong
chmod 600 keys.wrong
for name in knot nsd bind; do
	refuses $name-badsig 'does not accept our signature: BADSIG' --from ${!name} --key keys.wrong:k256.
	refuses $name-badkey 'does not accept our signature: BADKEY' --from ${!name} --key keys.wrong:unknown.
done
chmod 644 keys.wrong
refuses mode 'mode 0644' --from $knot --key keys.wrong:k256.
refuses nobody 'connecting: connection refused' --from $bad@5399

# ---- differences ----

sed -i 's/b\. 1 /b. 2 /; s/198.18.1.1/198.18.1.2/' knot/example.zone
knot_tell zone-reload example. || fail "$(cat knotc.out)"
gets differences --from $knot --origin example. --serial 1
grep -q 'serial 2 by IXFR, 6 records' differences.out || fail "$(cat differences.out)"
grep -A1 '^; added' differences.zone | grep -q 'SOA' || fail "$(cat differences.zone)"
grep -q '198.18.1.1$' differences.zone && grep -q '198.18.1.2$' differences.zone || fail "$(cat differences.zone)"
gets whole --from $knot --origin example. --serial 1 --whole
grep -q 'serial 2 by AXFR, 4 records' whole.out || fail "$(cat whole.out)"

# ---- TLS ----

gets tls-name --from $bind --tls-name primary.example --ca tls.pem
gets tls-pin --from $bind --pin "$pin" --key keys:k512.
cmp tls-name.zone bind-plain.zone && cmp tls-pin.zone bind-plain.zone || fail "over TLS, it is another zone"
refuses tls-other-name 'over TLS' --from $bind --tls-name other.example --ca tls.pem
refuses tls-no-authority 'over TLS' --from $bind --tls-name primary.example
refuses tls-other-pin 'over TLS' --from $bind --pin "$(head -c 32 /dev/zero | base64)"
refuses tls-none 'over TLS' --from $bind@53 --pin "$pin"

# ---- bad ones ----

for case in "cut@5301 closed the connection" "two-soas@5303 closes it (serial 2026080108) is not" \
	"behind@5304 records behind the SOA" "wrong-id@5307 an answer with ID" "refused@5309 says REFUSED" \
	"wrong-class@5310 class 3" "garbage@5308 AXFR over TCP: a"; do
	what=${case%%@*} port=${case#*@} port=${port%% *}
	refuses "$what" "${case#* }" --from "$bad@$port"
done
refuses wrong-tsig 'signature is not accepted: BADSIG' --from $bad@5314 --key keys:k256.
refuses unsigned 'not signed' --from $bad@5315 --key keys:k256.
for case in no-ixfr@5311 broken-ixfr@5312 closes@5313; do
	gets "${case%@*}" --from "$bad@${case#*@}" --serial 2026080106
	grep -q 'serial 2026080107 by AXFR, 403 records' "${case%@*}.out" || fail "$(cat "${case%@*}.out")"
done
grep -q 'no differences: .*NOTIMP' no-ixfr.out || fail "$(cat no-ixfr.out)"
grep -q 'no differences: .*begin at serial 2026080100' broken-ixfr.out || fail "$(cat broken-ixfr.out)"
# of what the zone has only a builder knows
gets misfit-ixfr --from $bad@5316 --serial 2026080106
grep -q 'by IXFR, 5 records' misfit-ixfr.out || fail "$(cat misfit-ixfr.out)"

# 16 MiB of records at most, and no more than a few times that in memory
at_client python3 - "$zone_tool" $bad@5305 "$work/endless.zone" >endless.out 2>&1 <<-'PY'
	import resource, subprocess, sys
	done = subprocess.run([sys.argv[1], 'fetch', '--from', sys.argv[2], '--origin', '.', '--output', sys.argv[3],
	                       '--octets', '16777216'], capture_output=True, text=True, timeout=60)
	print(done.returncode, done.stderr.strip(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
grep -q '^1 .* 16777216 octets [0-9]*$' endless.out || fail "$(cat endless.out)"
[ "$(awk '{ print $NF }' endless.out)" -lt 80000 ] || fail "memory: $(cat endless.out)"
[ ! -e endless.zone ] || fail "endless left a file"
refuses too-long 'not done after 2000 ms' --from $bad@5306 --seconds 2

wait $slow || fail "$(cat slow.out)"
wait $silent || fail "$(cat silent.out)"
echo "$(cat knot-512.out); endless: $(awk '{ print $NF }' endless.out) KiB at most"
