#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A flood from one prefix: observed it gets all answers, enforced a few, some TC, and the way by TCP,
# while another prefix gets all; an operator sees it, and puts a filter in its way that ends by itself.
. "$(dirname "$0")/world.bash"
world_make
legitimate=198.18.0.1 flooding=198.18.7.1
ip -n $client addr add $flooding/32 dev vc
ip -n $server route add 198.18.7.0/24 dev vs

# limits_config LINE...: beside rates that are far below what the flood asks for
limits_config() {
	config_write
	config_add "control: {socket: $work/control.sock}" 'limits:' '  answers_per_second: 50' \
		'  nxdomain_per_second: 100' "${@/#/  }"
}
# flood COUNT RATE: sets sent, answered, slipped, seconds
flood() {
	at_client "$here/flood_client.py" $addr4 $flooding "$@" >"$work/flood" ||
		fail "the flood: $(cat "$work/flood")"
	eval "$(cat "$work/flood")"
}
# figure PATH: of the flood report, as "enforced.limited"
figure() {
	ctl --json flood |
		python3 -c 'import functools, json, sys
print(functools.reduce(lambda value, key: value[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
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
behind flooder $client "$here/flood_client.py" $addr4 $flooding 10000000 1500
until_said 'flood begun'
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
ctl flood >"$work/report"
cat "$work/report"
! wide "$work/report" || fail "a line is longer than 80 columns"
grep -qE '^ +[0-9.]+ %  refused +[0-9]+ %  198\.18\.7\.0/24$' "$work/report" || fail "the report has no prefix"
grep -qE '^ +[0-9.]+ %  refused +[0-9]+ %  com\.$' "$work/report" || fail "the report has no range"
grep -q 'mixed 8-15 . 4-7$' "$work/report" || fail "the report has no shape"

# a filter of the prefix, which ends by itself
ctl filter add drop --prefix 198.18.7.0/24 --seconds 5 >"$work/report" || fail "no filter"
filters() {
	[ "$(figure enforced.filtered)" -gt 0 ]
}
within 10 filters || fail "the filter holds nothing back"
ctl filter list | grep -q 'filter 1: drop, from 198.18.7.0/24$' || fail "the filter is not listed"
answered_at $legitimate com || fail "com is not answered beside the filter"
until_said 'filter expired id=1'
ctl filter list | grep -q 'no filters' || fail "the filter did not end"
end flooder
until_said 'flood ended' 60
answered_at $flooding org || fail "nothing after the filter's end: $(cat "$work/dig")"

# one of a range, for everybody: what does not exist is TC, what exists is not concerned
ctl filter add tc --range coma >/dev/null || fail "no filter of a range"
! answered_at $legitimate no-such-name.coma || fail "the filter of a range does not act"
grep -q 'flags:.* tc' "$work/dig" || fail "no TC: $(cat "$work/dig")"
answered_at $legitimate com || fail "com is not answered: $(cat "$work/dig")"
ctl filter remove 2 >/dev/null
answered_at $legitimate no-such-name.coma || fail "not answered without the filter: $(cat "$work/dig")"
! ctl filter add drop --name no-such-name >"$work/report" 2>&1 || fail "a filter of nothing"
! ctl filter remove 2 >"$work/report" 2>&1 || fail "removed twice"
server_stop

# UDP on the kernel's sockets has limits of its own
device=
limits_config 'mode: enforce' 'slip: 0'
server_start
flood 1500 1500
[ "$slipped" = 0 ] && [ "$answered" -gt 0 ] && [ "$answered" -le $((50 * (seconds + 3))) ] ||
	fail "sockets: $(cat "$work/flood")"
answered_at $legitimate org || fail "sockets: org is not answered"
server_stop

# what is wrong has its line and key
# refused LINE KEY
refused() {
	limits_config "$1"
	! "$mangroved" --config "$work/mangroved.yaml" --check >"$work/check" 2>&1 || fail "$1 is taken"
	grep -qE "mangroved.yaml:[0-9]+: .*$2" "$work/check" || fail "$(cat "$work/check")"
}
refused 'exempt: ["192.0.2.0/33"]' 'limits\.exempt\[0\]'
refused 'slip: 16' 'limits\.slip'
echo "a flood is observed, held back, seen and filtered; others do not notice"
