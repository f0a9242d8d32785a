#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A flood from more than 10,000 prefixes, a hundredth of it clients, and a budget of octets for a tenth of the
# answers: clients that are known, or have cookies, get theirs; an unknown one finds the way by TCP.
. "$(dirname "$0")/world.bash"
unknown=198.18.7.1
rate=20000
world_make
ip -n $client addr add $unknown/32 dev vc
ip -n $server route add 198.18.7.0/24 dev vs

# the flood comes over a memif, and who asks beside it over the interface, to the same lcore
memif_config
sed -i 's/^lcores:/  - device: net_af_xdp0,iface=vs\n&/' "$work/mangroved.yaml"
# denials with DNSSEC have some 1,050 octets
config_add 'limits:' '  mode: enforce' "  node_tc_per_second: $((rate / 2))" \
	"  node_octets_per_second: $((rate * 1050 / 10))"

# flooded CALM ARGUMENT...: six seconds of it, after so many in which clients ask alone. At least 99.9 % of these
# are answered, counted at the times when they were to be sent
flooded() {
	local calm=$1
	shift
	memif_ask --flood nxdomain-do --rate $rate --sources6 2001:db8::/48 --calm "$calm" --seconds 6 --timeout 10 \
		--tolerance 0.1 --quiet --json "$work/json" "$@" || fail "$*: $(cat "$work/peer")"
	grep -E '^(calm|flood|clients)' "$work/peer"
	python3 - "$work/json" <<-'PYTHON' || fail "$*: $(cat "$work/peer")"
		import json, sys
		calm, run = json.load(open(sys.argv[1], encoding='utf-8'))['runs']
		clients, flood = run['clients'], run['flood']
		assert calm['calm'] and calm['flood']['sent'] == 0 and calm['clients']['answered'] > 0
		assert run['unsent'] == 0 and run['counts']['wrong'] == 0
		assert clients['answered'] >= .999 * clients['sent'] and clients['sent'] >= 1190
		# the budget, and what was saved up of it before
		assert flood['answered'] <= .15 * flood['sent'] and flood['sent'] > 118000
		for part in (clients, flood):
		    assert part['sent'] == part['answered'] + part['truncated'] + part['lost'] + part['wrong']
	PYTHON
}

# known by having asked for some seconds
server_start
flooded 12
until_said 'shedding step=unknown'
server_stop

# known by nothing but their cookies, in a flood of forged ones. They have not asked for long enough.
server_start
flooded 3 --distinct 32768 --cookie 100 --keep-cookies --flood-cookies
server_stop

# known by nothing. Half of the flood gets TC, and so does every second try: dig comes by TCP then,
# and what it learns there makes it known by UDP as well.
server_start
memif_ask_start --flood nxdomain-do --rate $rate --seconds 60 --timeout 1
until_said 'shedding step=unknown'
ask -b $unknown @$addr4 no-such-name.coma A +dnssec +tries=20 +bufsize=1232 >"$work/dig" 2>&1 ||
	fail "unknown: $(cat "$work/dig")"
grep -q 'retrying in TCP' "$work/dig" && grep -q 'status: NXDOMAIN' "$work/dig" || fail "not by TCP: $(cat "$work/dig")"
cookie=$(sed -n 's/^; COOKIE: \([0-9a-f]*\) (good).*/\1/p' "$work/dig" | tail -n 1)
[ -n "$cookie" ] || fail "no cookie: $(cat "$work/dig")"
ask -b $unknown @$addr4 no-such-name.coma A +dnssec "+cookie=$cookie" +ignore +tries=1 +time=5 >"$work/dig" 2>&1 ||
	fail "with a cookie: $(cat "$work/dig")"
! grep -q 'flags:.* tc' "$work/dig" && grep -q 'status: NXDOMAIN' "$work/dig" || fail "with a cookie: $(cat "$work/dig")"
end asking TERM
server_stop
echo "99.9 % of the known are answered under a flood, and the unknown by TCP"
