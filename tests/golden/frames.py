# SPDX-License-Identifier: BSD-3-Clause
"""Frames, made and read by code that shares nothing with lib/packet."""
import socket
import struct

CLIENT_MAC, SERVER_MAC = bytes.fromhex('020000000001'), bytes.fromhex('020000000002')
CLIENT4, SERVER4 = '198.18.0.1', '198.18.0.53'
CLIENT6, SERVER6 = '2001:db8::1', '2001:db8::53'


def ones_sum(data):
    """RFC 1071: the ones-complement sum of 16-bit words."""
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def udp(message, source, target, sport, dport, checksum=None, length=None):
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    size = 8 + len(message) if length is None else length
    header = struct.pack('>HHHH', sport, dport, size, 0)
    pseudo = socket.inet_pton(family, source) + socket.inet_pton(family, target) + \
        struct.pack('>II', size, 17)
    if checksum is None:
        checksum = ~ones_sum(pseudo + header + message) & 0xffff or 0xffff
    return header[:6] + struct.pack('>H', checksum) + message


def ipv4(payload, source=CLIENT4, target=SERVER4, protocol=17, options=b'', fragment=0, ttl=64,
         tos=0, checksum=None, total=None, version=4, ihl=None):
    ihl = 5 + len(options) // 4 if ihl is None else ihl
    total = 20 + len(options) + len(payload) if total is None else total
    header = struct.pack('>BBHHHBBH', version << 4 | ihl, tos, total, 0x1234, fragment, ttl,
                         protocol, 0) + socket.inet_pton(socket.AF_INET, source) + \
        socket.inet_pton(socket.AF_INET, target) + options
    if checksum is None:
        checksum = ~ones_sum(header) & 0xffff
    return header[:10] + struct.pack('>H', checksum) + header[12:] + payload


def ipv6(payload, source=CLIENT6, target=SERVER6, protocol=17, hop_limit=64, flow=0x12345,
         length=None, version=6):
    length = len(payload) if length is None else length
    return struct.pack('>IHBB', version << 28 | flow, length, protocol, hop_limit) + \
        socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target) + \
        payload


def ethernet(payload, tags=(), ethertype=None):
    """@param tags  (TPID, TCI), outermost first"""
    if ethertype is None:
        ethertype = 0x86dd if payload[0] >> 4 == 6 else 0x0800
    return SERVER_MAC + CLIENT_MAC + b''.join(struct.pack('>HH', *tag) for tag in tags) + \
        struct.pack('>H', ethertype) + payload


def pcap(frames):
    """A capture file (libpcap 2.4, microseconds, Ethernet)."""
    head = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    return head + b''.join(struct.pack('<IIII', 0, 0, len(f), len(f)) + f for f in frames)


def pcap_read(data):
    """The frames of a capture file, without their times."""
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    frames, i = [], 24
    while i < len(data):
        _, _, captured, length = struct.unpack_from(order + 'IIII', data, i)
        if captured != length:
            raise ValueError('a frame was cut')
        frames.append(data[i + 16:i + 16 + captured])
        i += 16 + captured
    return frames


def unwrap(frame):
    """Check a reply's frame; @return tags, addresses, ports and the message"""
    if frame[:6] != CLIENT_MAC or frame[6:12] != SERVER_MAC:
        raise ValueError('Ethernet addresses are not exchanged')
    i, tags = 12, []
    while frame[i:i + 2] in (b'\x81\x00', b'\x88\xa8'):
        tags.append(struct.unpack_from('>HH', frame, i))
        i += 4
    ethertype, ip = frame[i:i + 2], frame[i + 2:]
    if ethertype == b'\x08\x00':
        if ip[0] != 0x45 or ones_sum(ip[:20]) != 0xffff:
            raise ValueError('IPv4 header or its checksum')
        if struct.unpack_from('>H', ip, 2)[0] != len(ip) or ip[6:8] != b'\x40\0' or \
                ip[9] != 17 or not ip[8]:
            raise ValueError('IPv4 length, DF, protocol or TTL')
        source, target = (socket.inet_ntop(socket.AF_INET, ip[a:a + 4]) for a in (12, 16))
        pseudo, datagram = ip[12:20], ip[20:]
    elif ethertype == b'\x86\xdd':
        if ip[0] >> 4 != 6 or ip[6] != 17 or not ip[7]:
            raise ValueError('IPv6 version, next header or hop limit')
        if struct.unpack_from('>H', ip, 4)[0] != len(ip) - 40:
            raise ValueError('IPv6 payload length')
        source, target = (socket.inet_ntop(socket.AF_INET6, ip[a:a + 16]) for a in (8, 24))
        pseudo, datagram = ip[8:40], ip[40:]
    else:
        raise ValueError('neither IPv4 nor IPv6')
    sport, dport, length, checksum = struct.unpack_from('>HHHH', datagram)
    if length != len(datagram):
        raise ValueError('UDP length')
    if checksum == 0 or ones_sum(pseudo + struct.pack('>II', length, 17) + datagram) != 0xffff:
        raise ValueError('UDP checksum')
    return tags, source, target, sport, dport, datagram[8:]
