#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGHUP takes a new zone without losing a query, and keeps the old one when the new one is bad. One
# that comes while the first zone is still built is not forgotten.
. "$(dirname "$0")/world.bash"
world_make
"$zone_tool" make --tlds 50 --serial 1 --output "$work/one/"
"$zone_tool" make --tlds 60 --serial 2 --output "$work/two/"
cat "$work/one/root.anchors" "$work/two/root.anchors" >"$work/anchors"
cp "$work/one/root.zone" "$work/root.zone"
ROOT_ANCHORS=$work/anchors ROOT_AT=$(date -u +%Y%m%d%H%M%S)
config_write "$work/root.zone"
config_add "control: {socket: $work/control.sock}"
server_start
serial_is 1 || fail "serial $(serial), not 1"
for _ in $(seq 200); do echo 'www.example.com A'; done >"$work/queries"
load_start load $addr4 -l 60 -Q 2000 -q 50
sleep 1
cp "$work/two/root.zone" "$work/root.zone"
kill -HUP "$pid"
serial_becomes 2
sed 's/172800/172801/' "$work/two/root.zone" >"$work/root.zone"
kill -HUP "$pid"
until_said 'zone refused'
! ctl zone reload >"$work/words" 2>&1 || fail "a damaged zone is reloaded"
grep -q '^zone \.: failed: .*root.zone:[0-9]*: ' "$work/words" || fail "$(cat "$work/words")"
serial_is 2 || fail "the old zone did not stay"
cp "$work/two/root.zone" "$work/root.zone"
ctl zone reload >"$work/words" || fail "zone reload: exit code $?"
grep -q '^zone \.: up-to-date, serial 2, from file ' "$work/words" || fail "$(cat "$work/words")"
kill -INT "${process[load]}"
load_ended load
server_stop

# a builder that has read the file, and takes its time to say so
cat >"$work/builder" <<TEXT
#!/bin/sh
"$zone_tool" "\$@" && touch "$work/read" && sleep 1
TEXT
chmod 755 "$work" "$work/builder"
cp "$work/one/root.zone" "$work/root.zone"
config_add "builder: $work/builder"
server_launch
within 10 [ -e "$work/read" ] || fail "the builder does not read"
cp "$work/two/root.zone" "$work/root.zone"
kill -HUP "$pid"
# a SIGHUP during the start is not forgotten
serial_becomes 2
server_stop
echo "zone replaced under load, no query lost; a damaged one refused"
