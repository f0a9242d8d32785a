#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A flood from one prefix: observed it gets all answers, enforced a few, some TC, and the way by TCP,
# while another prefix gets all; an operator sees it, and puts a filter in its way that ends by itself.
. "$(dirname "$0")/world.bash"
world_make
ctl=$BUILD/app/mangrovectl/mangrovectl
legitimate=198.18.0.1 flooding=198.18.7.1
ip -n $client addr add $flooding/32 dev vc
ip -n $server route add 198.18.7.0/24 dev vs
flooder=

limits_end() {
	[ -z "$flooder" ] || kill -KILL "$flooder" 2>/dev/null || true
	world_end
}
trap limits_end EXIT

# limits_config LINE...: beside rates that are far below what the flood asks for
limits_config() {
	config_write
	printf 'control: {socket: %s}\nlimits:\n' "$work/control" >>"$work/mangroved.yaml"
	printf '  %s\n' 'answers_per_second: 50' 'nxdomain_per_second: 100' "$@" >>"$work/mangroved.yaml"
}
# flood COUNT RATE: sets sent, answered, slipped, seconds
flood() {
	ip netns exec $client "$(dirname "$0")/flood_client.py" $addr4 $flooding "$@" >"$work/flood" ||
		fail "the flood: $(cat "$work/flood")"
	eval "$(cat "$work/flood")"
}
# figure PATH: of the flood report, as "enforced.limited"
figure() {
	"$ctl" -s "$work/control" --json flood |
		python3 -c 'import functools, json, sys
print(functools.reduce(lambda value, key: value[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}
# until_logged TEXT
until_logged() {
	for _ in $(seq 600); do
		! grep -qF -- "$1" "$work/log" || return 0
		sleep 0.1
	done
	fail "the log has no \"$1\""
}
# answered_at SOURCE NAME ARGUMENT...: whether UDP has an answer, without TC
answered_at() {
	ask -b "$1" @$addr4 "$2" A +ignore +tries=3 "${@:3}" >"$work/dig" 2>&1 &&
		grep -q 'flags: qr' "$work/dig" && ! grep -q 'flags:.* tc' "$work/dig"
}

# observed: nothing changes, and is counted
limits_config
server_start
flood 2000 2000
# the machine may lose a few
[ "$slipped" = 0 ] && [ "$answered" -gt 1800 ] || fail "observed: $(cat "$work/flood")"
[ "$(figure mode)" = observe ] || fail "observing is no default"
[ "$(figure enforced.limited)" = 0 ] && [ "$(figure enforced.slipped)" = 0 ] || fail "not only observed"
[ "$(figure observed.limited)" -gt 100 ] && [ "$(figure observed.slipped)" -gt 100 ] || fail "not observed"
server_stop

# enforced: rate * time and a burst; half of what is refused is TC, with slip 2
limits_config 'mode: enforce'
server_start
flood 3000 1500
[ "$answered" -gt 0 ] && [ "$answered" -le $((50 * (seconds + 3))) ] || fail "answered: $(cat "$work/flood")"
[ "$slipped" -gt 500 ] && [ "$slipped" -le $(((sent - answered) / 2 + 1)) ] || fail "slipped: $(cat "$work/flood")"
[ "$(figure enforced.limited)" -gt 500 ] || fail "none was limited"

# while it goes on, others get all, and a client there comes by TCP
ip netns exec $client "$(dirname "$0")/flood_client.py" $addr4 $flooding 10000000 1500 >/dev/null 2>&1 &
flooder=$!
until_logged 'flood begun'
grep 'flood begun' "$work/log" | grep -q 'prefix="198.18.7.0/24" range="com." shape="mixed 8-15 . 4-7"' ||
	fail "$(grep 'flood begun' "$work/log")"
for name in com no-such-name.coma org nothing.at-all .; do
	answered_at $legitimate $name +dnssec || fail "$name is not answered: $(cat "$work/dig")"
done
for way in $(seq 20); do
	ask -b $flooding @$addr4 no-such-name.coma A +tries=5 >"$work/dig" 2>&1 || true
	! grep -q 'retrying in TCP' "$work/dig" || break
done
grep -q 'status: NXDOMAIN' "$work/dig" || fail "attempt $way by TCP: $(cat "$work/dig")"
"$ctl" -s "$work/control" flood >"$work/report"
cat "$work/report"
! grep -nE '^.{81}' "$work/report" || fail "a line is longer than 80 columns"
grep -qE '^ +[0-9.]+ %  refused +[0-9]+ %  198\.18\.7\.0/24$' "$work/report" || fail "the report has no prefix"
grep -qE '^ +[0-9.]+ %  refused +[0-9]+ %  com\.$' "$work/report" || fail "the report has no range"
grep -q 'mixed 8-15 . 4-7$' "$work/report" || fail "the report has no shape"

# a filter of the prefix, which ends by itself
"$ctl" -s "$work/control" filter add drop --prefix 198.18.7.0/24 --seconds 5 >"$work/report" || fail "no filter"
for _ in $(seq 100); do
	[ "$(figure enforced.filtered)" = 0 ] || break
	sleep 0.1
done
[ "$(figure enforced.filtered)" -gt 0 ] || fail "the filter holds nothing back"
"$ctl" -s "$work/control" filter list | grep -q 'filter 1: drop, from 198.18.7.0/24$' || fail "the filter is not listed"
answered_at $legitimate com || fail "com is not answered beside the filter"
until_logged 'filter expired id=1'
"$ctl" -s "$work/control" filter list | grep -q 'no filters' || fail "the filter did not end"
kill "$flooder"
wait "$flooder" 2>/dev/null || true
flooder=
until_logged 'flood ended'
answered_at $flooding org || fail "nothing after the filter's end: $(cat "$work/dig")"

# one of a range, for everybody: what does not exist is TC, what exists is not concerned
"$ctl" -s "$work/control" filter add tc --range coma >/dev/null || fail "no filter of a range"
! answered_at $legitimate no-such-name.coma || fail "the filter of a range does not act"
grep -q 'flags:.* tc' "$work/dig" || fail "no TC: $(cat "$work/dig")"
answered_at $legitimate com || fail "com is not answered: $(cat "$work/dig")"
"$ctl" -s "$work/control" filter remove 2 >/dev/null
answered_at $legitimate no-such-name.coma || fail "not answered without the filter: $(cat "$work/dig")"
! "$ctl" -s "$work/control" filter add drop --name no-such-name >"$work/report" 2>&1 || fail "a filter of nothing"
! "$ctl" -s "$work/control" filter remove 2 >"$work/report" 2>&1 || fail "removed twice"
server_stop

# UDP on the kernel's sockets has limits of its own
limits_config 'mode: enforce' 'slip: 0'
sed -i '/^ports:/,/queues:/d; /^lcores:/d' "$work/mangroved.yaml"
server_start
flood 1500 1500
[ "$slipped" = 0 ] && [ "$answered" -gt 0 ] && [ "$answered" -le $((50 * (seconds + 3))) ] ||
	fail "sockets: $(cat "$work/flood")"
answered_at $legitimate org || fail "sockets: org is not answered"
server_stop

# what is wrong has its line and key
limits_config 'exempt: ["192.0.2.0/33"]'
! "$mangroved" --config "$work/mangroved.yaml" --check >"$work/check" 2>&1 || fail "a wrong prefix is taken"
grep -qE 'mangroved.yaml:[0-9]+: .*limits.exempt\[0\]' "$work/check" || fail "$(cat "$work/check")"
limits_config 'slip: 16'
! "$mangroved" --config "$work/mangroved.yaml" --check >"$work/check" 2>&1 || fail "slip 16 is taken"
grep -q 'limits.slip' "$work/check" || fail "$(cat "$work/check")"
echo "a flood is observed, held back, seen and filtered; others do not notice"
