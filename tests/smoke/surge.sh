#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mangrove-surge asks each workload over memif, then the mix over AF_XDP on a veth pair: nothing is
# lost, and nothing is wrong. Then what it reports, and what it refuses to start with.
. "$(dirname "$0")/world.bash"
world_make
memif_config
config_add 'identity: node1' 'version: v1'
server_start
for workload in mix single multi-do subdomain referral-do ds-do priming-do dnskey-do ch; do
	memif_ask --workload $workload --queries 3000 --distinct 3000 --examine-each 16 --at "$ROOT_AT" \
		--signatures-each 16 --identity node1 --server-version v1 --quiet ||
		fail "$workload: $(cat "$work/peer")"
	all_answered 3000
	grep -q ', 1[0-9][0-9] examined in full (0 found no room)' "$work/peer" ||
		fail "$workload: not examined: $(cat "$work/peer")"
	[[ $workload != *-do ]] || grep -q ' [1-9][0-9]* signatures' "$work/peer" ||
		fail "$workload: no signature verified: $(cat "$work/peer")"
done

# what is malformed is refused or met by silence, as it must be
memif_ask --malformed 50 --queries 3000 --distinct 3000 --timeout 5 || fail "malformed: $(cat "$work/peer")"
grep -q ' lost=0 late=0 duplicate=0 wrong=0 unsent=0 silent=[1-9]' "$work/peer" ||
	fail "malformed: $(cat "$work/peer")"

# a zone of another serial is not what is served, unless what is served is right as well
awk '$4 == "SOA" { $7 = "2020010101" } 1' "$ROOT_ZONE" >"$work/other.zone"
code=0
ROOT_ZONE=$work/other.zone memif_ask --workload single --queries 500 --distinct 500 || code=$?
[ $code -eq 1 ] && grep -q '^wrong: content 500$' "$work/peer" || fail "another zone: $(cat "$work/peer")"
ROOT_ZONE=$work/other.zone memif_ask --or-zone "$ROOT_ZONE" --workload single --queries 500 --distinct 500 \
	--examine-each 16 || fail "either zone: $(cat "$work/peer")"
all_answered 500

# what is asked as a pcap, and that asked again
"$surge" --zone "$ROOT_ZONE" --distinct 500 --export "$work/mix.pcap"
memif_ask --pcap "$work/mix.pcap" --distinct 1 --queries 500 || fail "pcap: $(cat "$work/peer")"
all_answered 500

# a list, a rate, reports
printf '%s\n' 'www.example.com. A D' '. NS' 'no.such.localdomain. TXT E' >"$work/list"
memif_ask --list "$work/list" --rate 2k --queries 2000 --seconds 60 --window 512 --server-pid "$pid" --json "$work/json" \
	--plot "$work/plot" --wrong "$work/wrong.pcap" || fail "list: $(cat "$work/peer")"
all_answered 2000
grep -q '^server: [0-9.]* s of CPU' "$work/peer" || fail "no line of the server: $(cat "$work/peer")"
python3 - "$work/json" <<'PYTHON' || fail "$(cat "$work/json")"
import json, sys
report = json.load(open(sys.argv[1], encoding='utf-8'))
run, = report['runs']
assert report['well'] and report['identity']['distinct'] == 65536
assert sum(moment['answered'] for moment in run['moments']) == 2000
assert run['counts']['answered'] == 2000 == sum(n for _, n in run['latency_us']['histogram'])
assert run['counts']['rcodes']['0'] + run['counts']['rcodes']['3'] == 2000
assert run['server']['rss_kib'] > 1000 and run['latency_us']['p50'] <= run['latency_us']['max']
PYTHON
for plot in rate latency; do
	[ "$(head -c 4 "$work/plot-$plot.png" | tail -c 3)" = PNG ] || fail "no plot of the $plot"
done
[ "$(stat -c %s "$work/wrong.pcap")" = 24 ] || fail "nothing was wrong, but is kept"

memif_ask --queries 10 --distinct 10 --json - --quiet || fail "JSON: $(cat "$work/peer")"
python3 -c 'import json, sys; json.load(sys.stdin)' < <(sed -n '/^{/,$p' "$work/peer") || fail "$(cat "$work/peer")"

memif_ask --ramp 1k:3k:1k --seconds 0.4 --window 512 --quiet || fail "ramp: $(cat "$work/peer")"
[ "$(grep -c '^ *[123]000 ' "$work/peer")" = 3 ] || fail "ramp: $(cat "$work/peer")"
memif_ask --search 4k --search-least 3k --tolerance 99 --seconds 0.3 --quiet || fail "search: $(cat "$work/peer")"
grep -q 'no more than 99 %: 4000 queries/s' "$work/peer" || fail "search: $(cat "$work/peer")"
server_stop

device=net_af_xdp0,iface=vs
config_write
server_start
surge_options
at_client timeout 60 "$surge" "${options[@]}" --distinct 8192 --device net_af_xdp0,iface=vc --queries 8192 --window 256 \
	>"$work/peer" 2>&1 || fail "AF_XDP: $(cat "$work/peer")"
all_answered 8192
server_stop

# refused FRAGMENT ARGUMENT...
refused() {
	local said=$1 code=0
	shift
	memif_ask "$@" || code=$?
	[ $code -eq 2 ] && grep -qF -- "$said" "$work/peer" || fail "exit code $code: $(cat "$work/peer")"
}
refused '--rate 0: it takes' --rate 0
refused '--rate 1G: it takes' --rate 1G
refused '--ramp 5:1:1: it takes' --ramp 5:1:1
refused '--ports 3: it takes a power of two' --ports 3
refused 'odd is no workload' --workload odd
refused 'three ways to run' --rate 5 --search 10
refused "$work/none: " --list "$work/none"
refused '--dnssec-ok 101: it takes' --dnssec-ok 101
refused '--lcores 4000: it takes' --lcores 4000
refused '--flood needs a rate' --flood nxdomain
refused 'leaves no flood, or nobody beside it' --flood nxdomain --rate 5 --flood-share 100
refused 'need --flood' --calm 3
refused 'leave nobody to ask' --server4 no --server6 no
refused '--sources4 ::1/8: it takes' --sources4 ::1/8
cat "$work/peer"
