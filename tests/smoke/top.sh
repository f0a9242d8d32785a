#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mangrovectl status, heat and top show what was asked: as text, and on a terminal with keys.
. "$(dirname "$0")/world.bash"
world_make
config_write
# a busy machine may stop an lcore for a while; that is another story
config_add 'identity: node1.example' "control: {socket: $work/control.sock}" 'health: {self_query_deadline_ms: 60000}'
server_start
serves() {
	ctl health --check >"$work/out"
}
within 30 serves || fail "it does not come to serve: $(cat "$work/out")"
narrow() {
	! wide "$work/out" || fail "$*: a line is longer than 80 columns"
}
shows() {
	grep -qE -- "$1" "$work/out" || fail "no \"$1\" in: $(cat "$work/out")"
}

# 7 names that do not exist in one gap, 3 in another, 2 that exist
asked() {
	for i in $(seq 7); do echo "comaa$i. A"; done
	for i in $(seq 3); do echo "orgaa$i. AAAA"; done
	echo 'www.example.com. A'
	echo 'example.com. DS'
}
asked >"$work/queries"
load_start once $addr4 -n 1
load_ended once
ctl --json heat >"$work/heat"
python3 - "$work/heat" <<'TEXT' || fail "heat is not what was asked"
import json, sys
with open(sys.argv[1], encoding='utf-8') as f:
    root, = json.load(f)['zones']
names = root['names']
# canonical order of one label each is that of their octets; the apex comes first
assert names == sorted(names, key=lambda n: n.rstrip('.').encode()), names[:5]
assert len(names) == len(root['gap']) == len(root['existing']) > 10
before = lambda name: max(n for n in range(len(names)) if names[n].rstrip('.') <= name)
want = [0] * len(names)
want[before('comaa')] += 7
want[before('orgaa')] += 3
assert root['gap'] == want, [(n, g) for n, g in zip(names, root['gap']) if g]
assert root['existing'][names.index('com.')] >= 2, root['existing'][names.index('com.')]
TEXT

ctl status >"$work/out"
narrow status
shows '^mangroved .*node1.example, process [0-9]+: serving$'
shows '^  IPv4        serving'
shows '^  zone        \. serving, serial [0-9]+$'
shows '^  queries     .*/s, 1[2-9] since the start$'
shows '^  dropped     '
ctl --check status >"$work/out" || fail "status --check: exit code $?"

load_start load $addr4 -l 120 -Q 200 -q 10
# a rate is of one second, in which a busy machine may ask nothing; prefixes are of samples
tells_rates() {
	ctl top --once >"$work/out" || fail "top --once: exit code $?"
	grep -qE '^queries/s +[1-9]' "$work/out" && grep -qF '198.18.0.0/24' "$work/out"
}
within 60 tells_rates || fail "no rate, or no prefix: $(cat "$work/out")"
narrow top --once
shows '^ mangrove .*node1.example .* serving '
shows '^queries/s +[1-9]'
shows 'NXDOMAIN +[1-9]'
shows 'NSEC ranges in canonical order'
shows '^com[a-z]*\. +[1-9]'
shows '^limits     .*observe  step '
shows ' 198\.18\.0\.0/24 +[0-9.]+% +0%$'

TERM=xterm-256color "$here/terminal.py" "$mangrovectl" --socket "$work/control.sock" top ||
	fail "top on a terminal"

code=0
ctl top </dev/null >"$work/out" 2>&1 || code=$?
[ $code = 1 ] || fail "top without a terminal: exit code $code"
shows 'this is no terminal'
end load
server_stop
code=0
ctl top --once >"$work/out" 2>&1 || code=$?
[ $code = 3 ] || fail "top without a server: exit code $code"
echo "status, heat and top show what was asked"
