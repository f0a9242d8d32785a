#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What only a root server sees: resolvers of many networks signal their trust anchors, leak names that
# are not there, and ask again what a reply had proven, or do not; `mangrovectl observe` tells of it,
# and of no name that few ask for.
. "$(dirname "$0")/world.bash"

observed() {
	ctl --json observe >"$work/json" || fail "observe"
	python3 "$here/observe_ask.py" check "$work/json" >"$work/differences" 2>&1
}

world_make
config_write
config_add "control: {socket: $work/control.sock}" \
	'observe: {sample_one_in: 1, networks_one_in: 1, leak_networks_min: 11, leak_queries_min: 30}'
server_start

# a resolver in each of 30 networks, of both families
for i in $(seq 30); do
	ip -n $client addr add 198.19.$i.1/32 dev vc
	ip -n $client addr add 2001:db8:0:$(printf '%x' $i)00::1/128 dev vc nodad
done
at_client python3 "$here/observe_ask.py" ask $addr4 $addr6 >"$work/sent" 2>&1 || fail "$(cat "$work/sent")"
# both ways of a signal, by a client that others wrote
says 'status: NXDOMAIN' @$addr4 -t NULL _ta-4f66-9728.
says 'status: NOERROR' +tcp @$addr4 -t DNSKEY . +dnssec +ednsopt=14:97284f66

# threads read their pages when they like
within 10 observed || fail "$(cat "$work/differences" "$work/json")"

ctl observe >"$work/words"
! wide "$work/words" || fail "a line is longer than 80 columns"
grep -qE '^ +[0-9]+ +[0-9]+  20326 38696$' "$work/words" || fail "$(cat "$work/words")"
grep -qE '^ +200 +[0-9]+  home\.$' "$work/words" || fail "$(cat "$work/words")"
! grep -q secret "$work/words" "$work/json" || fail "a name that one network asked for is told"
! grep -qE '198\.19\.|2001:db8' "$work/words" "$work/json" || fail "a network is told"
server_stop

# a bound is told by file, line and key; and one may have none of it
sed -i 's/leak_networks_min: 11/leak_networks_min: 49/' "$work/mangroved.yaml"
! "$mangroved" --config "$work/mangroved.yaml" --check >"$work/log" 2>&1 || fail "49 is taken"
grep -q 'mangroved.yaml:[0-9]*: observe.leak_networks_min' "$work/log" || fail "no file, line and key"
sed -i 's/^observe:.*/observe: {enabled: no}/' "$work/mangroved.yaml"
server_start
! ctl observe >"$work/words" 2>&1 || fail "something is observed"
grep -q 'observe.enabled is no' "$work/words" || fail "$(cat "$work/words")"
server_stop
echo "signals, leaks and use of RFC 8198 are told, and nobody by name"
