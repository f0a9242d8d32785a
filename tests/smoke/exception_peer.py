#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What exception.bash lets the client send beside plain queries.

  tcp ADDRESS                a DNS query over TCP is answered
  fragmented ADDRESS         a DNS query in several fragments is answered
  flood INTERFACE MAC4 COUNT ADDRESS4 ADDRESS6
                             COUNT frames of each kind: TCP SYN, ICMP, ICMPv6, an unknown EtherType
"""
import errno
import os
import random
import socket
import struct
import sys
import time

PORT, TIMEOUT = 53, 2
PADDING = 12  # RFC 7830
QUERY_SIZE = 2600
BATCH = 32  # frames of a flood, each millisecond


def family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def query(size=0):
    """A query for the root's SOA, padded to `size` octets."""
    head = struct.pack('!6H', random.randrange(65536), 0, 1, 0, 0, 1) + b'\0' + struct.pack(
        '!2H', 6, 1)
    padding = bytes(max(0, size - len(head) - 15))
    option = struct.pack('!2H', PADDING, len(padding)) + padding
    return head + b'\0' + struct.pack('!HHIH', 41, 1232, 0, len(option)) + option


def is_answer(message, asked):
    """The same ID, QR and AA, no error, and something in the answer section."""
    return len(message) >= 12 and message[:2] == asked[:2] and message[2] & 0x84 == 0x84 and \
        message[3] & 15 == 0 and message[6:8] != b'\0\0'


def ask_tcp(address):
    asked = query()
    with socket.create_connection((address, PORT), TIMEOUT) as s:
        s.sendall(struct.pack('!H', len(asked)) + asked)
        return is_answer(s.recv(4096)[2:], asked)


def ask_fragmented(address):
    asked = query(QUERY_SIZE)
    with socket.socket(family(address), socket.SOCK_DGRAM) as s:
        s.settimeout(TIMEOUT)
        s.sendto(asked, (address, PORT))
        return is_answer(s.recv(4096), asked)


def checksum(octets):
    octets += b'\0' * (len(octets) % 2)
    total = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, destination, protocol, payload):
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
    whole = head + source + destination
    return whole[:10] + struct.pack('!H', checksum(whole)) + whole[12:] + payload


def with_sum(pseudo, payload, at):
    return payload[:at] + struct.pack('!H', checksum(pseudo + payload)) + payload[at + 2:]


def flood_frames(address4, address6):
    """One frame of each kind from a source of its own."""
    four, six = (socket.inet_pton(family(a), a) for a in (address4, address6))
    source = bytes([198, 19, random.randrange(256), random.randrange(1, 255)])
    tcp = struct.pack('!HHIIBBHHH', random.randrange(1024, 65536), PORT, random.randrange(2**32), 0,
                      0x50, 2, 1024, 0, 0)
    tcp = with_sum(source + four + struct.pack('!HH', 6, len(tcp)), tcp, 16)
    yield b'\x08\0' + ipv4(source, four, 6, tcp)
    echo = struct.pack('!BBHHH', 8, 0, 0, 1, 1) + bytes(56)
    yield b'\x08\0' + ipv4(source, four, 1, with_sum(b'', echo, 2))
    source = six[:4] + b'\xff' + os.urandom(11)
    echo = struct.pack('!BBHHH', 128, 0, 0, 1, 1) + bytes(56)
    echo = with_sum(source + six + struct.pack('!IHBB', len(echo), 0, 0, 58), echo, 2)
    yield b'\x86\xdd' + struct.pack('!IHBB', 6 << 28, len(echo), 58, 64) + source + six + echo
    yield b'\x88\xb5' + bytes(50)


def flood(interface, mac, count, address4, address6):
    """A thousand sources, so that making the frames does not slow the flood down.

    It is far above what a class may pass, and below what fills the queues on the way there, which
    would drop the client's own frames.
    """
    kinds = [list(kind) for kind in zip(*(flood_frames(address4, address6) for _ in range(1000)))]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((interface, 0))
        ethernet = bytes.fromhex(mac.replace(':', '')) + s.getsockname()[4]
        for kind in kinds:
            for i in range(count):
                if i % BATCH == 0:
                    time.sleep(.001)
                try:
                    s.send(ethernet + kind[i % len(kind)])
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise
    return True


def main():
    command, *words = sys.argv[1:]
    if command == 'flood':
        return flood(words[0], words[1], int(words[2]), *words[3:])
    try:
        return {'tcp': ask_tcp, 'fragmented': ask_fragmented}[command](*words)
    except OSError as error:
        print(f'{command} {words[0]}: {error}')
        return False


if __name__ == '__main__':
    sys.exit(0 if main() else 1)
