#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two queues, on a lcore each where there are two CPUs, then both on one, of a memif: the AF_XDP
# driver takes one queue of a veth pair only. Then two AF_XDP ports on one lcore. Nothing is lost,
# not while a zone is replaced.
. "$(dirname "$0")/world.bash"
world_make

# two_queues LCORES: a zone is replaced under load, which goes on until it is
two_queues() {
	queues=2 lcores=$1
	memif_config
	server_start
	memif_ask_start --queues 2 --rate 30000 --window 512 --seconds 60
	reload
	memif_ask_end
	server_stop
	sent=$(sed -n 's/^sent=\([0-9]*\) .*/\1/p' "$work/peer")
}

if [ "$(nproc)" -gt 1 ]; then
	two_queues 0,1
	# sources and ports are dealt to both, some more to one
	sed -n 's/.*lcore cpu=[01] queues=1 received=\([0-9]*\) sent=\1$/\1/p' "$work/log" | sort -n |
		awk -v sent="$sent" '{ sum += $1; if (NR == 1) least = $1 }
			END { exit !(NR == 2 && sum == sent && least > sent / 3) }' ||
		fail "the two lcores did not share the work"
fi
two_queues 0
said "lcore cpu=0 queues=2 received=$sent sent=$sent\$" || fail "one lcore did not do all of the work"

# a second pair of interfaces, for a second port
other4=198.18.1.53
ip -n $server link add vs2 type veth peer name vc2 netns $client
ip -n $server addr add $other4/24 dev vs2
ip -n $client addr add 198.18.1.1/24 dev vc2
ip -n $server link set vs2 up
ip -n $client link set vc2 up
at_client ethtool -K vc2 tx off >/dev/null
queues=1 lcores=0 device=net_af_xdp0,iface=vs
config_write
sed -i "s/^addresses: .*/addresses: [$addr4, $other4]/
	s/^lcores: /  - device: net_af_xdp1,iface=vs2\n&/" "$work/mangroved.yaml"
server_start
[ "$(grep -c 'port up' "$work/log")" = 2 ] || fail "not two ports"
for i in $(seq 500); do echo "x$i.example.com A"; done >"$work/queries"
for address in $addr4 $other4; do
	load_start $address $address -l 60 -Q 2000 -q 50 -c 20
done
sleep 1
reload
for address in $addr4 $other4; do
	kill -INT "${process[$address]}"
	load_ended $address
done
server_stop
said 'lcore cpu=0 queues=2 received=[1-9]' || fail "not two ports on one lcore"
for interface in vs vs2; do
	! ip -n $server link show $interface | grep -q xdp || fail "an XDP program is left on $interface"
done
echo "two queues on two lcores and on one, and two ports on one, lost nothing"
