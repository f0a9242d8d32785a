#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every kind of wrong reply that a server can give is planted, and mangrove-surge reports each in its
# class, as often as it was planted.
. "$(dirname "$0")/world.bash"

"$BUILD/tests/smoke/surge_liar" --no-huge -m 128 --no-pci --no-telemetry --file-prefix=$tag --lcores=0 \
	--log-level=*:error --vdev=net_memif0,role=server,id=0,socket="$work/memif.sock",socket-abstract=no \
	-- "$ROOT_ZONE" >"$work/log" 2>&1 </dev/null &
pid=$!
until_said '^ready'

# 400 queries in 4 s, 20 of each of 20 kinds, but 5 that come too late: those are held back for 5 s
code=0
memif_ask --workload single-do --rate 100 --queries 400 --seconds 60 --timeout 4 --wrong "$work/wrong.pcap" \
	--json "$work/json" --quiet || code=$?
[ $code -eq 1 ] || fail "exit code $code: $(cat "$work/peer")"
cat "$work/peer"

# what was planted, and how often
expected='sent=400 answered=55 lost=205 late=5 duplicate=20 wrong=340 unsent=0 silent=0
wrong: length 40
wrong: checksum 40
wrong: unasked 40
wrong: endpoint 40
wrong: question 20
wrong: duplicate 20
wrong: size 20
wrong: tc 20
wrong: rcode 20
wrong: flags 20
wrong: malformed 20
wrong: denial 20
wrong: content 20'
found=$(grep -E '^(sent=|wrong: )' "$work/peer")
[ "$found" = "$expected" ] || fail "expected was
$expected"

python3 - "$work/json" "$work/wrong.pcap" <<'PYTHON' || fail "the reports are not right"
import json, struct, sys
with open(sys.argv[1], encoding='utf-8') as f:
    report = json.load(f)
run, = report['runs']
counts = run['counts']
assert not report['well']
assert counts['sent'] == counts['answered'] + counts['lost'] + counts['silent'] + counts['spoiled']
assert counts['wrong'] == sum(counts['faults'].values())
assert sum(run['lost_in_second'].values()) == counts['lost']
with open(sys.argv[2], 'rb') as f:
    octets = f.read()
at, frames = 24, 0
while at < len(octets):
    at += 16 + struct.unpack_from('<I', octets, at + 8)[0]
    frames += 1
assert (at, frames) == (len(octets), 64), (at, frames)
PYTHON
server_stop
