#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The generator sends a known list of queries round and round, 163,840 in all (10 million with
# MANGROVE_LONG set): every figure is what was sent, not nearly. Then with limits.
. "$(dirname "$0")/world.bash"

count=163840
[ -z "${MANGROVE_LONG:-}" ] || count=10002432
cat >"$work/list" <<TEXT
www.example.com. A D
www.example.com. AAAA
com. DS D
. NS E
. DNSKEY D
doesnotexist. A D
a.b.doesnotexist. TXT
org. NS E
TEXT

world_make
memif_config
config_add "control: {socket: $work/control.sock}"
server_start
memif_ask --list "$work/list" --distinct 4096 --queries $count --seconds 100 --sources4 198.18.128.0/24 \
	--ipv6 50 --rd 0 --cookie 0 --mixed-case 0 --json "$work/report" --quiet || fail "$(cat "$work/peer")"
all_answered $count
ctl --json stats >"$work/stats"
python3 - "$work/list" $count "$work/report" "$work/stats" <<'PYTHON' || fail "a figure is wrong"
import collections, json, sys

queries = [line.split() for line in open(sys.argv[1], encoding='utf-8')]
count = int(sys.argv[2])
counts = json.load(open(sys.argv[3], encoding='utf-8'))['runs'][0]['counts']
stats = {m['name']: m['values'] for m in json.load(open(sys.argv[4], encoding='utf-8'))['metrics']}
each = count // len(queries)
expected = collections.Counter()
for name, qtype, *flags in queries:
    size = 12 + len(name) + (name != '.') + 4 + 11 * bool(flags)
    expected['qtype', qtype] += each
    expected['size', size // 16 * 16 + 15] += each
    expected['octets'] += each * size
    expected['edns'] += each * bool(flags)
    expected['do'] += each * (flags == ['D'])
    last = '.' if name == '.' else name.rstrip('.').split('.')[-1] + '.'
    expected['gap' if 'doesnotexist' in name else 'name', last] += each


def total(name, label=None, value=None):
    return sum(v['value'] for v in stats['mangrove_' + name] if label is None or v['labels'][label] == value)


def expect(what, told, sent):
    if told != sent:
        sys.exit('%s: told %s, sent %s' % (what, told, sent))


expect('queries', total('queries_total'), count)
expect('replies', total('replies_total'), count)
expect('sent', total('lcore_sent_total'), count)
expect('IPv4 and IPv6', total('queries_total', 'transport', 'udp'), count)
for family in ('ipv4', 'ipv6'):
    if not 0.4 * count < total('queries_total', 'family', family) < 0.6 * count:
        sys.exit('half of all is ' + family)
for rcode, number in (('NOERROR', '0'), ('NXDOMAIN', '3')):
    expect(rcode, total('replies_rcode_total', 'rcode', rcode), counts['rcodes'][number])
expect('NXDOMAIN', counts['rcodes']['3'], 2 * each)
for qtype in ('A', 'AAAA', 'DS', 'NS', 'DNSKEY', 'TXT'):
    expect(qtype, total('queries_qtype_total', 'qtype', qtype), expected['qtype', qtype])
expect('EDNS', total('queries_flag_total', 'flag', 'edns'), expected['edns'])
expect('DO', total('queries_flag_total', 'flag', 'do'), expected['do'])
for name in ('.', 'com.', 'org.'):
    expect(name, total('name_queries_total', 'name', name), expected['name', name])
# whatever TLD stands before it
expect('gaps', len(stats['mangrove_gap_queries_total']), 1)
expect('gap', total('gap_queries_total'), expected['gap', 'doesnotexist.'])
sizes = stats['mangrove_query_size_bytes'][0]
expect('octets', sizes['sum'], expected['octets'])
for bound, told in sizes['buckets']:
    expect('size up to %s' % bound, told, expected['size', bound])
replies = stats['mangrove_reply_size_bytes'][0]
expect('sizes of replies', sum(told for _, told in replies['buckets']), count)
sources = total('sources', 'kind', 'ipv4')
# 256 by HyperLogLog: four standard errors
if abs(sources / 256 - 1) > 4 * 0.0082:
    sys.exit('%d sources' % sources)
PYTHON
server_stop

# with limits some get no reply, and some less than they asked for: what came in is what went out
config_add 'limits: {mode: enforce, answers_per_second: 20, slip: 3}'
server_start
! memif_ask --list "$work/list" --distinct 4096 --queries 20480 --rate 20k --seconds 30 --sources4 198.18.128.0/24 \
	--timeout 3 --json "$work/report" --quiet || fail "nothing was limited: $(cat "$work/peer")"
ctl --json stats >"$work/stats"
python3 - "$work/report" "$work/stats" <<'PYTHON' || fail "with limits a figure is wrong: $(cat "$work/peer")"
import json, sys

counts = json.load(open(sys.argv[1], encoding='utf-8'))['runs'][0]['counts']
stats = {m['name']: m['values'] for m in json.load(open(sys.argv[2], encoding='utf-8'))['metrics']}


def total(name, label=None, value=None):
    return sum(v['value'] for v in stats['mangrove_' + name] if label is None or v['labels'][label] == value)


def expect(what, told, sent):
    if told != sent:
        sys.exit('%s: told %s, sent %s' % (what, told, sent))


actions = {name: total('messages_action_total', 'action', name) for name in ('answered', 'slipped', 'limited')}
if not all(actions.values()):
    sys.exit('answered, slipped or limited: none %s' % actions)
expect('received', total('lcore_received_total'), counts['sent'])
expect('queries', total('queries_total'), counts['sent'])
expect('actions', sum(actions.values()), counts['sent'])
expect('held back', total('dropped_total', 'reason', 'limited'), actions['limited'])
expect('lost', counts['lost'], actions['limited'])
expect('replies', total('replies_total'), actions['answered'] + actions['slipped'])
expect('sent', total('lcore_sent_total'), total('replies_total'))
expect('TC', total('replies_truncated_total'), actions['slipped'])
expect('RCODEs', total('replies_rcode_total'), total('replies_total'))
expect('heat', total('name_queries_total') + total('gap_queries_total'), counts['sent'])
expect('sizes', sum(b[1] for v in stats['mangrove_reply_size_bytes'] for b in v['buckets']), total('replies_total'))
PYTHON
server_stop
echo "$count queries of the generator, every figure as sent"
