#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The ready BIRD files: a route while a family is healthy, none in the neighbour's kernel soon after
# what is wrong, or SIGKILL. By the interface, then by commands.
. "$(dirname "$0")/world.bash"
. "$(dirname "$0")/bird.bash"
# tell LINE: the announcer does something, from now on
tell() {
	cause=$(now_ms)
	echo "$1" >&7
}

announcer_start() {
	[ -p "$work/lines" ] || mkfifo "$work/lines"
	ip netns exec $server "$BUILD/tests/smoke/announcer" $service4 $service6 "$@" <"$work/lines" >"$work/announcer.out" 2>&1 &
	process[announcer]=$!
	exec 7>"$work/lines"
}

announcer_kill() {
	cause=$(now_ms)
	end announcer
	exec 7>&-
}

bird_restart() {
	end "bird-$1" TERM
	bird_start $server "$2"
}

addresses_are() {
	[ "$(ip -n $server addr show mgva0 | grep -cE 'inet6? .*(198.18.1.53/24|2001:db8:1::53/48)')" = "$1" ]
}

interface_down() {
	ip -n $server link show mgva0 | grep -q 'state DOWN'
}
session_up() {
	birdc -s "$work/neighbour.ctl" show protocols node4 | grep -q Established
}
routes_none() {
	[ -z "$(ip -n $client route show proto bird)" ]
}
# routers that honour it take other nodes, while this one still answers (RFC 8326)
draining() {
	[ "$(birdc -s "$work/neighbour.ctl" "show route all" | grep -c 'BGP.community: (65535,0)')" = "$1" ]
}
# draining_set true|false
draining_set() {
	sed -i "s/DRAIN = [a-z]*/DRAIN = $1/" "$work/site.conf"
	birdc -s "$work/interface.ctl" configure
}

world_with_routes
if [ -x /usr/bin/vtysh ]; then
	mkdir "$work/frr"
	cp "$files/frr/frr.conf" "$work/frr"
	touch "$work/frr/vtysh.conf"
	good 'syntax of frr.conf' vtysh -C --config_dir "$work/frr"
fi
# by the interface
birds_start interface
announcer_start mgva0
both appears
good 'the addresses stand' addresses_are 2
good 'they answer' at_client ping -q -c 1 -W 2 $service4
tell 'wrong 4'
withdrawn 'IPv4 is wrong' 4 $prefix4
good 'IPv6 stays' route_is 6 $prefix6
good 'one address is left' addresses_are 1
good 'what the kernel answers it still does' at_server ping -q -c 1 -W 2 $service4
tell 'wrong 6'
withdrawn 'IPv6 is wrong' 6 $prefix6
good 'the interface is down' interface_down
tell 'right 4'
sleep 0.5
good 'held back' addresses_are 0
appears 4 $prefix4
good 'IPv6 is withdrawn still' not route_is 6 $prefix6
tell 'right 6'
both appears
good 'BIRD takes a changed site.conf' draining_set true
good 'both prefixes are draining' within 10 draining 2
good 'and takes it back' draining_set false
good 'none is draining' within 10 draining 0
announcer_kill
withdrawn 'SIGKILL, IPv4' 4 $prefix4
withdrawn 'SIGKILL, IPv6' 6 $prefix6
good 'the interface is gone' not ip -n $server link show mgva0
announcer_start mgva0
both appears
tell 'drain 4'
withdrawn 'drained' 4 $prefix4
tell 'stop'
withdrawn 'stopped' 6 $prefix6
succeeds announcer
exec 7>&-

# by commands
bird_restart interface commands
good 'BGP comes up' within 60 session_up
sleep 0.2
good 'nothing is announced yet' routes_none
announcer_start - /usr/sbin/birdc "$work/commands.ctl" service4 service6
both appears
tell 'wrong 4'
withdrawn 'IPv4 is wrong, by birdc' 4 $prefix4
good 'IPv6 stays' route_is 6 $prefix6
# a daemon that is started again has forgotten, and is told again
bird_restart commands commands
cause=$(now_ms)
good 'told again after a restart' until_route 15000 there 6 $prefix6
tell 'stop'
withdrawn 'stopped, by birdc' 6 $prefix6
succeeds announcer
echo "withdrawn in $worst ms at most"
echo "$passed passed, 0 failed"
