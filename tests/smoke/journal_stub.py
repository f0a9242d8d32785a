#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Takes journald's place: each entry of its native protocol becomes a line of JSON.

usage: journal_stub.py SOCKET OUTPUT
"""
import json
import socket
import struct
import sys


def fields(data):
    """systemd's JOURNAL_NATIVE_PROTOCOL: NAME=value, or NAME, a length of 64 bits and the value"""
    found = {}
    while data:
        line, _, data = data.partition(b'\n')
        name, equals, value = line.partition(b'=')
        if not equals:
            size, = struct.unpack('<Q', data[:8])
            value, data = data[8:8 + size], data[8 + size + 1:]
        found[name.decode()] = value.decode()
    return found


def main():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, open(sys.argv[2], 'w') as output:
        listener.bind(sys.argv[1])
        while True:
            print(json.dumps(fields(listener.recv(65536))), file=output, flush=True)


main()
