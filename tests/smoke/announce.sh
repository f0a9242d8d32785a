#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The ready BIRD files: a route while a family is healthy, none in the neighbour's kernel soon after
# what is wrong, or SIGKILL. By the interface, then by commands.
. "$(dirname "$0")/world.bash"
. "$(dirname "$0")/bird.bash"
announcer=

announce_end() {
	local status=$? child
	for child in "${children[@]}" $announcer; do
		kill -KILL "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	done
	[ $status -eq 0 ] || tail -n 8 "$work"/*.out 2>/dev/null || true
	world_end
}
trap announce_end EXIT

# tell LINE: the announcer does something, from now on
tell() {
	cause=$(now_ms)
	echo "$1" >&7
}

announcer_start() {
	[ -p "$work/lines" ] || mkfifo "$work/lines"
	ip netns exec $server "$BUILD/tests/smoke/announcer" $service4 $service6 "$@" \
		<"$work/lines" >"$work/announcer.out" 2>&1 &
	announcer=$!
	exec 7>"$work/lines"
}

announcer_kill() {
	cause=$(now_ms)
	kill -KILL "$announcer"
	wait "$announcer" 2>/dev/null || true
	announcer=
	exec 7>&-
}

bird_restart() {
	kill "${children[-1]}"
	wait "${children[-1]}" 2>/dev/null || true
	unset 'children[-1]'
	bird_start $server "$1.conf"
}

addresses_are() {
	[ "$(ip -n $server addr show mgva0 | grep -cE 'inet6? .*(198.18.1.53/24|2001:db8:1::53/48)')" = "$1" ]
}

[ -c /dev/net/tun ] || {
	echo "the kernel has no /dev/net/tun"
	exit 77
}
if [ -x /usr/bin/vtysh ]; then
	mkdir "$work/frr"
	cp "$files/frr/frr.conf" "$work/frr"
	touch "$work/frr/vtysh.conf"
	good 'syntax of frr.conf' vtysh -C --config_dir "$work/frr"
fi
addr4=198.18.0.2 addr6=2001:db8::2
world_make
# what TCP and ping need stays where it is
ip -n $server addr add $service4/32 dev lo
ip -n $server addr add $service6/128 dev lo

# by the interface
birds_start interface
announcer_start mgva0
both appears
good 'the addresses stand' addresses_are 2
good 'they answer' ip netns exec $client ping -q -c 1 -W 2 $service4
tell 'wrong 4'
withdrawn 'IPv4 is wrong' 4 $prefix4
good 'IPv6 stays' route_is 6 $prefix6
good 'one address is left' addresses_are 1
good 'what the kernel answers it still does' ip netns exec $server ping -q -c 1 -W 2 $service4
tell 'wrong 6'
withdrawn 'IPv6 is wrong' 6 $prefix6
good 'the interface is down' bash -c "ip -n $server link show mgva0 | grep -q 'state DOWN'"
tell 'right 4'
sleep 0.5
good 'held back' bash -c "! ip -n $server addr show mgva0 | grep -q $service4"
appears 4 $prefix4
good 'IPv6 is withdrawn still' bash -c "! ip -n $client -6 route show proto bird | grep -q ^2001:db8:1::"
tell 'right 6'
both appears
# routers that honour it take other nodes, while this one still answers (RFC 8326)
draining() {
	birdc -s "$work/neighbour.conf.ctl" "show route all" | grep -c 'BGP.community: (65535,0)'
}
sed -i 's/DRAIN = false/DRAIN = true/' "$work/site.conf"
good 'BIRD takes a changed site.conf' birdc -s "$work/interface.conf.ctl" configure
sleep 0.3
good 'both prefixes are draining' [ "$(draining)" = 2 ]
sed -i 's/DRAIN = true/DRAIN = false/' "$work/site.conf"
birdc -s "$work/interface.conf.ctl" configure >/dev/null
announcer_kill
withdrawn 'SIGKILL, IPv4' 4 $prefix4
withdrawn 'SIGKILL, IPv6' 6 $prefix6
good 'the interface is gone' bash -c "! ip -n $server link show mgva0"
announcer_start mgva0
both appears
tell 'drain 4'
withdrawn 'drained' 4 $prefix4
tell 'stop'
withdrawn 'stopped' 6 $prefix6
wait "$announcer" || fail "the announcer's exit code is $?"
announcer=
exec 7>&-

# by commands
bird_restart commands
sleep 1
good 'nothing is announced yet' bash -c "! ip -n $client route show proto bird | grep -q ."
announcer_start - /usr/sbin/birdc "$work/commands.conf.ctl" service4 service6
both appears
tell 'wrong 4'
withdrawn 'IPv4 is wrong, by birdc' 4 $prefix4
good 'IPv6 stays' route_is 6 $prefix6
# a daemon that is started again has forgotten, and is told again
bird_restart commands
both_after_restart() {
	cause=$(now_ms)
	until_route 15000 there 6 $prefix6
}
good 'told again after a restart' both_after_restart
tell 'stop'
withdrawn 'stopped, by birdc' 6 $prefix6
wait "$announcer" || fail "the announcer's exit code is $?"
announcer=
echo "withdrawn in $worst ms at most"
echo "$passed passed, 0 failed"
