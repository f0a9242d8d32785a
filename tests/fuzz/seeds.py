#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Seeds of a fuzz target, made from the golden test: seeds.py TARGET DIRECTORY TOOLS"""
import os
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, '..', 'golden')
sys.path[:0] = [GOLDEN, os.path.join(HERE, '..', 'differential')]
import questions  # noqa: E402


def name(text):
    labels = [label.encode() for label in text.split('.') if label]
    return b''.join(bytes([len(label)]) + label for label in labels) + b'\0'


def record(owner, rrtype, rdata, ttl=60):
    return name(owner) + struct.pack('>HHIH', rrtype, 1, ttl, len(rdata)) + rdata


def soa(serial):
    return record('test', 6, name('a') + name('b') + struct.pack('>5I', serial, 1, 2, 3, 4))


def transfers():
    """Transfers of the zone `test` in fuzz_records.c, serial 7: names and the first octet too."""
    ns = record('test', 2, name('a.test'))
    a = record('a.test', 1, bytes([192, 0, 2, 1]))
    txt = record('b.test', 16, b'\1b')
    signature = struct.pack('>HBBIIIH', 16, 13, 2, 60, 2, 1, 4711) + name('test') + b'signature'
    others = [
        record('b.test', 46, signature),
        record('c.test', 43, struct.pack('>HBB', 4711, 13, 2) + bytes(32)),
        record('test', 47, name('a.test') + b'\0\7\x22\0\0\0\0\3\x80'),
        record('test', 48, b'\1\1\3\15' + bytes(64)),
        record('test', 63, struct.pack('>IBB', 7, 1, 1) + bytes(48)),
        record('d.test', 28, bytes(16)),
        record('d.test', 15, b'\0\5' + name('d.test')),
        record('d.test', 33, bytes(6) + name('d.test')),
        record('d.test', 257, b'\0\5issuex'),
        record('d.test', 65280, b'octets'),
    ]
    yield 'axfr', b'\0' + soa(7) + ns + a + txt + b''.join(others) + soa(7)
    for number, other in enumerate(others):
        yield f'axfr{number}', b'\0' + soa(7) + ns + txt + other + soa(7)
    yield 'ixfr', b'\1' + soa(8) + soa(7) + txt + soa(8) + others[5] + soa(8)
    yield 'ixfr2', (b'\1' + soa(9) + soa(7) + txt + soa(8) + others[5] + soa(8) + others[5] +
                    soa(9) + txt + soa(9))
    yield 'base', b'\2' + soa(7) + ns + a + txt


def messages():
    """Answers with transfers(), for fuzz_transfer.c: how, then each message behind its length."""
    def message(octets, count, question, qtype):
        head = b'ab\x84\0' + struct.pack('>HHHH', int(question), count, 0, 0)
        body = head + (name('test') + struct.pack('>HH', qtype, 1) if question else b'') + octets
        return struct.pack('>H', len(body)) + body

    def count(octets):
        """Records in a block of them, none of whose names is compressed."""
        number = at = 0
        while at < len(octets):
            while octets[at]:
                at += octets[at] + 1
            at += 11 + struct.unpack_from('>H', octets, at + 9)[0]
            number += 1
        return number

    for what, data in transfers():
        how = int(what.startswith('ixfr'))
        block = data[1:]
        yield what, bytes([how]) + message(block, count(block), True, 251 if how else 252)
    pointed = (b'\xc0\x0c' + soa(7)[6:] + b'\xc0\x0c' + struct.pack('>HHIH', 2, 1, 60, 4)
               + b'\1a\xc0\x0c')
    yield 'pointers', (b'\0' + message(pointed, 2, True, 252)
                       + message(soa(7), 1, False, 252))


def versions():
    """Two versions of the root as blocks of records: one delegation changed in all its parts."""
    def version(serial, server, address, digest, expiry):
        def signature(rrtype, labels):
            return struct.pack('>HBBIIIH', rrtype, 8, labels, 60, expiry, 1, 7) + b'\0SIGN'

        return b''.join((
            record('', 6, name('a') + name('b') + struct.pack('>5I', serial, 1, 2, 3, 4)),
            record('', 46, signature(6, 0)),
            record('', 48, b'\1\1\3\10KEYKEY'),
            record('com', 2, name(server)),
            record('com', 43, struct.pack('>HBB', 9, 8, 2) + digest * 32),
            record('com', 46, signature(43, 1)),
            record(server, 1, address),
            record('text', 16, b'\5hello'),
            record('text', 65280, digest)))

    old = version(1, 'ns.com', bytes([192, 0, 2, 1]), b'1', 1000)
    new = version(2, 'nt.com', bytes([192, 0, 2, 2]), b'2', 2000)
    return struct.pack('>H', len(old)) + old + new


def main():
    target, directory, tools = sys.argv[1:]

    def seed(name, data):
        with open(os.path.join(directory, name), 'wb') as file:
            file.write(data)

    zone = os.path.join(GOLDEN, 'golden.zone')
    if target == 'fuzz_message':
        for number, (_, message, _) in enumerate(questions.MESSAGES):
            seed(f'{number}', b'\0\1' + message)
    elif target == 'fuzz_request':
        soa = b'\0\0\6\0\1\0\0\0\0\0\x16\0\0' + bytes(20)
        for name, flags, qtype, counts, rest in (
                ('axfr', b'\0\0', 252, b'\0\0\0\0', b''),
                ('ixfr', b'\0\0', 251, b'\0\0\0\1', soa),
                ('notify', b'\x24\0', 6, b'\0\1\0\0', soa)):
            for transport in 0, 1:
                seed(f'{name}{transport}', bytes([transport]) + b'ab' + flags + b'\0\1' + counts
                     + b'\0\0\0' + qtype.to_bytes(2, 'big') + b'\0\1' + rest)
        for number, (_, message, _) in enumerate(questions.MESSAGES):
            seed(f'{number}', b'\1ab' + message)
    elif target == 'fuzz_frame':
        for number, (_, frame) in enumerate(questions.cases()):
            seed(f'{number}', b'\3' + frame)
            seed(f'unchecked{number}', b'\0' + frame)
    elif target == 'fuzz_zone':
        shutil.copy(zone, directory)
        # one record of each kind behind a SOA: small, so that many can be tried in a second
        seen = set()
        with open(zone, encoding='ascii') as file:
            lines = file.readlines()
        for line in lines:
            rrtype = line.split()[3]
            if rrtype not in seen and rrtype != 'SOA':
                seen.add(rrtype)
                seed(rrtype, (lines[0] + line).encode())
    elif target == 'fuzz_records':
        for what, data in transfers():
            seed(what, data)
    elif target == 'fuzz_transfer':
        for what, data in messages():
            seed(what, data)
    elif target == 'fuzz_image':
        subprocess.run([os.path.join(tools, 'mangrove-zone'), 'compile', '--at', '20260801000000',
                        '--anchors', os.path.join(GOLDEN, 'golden.anchors'), '--output',
                        os.path.join(directory, 'golden.image'), zone], check=True,
                       stdout=subprocess.DEVNULL)
    elif target == 'fuzz_control':
        texts = (b'{"command":"status"}',
                 b'{"command":"zone diff","zone":".","from":1,"to":2}',
                 b'{"a":[[[{"b":"\\u00e9\\""}]]],"c":-1.5e3,"d":null,"e":true}')
        for number, text in enumerate(texts):
            seed(f'{number}', (struct.pack('>I', len(text)) + text) * (number + 1))
    elif target == 'fuzz_zonediff':
        seed('versions', versions())
    else:
        sys.exit(f'{target}: no such target')


if __name__ == '__main__':
    main()
