#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two queues, on a lcore each where there are two CPUs, then both on one, of a memif: the AF_XDP
# driver takes one queue of a veth pair only. Then two AF_XDP ports on one lcore. Nothing is lost,
# not while a zone is replaced.
. "$(dirname "$0")/world.bash"
world_make

# two_queues LCORES: a zone is replaced under load
replaced() {
	for _ in $(seq 200); do
		! grep -q 'zones published' "$work/log" || return 0
		sleep 0.1
	done
	fail "the zone was not replaced"
}

two_queues() {
	local asking
	rm -f "$work/peer"
	queues=2 lcores=$1
	memif_config
	server_start
	# long enough for a proof of the zone beside two busy lcores
	memif_ask --queues 2 --queries 300000 --rate 30000 --window 512 --seconds 60 &
	asking=$!
	for _ in $(seq 300); do
		! grep -qs ' 1 s ' "$work/peer" || break
		sleep 0.1
	done
	kill -HUP "$pid"
	wait $asking || fail "$(cat "$work/peer")"
	all_answered 300000
	replaced
	server_stop
}

if [ "$(nproc)" -gt 1 ]; then
	two_queues 0,1
	[ "$(grep -c 'lcore cpu=[01] queues=1 received=1[0-9]* sent=1[0-9]*$' "$work/log")" = 2 ] ||
		fail "the two lcores did not share the work"
fi
two_queues 0
grep -q 'lcore cpu=0 queues=2 received=300000 sent=300000$' "$work/log" ||
	fail "one lcore did not do all of the work"

# a second pair of interfaces, for a second port
other4=198.18.1.53
ip -n $server link add vs2 type veth peer name vc2 netns $client
ip -n $server addr add $other4/24 dev vs2
ip -n $client addr add 198.18.1.1/24 dev vc2
ip -n $server link set vs2 up
ip -n $client link set vc2 up
ip netns exec $client ethtool -K vc2 tx off >/dev/null
queues=1 lcores=0 device=net_af_xdp0,iface=vs
config_write
sed -i "s/^addresses: .*/addresses: [$addr4, $other4]/
	s/^lcores: /  - device: net_af_xdp1,iface=vs2\n&/" "$work/mangroved.yaml"
server_start
grep -c 'port up' "$work/log" | grep -qx 2 || fail "not two ports"
for i in $(seq 500); do echo "x$i.example.com A"; done >"$work/queries"
load() {
	ip netns exec $client dnsperf -s "$1" -d "$work/queries" -l 3 -Q 2000 -q 50 -c 20 \
		>"$work/dnsperf-$1" 2>&1
}
load $addr4 &
loading=$!
sleep 1
kill -HUP "$pid"
load $other4 || fail "dnsperf: $(cat "$work/dnsperf-$other4")"
wait $loading || fail "dnsperf: $(cat "$work/dnsperf-$addr4")"
for address in $addr4 $other4; do
	grep -q 'Queries completed: *[1-9]' "$work/dnsperf-$address" &&
		grep -q 'Queries lost: *0 ' "$work/dnsperf-$address" ||
		fail "$(cat "$work/dnsperf-$address")"
done
replaced
server_stop
grep -q 'lcore cpu=0 queues=2 received=[1-9]' "$work/log" || fail "not two ports on one lcore"
for interface in vs vs2; do
	! ip -n $server link show $interface | grep -q xdp || fail "an XDP program is left on $interface"
done
echo "two queues on two lcores and on one, and two ports on one, lost nothing"
