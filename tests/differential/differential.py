#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The same queries to Mangrove, Knot and NSD on the same zone, compared by meaning.

Where Knot and NSD differ, agreeing with one of them is enough; what differs from both must be one
of the deviations on purpose in deviations.py. Runs in a network namespace of its own, as root.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD
"""
import argparse
import collections
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

import deviations
import peers
import queries
from message import (DS, NS, NSEC, Malformed, Message, differences, name_text, reply_text)

BATCH = 128
SHOWN = 10


class Case:
    """A query and what became of it; what deviations look at."""

    def __init__(self, kind, query, ours, knot, nsd):
        self.kind, self.query, self.ours, self.knot, self.nsd = kind, query, ours, knot, nsd
        self.flags1 = query[0] if query else 0
        self.opcode = self.flags1 >> 3 & 15
        self.qname, self.qtype, self.qclass, self.extra = self._question()
        # an OPT alone behind the question, as in nearly all
        self.opt_size = None
        if self.extra[:3] == b'\0\0\x29':
            self.opt_size = int.from_bytes(self.extra[3:5], 'big')
        self.limit = 512 if self.opt_size is None else min(max(512, self.opt_size), 1232)

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


def judge(tally, kind, query, octets):
    tally.kinds[kind] += 1
    replies = []
    for who, reply in zip(('ours', 'knot', 'nsd'), octets):
        try:
            replies.append(parsed(reply))
            if replies[-1] is not None:
                replies[-1].section_sets()
        except Malformed as error:
            if who == 'ours':
                case = Case(kind, query, None, None, None)
                tally.fault(case, f'a malformed reply ({error}): {reply.hex()}')
                return
            replies.append(None)
    case = Case(kind, query, *replies)
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
    share, ours_command, folder, number = arguments
    if ours_command[0] == 'udp':
        ours = peers.UdpPeer(ours_command[1])
    else:
        ours = peers.PipePeer(ours_command, os.path.join(folder, f'pipe{number}.log'))
    knot, nsd = peers.UdpPeer(peers.KNOT_ADDRESS), peers.UdpPeer(peers.NSD_ADDRESS)
    tally = Tally()
    for start in range(0, len(share), BATCH):
        batch = share[start:start + BATCH]
        messages = [message for _, message in batch]
        replies = zip(ours.ask(messages), knot.ask(messages), nsd.ask(messages))
        for (kind, message), three in zip(batch, replies):
            judge(tally, kind, message, three)
    tally.resent = ours.resent + knot.resent + nsd.resent
    knot.close()
    nsd.close()
    said = ours.close()
    return tally, said


def ask_all(name, asked, ours_command, folder, workers):
    """@return how many kinds of query passed, and how many failed"""
    started = time.monotonic()
    tally, well = Tally(), True
    shares = [(asked[i::workers], ours_command, folder, i) for i in range(workers)]
    with multiprocessing.Pool(workers) as pool:
        for part, said in pool.map(worker, shares):
            tally.add(part)
            if said:
                print('  ' + said[0].strip().replace('\n', '\n  '))
                well = well and said[1]
    print(f'{name}: {len(asked)} queries in {time.monotonic() - started:.0f} s, '
          f'{tally.resent} sent again')
    for kind, count in sorted(tally.kinds.items()):
        print(f'  asked {count:7} {kind}')
    for which, count in sorted(tally.agreed.items()):
        print(f'  equal {count:7} {which}')
    for one in deviations.DEVIATIONS:
        print(f'  other {tally.deviations[one.name]:7} {one.name} ({one.rule})')
    for text in tally.faults[:2 * SHOWN]:
        print(text)
    for what, count in tally.fault_kinds.most_common():
        print(f'  FAULT {count:7} {what}')
    print(f'  {tally.fault_count} differences that are not on purpose')
    bad = {what.split(':')[0] for what in tally.fault_kinds}
    return len(tally.kinds) - len(bad), len(bad) + (not well)


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--fraction', type=float, metavar='F',
                        help='ask this part of the many queries (default 1)', default=1)
    parser.add_argument('--kind', help='ask this kind of query only')
    parser.add_argument('--seed', type=int, default=1)
    return parser.parse_args()


def inside(options):
    zone = os.environ['ROOT_ZONE']
    pipe = [os.path.join(os.environ['BUILD'], 'tests/tools/answer_pipe'), zone,
            os.environ['ROOT_AT'], os.environ['ROOT_ANCHORS']]
    deviations.zone = queries.Zone(zone)
    asked = queries.everything(deviations.zone, options.seed, options.fraction)
    if options.kind:
        asked = [one for one in asked if one[0] == options.kind]
    peers.run('ip', 'link', 'set', 'lo', 'up')
    servers = []
    with tempfile.TemporaryDirectory(prefix='mangrove-differential.') as folder:
        try:
            servers.append(peers.knot_start(zone, folder))
            servers.append(peers.nsd_start(zone, folder))
            print(f'seed {options.seed}, zone {zone}')
            passed, failed = ask_all('answer function', asked, pipe, folder,
                                     os.cpu_count() or 1)
        finally:
            for server in servers:
                server.stop()
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


def main():
    options = options_read()
    for name in ('ROOT_ZONE', 'ROOT_AT', 'ROOT_ANCHORS', 'BUILD'):
        if not os.environ.get(name):
            print(f'{name} is not set (tests/run sets it)')
            return 77
    if os.environ.get('MANGROVE_DIFFERENTIAL_INSIDE') != '1':
        os.environ['MANGROVE_DIFFERENTIAL_INSIDE'] = '1'
        os.execvp('unshare', ['unshare', '--net', '--', sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    return inside(options)


if __name__ == '__main__':
    sys.exit(main())
