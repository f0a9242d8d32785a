# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the exception path has to stand, whatever the port's driver. A story says how server and
# client are joined (the client's interface is vc), calls exception_story, and ends.
. "$(dirname "$0")/world.bash"

onlink4=198.18.0.2 onlink6=2001:db8::2
client4=198.18.0.1 client6=2001:db8::1
interface=mgv0 # of the kernel at the server
passed=0
children=()
peer="python3 $(realpath "$(dirname "$0")")/exception_peer.py"

exception_end() {
	local status=$? child
	for child in "${children[@]}"; do
		kill -KILL "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	done
	[ $status -eq 0 ] || tail -n 5 "$work"/*.out 2>/dev/null || true
	world_end
}
trap exception_end EXIT

# behind NAME here|there COMMAND...: run it in the background until the story ends
behind() {
	local name=$1 where=$client
	[ "$2" = there ] || where=$server
	shift 2
	# not by here() or there(): their shell would be what is ended, and the command would stay
	ip netns exec "$where" "$@" >"$work/$name.out" 2>&1 </dev/null &
	children+=($!)
}

# good WHAT COMMAND...: a check that has to pass
good() {
	local what=$1
	shift
	"$@" >"$work/check.out" 2>&1 || fail "$what"
	passed=$((passed + 1))
}

# soon COMMAND...: try for 15 seconds
soon() {
	for _ in $(seq 75); do
		! "$@" || return 0
		sleep 0.2
	done
	return 1
}

here() {
	ip netns exec $server "$@"
}

there() {
	ip netns exec $client "$@"
}

client_addresses() {
	ip -n $client link set lo up
	ip -n $client link set vc up
	ip -n $client addr add $client4/24 dev vc
	ip -n $client addr add $client6/64 dev vc nodad
	there ethtool -K vc tx off >/dev/null 2>&1 || true
}

# The two namespaces, and nothing between them
world_bare() {
	[ -c /dev/net/tun ] || {
		echo "the kernel has no /dev/net/tun"
		exit 77
	}
	ip netns add $server
	ip netns add $client
	ip -n $server link set lo up
}

# peer_process DEVICE: a DPDK process joins the device with the client's kernel
peer_process() {
	local cpu=$(($(nproc) > 1))
	behind testpmd there dpdk-testpmd --no-huge -m 192 --file-prefix "$tag-peer" --no-pci \
		--no-telemetry --lcores "0@$cpu,1@$cpu" --vdev "$1" --vdev net_tap0,iface=vc \
		-- --auto-start --forward-mode=io --total-num-mbufs=16384 --no-flush-rx \
		--rxq=$queues --txq=$queues --stats-period 3600
	soon ip -n $client link show vc >/dev/null 2>&1 || fail "the peer does not start"
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
	cat >"$work/bird-$1.conf" <<TEXT
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
	behind bird-server here bird -f -c "$work/bird-server.conf" -s "$work/bird-server.ctl" \
		-P "$work/bird-server.pid"
	behind bird-client there bird -f -c "$work/bird-client.conf" -s "$work/bird-client.ctl" \
		-P "$work/bird-client.pid"
}

# Both sessions and since when: a session that broke and came back is another
sessions() {
	birdc -s "$work/bird-$1.ctl" show protocols | awk '/^peer/ { print $1, $5, $6 }'
}

sessions_up() {
	[ "$(sessions "$1" | grep -c Established)" = 2 ]
}

bfd_up() {
	[ "$(birdc -s "$work/bird-client.ctl" show bfd sessions | grep -c ' Up ')" = 2 ]
}

routes_known() {
	birdc -s "$work/bird-client.ctl" show route | grep -q "$addr4/32" &&
		birdc -s "$work/bird-client.ctl" show route | grep -q "$addr6/128"
}

answers() {
	ask "@$1" . SOA | grep -q 'status: NOERROR'
}

# A port that is closed says so, and so ends the trace.
traced() {
	there traceroute -n -q 1 -w 2 -m 3 "$1" | grep -qE "^ 1 +$1 +[0-9.]+ ms$"
}

# counter NAME PATTERN: sum of those counters in the last report
counter_sum() {
	awk -v pattern="^$1\$" '/mangrove: count received=/ { sum = 0 }
		/mangrove: count/ { split($NF, pair, "="); if (pair[1] ~ pattern) sum += pair[2] }
		END { print sum + 0 }' "$work/log"
}

counters_report() {
	kill -USR1 "$pid"
	sleep 0.5
}

# everything_works WHEN: all that is not ours, and queries
everything_works() {
	for address in $addr4 $addr6; do
		good "query at $address $1" answers $address
		good "ping of $address $1" there ping -q -c 5 -i 0.2 -W 2 $address
		good "TCP at $address $1" there $peer tcp $address
		good "a fragmented query at $address $1" there $peer fragmented $address
		good "traceroute to $address $1" traced $address
	done
}

sums_right() {
	counters_report
	[ "$(counter_sum 'foreign_.*')" = "$(counter_sum 'exception_(passed|limited)_.*')" ] &&
		[ "$(counter_sum 'exception_passed_.*')" = \
			"$(counter_sum 'exception_(delivered|refused)_.*')" ]
}

# flood [split]: 20,000 frames of each of four kinds; of most there are too many
flood() {
	local mac
	mac=$(ip -n $client neigh show $addr4 dev vc | grep -oE '([0-9a-f]{2}:){5}[0-9a-f]{2}')
	there $peer flood vc "$mac" 20000 $addr4 $addr6
	[ "${1-}" = split ] || {
		counters_report
		[ "$(counter_sum 'exception_limited_(tcp_syn|icmp|other)')" -gt 10000 ]
	}
}

# under_load: the same while queries come as fast as they may
under_load() {
	local load before
	for _ in $(seq 100); do echo 'www.example.com A'; done >"$work/queries"
	before=$(sessions client)
	behind dnsperf there dnsperf -s $addr4 -d "$work/queries" -l 12 -Q 20000 -q 200
	load=${children[-1]}
	sleep 1
	everything_works 'under load'
	good 'a flood that is limited by class' soon flood "${1-}"
	good 'a query during a flood' answers $addr4
	good 'dnsperf' wait $load
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
	good 'BGP comes up' soon sessions_up client
	good 'BGP routes' soon routes_known
	good 'BFD comes up' soon bfd_up
	under_load "${1-}"
	everything_works 'after the flood'
	if [ "${1-}" != split ]; then
		good 'frames are counted once' soon sums_right
	fi
}

# exception_killed: the interface goes with the process, and with it the route to the address
exception_killed() {
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	pid=
	good 'the interface is gone' soon bash -c "! ip -n $server link show $interface"
	good 'the addresses are gone' bash -c "! ip -n $server addr | grep -qE '$addr4|$addr6'"
	good 'the routes are withdrawn' soon bash -c "! birdc -s '$work/bird-server.ctl' show route | grep -q $addr4"
}

exception_done() {
	echo "$passed passed, 0 failed"
}
