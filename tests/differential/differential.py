#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The same queries to Mangrove, Knot and NSD on the same three zones, compared by meaning.

Where Knot and NSD differ, agreeing with one of them is enough; what differs from both must be one
of the deviations on purpose in deviations.py. Runs in a network namespace of its own, as root.

Mangrove is the real server over AF_XDP.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD; MANGROVE_LONG=1 asks more than a million
"""
import argparse
import collections
import concurrent.futures
import multiprocessing
import os
import struct
import subprocess
import sys
import tempfile
import time

import deviations
import node
import peers
import queries
from message import DS, NS, NSEC, Malformed, Message, differences, name_text, reply_text

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 128
NOTIMP, REFUSED, NOTAUTH = 4, 5, 9
NO_IDENTITY = 'identity: ""\nversion: ""\nnsid: ""\n'
SHOWN = 10


class Case:
    """A query and what became of it; what deviations look at."""

    def __init__(self, kind, query, is_tcp, ours, knot, nsd):
        self.kind, self.query, self.ours, self.knot, self.nsd = kind, query, ours, knot, nsd
        self.flags1 = query[0] if query else 0
        self.opcode = self.flags1 >> 3 & 15
        self.qname, self.qtype, self.qclass, self.extra = self._question()
        # an OPT alone behind the question, as in nearly all
        self.opt_size = None
        if self.extra[:3] == b'\0\0\x29':
            self.opt_size = int.from_bytes(self.extra[3:5], 'big')
        self.limit = 512 if self.opt_size is None else min(max(512, self.opt_size), 1232)
        if is_tcp:
            self.limit = 65535

    def _question(self):
        i = 10
        try:
            while self.query[i]:
                i += self.query[i] + 1
            qtype, qclass = struct.unpack_from('>HH', self.query, i + 1)
        except (IndexError, struct.error):
            return b'\0', 0, 0, b''
        return self.query[10:i + 1].lower(), qtype, qclass, self.query[i + 5:]

    def text(self):
        opt = 'no EDNS' if self.opt_size is None else f'EDNS size {self.opt_size}'
        return f'{self.kind}: {name_text(self.qname)} TYPE{self.qtype} CLASS{self.qclass} ' \
               f'opcode {self.opcode} {opt} (hex 0000{self.query.hex()})'


def fault_of(case):
    """What no answer may have, whatever the peers say; None: nothing."""
    ours = case.ours
    if ours is None:
        return None
    if ours.size > case.limit:
        return f'{ours.size} octets where {case.limit} are allowed'
    if ours.opcode != case.opcode:
        return 'another opcode than the query\'s'
    if ours.question and ours.question != case.query[10:10 + len(ours.question)]:
        return 'the question is not repeated octet for octet'
    if ours.has('tc') and any(ours.sections):
        return 'TC=1 and records'
    types = [record[1] for record in ours.sections[1]]
    if NS in types and (DS in types or NSEC in types) and \
            max(i for i, t in enumerate(types) if t == NS) > \
            min(i for i, t in enumerate(types) if t in (DS, NSEC)):
        return 'DS or NSEC before NS (RFC 4035 3.1.4)'
    return None


def parsed(octets):
    return None if octets is None else Message(octets)


# RFC 8914: RCODE -> codes that may explain it; the peers explain less
EXPLANATIONS = {REFUSED: (18, 20, 21), NOTIMP: (21,), NOTAUTH: (20,)}


def explanation_take(reply):
    """Take the extended error out of our reply, so that the rest can be compared."""
    if reply.opt and len(reply.opt[3]) == 6 and reply.opt[3][:4] == b'\0\x0f\0\2':
        if int.from_bytes(reply.opt[3][4:], 'big') not in EXPLANATIONS.get(reply.rcode, ()):
            raise Malformed('an extended error that does not explain the RCODE')
        reply.opt = (*reply.opt[:3], b'')


class Tally:
    def __init__(self):
        self.kinds = collections.Counter()
        self.agreed = collections.Counter()
        self.deviations = collections.Counter()
        self.fault_kinds = collections.Counter()
        self.faults = []
        self.fault_count = self.resent = 0

    def add(self, other):
        self.kinds += other.kinds
        self.agreed += other.agreed
        self.deviations += other.deviations
        self.fault_kinds += other.fault_kinds
        self.faults += other.faults
        self.fault_count += other.fault_count
        self.resent += other.resent

    def fault(self, case, what):
        self.fault_count += 1
        self.fault_kinds[f'{case.kind}: {what}'] += 1
        if self.fault_kinds[f'{case.kind}: {what}'] <= 2:
            self.faults.append(
                f'{case.text()}\n  {what}\n  ours\n{reply_text(case.ours)}\n  Knot\n'
                f'{reply_text(case.knot)}\n  NSD\n{reply_text(case.nsd)}')


def judge(tally, kind, query, is_tcp, octets):
    tally.kinds[kind] += 1
    replies = []
    for who, reply in zip(('ours', 'knot', 'nsd'), octets):
        try:
            replies.append(parsed(reply))
            if replies[-1] is not None:
                replies[-1].section_sets()
            if replies[-1] is not None and who == 'ours':
                explanation_take(replies[-1])
        except Malformed as error:
            if who == 'ours':
                case = Case(kind, query, is_tcp, None, None, None)
                tally.fault(case, f'a malformed reply ({error}): {reply.hex()}')
                return
            replies.append(None)
    case = Case(kind, query, is_tcp, *replies)
    wrong = fault_of(case)
    if wrong:
        tally.fault(case, wrong)
        return
    from_knot = differences(case.ours, case.knot)
    from_nsd = differences(case.ours, case.nsd)
    if not from_knot or not from_nsd:
        tally.agreed['both' if not from_knot and not from_nsd else
                     'NSD only' if from_knot else 'Knot only'] += 1
        return
    name = deviations.explain(case)
    if name:
        tally.deviations[name] += 1
    else:
        tally.fault(case, 'differs from Knot in ' + ', '.join(sorted(from_knot)) +
                    '; from NSD in ' + ', '.join(sorted(from_nsd)))


def worker(arguments):
    """Ask a share of all queries."""
    share, make_peers = arguments
    three = [make(*how) for make, *how in make_peers]
    tally, is_tcp = Tally(), isinstance(three[0], peers.TcpPeer)
    with concurrent.futures.ThreadPoolExecutor(len(three)) as threads:
        for start in range(0, len(share), BATCH):
            batch = share[start:start + BATCH]
            messages = [message for _, message in batch]
            # at once: each may wait for what another is silent to
            replies = zip(*threads.map(lambda peer, m=messages: peer.ask(m), three))
            for (kind, message), each in zip(batch, replies):
                judge(tally, kind, message, is_tcp, each)
    for peer in three:
        tally.resent += peer.resent
        peer.close()
    return tally


def ask_all(name, asked, *make_peers):
    """@param make_peers  ours, Knot's and NSD's: class of a peer and what it is made with
    @return how many kinds of query passed, and how many failed"""
    started = time.monotonic()
    tally = Tally()
    workers = os.cpu_count() or 1
    shares = [(asked[i::workers], make_peers) for i in range(workers)]
    with multiprocessing.Pool(workers) as pool:
        for part in pool.map(worker, shares):
            tally.add(part)
    print(f'{name}: {len(asked)} queries in {time.monotonic() - started:.0f} s, '
          f'{tally.resent} sent again')
    for kind, count in sorted(tally.kinds.items()):
        print(f'  asked {count:7} {kind}')
    for which, count in sorted(tally.agreed.items()):
        print(f'  equal {count:7} {which}')
    for one in deviations.DEVIATIONS:
        if tally.deviations[one.name]:
            print(f'  other {tally.deviations[one.name]:7} {one.name} ({one.rule})')
    for text in tally.faults[:2 * SHOWN]:
        print(text)
    for what, count in tally.fault_kinds.most_common():
        print(f'  FAULT {count:7} {what}')
    print(f'  {tally.fault_count} differences that are not on purpose')
    bad = {what.split(':')[0] for what in tally.fault_kinds}
    return len(tally.kinds) - len(bad), len(bad)


def options_read():
    is_long = bool(os.environ.get('MANGROVE_LONG'))
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--count', type=int, metavar='N', default=1050000 if is_long else 50000,
                        help='ask about so many queries (default %(default)s)')
    parser.add_argument('--kind', help='ask this kind of query only')
    parser.add_argument('--seed', type=int, default=1)
    parser.set_defaults(is_long=is_long)
    return parser.parse_args()


def zones_make(folder):
    """(origin, file, keys of the configuration) of each zone, the root first."""
    root, at = os.environ['ROOT_ZONE'], os.environ['ROOT_AT']
    peers.run(os.path.join(HERE, '..', 'tools', 'make-company'), root, at, folder)
    arpa, servers = (os.path.join(folder, name + '.zone') for name in ('arpa', 'root-servers.net'))
    at = f'"{at}"'
    return [('.', root, {'anchors': os.environ['ROOT_ANCHORS'], 'at': at}),
            ('arpa.', arpa, {'anchors': os.path.join(folder, 'arpa.anchors'), 'at': at}),
            ('root-servers.net.', servers, {'dnssec': 'off', 'zonemd': 'off'})]


# asked over TCP, too: a query that is none may end the connection there
WELL_FORMED = {'owner', 'glue', 'host', 'below', 'gap', 'priming', 'random', 'case', 'size', 'long',
               'type', 'class', 'flags', 'edns', 'beside', 'beside-apex', 'beside-random'}


def runs_make(options):
    """(name, queries, peers) of each run."""
    def queries_of(part, seed, kinds=None):
        asked = queries.drawn(deviations.zones, options.seed + seed, int(options.count * part))
        return [one for one in asked if (not kinds or one[0] in kinds) and
                (not options.kind or one[0] == options.kind)]

    def over(peer, family):
        return (peer, (node.ADDRESS4, node.ADDRESS6)[family]), \
            (peer, peers.KNOT_ADDRESSES[family]), (peer, peers.NSD_ADDRESSES[family])

    yield 'three zones, UDP over IPv4', queries_of(.4, 0), over(peers.UdpPeer, 0)
    yield 'three zones, UDP over IPv6', queries_of(.4, 1), over(peers.UdpPeer, 1)
    yield 'three zones, TCP over IPv4', queries_of(.15, 2, WELL_FORMED), over(peers.TcpPeer, 0)
    yield 'three zones, TCP over IPv6', queries_of(.15, 3, WELL_FORMED), over(peers.TcpPeer, 1)


def inside(options):
    with tempfile.TemporaryDirectory(prefix='mangrove-differential.') as folder:
        zones = zones_make(folder)
        deviations.zones = [queries.Zone(file, origin) for origin, file, _ in zones]
        files = [(origin, file) for origin, file, _ in zones]
        servers = []
        try:
            servers.append(peers.knot_start(files, folder))
            servers.append(peers.nsd_start(files, folder))
            servers.append(node.Node(os.environ['BUILD'], ''.join(
                node.zone_entry(file, **keys) for _, file, keys in zones), folder, NO_IDENTITY))
            print(f'seed {options.seed}, zone {zones[0][1]}')
            passed = failed = count = 0
            for name, asked, make_peers in runs_make(options):
                good, bad = ask_all(name, asked, *make_peers)
                passed, failed, count = passed + good, failed + bad, count + len(asked)
        finally:
            for server in servers:
                server.stop()
    print(f'{count} queries')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


def main():
    options = options_read()
    for name in ('ROOT_ZONE', 'ROOT_AT', 'ROOT_ANCHORS', 'BUILD'):
        if not os.environ.get(name):
            print(f'{name} is not set (tests/run sets it)')
            return 77
    node.namespace_enter('MANGROVE_DIFFERENTIAL_INSIDE')
    return inside(options)


if __name__ == '__main__':
    sys.exit(main())
