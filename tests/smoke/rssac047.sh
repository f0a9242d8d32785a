#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The published probe at a node's own addresses: through its lcore and its TCP sockets, then on sockets
# alone. Verdicts outlive a restart; what is cut off is no answer; no packet of it leaves the node. How
# long a version takes from a primary to the answers is measured.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"

# check WHAT...: the reply says so
check() {
	ctl --json rssac047 >"$work/json" || fail "rssac047"
	python3 "$here/rssac047_check.py" "$work/json" "$@" >"$work/differences" 2>&1
}
# until_check WHAT...: within a minute
until_check() {
	within 60 check "$@" || fail "$(cat "$work/differences")"
}

world_make
config_write
config_add "control: {socket: $work/control.sock}" "state_directory: $work/state" 'rssac047: {interval_seconds: 2}'
# a state directory keeps zones by their names
sed -i "s|^  - file: .*|&\n    origin: .|" "$work/mangroved.yaml"
server_start
behind watcher $client python3 -c "$(cat <<'TEXT'
import socket, sys, time
# whatever the server would send to others of its own address
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(('vc', 0))
with open(sys.argv[1], 'wb') as f:
    while True:
        f.write(s.recv(65535)[:60].hex().encode() + b'\n')
        f.flush()
TEXT
)" "$work/seen"
until_check measured ipv4-udp ipv4-tcp ipv6-udp ipv6-tcp correct
ask @$addr4 . SOA >"$work/reply" || fail "no answer"
ctl rssac047 >"$work/words"
! wide "$work/words" || fail "a line is longer than 80 columns"
grep -qE '^  IPv6 TCP Availability +pass  100 % of ' "$work/words" || fail "$(cat "$work/words")"
grep -qE '^  Correctness +pass  100 % of ' "$work/words" || fail "$(cat "$work/words")"
grep -qE '^  Publication Latency +-$' "$work/words" || fail "$(cat "$work/words")"
end watcher
grep -q c6120035c6120001 "$work/seen" || fail "the watcher sees nothing"
# an answer to a query of itself: its address twice in a row (198.18.0.53 is c6120035)
! grep -q c6120035c6120035 "$work/seen" || fail "a probe left the node"
before=$(python3 "$here/rssac047_check.py" "$work/json" count)
server_stop

# on with what was measured, and TCP is gone: it is not served any more, and keeps its figures
sed -i '/^rssac047/i sockets: {tcp: no}' "$work/mangroved.yaml"
server_start
until_check more "$before" correct
server_stop

# a state that is damaged is set aside, and said so
echo '{"format"' >"$work/state/rssac047.json"
server_start
said 'rssac047 begins anew: .*rssac047.json:[0-9]*: not what was written' || fail "nothing is said"
[ -s "$work/state/rssac047.json.bad" ] || fail "the state is lost"
server_stop

# sockets alone; and who has no address any more is not there
device=
config_make <<TEXT
zones: [{file: $ROOT_ZONE, anchors: $ROOT_ANCHORS, at: "$ROOT_AT"}]
control: {socket: $work/control.sock}
rssac047: {interval_seconds: 2}
TEXT
server_start
until_check measured ipv4-udp ipv4-tcp ipv6-udp ipv6-tcp correct
ip -n $server addr del $addr4/24 dev vs
until_check failing ipv4-udp ipv4-tcp
said 'rssac047 no answer way=ipv4-tcp' || fail "nothing is said"
server_stop

# a primary with a new version, of which the node hears, and which it serves
ip -n $server addr add $addr4/24 dev vs
# primary_zone SERIAL
primary_zone() {
	cat >"$work/primary.zone" <<TEXT
. 86400 IN SOA a. b. $1 1800 900 604800 86400
. 518400 IN NS a.ns.com.
com. 172800 IN NS a.ns.com.
a.ns.com. 172800 IN A 198.18.0.1
TEXT
}
primary_zone 1
knot_open 198.18.0.1@53 "$work/primary.zone"
config_make <<TEXT
primaries: [{name: knot, address: 198.18.0.1}]
zones: [{origin: ., primaries: [knot], dnssec: "off", zonemd: "off"}]
control: {socket: $work/control.sock}
rssac047: {interval_seconds: 2}
TEXT
server_start
# one primary is there from the start; what it has is no news
until_check measured ipv4-udp ipv4-tcp
until_check published 0
primary_zone 2
knot_tell zone-reload . || fail "$(cat "$work/knotc.out")"
ctl zone refresh . >"$work/words" 2>&1 || true
grep -q 'updated, serial 2' "$work/words" || fail "$(cat "$work/words")"
until_check published 1
server_stop
echo "the probe measures every way, tells what fails, goes on after a restart, and stays at home"
