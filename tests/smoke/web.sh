#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The web page in a real browser: its numbers are the control socket's, it fits a phone, asks nobody
# else, and finds the server again after a restart.
. "$(dirname "$0")/world.bash"
here=$(realpath "$(dirname "$0")")
load= browser=
story_end() {
	[ -z "$load" ] || kill "$load" 2>/dev/null || true
	if [ -n "$browser" ]; then
		kill "$browser" 2>/dev/null || true
		# it ends its own browser first
		wait "$browser" 2>/dev/null || true
	fi
	world_end
}
trap story_end EXIT
if ! command -v chromium >/dev/null; then
	echo "Chromium is not installed (tests/tools/install-packages)"
	exit 77
fi
world_make
config_write
cat >>"$work/mangroved.yaml" <<TEXT
identity: node1.example
control: {socket: $work/ctl}
statistics: {http: {port: 9153}}
# a busy machine may stop an lcore for a while; that is another story
health: {self_query_deadline_ms: 60000}
TEXT
server_start
ctl=$(realpath "$BUILD/app/mangrovectl/mangrovectl")
for _ in $(seq 300); do
	! "$ctl" --socket "$work/ctl" health --check >"$work/out" || break
	sleep 0.1
done

for i in $(seq 40); do
	echo "comaa$i. A"
	[ $((i % 2)) = 0 ] || echo "orgaa$i. AAAA"
	[ $((i % 4)) = 0 ] || echo "www.example$i.net. A"
done >"$work/known"
echo 'example.com. DS' >>"$work/known"
ip netns exec $client dnsperf -s $addr4 -d "$work/known" -n 3 >"$work/dnsperf" 2>&1 || fail "dnsperf over IPv4"
ip netns exec $client dnsperf -s $addr6 -d "$work/known" -n 2 >"$work/dnsperf" 2>&1 || fail "dnsperf over IPv6"
ask +tcp @$addr4 . DNSKEY >/dev/null || fail "dig over TCP"

mkdir "$work/page"
PYTHONDONTWRITEBYTECODE=1 ip netns exec $server "$here/web_page.py" check http://127.0.0.1:9153/ "$ctl" \
	"$work/ctl" "$work/page" >"$work/page/out" 2>&1 &
browser=$!
# wanted WORD: until the browser's side wants something, or has ended
wanted() {
	for _ in $(seq 1800); do
		[ ! -e "$work/page/want-$1" ] || return 0
		[ -d "/proc/$browser" ] || break
		sleep 0.1
	done
	fail "$(tail -n 30 "$work/page/out")"
}
wanted load
ip netns exec $client dnsperf -s $addr4 -d "$work/known" -l 300 -Q 200 -q 10 >"$work/dnsperf" 2>&1 &
load=$!
wanted quiet
kill "$load"
wait "$load" 2>/dev/null || true
load=
touch "$work/page/quiet"
wanted stop
server_stop
wanted start
server_start
touch "$work/page/started"
wait "$browser" || fail "$(tail -n 30 "$work/page/out")"
browser=
cat "$work/page/out"
server_stop
