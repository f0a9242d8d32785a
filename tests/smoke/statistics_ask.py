#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends known queries, and holds what a node tells of them against what was sent and came back.

  send ADDR4 ADDR6                  send; prints what every figure has to be, as JSON
  queries                           queries for dnsperf
  check-metrics SENT METRICS        Prometheus' text
  check-json SENT JSON METRICS      the reply of the control command `stats`
  check-telemetry SOCKET METRICS    DPDK's telemetry
  check-state STATE COUNT           the file that survives a restart has so many queries
  age-state STATE                   make it yesterday's
  check-files SENT DIRECTORY COUNT  RSSAC002's files, by PyYAML
  check-merged DIRECTORY MERGED     two equal nodes merged
"""
import collections
import glob
import hashlib
import json
import os
import re
import socket
import struct
import sys

import yaml

TYPES = {'A': 1, 'NS': 2, 'SOA': 6, 'AAAA': 28, 'DS': 43, 'DNSKEY': 48, 'ANY': 255, 'other': 256}
RCODES = {0: 'NOERROR', 1: 'FORMERR', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED', 16: 'BADVERS'}
# what does not move by itself, however busy the machine is
STILL = tuple('mangrove_' + name for name in ('queries', 'replies', 'query', 'reply', 'messages', 'name', 'gap',
                                              'frames', 'sources', 'zone_serial', 'dropped'))
EDNS_CLASSES = (512, 1232, 1408, 1472, 2048, 4096, 65535)

# name, type, EDNS size (None: no EDNS), DO, EDNS version, RD, cookie, opcode; how often on each way
QUESTIONS = [
    ('', 'SOA', 1232, True, 0, False, False, 0, 7),
    ('', 'NS', 4096, False, 0, False, True, 0, 3),
    ('', 'NS', None, False, 0, True, False, 0, 5),
    ('', 'DNSKEY', 512, True, 0, False, False, 0, 2),
    ('com', 'DS', 1232, True, 0, False, False, 0, 4),
    ('www.example.com', 'A', 1232, True, 0, False, False, 0, 11),
    ('www.example.com', 'AAAA', None, False, 0, True, False, 0, 6),
    ('doesnotexist', 'A', 1400, True, 0, False, False, 0, 13),
    ('a.b.c.doesnotexist', 'other', 1, False, 0, False, False, 0, 1),
    ('x' * 63 + '.' + 'y' * 63 + '.' + 'z' * 63, 'A', 1232, True, 0, False, False, 0, 2),
    ('', 'ANY', 65535, False, 0, False, False, 0, 1),
    ('', 'SOA', 1232, False, 1, False, False, 0, 2),
    ('', 'SOA', None, False, 0, False, False, 2, 3),
]


def query_make(number, question):
    name, qtype, size, do, version, rd, cookie, opcode, _ = question
    message = struct.pack('>HHHHHH', number, opcode << 11 | rd << 8, 1, 0, 0, size is not None)
    for label in name.split('.') if name else []:
        message += bytes([len(label)]) + label.encode()
    message += b'\0' + struct.pack('>HH', TYPES[qtype], 1)
    if size is not None:
        options = struct.pack('>HH8s', 10, 8, b'clientck') if cookie else b''
        message += struct.pack('>BHHBBHH', 0, 41, size, 0, version, do << 15, len(options)) + options
    return message


def rcode_of(reply):
    """With the upper part in OPT, which our replies have last."""
    rcode = reply[3] & 15
    if reply[11] == 0 and reply[10] == 0:
        return rcode
    for opt in re.finditer(rb'\0\0\x29\x04\xd0(.)\0', reply, re.S):
        rcode |= opt.group(1)[0] << 4
    return rcode


def exchange_udp(source, address, message):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.bind((source, 0))
        s.sendto(message, (address, 53))
        return s.recv(65535)


def exchange_tcp(source, address, message):
    with socket.create_connection((address, 53), 10, (source, 0)) as s:
        s.sendall(struct.pack('>H', len(message)) + message)
        data = b''
        while len(data) < 2 or len(data) < 2 + struct.unpack('>H', data[:2])[0]:
            more = s.recv(65535)
            if not more:
                sys.exit('a connection was closed without a reply')
            data += more
        return data[2:]


def junk_send(address):
    """No queries: too short, and a reply. Both are dropped without a reply."""
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.sendto(b'short', (address, 53))
        s.sendto(struct.pack('>HHHHHH', 1, 0x8000, 0, 0, 0, 0), (address, 53))


def send(address4, address6):
    sent = collections.Counter()
    sources = collections.defaultdict(set)
    number = 0
    for transport, exchange in (('udp', exchange_udp), ('tcp', exchange_tcp)):
        for family, address in (('ipv4', address4), ('ipv6', address6)):
            for question in QUESTIONS:
                for _ in range(question[8]):
                    number += 1
                    host = 1 + number % (9 if family == 'ipv4' else 7)
                    source = '198.18.0.%d' % host if family == 'ipv4' else '2001:db8::%d' % host
                    sources[family].add(source)
                    message = query_make(number, question)
                    reply = exchange(source, address, message)
                    if reply[:2] != message[:2]:
                        sys.exit('a reply to another query')
                    enter(sent, transport, family, question, message, reply)
            if transport == 'udp':
                junk_send(address)
    sent['mangrove_sources{kind="ipv4"}'] = len(sources['ipv4'])
    sent['mangrove_sources{kind="ipv6"}'] = len(sources['ipv6'])
    sent['mangrove_sources{kind="ipv6_aggregate"}'] = 1
    sent['mangrove_dropped_total{reason="drop_short"}'] = 2
    sent['mangrove_dropped_total{reason="drop_reply"}'] = 2
    json.dump(sent, sys.stdout, indent=1)


def enter(sent, transport, family, question, message, reply):
    name, qtype, size, do, version, rd, cookie, opcode, _ = question
    way = '{transport="%s",family="%s"}' % (transport, family)
    rcode = rcode_of(reply)
    sent['mangrove_queries_total' + way] += 1
    sent['mangrove_replies_total' + way] += 1
    sent['mangrove_replies_truncated_total' + way] += reply[2] >> 1 & 1
    for what, octets, last in (('query', len(message), 288), ('reply', len(reply), 4096)):
        sent['%s-%s-%d' % (transport, what, min(octets // 16 * 16, last))] += 1
        sent['mangrove_%s_size_bytes_sum{transport="%s"}' % (what, transport)] += octets
    sent['mangrove_replies_rcode_total{rcode="%s"}' % RCODES[rcode]] += 1
    sent['rcode-%d' % rcode] += 1
    sent['mangrove_queries_opcode_total{opcode="%s"}' % ('STATUS' if opcode else 'QUERY')] += 1
    # of an opcode that is not known nothing more is read
    if opcode:
        sent['mangrove_queries_qtype_total{qtype="none"}'] += 1
        sent['mangrove_queries_edns_total{version="none"}'] += 1
        return
    sent['mangrove_queries_qtype_total{qtype="%s"}' % qtype] += 1
    sent['mangrove_queries_flag_total{flag="rd"}'] += rd
    sent['mangrove_queries_flag_total{flag="do"}'] += do
    sent['mangrove_queries_flag_total{flag="cookie"}'] += cookie
    if size is None:
        sent['mangrove_queries_edns_total{version="none"}'] += 1
    else:
        up_to = next(bound for bound in EDNS_CLASSES if size <= bound)
        sent['mangrove_queries_flag_total{flag="edns"}'] += 1
        sent['mangrove_queries_edns_total{version="%d"}' % version] += 1
        sent['mangrove_queries_edns_size_total{up_to="%d"}' % up_to] += 1
    if rcode == 0 and not (opcode or version):
        owner = name.split('.')[-1] + '.'
        sent['mangrove_name_queries_total{zone=".",name="%s"}' % owner] += 1


def metrics_read(path):
    metrics = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            if not line.startswith('#'):
                name, value = line.rsplit(' ', 1)
                metrics[name] = float(value)
    return metrics


def buckets_of(metrics, name, transport):
    """How often each size was seen, by the bucket's first size."""
    found, below, first = {}, 0, 0
    pattern = re.compile(r'mangrove_%s_size_bytes_bucket{transport="%s",le="(.*)"}' % (name, transport))
    for key, value in metrics.items():
        match = pattern.fullmatch(key)
        if match:
            if value != below:
                found['%s-%s-%d' % (transport, name, first)] = value - below
            below, first = value, 0 if match.group(1) == '+Inf' else int(match.group(1)) + 1
    return found


def check(name, expected, told):
    if expected != told:
        print('%s: sent %s, told %s' % (name, expected, told))
    return expected == told


def check_metrics(sent_path, metrics_path):
    metrics = metrics_read(metrics_path)
    with open(sent_path, encoding='utf-8') as file:
        sent = json.load(file)
    good = True
    for name, count in sent.items():
        if name.startswith('mangrove_'):
            good &= check(name, count, metrics.get(name, 0))
    for transport in ('udp', 'tcp'):
        for what in ('query', 'reply'):
            prefix = '%s-%s-' % (transport, what)
            good &= check(prefix, {k: v for k, v in sent.items() if k.startswith(prefix)},
                          buckets_of(metrics, what, transport))
    return good & conserved(metrics)


def total(metrics, prefix, without=()):
    return sum(value for name, value in metrics.items()
               if name.startswith(prefix + '{') and not any(word in name for word in without))


def conserved(metrics):
    """What came in is the sum of the ways out."""
    queries = total(metrics, 'mangrove_queries_total')
    dropped = total(metrics, 'mangrove_dropped_total', without=('receive_ring_full', 'transmit_ring_full'))
    names = total(metrics, 'mangrove_name_queries_total') + total(metrics, 'mangrove_gap_queries_total')
    messages = total(metrics, 'mangrove_messages_verdict_total')
    udp = sum(metrics['mangrove_%s_total{transport="udp",family="%s"}' % pair]
              for pair in (('queries', 'ipv4'), ('queries', 'ipv6')))
    received = total(metrics, 'mangrove_lcore_received_total')
    frames = total(metrics, 'mangrove_frames_total')
    drops = sum(metrics['mangrove_dropped_total{reason="%s"}' % reason] for reason in ('drop_short', 'drop_reply'))
    good = check('messages', queries + drops, messages)
    good &= check('actions', messages, total(metrics, 'mangrove_messages_action_total'))
    good &= check('dropped', drops, dropped)
    good &= check('types', queries, total(metrics, 'mangrove_queries_qtype_total'))
    good &= check('EDNS', queries, total(metrics, 'mangrove_queries_edns_total'))
    good &= check('heat', queries, names)
    good &= check('RCODEs', total(metrics, 'mangrove_replies_total'), total(metrics, 'mangrove_replies_rcode_total'))
    # every frame of the port is a message, or was none; every reply to one is sent or not
    good &= check('frames', received, udp + drops + frames)
    good &= check('sent', udp, total(metrics, 'mangrove_lcore_sent_total') + total(metrics, 'mangrove_lcore_unsent_total'))
    return good


def check_json(sent_path, json_path, metrics_path):
    """The same names and values as /metrics, but for what moves by itself."""
    metrics = metrics_read(metrics_path)
    with open(json_path, encoding='utf-8') as file:
        told = json.load(file)['metrics']
    good = True
    for metric in told:
        for value in metric['values']:
            labels = ','.join('%s="%s"' % pair for pair in value['labels'].items())
            name = metric['name'] + ('{%s}' % labels if labels else '')
            if metric['kind'] == 'histogram':
                count = sum(bucket[1] for bucket in value['buckets'])
                name, value = metric['name'] + '_count{%s}' % labels, {'value': count}
            if name.startswith(STILL):
                good &= check(name, metrics.get(name), value['value'])
    with open(sent_path, encoding='utf-8') as file:
        return good and len(json.load(file)) > 20


def check_telemetry(path, metrics_path):
    """The same counters page by page, without the signs that telemetry does not take."""
    metrics = metrics_read(metrics_path)
    told = {}
    page, pages = 0, 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(10)
        s.connect(path)
        s.recv(1 << 16)
        while page < pages:
            s.send(b'/mangrove/metrics,%d' % page)
            reply = json.loads(s.recv(1 << 16))['/mangrove/metrics']
            pages = reply['pages']
            told.update(line.rsplit(' ', 1) for line in reply['values'])
            page += 1
    good = check('pages', True, pages > 1)
    for name, value in metrics.items():
        plain = name.replace('"', '').replace('\\', '')
        if name.startswith(STILL) and '_size_bytes' not in name and len(plain) < 100:
            good &= check(plain, value, float(told.get(plain, -1)))
    return good


def state_read(path):
    """A state's day and its queries by way, if its digest is right."""
    with open(path, 'rb') as file:
        data = file.read()
    if data[:8] != b'rssac002' or hashlib.blake2b(data[:-32], digest_size=32).digest() != data[-32:]:
        sys.exit('%s: no state' % path)
    return data, struct.unpack('=q4Q', data[16:56])


def age_state(path):
    data, (day, *_) = state_read(path)
    data = data[:16] + struct.pack('=q', day - 1) + data[24:-32]
    with open(path, 'wb') as file:
        file.write(data + hashlib.blake2b(data, digest_size=32).digest())
    return True


def files_read(directory):
    files = {}
    for path in glob.glob(os.path.join(directory, '*/*/*/*.yaml')):
        with open(path, encoding='utf-8') as file:
            content = yaml.safe_load(file)
        metric = content.pop('metric')
        start = content.pop('start-period')
        name = 'l-root-%s-%s.yaml' % (start.strftime('%Y%m%d'), metric)
        if content.pop('version') != 'rssac002v5' or content.pop('service') != 'l.root-servers.net' or \
                path != os.path.join(directory, start.strftime('%Y/%m'), metric, name):
            sys.exit('%s: head or name' % path)
        files[metric] = content
    return files


def check_files(sent_path, directory, count):
    """Against what was sent, but for the first of dnsperf's and of the restart's queries."""
    with open(sent_path, encoding='utf-8') as file:
        sent = json.load(file)
    files = files_read(directory)
    volume = files['traffic-volume']
    sizes = files['traffic-sizes']
    good = check('metrics', {'load-time', 'zone-size', 'traffic-volume', 'traffic-sizes', 'rcode-volume',
                             'unique-sources', 'unique-sources-sketch'}, set(files))
    for way in ('udp-ipv6', 'tcp-ipv4', 'tcp-ipv6'):
        transport, family = way.split('-')
        for key, word in (('queries-received', 'queries'), ('responses-sent', 'replies')):
            good &= check(way, sent['mangrove_%s_total{transport="%s",family="%s"}' % (word, transport, family)],
                          volume['dns-%s-%s-%s' % (transport, key, family)])
    good &= check('UDP over IPv4', count, volume['dns-udp-queries-received-ipv4'])
    for what, key in (('query', 'request'), ('reply', 'response')):
        prefix = 'tcp-%s-' % what
        good &= check(prefix, {k: v for k, v in sent.items() if k.startswith(prefix)},
                      {prefix + k.split('-')[0]: v for k, v in sizes['tcp-%s-sizes' % key].items()})
        good &= check(key, sum(v for k, v in volume.items() if (key == 'request') == ('queries' in k)),
                      sum(sizes['udp-%s-sizes' % key].values()) + sum(sizes['tcp-%s-sizes' % key].values()))
    for rcode in (1, 4, 5, 16):
        good &= check('RCODE %d' % rcode, sent.get('rcode-%d' % rcode, 0), files['rcode-volume'].get(rcode, 0))
    good &= check('sources', {'num-sources-ipv4': 9, 'num-sources-ipv6': 7, 'num-sources-ipv6-aggregate': 1},
                  files['unique-sources'])
    return good & check('zone sizes', 1, len(files['zone-size']['size']))


def twice(value):
    return {key: twice(v) for key, v in value.items()} if isinstance(value, dict) else 2 * value


def check_merged(directory, merged):
    one, both = files_read(directory), files_read(merged)
    good = True
    for metric in ('traffic-volume', 'traffic-sizes', 'rcode-volume'):
        good &= check(metric, twice(one[metric]), both[metric])
    for metric in ('load-time', 'zone-size', 'unique-sources', 'unique-sources-sketch'):
        good &= check(metric, one[metric], both[metric])
    return good


def main():
    command, *args = sys.argv[1:]
    if command == 'send':
        send(*args)
    elif command == 'queries':
        for question in QUESTIONS[:8]:
            print('%s. %s' % (question[0], question[1]) if question[0] else '. %s' % question[1])
    elif command == 'check-metrics':
        sys.exit(not check_metrics(*args))
    elif command == 'check-json':
        sys.exit(not check_json(*args))
    elif command == 'check-telemetry':
        sys.exit(not check_telemetry(*args))
    elif command == 'check-state':
        sys.exit(not check('state', int(args[1]), state_read(args[0])[1][1]))
    elif command == 'age-state':
        sys.exit(not age_state(*args))
    elif command == 'check-files':
        sys.exit(not check_files(args[0], args[1], int(args[2])))
    elif command == 'check-merged':
        sys.exit(not check_merged(*args))
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main()
