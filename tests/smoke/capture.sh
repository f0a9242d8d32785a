#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Queries over AF_XDP and TCP, IPv4 and IPv6, in C-DNS files: read by another library and compared,
# field by field, with the frames on the client's side. Then samples, prefixes, pseudonyms, a
# directory that goes away, a ring that is too short.
. "$(dirname "$0")/world.bash"
world_make
# Debian's own, which knows Debian's packages
python=/usr/bin/python3
peer() {
	$python "$here/capture_peer.py" "$@"
}
items() {
	$python "$tools/cdns_read.py" "$@" "$work"/cdns/*.cdns*
}
limits='{mode: off}'

# capture_config LINE...
capture_config() {
	rm -rf "$work/cdns"
	mkdir "$work/cdns"
	config_write
	config_add "control: {socket: $work/control.sock}" "limits: $limits" 'capture:' \
		"  directory: $work/cdns" "${@/#/  }"
	server_start
	for address in $addr4 $addr6; do
		until_answer $address
	done
}

answers() {
	ask "@$1" com NS | grep -q 'status: NOERROR'
}
# an AF_XDP socket that is new may miss something
until_answer() {
	within 60 answers "$1" || fail "no answers from $1"
}

record_start() {
	behind recorder $client $python "$here/capture_peer.py" record vc "$work/frames"
	within 10 grep -q recording "$work/recorder.out" || fail "no recorder"
}
record_end() {
	kill -TERM "${process[recorder]}"
	succeeds recorder
}

# same ARGUMENT...: what was captured is what was sent
same() {
	peer compare "$work/frames" "$@" "$work"/cdns/*.cdns* >"$work/compared" 2>&1 ||
		fail "$(cat "$work/compared")"
	cat "$work/compared"
}

# load SECONDS RATE: the queries of a resolver, over both transports and families
load() {
	local address mode loads=()
	for address in $addr4 $addr6; do
		for mode in udp tcp; do
			load_start load-$mode-$address $address -m $mode -l "$1" -Q "$2" -q 20 -c 4 -e -D
			loads+=("${process[load-$mode-$address]}")
		done
	done
	# how it fares is not asked here, and over TCP it may abort at its end
	wait "${loads[@]}" || true
}

# number KEY: of the server's own count
number() {
	ctl --json status | python3 -c \
		"import json, sys; print(int(json.load(sys.stdin)['capture']['$1']))"
}
is_at_least() {
	[ "$(number "$1")" -ge "$2" ]
}
# until_number KEY LEAST
until_number() {
	within 30 is_at_least "$@" || fail "$1 is $(number "$1"), not $2"
}

# alarms SUBJECT PATTERN: whether the node is degraded for what capture lacks
alarms() {
	{ ctl --json health || true; } | tr -s ' \n' ' ' >"$work/health"
	grep -q "\"capture_failing\", \"state\": \"degraded\", \"subject\": \"$1\", .*$2" "$work/health"
}
until_alarms() {
	within 10 alarms "$@" || fail "no alarm: $(cat "$work/health")"
}

for i in $(seq 200); do
	printf 'x%s.example.com A\nno-such-%s. AAAA\ncom DS\n. NS\n_x.www%s.org HTTPS\n' "$i" "$i" "$i"
done >"$work/queries"

# each query, of all kinds
record_start
capture_config
for address in $addr4 $addr6; do
	ask @$address +dnssec . DNSKEY >"$work/dig"
	ask @$address +dnssec +bufsize=512 +ignore . DNSKEY >"$work/dig"
	ask @$address +tcp +dnssec . DNSKEY >"$work/dig"
	ask @$address +noedns cOm NS >"$work/dig"
	ask @$address +cookie +rec +cd Nothing.Like-This A >"$work/dig"
	ask @$address CH TXT id.server >"$work/dig"
done
at_client $python "$here/capture_peer.py" odd $addr4 $addr6 >"$work/odd" 2>&1 ||
	fail "$(cat "$work/odd")"
load 1 300
record_end
ctl status | grep -q "capture     $work/cdns: [1-9]" || fail "no status"
server_stop
same
grep -q 'captured=[1-9][0-9][0-9]* malformed=2 responses=2$' "$work/compared" || fail "not all kinds"
said "capture file=$work/cdns/.*\.cdns\.zst items=" || fail "no file is told"
items --summary | grep -q '"dropped": 0, "strained": 0, "sampling": null, "anonymization": null' || fail "$(items --summary)"

# what limits hold back is a query without an answer, or with an empty one
record_start
limits='{mode: enforce, answers_per_second: 5, nxdomain_per_second: 5, slip: 3}'
capture_config
load 1 300
record_end
server_stop
limits='{mode: off}'
same
items --summary | grep -q '"unmatched_queries": [1-9]' || fail "$(items --summary)"
items >"$work/items"
grep -q '"response_flags": \[[^]]*"tc"[^]]*\], "response_opt": true' "$work/items" || fail "no empty answer"

# one in ten; the last bits of addresses are not kept
record_start
capture_config 'sample_one_in: 10' 'compression: xz' 'ipv4_prefix: 20' 'ipv6_prefix: 41'
load 1 300
record_end
server_stop
same --sampled --prefixes 20 41
$python - "$work/compared" <<'PYTHON' || fail "$(cat "$work/compared")"
import re, sys
sent, answered, captured = map(int, re.findall(r'=(\d+)', open(sys.argv[1]).read())[:3])
# two threads answer: an lcore and one of sockets, and each may be in the middle of ten
assert captured and answered / 10 - 2 <= captured <= sent / 10, (sent, answered, captured)
PYTHON
items --summary | grep -q '"sampling": "each 10th query of each thread that answers"' || fail "$(items --summary)"

# pseudonyms; the directory goes away under load and comes back
capture_config 'clients: pseudonyms' 'rotate_seconds: 1' 'compression: none'
until_number queries 2
rm -r "$work/cdns"
load 1 5000
until_number faults 1
until_alarms files 'No such file or directory'
for address in $addr4 $addr6; do
	until_answer $address
done
grep -c 'capture cannot write reason=.*No such file or directory' "$work/log" | grep -qx 1 ||
	fail "not told, or not once"
mkdir "$work/cdns"
writes_again() {
	load 1 2000
	said 'capture writes again lost=[1-9]'
}
within 60 writes_again || fail "it does not write again"
[ "$(number failing)" = 0 ] || fail "it says that it fails"
within 10 not alarms files '' || fail "the alarm is not over"
# what was in the directory is missing nevertheless
until_alarms queries 'missing in C-DNS files'
server_stop
items >"$work/items"
grep -q '"client":' "$work/items" || fail "nothing was captured afterwards"
! grep -q '"client": "198\.18\.0\.1"\|"client": "2001:db8::1"' "$work/items" || fail "no pseudonyms"
items --summary | grep -q 'Crypto-PAn' || fail "$(items --summary)"

# a ring that is too short drops and counts, and every query is answered
record_start
capture_config 'ring_kib: 4'
load 1 6000
record_end
[ "$(number dropped)" -gt 0 ] || fail "nothing was dropped"
until_alarms queries 'missing in C-DNS files'
queries=$(number queries) dropped=$(number dropped)
server_stop
same --sampled
$python - "$work/compared" "$queries" "$dropped" <<'PYTHON' || fail "$(cat "$work/compared")"
import re, sys
sent, answered, captured = map(int, re.findall(r'=(\d+)', open(sys.argv[1]).read())[:3])
queries, dropped = map(int, sys.argv[2:])
assert captured == queries and answered <= queries + dropped <= sent, (queries, dropped)
PYTHON
said 'capture ring full dropped=' || fail "not told"
echo "captured what was sent, counted what was not"
