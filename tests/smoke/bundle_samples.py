#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads samples.pcap of a bundle: queries and their replies, right in every sum, clients hidden.

usage: bundle_samples.py FILE
"""
import socket
import struct
import sys

SERVERS = {socket.inet_pton(socket.AF_INET, '198.18.0.53'), socket.inet_pton(socket.AF_INET6, '2001:db8::53')}
CLIENTS = {socket.inet_pton(socket.AF_INET, '198.18.0.1'), socket.inet_pton(socket.AF_INET6, '2001:db8::1')}
# RFC 7871: option, size, family, /32, and an address that is hidden, or is not
SUBNET = bytes.fromhex('0008 0008 0001 2000')
ASKED_FOR = socket.inet_pton(socket.AF_INET, '203.0.113.77')


def frames(octets):
    magic, _, _, _, _, _, link = struct.unpack('<IHHiIII', octets[:24])
    assert magic == 0xa1b2c3d4 and link == 1, 'no pcap of Ethernet'
    at = 24
    while at < len(octets):
        seconds, _, size, whole = struct.unpack('<IIII', octets[at:at + 16])
        assert size == whole and seconds > 1_700_000_000, 'cut, or without a time'
        yield octets[at + 16:at + 16 + size]
        at += 16 + size


def folded(octets):
    octets += b'\0' * (len(octets) % 2)
    total = sum(struct.unpack('>%dH' % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def parse(frame):
    """Source, destination, message; checksums are right."""
    kind, packet = frame[12:14], frame[14:]
    if kind == b'\x08\x00':
        assert packet[0] == 0x45 and folded(packet[:20]) == 0xffff, 'IPv4 header checksum'
        source, destination, udp = packet[12:16], packet[16:20], packet[20:]
    else:
        assert kind == b'\x86\xdd', kind
        source, destination, udp = packet[8:24], packet[24:40], packet[40:]
    length, checksum = struct.unpack('>HH', udp[4:8])
    pseudo = source + destination + struct.pack('>HH', 17, length)
    assert not checksum or folded(pseudo + udp[:length]) == 0xffff, 'UDP checksum'
    return source, destination, udp[8:length]


def cut(address):
    """Whether nothing is left of it behind the prefix that the story configures."""
    bits = 20 if len(address) == 4 else 44
    return int.from_bytes(address, 'big') & ((1 << len(address) * 8 - bits) - 1) == 0


def main():
    with open(sys.argv[1], 'rb') as f:
        all_frames = [parse(frame) for frame in frames(f.read())]
    assert len(all_frames) >= 20, 'only %d frames' % len(all_frames)
    families, last, subnets = set(), None, 0
    for source, destination, message in all_frames:
        is_reply = message[2] & 0x80
        server, client = (source, destination) if is_reply else (destination, source)
        assert server in SERVERS, 'an address that is not ours'
        assert ASKED_FOR not in message, 'for whom a resolver asked'
        subnets += SUBNET + bytes(4) in message
        assert client not in CLIENTS and cut(client), 'a whole address'
        families.add(len(client))
        if is_reply:
            assert (client, message[:2]) == last, 'a reply without its query'
        last = client, message[:2]
    assert families == {4, 16}, families
    assert subnets, 'no subnet was there to hide'
    print('%d frames' % len(all_frames))


main()
