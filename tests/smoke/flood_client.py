#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks for random names that do not exist, at a steady pace, and counts what comes back.

usage: flood_client.py SERVER SOURCE COUNT RATE       prints: sent=... answered=... slipped=... seconds=...
"""
import random
import select
import socket
import struct
import sys
import time

QR, TC, NXDOMAIN = 0x8000, 0x0200, 3
LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'


def query(number, chooser):
    label = ''.join(chooser.choice(LETTERS) for _ in range(12)).encode()
    opt = b'\0' + struct.pack('>HHIH', 41, 1232, 0x8000, 0)
    # one gap of the root: nothing is between "com" and "comcast"
    name = b'\x0c' + label + b'\x04coma\0'
    return struct.pack('>6H', number & 0xffff, 0, 1, 0, 0, 1) + name + struct.pack('>HH', 1, 1) + opt


def receive(sock, counts):
    while True:
        try:
            reply = sock.recv(2048)
        except BlockingIOError:
            return
        flags = struct.unpack('>H', reply[2:4])[0]
        if flags & TC:
            counts['slipped'] += 1
        elif flags & QR and flags & 15 == NXDOMAIN:
            counts['answered'] += 1
        else:
            sys.exit(f'neither NXDOMAIN nor TC: flags {flags:#x}')


def main():
    server, source, count, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    family = socket.AF_INET6 if ':' in server else socket.AF_INET
    counts = {'answered': 0, 'slipped': 0}
    chooser = random.Random(count)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.connect((server, 53))
        sock.setblocking(False)
        begin = time.monotonic()
        for i in range(count):
            while i > (time.monotonic() - begin) * rate:
                select.select([sock], [], [], 0.002)
                receive(sock, counts)
            sock.send(query(i, chooser))
        seconds = time.monotonic() - begin
        # what is still on its way
        while select.select([sock], [], [], 1)[0]:
            receive(sock, counts)
    print(f"sent={count} answered={counts['answered']} slipped={counts['slipped']} seconds={seconds:.0f}")


main()
