#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Print tests/unit/tsig_vectors.h: messages signed by RFC 8945, from its text and Python's hmac.

Nothing here knows of lib/tsig, so that the two check each other.
"""
import hashlib
import hmac
import struct

SECRET = bytes(range(1, 33))
TIME = 1700000000
FUDGE = 300
HASHES = {'hmac-sha256': hashlib.sha256, 'hmac-sha384': hashlib.sha384,
          'hmac-sha512': hashlib.sha512}


def name(text):
    wire = b''.join(bytes([len(label)]) + label.encode() for label in text.split('.') if label)
    return wire + b'\0'


def u48(value):
    return struct.pack('!HI', value >> 32, value & 0xffffffff)


def message(ident, flags, *, question=True, records=()):
    """A question about the root's SOA, and records that are octets already."""
    head = struct.pack('!HHHHHH', ident, flags, int(question), len(records), 0, 0)
    return head + (b'\0' + struct.pack('!HH', 6, 1) if question else b'') + b''.join(records)


SOA = (b'\0' + struct.pack('!HHI', 6, 1, 86400) + struct.pack('!H', 22) + b'\0\0'
       + struct.pack('!IIIII', 2026073102, 1800, 900, 604800, 86400))
A = name('Ns.Example') + struct.pack('!HHIH', 1, 1, 3600, 4) + bytes([198, 18, 0, 1])


class Session:
    """One side of a conversation, by RFC 8945 4.3 and 5.3.1."""

    def __init__(self, key, algorithm):
        self.key, self.algorithm, self.hash = name(key), name(algorithm), HASHES[algorithm]
        self.previous = b''  # MAC of the message before, as it was sent
        self.pending = b''   # unsigned messages since
        self.answers = 0     # signed ones

    def mac(self, octets):
        return hmac.new(SECRET, octets, self.hash).digest()

    def sign(self, plain, *, time=TIME, error=0, other=b'', cut=None, is_request=False):
        prefix = struct.pack('!H', len(self.previous)) + self.previous if self.previous else b''
        timers = u48(time) + struct.pack('!H', FUDGE)
        if self.answers:
            variables = timers
        else:
            variables = (self.key.lower() + struct.pack('!HI', 255, 0) + self.algorithm.lower()
                         + timers + struct.pack('!HH', error, len(other)) + other)
        mac = self.mac(prefix + self.pending + plain + variables)[:cut]
        self.previous, self.pending = mac, b''
        self.answers += not is_request
        return self.append(plain, timers, mac, error, other)

    def append(self, plain, timers, mac, error, other):
        rdata = (self.algorithm + timers + struct.pack('!H', len(mac)) + mac + plain[:2]
                 + struct.pack('!HH', error, len(other)) + other)
        count = struct.unpack('!H', plain[10:12])[0] + 1
        return (plain[:10] + struct.pack('!H', count) + plain[12:] + self.key
                + struct.pack('!HHIH', 250, 255, 0, len(rdata)) + rdata)

    def leave(self, plain):
        self.pending += plain
        return plain


def show(what, octets):
    print(f'static const char {what}[] =')
    lines = [octets.hex()[i:i + 80] for i in range(0, 2 * len(octets), 80)]
    print('\n'.join(f'\t"{line}"' for line in lines) + ';')


def main():
    print('/* SPDX-License-Identifier: BSD-3-Clause */')
    print('/* Made by tests/tools/tsig_vectors.py from RFC 8945 and Python\'s hmac; '
          'octets as hex. */')
    print('#ifndef TESTS_UNIT_TSIG_VECTORS_H\n#define TESTS_UNIT_TSIG_VECTORS_H\n')
    print(f'enum {{ VECTOR_TIME = {TIME} }};')
    show('vector_secret', SECRET)
    query = message(0x1234, 0)
    show('vector_query', query)
    for algorithm in HASHES:
        word = algorithm.replace('hmac-', '')
        show('vector_query_' + word,
             Session('Key.Example', algorithm).sign(query, is_request=True))
    for cut in (16, 15):
        show(f'vector_query_cut_{cut}',
             Session('key.example', 'hmac-sha256').sign(query, cut=cut, is_request=True))
    session = Session('key.example', 'hmac-sha256')
    session.sign(query, is_request=True)
    answer = message(0x1234, 0x8400, records=[SOA])
    show('vector_answer', answer)
    show('vector_answer_signed', session.sign(answer))
    further = message(0x1234, 0x8400, question=False, records=[A])
    show('vector_further', further)
    session.leave(further)
    session.leave(further)
    show('vector_answer_4', session.sign(further, time=TIME + 7))
    show('vector_answer_5', session.sign(further, time=TIME + 9))
    session = Session('key.example', 'hmac-sha512')
    session.sign(query, time=TIME - 1000, is_request=True)
    refusal = message(0x1234, 0x8009)
    show('vector_refusal', refusal)
    show('vector_bad_time',
         session.sign(refusal, time=TIME - 1000, error=18, other=u48(TIME)))
    print('\n#endif')


if __name__ == '__main__':
    main()
