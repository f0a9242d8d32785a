# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The ready BIRD files on the server's side, a neighbour on the client's, and how long its kernel has a route.
. "$here/peers.bash"
files=$(realpath "$here/../../drivers-config")
prefix4=198.18.1.0/24 prefix6=2001:db8:1::/48
service4=198.18.1.53 service6=2001:db8:1::53
worst=0
cause=0
# a second, where the machine is ours alone
limit_ms=${MANGROVE_LONG:+1000}
limit_ms=${limit_ms:-10000}

now_ms() {
	local now=$EPOCHREALTIME
	echo $((${now%.*} * 1000 + 10#${now#*.} / 1000))
}

# route_is 4|6 PREFIX: whether the neighbour's kernel has the route
route_is() {
	[ -n "$(ip -n $client "-$1" route show "$2" proto bird)" ]
}

# until_route LIMIT_MS there|gone 4|6 PREFIX: how many ms that takes, counted from `cause`
until_route() {
	local limit=$1 wanted=$2
	shift 2
	while [ $(($(now_ms) - cause)) -le "$limit" ]; do
		if { route_is "$@" && [ "$wanted" = there ]; } ||
			{ ! route_is "$@" && [ "$wanted" = gone ]; }; then
			echo $(($(now_ms) - cause))
			return 0
		fi
		sleep 0.005
	done
	return 1
}

# withdrawn WHAT 4|6 PREFIX: in time, counted from `cause`
withdrawn() {
	local what=$1 ms
	shift
	ms=$(until_route $limit_ms gone "$@") || fail "not withdrawn within $limit_ms ms: $what"
	passed=$((passed + 1))
	[ "$ms" -le "$worst" ] || worst=$ms
	echo "withdrawn in ms: $ms ($what)"
}

appears() {
	cause=$(now_ms)
	good "a route: $*" until_route 60000 there "$@"
}

# The files are what an operator gets; the site's file has this world's addresses as examples. The
# neighbour keeps what it learns in its kernel.
birds_start() {
	cp "$files/bird/"*.conf "$work"
	cat >"$work/neighbour.conf" <<TEXT
router id 198.18.0.1;
log stderr all;
protocol device { scan time 2; }
protocol bfd { interface "*" { interval 300 ms; multiplier 3; }; }
protocol kernel { ipv4 { import none; export all; }; }
protocol kernel { ipv6 { import none; export all; }; }
protocol bgp node4 { local 198.18.0.1 as 64501; neighbor 198.18.0.2 as 64500; passive;
	bfd on; ipv4 { import all; export none; }; }
protocol bgp node6 { local 2001:db8::1 as 64501; neighbor 2001:db8::2 as 64500; passive;
	bfd on; ipv6 { import all; export none; }; }
TEXT
	for file in interface commands neighbour; do
		good "syntax of $file.conf" bird -p -c "$work/$file.conf"
	done
	bird_start $client neighbour
	bird_start $server "$1"
}

# world_with_routes: the node beside its router, whose kernel has the service addresses too
world_with_routes() {
	tun_needed
	addr4=198.18.0.2 addr6=2001:db8::2
	world_make
	# what TCP and ping need stays where it is
	ip -n $server addr add $service4/32 dev lo
	ip -n $server addr add $service6/128 dev lo
}

both() {
	"$1" 4 $prefix4
	"$1" 6 $prefix6
}
