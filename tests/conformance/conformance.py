#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""RFC 8906, what is expected of root servers, and hostile messages: to the real server over AF_XDP
and TCP, IPv4 and IPv6. Each case is followed by a good query, which must be answered.

usage: conformance.py [--list]

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (tests/run sets them)
"""
import os
import re
import socket
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('golden', 'differential'):
    sys.path.insert(0, os.path.join(HERE, '..', folder))
import cases  # noqa: E402
import node  # noqa: E402
import table  # noqa: E402
import tcp  # noqa: E402
from message import Malformed, Message, reply_text  # noqa: E402

RANDOM_CASES = 5000
GOOD = cases.soa()
GOOD_ID, CASE_ID = b'\x60\x0d', b'\xca\x5e'
WAIT_S = 5
SHOWN = 10
MORE = 'identity: conformance.example\n'


class Wrong(Exception):
    """What is wrong with a reply."""


def udp_ask(address, message):
    """Send a case and a good query. @return the reply to the case, or None for silence

    One queue answers in order, so what has not come when the good reply has is silence; a moment
    is left for it all the same.
    """
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.connect((address, 53))
        reply, good, end = None, False, time.monotonic() + WAIT_S
        s.send(message)
        s.send(GOOD_ID + GOOD)
        while not good or reply is None and time.monotonic() < end:
            s.settimeout(max(.001, end - time.monotonic()))
            try:
                got = s.recv(65535)
            except TimeoutError:
                break
            if got[:2] == GOOD_ID:
                good_judge(got)
                good, end = True, min(end, time.monotonic() + .005)
            elif reply is None:
                reply = got
            else:
                raise Wrong('two replies')
    if not good:
        raise Wrong('the good query behind it is not answered')
    return reply


def good_judge(octets):
    try:
        reply = Message(octets)
    except Malformed as error:
        raise Wrong(f'the good query behind it: {error}') from error
    if reply.rcode or not reply.has('aa') or [r[1] for r in reply.sections[0]] != [cases.SOA]:
        raise Wrong('the good query behind it is answered otherwise')


def options_of(opt):
    """The options of a reply's OPT, by code."""
    found, data = {}, opt[3]
    while data:
        code, length = int.from_bytes(data[:2], 'big'), int.from_bytes(data[2:4], 'big')
        if len(data) < 4 + length or code in found:
            raise Wrong('an option that is malformed, or there twice')
        found[code] = data[4:4 + length]
        data = data[4 + length:]
    return found


def opt_judge(case, reply):
    if case.opt_is is cases.NO_OPT:
        if reply.opt:
            raise Wrong('an OPT that nobody asked for')
        return
    if not reply.opt:
        raise Wrong('no OPT')
    dnssec_ok, options = case.opt_is
    size, version, flags, _ = reply.opt
    if version or size < 512 or flags != (0x8000 if dnssec_ok else 0):
        raise Wrong(f'OPT says size {size}, version {version}, flags {flags:#x}')
    found = options_of(reply.opt)
    if set(found) != set(options):
        raise Wrong(f'options {sorted(found)}, not {sorted(options)}')
    for code, value in options.items():
        if value is not None and found[code] != value:
            raise Wrong(f'option {code} is {found[code].hex()}')


def tsig_judge(case, reply):
    """NOTAUTH for a TSIG says BADKEY (RFC 8945 5.2.1), in a TSIG; nothing else has one."""
    wanted = case.rcode == cases.NOTAUTH and cases.TSIG in case.message
    if wanted != bool(reply.tsig):
        raise Wrong('no TSIG' if wanted else 'a TSIG')
    if wanted and reply.tsig[1][-4:] != b'\0\x11\0\0':
        raise Wrong('the TSIG does not say BADKEY')


def judge(case, octets):
    """Raise Wrong unless this is the reply that a case must get."""
    if case.rcode is None or octets is None:
        if case.rcode is not None or octets is not None:
            raise Wrong('silence' if octets is None else f'a reply: {octets.hex()}')
        return
    reply = Message(octets)
    reply.section_sets()
    if octets[:2] != CASE_ID:
        raise Wrong('another ID')
    if reply.rcode != case.rcode or reply.opcode != case.message[0] >> 3 & 15:
        raise Wrong(f'RCODE {reply.rcode}, not {case.rcode}, or another opcode')
    flags = {flag for flag in ('aa', 'tc', 'rd', 'ra', 'z', 'ad', 'cd') if reply.has(flag)}
    wanted = set(case.flags) | ({'rd'} if case.message[0] & 1 else set())
    if flags != wanted:
        raise Wrong(f'flags {sorted(flags)}, not {sorted(wanted)}')
    question = reply.question
    if case.repeats != bool(question) or question != case.message[10:10 + len(question)]:
        raise Wrong('the question is not repeated as it was' if case.repeats else 'a question')
    opt_judge(case, reply)
    tsig_judge(case, reply)
    for name, records, types in zip(('answer', 'authority', 'additional'), reply.sections,
                                    case.sections):
        found = {record[1] for record in records}
        if types is not cases.ANYTHING and found != set(types):
            raise Wrong(f'{name} has types {sorted(found)}, not {sorted(types)}')


def case_run(case, ask):
    """@return what is wrong, or None"""
    octets = None
    try:
        octets = ask(CASE_ID + case.message)
        judge(case, octets)
        return None
    except Malformed as error:
        return f'{error}\n    {octets.hex()}'
    except Wrong as error:
        text = f'{error}\n    query {case.message.hex()}'
        return text + ('\n' + reply_text(Message(octets)) if octets else '')


def random_run(number, ask):
    message, silent = cases.random_case(number)
    try:
        octets = ask(CASE_ID + message)
        if octets is not None:
            Message(octets).section_sets()
        if silent != (octets is None):
            raise Wrong('silence' if octets is None else 'a reply')
        return None
    except (Malformed, Wrong) as error:
        return f'{error}\n    query {message.hex()}'


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def add(self, name, wrong):
        if wrong is None:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= SHOWN:
            print(f'FAILED: {name}: {wrong}')


def udp_run(tally):
    for family, address in (('IPv4', node.ADDRESS4), ('IPv6', node.ADDRESS6)):
        def ask(message, address=address):
            return udp_ask(address, message)

        for case in cases.everything():
            if 'UDP' in case.transports:
                tally.add(f'{case.name} (UDP, {family})', case_run(case, ask))
        wrong = [text for text in (random_run(number, ask) for number in range(RANDOM_CASES))
                 if text]
        tally.add(f'random messages (UDP, {family})', '\n  '.join(wrong[:SHOWN]) or None)


def tcp_ask(address, message):
    reply, wrong = tcp.ask(address, message)
    if wrong:
        raise Wrong(wrong)
    return reply


def tcp_run(tally):
    for family, address in (('IPv4', node.ADDRESS4), ('IPv6', node.ADDRESS6)):
        def ask(message, address=address):
            return tcp_ask(address, message)

        for case in cases.everything():
            if 'TCP' in case.transports:
                tally.add(f'{case.name} (TCP, {family})', case_run(case, ask))
        for name, wrong in tcp.run(address):
            tally.add(f'{name} ({family})', wrong)
        # over UDP, too, after all that
        tally.add(f'UDP behind TCP ({family})', None if udp_ask(address, CASE_ID + GOOD) else
                  'silence')


def table_run(tally):
    known = [case.name for case in cases.everything()] + [name for name, *_ in tcp.ABUSES]
    for name, wrong in table.check(known):
        tally.add(name, wrong)


def main():
    if sys.argv[1:] == ['--list']:
        for case in cases.everything():
            print(f'{case.name} ({case.rfc})')
        return 0
    for name in ('ROOT_ZONE', 'ROOT_AT', 'ROOT_ANCHORS', 'BUILD'):
        if not os.environ.get(name):
            print(f'{name} is not set (tests/run sets it)')
            return 77
    node.namespace_enter('MANGROVE_CONFORMANCE_INSIDE')
    tally = Tally()
    zone = node.zone_entry(os.environ['ROOT_ZONE'], anchors=os.environ['ROOT_ANCHORS'],
                           at=f'"{os.environ["ROOT_AT"]}"')
    with tempfile.TemporaryDirectory(prefix='mangrove-conformance.') as folder:
        server = node.Node(os.environ['BUILD'], zone, folder, MORE)
        try:
            udp_run(tally)
            tcp_run(tally)
        finally:
            server.stop()
        # it was the lcores that answered, and no socket in their place
        counted = re.search(r'count received=([0-9]+)', server.log_text())
        tally.add('queries over AF_XDP', None if counted and int(counted.group(1)) > 4 *
                  RANDOM_CASES else 'the lcores did not receive them')
        if tally.failed:
            print(server.log_text())
    table_run(tally)
    print(f'{tally.passed} passed, {tally.failed} failed')
    return 1 if tally.failed else 0


if __name__ == '__main__':
    sys.exit(main())
