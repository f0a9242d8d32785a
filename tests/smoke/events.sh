#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A flood begins once and ends once, with figures, in the log and for whoever asks later, and ends with
# the server too; queries make no lines, and what repeats itself few. A journal gets identifiers.
. "$(dirname "$0")/world.bash"
world_make
flooding=198.18.7.1
ip -n $client addr add $flooding/32 dev vc
ip -n $server route add 198.18.7.0/24 dev vs
config_write
config_add "control: {socket: $work/control.sock}" \
	'limits: {mode: enforce, answers_per_second: 50, nxdomain_per_second: 100}'

# logged_once TEXT
logged_once() {
	[ "$(grep -cF -- "$1" "$work/log")" = 1 ] || fail "\"$1\" is not there once: $(grep -F -- "$1" "$work/log")"
}
# fact KEY LINE: its value
fact() {
	sed -n "s/.* $1=\"\{0,1\}\([^ \"]*\).*/\1/p" <<<"$2"
}
# flood_start SECONDS
flood_start() {
	behind flood $client "$here/flood_client.py" $addr4 $flooding $((1500 * $1)) 1500
}

server_start
# what repeats itself: a hundred go through, then a minute has to pass
for _ in $(seq 107); do
	ctl filter remove 1 >/dev/null 2>&1 || true
done
flood_start 8
succeeds flood
eval "$(cat "$work/flood.out")"
until_said 'flood ended'
# nothing follows it
sleep 3
logged_once 'event=flood_begun'
logged_once 'event=flood_ended'
begun=$(grep 'flood begun' "$work/log") ended=$(grep 'flood ended' "$work/log")
for line in "$begun" "$ended"; do
	[ "$(fact prefix "$line")" = 198.18.7.0/24 ] && [ "$(fact range "$line")" = com. ] || fail "not what is attacked: $line"
done
[ "$(fact peak_refused_per_second "$ended")" -gt 500 ] || fail "the peak: $ended"
[ "$(fact peak_queries_per_second "$ended")" -ge "$(fact peak_refused_per_second "$ended")" ] || fail "the peak: $ended"
queries=$(fact queries "$ended") refused=$(fact refused "$ended")
# it was seen to begin after three seconds or four
[ "$queries" -gt $((sent / 4)) ] && [ "$queries" -le "$sent" ] || fail "$sent sent: $ended"
awk -v q="$queries" -v r="$refused" -v share="$(fact refused_percent "$ended")" \
	'BEGIN { s = 100 * r / q; exit !(r <= q && s > 50 && share > s - 0.1 && share < s + 0.1) }' || fail "the share: $ended"
# thousands of queries, and no line for any of them; a slow machine has events of its own
lines=$(grep -vc 'event=command' "$work/log")
[ "$lines" -lt 200 ] || fail "$lines lines"
# all of that is told later, too
ctl events >"$work/events"
for event in ready health_state zone_accepted flood_begun flood_ended; do
	grep -qE "^20[0-9-]*T[0-9:.]*Z (warning|notice) $event " "$work/events" || fail "no $event: $(cat "$work/events")"
done
[ "$(grep -c ' flood_' "$work/events")" = 2 ] || fail "a flood is more than two events: $(cat "$work/events")"

# a server that stops ends it
# the rest of what repeated itself is told as one, and then it goes through again
within 70 said '^mangrove: 7 more of repeated=command in 60 s event=repeated$' || fail "what was left out is not told"
[ "$(grep -c 'event=command' "$work/log")" = 100 ] || fail "not a hundred of what repeated itself"
ctl filter remove 1 >/dev/null 2>&1 || true
within 5 says_more_often 'event=command' 100 || fail "nothing goes through any more"
server_stop
server_start
flood_start 20
until_said 'event=flood_begun'
server_stop
logged_once 'event=flood_ended'
end flood

# a journal, in a mount namespace of its own that it shares with the server
journal_has() {
	grep -q "\"MANGROVE_EVENT\": \"$1\"" "$work/journal.out"
}
touch "$work/journal.out"
cat >"$work/start" <<TEXT
mount -t tmpfs none /run && mkdir -p /run/systemd/journal
python3 "$here/journal_stub.py" /run/systemd/journal/socket "$work/journal.out" &
echo \$! >"$work/journal.pid"
while [ ! -S /run/systemd/journal/socket ]; do sleep 0.1; done
exec env JOURNAL_STREAM="\$(stat -L -c %d:%i /proc/self/fd/2)" "\$@"
TEXT
server_launch bash "$work/start"
within 30 journal_has ready || fail "no journal: $(cat "$work/journal.out")"
process[journal]=$(cat "$work/journal.pid")
ctl drain >/dev/null
within 10 journal_has command || fail "no command in the journal"
server_stop
! grep -q 'event=' "$work/log" || fail "both here and there: $(cat "$work/log")"
python3 - "$work/journal.out" "$here/../../docs/operations.md" <<'PYTHON' || fail "the journal: $(cat "$work/journal.out")"
import json, re, sys
with open(sys.argv[2], encoding='utf-8') as f:
    table = dict(re.findall(r'^\| `([a-z0-9_]+)` \| [a-z]+ \| `([0-9a-f]{4})` \|', f.read(), re.M))
with open(sys.argv[1]) as f:
    entries = [json.loads(line) for line in f]
for entry in entries:
    assert entry['MESSAGE_ID'] == 'c2d9f0b6a7e8478d9b53f61ea40c' + table[entry['MANGROVE_EVENT']], entry
    assert entry['SYSLOG_IDENTIFIER'] == 'mangroved' and 'event=' not in entry['MESSAGE'], entry
priority = {entry['MANGROVE_EVENT']: entry['PRIORITY'] for entry in entries}
assert priority['ready'] == '5' and priority['zone_warning'] == '4' and priority['port_up'] == '6', priority
PYTHON

# a file that has taken the journal's place is not the journal
server_start env JOURNAL_STREAM=1:1
grep -q '^mangrove: ready .* event=ready$' "$work/log" || fail "$(cat "$work/log")"
server_stop
echo "floods begin and end once, with figures; a journal has identifiers"
