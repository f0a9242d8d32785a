#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""NOTIFY in great number: notify_storm.py SOURCE DESTINATION PORT SERIAL COUNT

Each has another ID, and that serial in a SOA. Prints how many were answered, by RCODE, and how long sending took.
"""
import collections
import select
import socket
import struct
import sys
import time

NOTIFY = 0x2400  # opcode 4, AA: RFC 1996 3.6


def main():
    source, destination, port, serial, count = sys.argv[1:]
    soa = b'\0\0' + struct.pack('!5I', int(serial), 1800, 900, 604800, 86400)
    rest = (struct.pack('!5H', NOTIFY, 1, 1, 0, 0) + b'\0' + struct.pack('!HH', 6, 1)
            + b'\0' + struct.pack('!HHIH', 6, 1, 0, len(soa)) + soa)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.connect((destination, int(port)))
    rcodes = collections.Counter()
    began = time.monotonic()
    for number in range(int(count)):
        s.send(struct.pack('!H', number % 65536) + rest)
        while select.select([s], [], [], 0)[0]:
            rcodes[s.recv(4096)[3] & 15] += 1
    took = time.monotonic() - began
    while select.select([s], [], [], 1)[0]:
        rcodes[s.recv(4096)[3] & 15] += 1
    print(f'sent={count} seconds={took:.2f} ' + ' '.join(f'rcode{rcode}={n}' for rcode, n in sorted(rcodes.items())))


if __name__ == '__main__':
    main()
