#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGHUP takes a new zone without losing a query, and keeps the old one when the new one is bad. One
# that comes while the first zone is still built is not forgotten.
. "$(dirname "$0")/world.bash"
world_make
"$BUILD/app/mangrove-zone/mangrove-zone" make --tlds 50 --serial 1 --output "$work/one/"
"$BUILD/app/mangrove-zone/mangrove-zone" make --tlds 60 --serial 2 --output "$work/two/"
cat "$work/one/root.anchors" "$work/two/root.anchors" >"$work/anchors"
cp "$work/one/root.zone" "$work/root.zone"
ROOT_ANCHORS=$work/anchors ROOT_AT=$(date -u +%Y%m%d%H%M%S)
config_write "$work/root.zone"
server_start
serial() {
	ask @$addr4 +short . SOA | cut -d ' ' -f 3
}
[ "$(serial)" = 1 ] || fail "serial $(serial), not 1"
for _ in $(seq 200); do echo 'www.example.com A'; done >"$work/queries"
ip netns exec $client dnsperf -s $addr4 -d "$work/queries" -l 4 -Q 2000 -q 50 >"$work/dnsperf" 2>&1 &
load=$!
sleep 1
cp "$work/two/root.zone" "$work/root.zone"
kill -HUP "$pid"
for _ in $(seq 50); do
	[ "$(serial)" != 2 ] || break
	sleep 0.1
done
[ "$(serial)" = 2 ] || fail "serial $(serial), not 2"
sed 's/172800/172801/' "$work/two/root.zone" >"$work/root.zone"
kill -HUP "$pid"
for _ in $(seq 50); do
	! grep -q 'zone refused' "$work/log" || break
	sleep 0.1
done
grep -q 'zone refused' "$work/log" || fail "a damaged zone was not refused"
[ "$(serial)" = 2 ] || fail "the old zone did not stay"
wait $load || fail "dnsperf"
grep -q 'Queries lost: *0 ' "$work/dnsperf" || fail "$(cat "$work/dnsperf")"
server_stop

# a builder that has read the file, and takes its time to say so
cat >"$work/builder" <<TEXT
#!/bin/sh
"$(realpath "$BUILD/app/mangrove-zone/mangrove-zone")" "\$@" && touch "$work/read" && sleep 1
TEXT
chmod 755 "$work" "$work/builder"
cp "$work/one/root.zone" "$work/root.zone"
echo "builder: $work/builder" >>"$work/mangroved.yaml"
ip netns exec $server "$mangroved" --config "$work/mangroved.yaml" >"$work/log" 2>&1 </dev/null &
pid=$!
for _ in $(seq 100); do
	[ ! -e "$work/read" ] || break
	sleep 0.1
done
cp "$work/two/root.zone" "$work/root.zone"
kill -HUP "$pid"
for _ in $(seq 100); do
	[ "$(serial)" != 2 ] || break
	sleep 0.1
done
[ "$(serial)" = 2 ] || fail "a SIGHUP during the start was forgotten: serial $(serial), not 2"
server_stop
echo "zone replaced under load, no query lost; a damaged one refused"
