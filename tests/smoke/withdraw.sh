#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From end to end: mangroved, its interface, the ready BIRD files, and the route in the kernel of a BIRD neighbour in
# another namespace. It is there while the node is healthy, and goes after each cause: an operator, a wrong answer,
# an expired zone, SIGTERM, SIGKILL.
. "$(dirname "$0")/world.bash"
. "$(dirname "$0")/bird.bash"

world_with_routes

# ---- a primary that can vanish: the zone of this story expires soon ----
"$zone_tool" make --tlds 50 --output "$work/made/" >/dev/null
mkdir "$work/state"
unsigned "$work/made/root.zone" | awk '$4 == "SOA" { $8 = 1; $9 = 1; $10 = 6 } { print }' >"$work/plain"
primary_start() {
	knot_open 198.18.0.1@5353 "$work/plain"
}
primary_start

addr4=$service4 addr6=$service6
config_make <<TEXT
state_directory: $work/state
primaries:
  - {name: knot, address: 198.18.0.1, port: 5353}
zones:
  - {origin: ., primaries: [knot], dnssec: off, zonemd: off}
control: {socket: $work/control.sock}
announce: {interface: mgva0, prefix_ipv4: 24, prefix_ipv6: 48}
health: {hold_up_seconds: 1, expire_warn_seconds: 1}
TEXT
birds_start interface
server_start
both appears
# through the route that was announced
good 'it answers' ask +tries=5 @$service4 . SOA

cause=$(now_ms)
good drain ctl drain ipv4
withdrawn 'drained by the operator' 4 $prefix4
good 'IPv6 stays' route_is 6 $prefix6
good undrain ctl undrain ipv4
both appears

# a bit of the SOA in the image: serial, refresh, retry
octets=$(ask +short @$service4 . SOA | awk '{ printf "%08x%08x%08x", $3, $4, $5 }')
cause=$(now_ms)
good 'a bit flips' python3 "$here/flip_bit.py" "$pid" "$octets"
withdrawn 'a wrong answer, IPv4' 4 $prefix4
withdrawn 'a wrong answer, IPv6' 6 $prefix6
said 'wrong: self_query_wrong' || fail "the wrong answer is not told"
good 'a new version' ctl --timeout 60 zone transfer . --force
both appears

# nobody vouches for the zone any more: counted from the moment that it expires
end knot
until_said 'zone expired'
cause=$(now_ms)
withdrawn 'the zone expired' 4 $prefix4
primary_start
both appears

cause=$(now_ms)
kill -TERM "$pid"
withdrawn 'SIGTERM, IPv4' 4 $prefix4
withdrawn 'SIGTERM, IPv6' 6 $prefix6
server_ended
server_start
both appears

cause=$(now_ms)
server_kill
withdrawn 'SIGKILL, IPv4' 4 $prefix4
withdrawn 'SIGKILL, IPv6' 6 $prefix6
echo "withdrawn in $worst ms at most"
echo "$passed passed, 0 failed"
