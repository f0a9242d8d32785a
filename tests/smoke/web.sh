#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The web page in a real browser: its numbers are the control socket's, it fits a phone, asks nobody
# else, and finds the server again after a restart.
. "$(dirname "$0")/world.bash"
story_end() {
	# it ends its own browser first
	[ -z "${process[browser]-}" ] || end browser TERM
	world_end
}
trap story_end EXIT
if ! command -v chromium >/dev/null; then
	echo "Chromium is not installed (tests/tools/install-packages)"
	exit 77
fi
world_make
config_write
# a busy machine may stop an lcore for a while; that is another story
config_add 'identity: node1.example' "control: {socket: $work/control.sock}" 'statistics: {http: {port: 9153}}' \
	'health: {self_query_deadline_ms: 60000}'
server_start
within 30 ctl health --check >"$work/health" || fail "it does not come to serve: $(cat "$work/health")"

for i in $(seq 40); do
	echo "comaa$i. A"
	[ $((i % 2)) = 0 ] || echo "orgaa$i. AAAA"
	[ $((i % 4)) = 0 ] || echo "www.example$i.net. A"
done >"$work/queries"
echo 'example.com. DS' >>"$work/queries"
load_start ipv4 $addr4 -n 3
load_start ipv6 $addr6 -n 2
load_ended ipv4
load_ended ipv6
ask +tcp @$addr4 . DNSKEY >/dev/null || fail "dig over TCP"

mkdir "$work/page"
PYTHONDONTWRITEBYTECODE=1 behind browser $server "$here/web_page.py" check http://127.0.0.1:9153/ "$mangrovectl" \
	"$work/control.sock" "$work/page"
wanted_or_gone() {
	[ -e "$work/page/want-$1" ] || is_gone "${process[browser]}"
}
# wanted WORD: until the browser's side wants something
wanted() {
	within 180 wanted_or_gone "$1" && [ -e "$work/page/want-$1" ] || fail "$(tail -n 30 "$work/browser.out")"
}
wanted load
load_start load $addr4 -l 300 -Q 200 -q 10
wanted quiet
end load
touch "$work/page/quiet"
wanted stop
server_stop
wanted start
server_start
touch "$work/page/started"
succeeds browser
cat "$work/browser.out"
server_stop
