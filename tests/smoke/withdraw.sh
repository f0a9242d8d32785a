#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From end to end: mangroved, its interface, the ready BIRD files, and the route in the kernel of a BIRD neighbour in
# another namespace. It is there while the node is healthy, and goes after each cause: an operator, a wrong answer,
# an expired zone, SIGTERM, SIGKILL.
. "$(dirname "$0")/world.bash"
. "$(dirname "$0")/bird.bash"
flip=$(realpath "$(dirname "$0")/flip_bit.py")

withdraw_end() {
	local status=$? child
	for child in "${children[@]}"; do
		kill -KILL "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	done
	[ $status -eq 0 ] || tail -n 8 "$work"/*.out 2>/dev/null || true
	world_end
}
trap withdraw_end EXIT

[ -c /dev/net/tun ] || {
	echo "the kernel has no /dev/net/tun"
	exit 77
}
addr4=198.18.0.2 addr6=2001:db8::2
world_make
ip -n $server addr add $service4/32 dev lo
ip -n $server addr add $service6/128 dev lo

# ---- a primary that can vanish: the zone of this story expires soon ----
"$BUILD/app/mangrove-zone/mangrove-zone" make --tlds 50 --output "$work/made/" >/dev/null
mkdir "$work/knot" "$work/state"
awk '$4 !~ /^(RRSIG|NSEC|DNSKEY|ZONEMD)$/ { $1 = $1; if ($4 == "SOA") { $8 = 1; $9 = 1; $10 = 6 } print }' \
	"$work/made/root.zone" >"$work/plain"
cat >"$work/knot.conf" <<TEXT
server:
    listen: 198.18.0.1@5353
    rundir: $work/knot
database:
    storage: $work/knot
acl:
  - id: all
    action: transfer
    address: 198.18.0.0/15
zone:
  - domain: .
    file: $work/plain
    zonefile-sync: -1
    journal-content: none
    acl: all
TEXT
knot_start() {
	ip netns exec $client knotd -c "$work/knot.conf" >"$work/knot.out" 2>&1 </dev/null &
	knot=$!
	children+=($knot)
}
knot_start

cat >"$work/mangroved.yaml" <<TEXT
addresses: [$service4, "$service6"]
state_directory: $work/state
primaries:
  - {name: knot, address: 198.18.0.1, port: 5353}
zones:
  - {origin: ., primaries: [knot], dnssec: off, zonemd: off}
control: {socket: $work/control.sock}
announce: {interface: mgva0, prefix_ipv4: 24, prefix_ipv6: 48}
health: {hold_up_seconds: 1, expire_warn_seconds: 1}
ports:
  - device: $device
lcores: [0]
hugepages: no
file_prefix: $tag
TEXT
ctl() {
	ip netns exec $server "$BUILD/app/mangrovectl/mangrovectl" --socket "$work/control.sock" "$@"
}
birds_start interface
server_start
both appears
# through the route that was announced
good 'it answers' ip netns exec $client dig +norec +tries=5 +time=1 @$service4 . SOA

cause=$(now_ms)
good drain ctl drain ipv4
withdrawn 'drained by the operator' 4 $prefix4
good 'IPv6 stays' route_is 6 $prefix6
good undrain ctl undrain ipv4
both appears

# a bit of the SOA in the image: serial, refresh, retry
octets=$(ip netns exec $client dig +norec +short @$service4 . SOA | awk '{ printf "%08x%08x%08x", $3, $4, $5 }')
cause=$(now_ms)
good 'a bit flips' python3 "$flip" "$pid" "$octets"
withdrawn 'a wrong answer, IPv4' 4 $prefix4
withdrawn 'a wrong answer, IPv6' 6 $prefix6
grep -q 'wrong: self_query_wrong' "$work/log" || fail "the wrong answer is not told"
good 'a new version' ctl --timeout 60 zone transfer . --force
both appears

# nobody vouches for the zone any more: counted from the moment that it expires
kill -KILL $knot
wait $knot 2>/dev/null || true
for _ in $(seq 1000); do
	! grep -q 'zone expired' "$work/log" || break
	sleep 0.01
done
cause=$(now_ms)
withdrawn 'the zone expired' 4 $prefix4
knot_start
both appears

cause=$(now_ms)
kill -TERM "$pid"
withdrawn 'SIGTERM, IPv4' 4 $prefix4
withdrawn 'SIGTERM, IPv6' 6 $prefix6
until_gone "$pid"
wait "$pid" || fail "exit code $?"
pid=
server_start
both appears

cause=$(now_ms)
kill -KILL "$pid"
withdrawn 'SIGKILL, IPv4' 4 $prefix4
withdrawn 'SIGKILL, IPv6' 6 $prefix6
wait "$pid" 2>/dev/null || true
pid=
echo "withdrawn in $worst ms at most"
echo "$passed passed, 0 failed"
