# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the exception path has to stand, whatever the port's driver. A story says how server and
# client are joined (the client's interface is vc), calls exception_story, and ends.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"

onlink4=198.18.0.2 onlink6=2001:db8::2
client4=198.18.0.1 client6=2001:db8::1
interface=mgv0 # of the kernel at the server
peer="python3 $here/exception_peer.py"

client_addresses() {
	ip -n $client link set lo up
	ip -n $client link set vc up
	ip -n $client addr add $client4/24 dev vc
	ip -n $client addr add $client6/64 dev vc nodad
	at_client ethtool -K vc tx off >/dev/null 2>&1 || true
}

# The two namespaces, and nothing between them
world_bare() {
	tun_needed
	ip netns add $server
	ip netns add $client
	ip -n $server link set lo up
}

# peer_process DEVICE: a DPDK process joins the device with the client's kernel
peer_process() {
	local cpu=$(($(nproc) > 1))
	behind testpmd $client dpdk-testpmd --no-huge -m 192 --file-prefix "$tag-peer" --no-pci \
		--no-telemetry --lcores "0@$cpu,1@$cpu" --vdev "$1" --vdev net_tap0,iface=vc \
		-- --auto-start --forward-mode=io --total-num-mbufs=16384 --no-flush-rx \
		--rxq=$queues --txq=$queues --stats-period 3600
	within 15 ip -n $client link show vc >/dev/null 2>&1 || fail "the peer does not start"
	client_addresses
}

# config_port DEVICE: the world's configuration with this port and a way to the kernel
config_port() {
	device=$1
	config_write
	sed -i '/^lcores/i\    exception:\n      interface: '$interface'\n      addresses: ['$onlink4'/24, "'$onlink6'/64"]' \
		"$work/mangroved.yaml"
}

bird_config() {
	# its own routes only: the two kernels are one machine's
	cat >"$work/$1.conf" <<TEXT
log stderr all;
router id $2;
protocol device { scan time 2; }
protocol direct { ipv4; ipv6; interface "$interface"; }
protocol bfd { interface "*" { interval 500 ms; multiplier 10; }; }
protocol bgp peer4 {
	local $2 as $3; neighbor $4 as $5;
	hold time 9; keepalive time 3; connect delay time 1; connect retry time 1; bfd on;
	ipv4 { import all; export all; };
}
protocol bgp peer6 {
	local $6 as $3; neighbor $7 as $5;
	hold time 9; keepalive time 3; connect delay time 1; connect retry time 1; bfd on;
	ipv6 { import all; export all; };
}
TEXT
}

birds_start() {
	bird_config server $onlink4 64500 $client4 64501 $onlink6 $client6
	bird_config client $client4 64501 $onlink4 64500 $client6 $onlink6
	bird_start $server server
	bird_start $client client
}

# Both sessions and since when: a session that broke and came back is another
sessions() {
	birdc -s "$work/$1.ctl" show protocols | awk '/^peer/ { print $1, $5, $6 }'
}

sessions_up() {
	[ "$(sessions "$1" | grep -c Established)" = 2 ]
}

bfd_up() {
	[ "$(birdc -s "$work/client.ctl" show bfd sessions | grep -c ' Up ')" = 2 ]
}

# routed server|client: whether that BIRD knows both service addresses
routed() {
	local routes
	routes=$(birdc -s "$work/$1.ctl" show route)
	grep -q "$addr4/32" <<<"$routes" && grep -q "$addr6/128" <<<"$routes"
}

server_has_address() {
	ip -n $server addr | grep -qE "$addr4|$addr6"
}

answers() {
	ask "@$1" . SOA | grep -q 'status: NOERROR'
}

# A port that is closed says so, and so ends the trace.
traced() {
	at_client traceroute -n -q 1 -w 2 -m 3 "$1" | grep -qE "^ 1 +$1 +[0-9.]+ ms$"
}

# counter NAME PATTERN: sum of those counters in the last report
counter_sum() {
	awk -v pattern="^$1\$" '/mangrove: count received=/ { sum = 0 }
		/mangrove: count/ { split($NF, pair, "="); if (pair[1] ~ pattern) sum += pair[2] }
		END { print sum + 0 }' "$work/log"
}

# everything_works WHEN: all that is not ours, and queries
everything_works() {
	for address in $addr4 $addr6; do
		good "query at $address $1" answers $address
		good "ping of $address $1" at_client ping -q -c 5 -i 0.02 -W 2 $address
		good "TCP at $address $1" at_client $peer tcp $address
		good "a fragmented query at $address $1" at_client $peer fragmented $address
		good "traceroute to $address $1" traced $address
	done
}

sums_right() {
	report
	[ "$(counter_sum 'foreign_.*')" = "$(counter_sum 'exception_(passed|limited)_.*')" ] &&
		[ "$(counter_sum 'exception_passed_.*')" = \
			"$(counter_sum 'exception_(delivered|refused)_.*')" ]
}

# flood [split]: 20,000 frames of each of four kinds; of most there are too many
flood() {
	local mac
	mac=$(ip -n $client neigh show $addr4 dev vc | grep -oE '([0-9a-f]{2}:){5}[0-9a-f]{2}')
	at_client $peer flood vc "$mac" 20000 $addr4 $addr6
	[ "${1-}" = split ] || {
		report
		[ "$(counter_sum 'exception_limited_(tcp_syn|icmp|other)')" -gt 10000 ]
	}
}

# under_load: the same while queries come as fast as they may
under_load() {
	local before
	for _ in $(seq 100); do echo 'www.example.com A'; done >"$work/queries"
	before=$(sessions client)
	load_start dnsperf $addr4 -l 8 -Q 20000 -q 200
	sleep 1
	everything_works 'under load'
	good 'a flood that is limited by class' within 15 flood "${1-}"
	good 'a query during a flood' answers $addr4
	good 'dnsperf' wait ${process[dnsperf]}
	# dnsperf, its kernel and the peer process share two CPUs with the server and a flood: some
	# of what is lost is lost there, more of it on a busy machine
	good "queries answered under load: $(grep -E 'Queries (lost|completed)' "$work/dnsperf.out")" \
		awk '/Queries lost/ { gsub(/[(%)]/, "", $4); bad = $4 > 25 }
			/Queries completed/ { done = $3 } END { exit bad || done < 10000 }' \
		"$work/dnsperf.out"
	good 'BFD stays up' bfd_up
	good "BGP stays up, was $before, is $(sessions client)" \
		[ "$(sessions client)" = "$before" ]
}

# exception_story [split]: with a server that runs and a client that is joined to it; split where
# the driver leaves the kernel its part
exception_story() {
	ip -n $server route replace default via $client4
	ip -n $server -6 route replace default via $client6
	birds_start
	everything_works 'in peace'
	good 'BGP comes up' within 15 sessions_up client
	good 'BGP routes' within 15 routed client
	good 'BFD comes up' within 15 bfd_up
	under_load "${1-}"
	everything_works 'after the flood'
	if [ "${1-}" != split ]; then
		good 'frames are counted once' within 15 sums_right
	fi
}

# exception_killed: the interface goes with the process, and with it the route to the address
exception_killed() {
	server_kill
	good 'the interface is gone' within 15 not ip -n $server link show $interface
	good 'the addresses are gone' not server_has_address
	good 'the routes are withdrawn' within 15 not routed server
}

exception_done() {
	echo "$passed passed, 0 failed"
}
