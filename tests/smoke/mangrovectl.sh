#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mangrovectl shows every reply that docs/control.md describes, in lines of 80 columns, sends what it
# was asked for, and tells by its exit code how it went.
. "$(dirname "$0")/world.bash"

# stub_start [STATE]
stub_start() {
	[ -z "${process[stub]-}" ] || end stub
	rm -f "$work/control.sock"
	behind stub - "$here/control_stub.py" "$work/control.sock" "$here/../../docs/control.md" "$@"
	within 10 [ -S "$work/control.sock" ] || fail "the stub does not listen"
}

# expect CODE ARGUMENT...: output goes to $work/out
expect() {
	local code=$1 got=0
	shift
	(exec -a mangrovectl "$mangrovectl" --socket "$work/control.sock" "$@") >"$work/out" 2>&1 || got=$?
	[ "$got" = "$code" ] || fail "$*: exit code $got, not $code: $(cat "$work/out")"
	case " $* " in
	*' --json '*) ;;
	# as a log has them, for grep
	*' events '*) ;;
	*) ! wide "$work/out" || fail "$*: a line is longer than 80 columns" ;;
	esac
}

# shows TEXT
shows() {
	grep -qF -- "$1" "$work/out" || fail "no \"$1\" in: $(cat "$work/out")"
}

# asked COMMAND... is what the server gets, as JSON
asked() {
	local want=$1
	shift
	# whether it succeeds is told elsewhere
	ctl --json "$@" >"$work/out" || true
	python3 - "$work/out" "$want" <<'TEXT' || fail "$*: the request is not $want"
import json, sys
with open(sys.argv[1], encoding='utf-8') as f:
    sys.exit(json.load(f)['asked'] != json.loads(sys.argv[2]))
TEXT
}

# no server, or one that is gone
expect 3 status
shows "$work/control.sock"
stub_start
end stub
expect 3 status
stub_start

expect 0 status
shows 'serial 2026073102'
shows 'mangroved 0.1.0, node1.example, process 4711: serving'
shows '4,711 since the start'
expect 0 status --check
expect 0 top --once
shows 'IPv4 degraded, announced'
shows '2026073102 serving'
shows '4 NSEC ranges in canonical order'
expect 1 top
shows 'this is no terminal'
expect 0 heat
shows '            90  zw.'
expect 0 health
shows 'refresh_overdue, zone ., ipv4 only'
expect 4 health --check
expect 0 observe
shows '  20326 38696'
shows '230400  over 250  home.'
expect 0 flood
shows 'a flood since 2026-08-01 16:00:00 UTC'
shows '   93.0 %  refused  99 %  198.51.100.0/24'
shows 'slipped 60000, limited 35000000, shed 180000'
expect 0 filter list
shows 'filter 3: limit to 50/s, from 198.51.100.0/24, names that do not exist'
expect 0 filter add drop --prefix 192.0.2.0/24
expect 0 filter remove 3
expect 0 rssac047
shows 'IPv4 UDP Availability      pass'
shows 'Correctness                FAIL'
expect 0 events
shows '2026-08-01T16:01:00.000Z warning flood_begun flood begun queries_per_second=1250000 '
expect 0 configuration
shows '    seed: (removed)'
expect 0 bundle --output "$work/one.tar.xz"
shows "$work/one.tar.xz: "
tar -xJOf "$work/one.tar.xz" --wildcards 'mangrove-node1.example-*/events.log' >"$work/out"
shows 'Z notice zone_accepted zone accepted zone=. serial=2026073102'
expect 0 drain ipv4
shows 'IPv4: drained, not announced'
expect 0 zone status
shows 'DNSSEC by trust anchor 20326 38696, ZONEMD'
shows 'primary 198.18.0.8: connection refused'
expect 0 zone refresh
shows 'zone .: updated, serial 2026080100 after 2026073102'
expect 0 zone transfer --force
expect 1 zone reload
shows 'zone .: updated'
shows 'zone arpa.: failed: /etc/arpa.zone:7: two SOA records'
expect 0 zone freeze
expect 0 zone thaw
expect 0 zone history
shows '* 2026080100  '
shows 'ZONEMD: the digest is wrong'
expect 0 zone diff 2026041702 2026041703
shows 'merck.: new delegation'
shows '  gains NS a.nic.merck.'
expect 0 zone rollback 2026073102
shows 'serial 2026073102 is served instead of 2026080100'

asked '{"command": "status"}' status
asked '{"command": "filter add", "action": "limit", "rate": 5, "prefix": "192.0.2.0/24", "range": "com.", "seconds": 60}' \
	filter add limit --rate 5 --prefix 192.0.2.0/24 --range COM --seconds 60
asked '{"command": "filter add", "action": "tc", "name": "a.b."}' filter add tc --name a.b
asked '{"command": "filter remove", "id": 7}' filter remove 7
asked '{"command": "undrain", "family": "ipv6"}' undrain ipv6
asked '{"command": "zone status"}' zone status
asked '{"command": "zone status", "zone": "arpa."}' zone status ARPA
asked '{"command": "zone reload"}' zone reload
asked '{"command": "zone refresh", "zone": "."}' zone refresh
asked '{"command": "zone transfer", "zone": "arpa.", "force": true}' zone transfer arpa --force
asked '{"command": "zone diff", "zone": ".", "from": 1, "to": 4294967295}' zone diff 1 4294967295
asked '{"command": "zone diff", "zone": "arpa.", "from": 1, "to": 2}' zone diff arpa. 1 2
asked '{"command": "zone rollback", "zone": "arpa.", "serial": 7}' zone rollback arpa. 7

# a failure is said, without what a terminal would obey
expect 1 zone refresh none.
shows 'mangrovectl: zone none.: ?[31mnot configured here'
expect 1 --json zone refresh none.
shows '"code": "unknown-zone"'

for wrong in '' dance zone 'zone dance' 'status .' 'zone diff 1' 'zone diff . . 1 2' 'zone diff 1 x' \
	'zone rollback' 'zone rollback 4294967296' 'zone rollback -1' 'drain ipv5' 'zone status --check' \
	'status --once' 'top --json' 'top .' 'bundle --json' 'bundle .' 'events .' 'status --output x' \
	'zone refresh --force' 'zone refresh a..b' 'status --timeout 0' 'status --timeout x' 'status --nonsense' \
	'filter' 'filter add' 'filter add drop' 'filter add limit --name a' 'filter add drop --name a --rate 1' \
	'filter add drop --name a --range b' 'filter add drop --name a..b' 'filter remove' 'filter remove 0' 'filter remove x' \
	'filter add drop --name a --seconds 0' 'filter list --name a' 'flood .'; do
	# shellcheck disable=SC2086
	expect 2 $wrong
done
expect 2 filter add limit --name a
shows '--rate is missing for limit'

stub_start serving
expect 0 health --check
stub_start failing
expect 5 health --check
stub_start starting
expect 4 health --check

expect 0 --version
shows 'mangrovectl 0.1.0'
expect 0 --help
# so is every program's help
for program in mangroved mangrove-zone mangrove-surge; do
	"$BUILD/app/$program/$program" --help >"$work/out" || fail "$program --help: exit code $?"
	! wide "$work/out" || fail "$program --help: a line is longer than 80 columns"
done
echo "every command asks as documented, and shows what is answered"
