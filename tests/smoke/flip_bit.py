#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Flip a bit in another process's memory, wherever some octets stand.

usage: flip_bit.py PID OCTETS, in hexadecimal
"""
import re
import sys


def places(memory, maps, wanted):
    """Addresses of the octets in private mappings without a file, as images are."""
    for line in maps:
        found = re.match(r'([0-9a-f]+)-([0-9a-f]+) r[w-][x-]p [0-9a-f]+ 00:00 0\s*(\S*)', line)
        if not found or found.group(3).startswith('[v'):
            continue
        start, end = (int(text, 16) for text in found.groups()[:2])
        memory.seek(start)
        try:
            octets = memory.read(end - start)
        except OSError:
            continue
        at = octets.find(wanted)
        while at >= 0:
            yield start + at
            at = octets.find(wanted, at + 1)


def main():
    pid, wanted = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
    with open(f'/proc/{pid}/mem', 'r+b', buffering=0) as memory, \
            open(f'/proc/{pid}/maps', encoding='utf-8') as maps:
        found = list(places(memory, maps, wanted))
        for address in found:
            memory.seek(address)
            memory.write(bytes([wanted[0] ^ 1]))
    print(len(found))
    return 0 if found else 1


if __name__ == '__main__':
    sys.exit(main())
