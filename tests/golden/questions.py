# SPDX-License-Identifier: BSD-3-Clause
"""The frames of the golden test: one of every shape, and one question of every kind of answer."""
import struct

import frames as f
from queries import long_name, opt, wire_name

A, NS, SOA, MX, TXT, AAAA, SRV, DS, RRSIG, NSEC, DNSKEY, ZONEMD, AXFR, ANY = \
    1, 2, 6, 15, 16, 28, 33, 43, 46, 47, 48, 63, 252, 255
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH, BADVERS = 0, 1, 3, 4, 5, 9, 16
DO = opt(1232, True)


class Case:
    def __init__(self, name, port, message, rcode, answered=True, tags=(), v6=False, limit=1232):
        self.name, self.port, self.message, self.rcode = name, port, message, rcode
        self.answered, self.tags, self.limit = answered, tags, limit
        self.source, self.target = (f.CLIENT6, f.SERVER6) if v6 else (f.CLIENT4, f.SERVER4)


def question(name, rrtype, extra=b'', rrclass=1, flags=0):
    return struct.pack('>HHHHH', flags, 1, 0, 0, 1 if extra else 0) + \
        (wire_name(name) if isinstance(name, str) else name) + \
        struct.pack('>HH', rrtype, rrclass) + extra


# (what, message without the ID, RCODE); RCODE None: silence
MESSAGES = [
    ('priming', question('.', NS), NOERROR),
    ('priming, DO', question('.', NS, DO), NOERROR),
    ('SOA, DO', question('.', SOA, DO), NOERROR),
    ('DNSKEY, DO', question('.', DNSKEY, DO), NOERROR),
    ('ZONEMD', question('.', ZONEMD), NOERROR),
    ('NSEC of the apex, DO', question('.', NSEC, DO), NOERROR),
    ('ANY at the apex, DO', question('.', ANY, DO), NOERROR),
    ('RRSIG at the apex', question('.', RRSIG), NOERROR),
    ('NODATA at the apex', question('.', A), NOERROR),
    ('NODATA at the apex, DO', question('.', A, DO), NOERROR),
    ('DS at the apex, DO', question('.', DS, DO), NOERROR),
    ('referral', question('www.alpha.', A), NOERROR),
    ('referral, DO', question('www.alpha.', A, DO), NOERROR),
    ('referral, mixed case', question('wWw.AlPhA.', AAAA, DO), NOERROR),
    ('referral without DS, DO', question('beta.', NS, DO), NOERROR),
    ('referral, the cut is a host', question('x.gamma.', A, DO), NOERROR),
    ('referral without an address', question('delta.', A, DO), NOERROR),
    ('referral for a glue owner', question('ns1.nic.alpha.', A), NOERROR),
    ('referral, too much in-domain glue', question('epsilon.', A), NOERROR),
    ('referral, much in-domain glue', question('epsilon.', A, DO), NOERROR),
    ('referral, some sibling glue', question('zeta.', A), NOERROR),
    ('referral, all sibling glue', question('zeta.', A, DO), NOERROR),
    ('NSEC at a cut', question('alpha.', NSEC, DO), NOERROR),
    ('DS at a cut', question('alpha.', DS), NOERROR),
    ('DS at a cut, DO', question('alpha.', DS, DO), NOERROR),
    ('no DS at a cut, DO', question('beta.', DS, DO), NOERROR),
    ('DS below a cut', question('x.alpha.', DS, DO), NOERROR),
    ('a cut below empty non-terminals', question('cut.empty.theta.', A, DO), NOERROR),
    ('an empty non-terminal', question('theta.', A), NOERROR),
    ('an empty non-terminal, DO', question('empty.theta.', A, DO), NOERROR),
    ('a deep empty non-terminal, DO', question('cut.of.theta.', TXT, DO), NOERROR),
    ('below an empty non-terminal, DO', question('no.theta.', A, DO), NXDOMAIN),
    ('a plain record', question('plain.', TXT), NOERROR),
    ('a plain record, DO', question('plain.', MX, DO), NOERROR),
    ('a plain SRV, DO', question('_dns._udp.plain.', SRV, DO), NOERROR),
    ('NODATA at a plain name, DO', question('mail.plain.', MX, DO), NOERROR),
    ('below a plain name, DO', question('no.mail.plain.', A, DO), NXDOMAIN),
    ('NXDOMAIN', question('no-such-name.', A), NXDOMAIN),
    ('NXDOMAIN, DO', question('no-such-name.', A, DO), NXDOMAIN),
    ('NXDOMAIN before the first name, DO', question('\\000.', A, DO), NXDOMAIN),
    ('NXDOMAIN behind the last name, DO', question('\\255\\255.', A, DO), NXDOMAIN),
    ('NXDOMAIN of 255 octets, DO', question(long_name(255, b'z'), A, DO), NXDOMAIN),
    ('NXDOMAIN of 127 labels', question(b'\1q' * 127 + b'\0', A), NXDOMAIN),
    ('an owner with a zero octet', question('a\\000b.', A, DO), NOERROR),
    ('an owner with a dot in its label', question('a\\.b.', A, DO), NOERROR),
    ('a label of 63 octets', question('x' * 63 + '.', A, DO), NOERROR),
    ('an unknown type', question('.', 1000, DO), NOERROR),
    ('EDNS size 512, DNSKEY, DO', question('.', DNSKEY, opt(512, True)), NOERROR),
    ('EDNS size 0', question('.', SOA, opt(0, False)), NOERROR),
    ('EDNS size 65535', question('.', NS, opt(65535, True)), NOERROR),
    ('EDNS with NSID and padding', question('.', SOA, opt(
        1232, True, 0, 0x7fff, b'\0\3\0\0\0\x0c\0\x10' + bytes(16))), NOERROR),
    ('EDNS version 1', question('.', SOA, opt(1232, True, 1)), BADVERS),
    ('two OPTs', question('.', SOA, DO + DO).replace(b'\0\1\0\0\0\0\0\1', b'\0\1\0\0\0\0\0\2', 1),
     FORMERR),
    ('an option too long', question('.', SOA, opt(1232, True, 0, 0, b'\0\3\0\1')), FORMERR),
    ('all flags', question('www.alpha.', A, DO, 1, 0x07ff), NOERROR),
    ('class CH', question('id.server.', TXT, b'', 3), NOERROR),
    ('class CH, its version and NSID',
     question('version.bind.', TXT, opt(1232, False, 0, 0, b'\0\3\0\0'), 3), NOERROR),
    ('class CH, another name', question('www.alpha.', TXT, opt(1232, False), 3), REFUSED),
    ('class HS', question('id.server.', TXT, b'', 4), REFUSED),
    ('NSID and ZONEVERSION',
     question('www.alpha.', A, opt(1232, True, 0, 0, b'\0\3\0\0\0\x13\0\0')), NOERROR),
    ('a cookie of 7 octets',
     question('.', SOA, opt(1232, True, 0, 0, b'\0\x0a\0\7abcdefg')), FORMERR),
    ('class ANY', question('.', SOA, b'', 255), REFUSED),
    ('AXFR', question('.', AXFR), NOTIMP),
    ('opcode 5', question('.', SOA, b'', 1, 0x2800), NOTIMP),
    ('NOTIFY', question('.', SOA, b'', 1, 0x2400), REFUSED),
    ('two questions', struct.pack('>HHHHH', 0, 2, 0, 0, 0) + (b'\0' + b'\0\1\0\1') * 2, FORMERR),
    ('no question', struct.pack('>HHHHH', 0, 0, 0, 0, 0), FORMERR),
    ('an octet too many', question('.', SOA) + b'\0', FORMERR),
    ('a pointer as QNAME', struct.pack('>HHHHH', 0, 1, 0, 0, 0) + b'\xc0\x0c\0\1\0\1', FORMERR),
    ('cut in QNAME', question('no-such-name.', A)[:18], FORMERR),
    ('a TSIG of an unknown key', question('.', SOA, b'\3key\0\0\xfa\0\xff\0\0\0\0\0\x1a\4hmac\0' +
                                          bytes(6) + b'\1\x2c\0\4abcd' + bytes(6)), NOTAUTH),
    ('a reply', question('.', SOA, b'', 1, 0x8000), None),
    ('11 octets', b'\0\0\0\1\0\0\0\0\0', None),
    ('nothing at all', b'', None),
]


def limit_of(message):
    at = message.find(b'\0\0\x29')
    size = int.from_bytes(message[at + 3:at + 5], 'big') if at > 0 else 512
    return min(1232, max(512, size))


class Builder:
    """Numbers the cases: each has a source port and an ID of its own."""

    def __init__(self):
        self.cases = []

    def next_port(self):
        return 40000 + len(self.cases)

    def add(self, name, wrap, message=None, rcode=NOERROR, answered=True, tags=(), v6=False,
            port=None):
        """@param wrap  makes the frame from message and port"""
        port = self.next_port() if port is None else port
        if message is None:
            message = question('www.alpha.', A, DO)
        whole = struct.pack('>H', 0x5000 + len(self.cases)) + message
        if len(message) < 10:
            whole = whole[:len(message)]
        case = Case(name, port, whole, rcode, answered, tags, v6, limit_of(message))
        self.cases.append((case, wrap(whole, port)))


def plain4(message, port, **ip):
    return f.ethernet(f.ipv4(f.udp(message, ip.get('source', f.CLIENT4), ip.get(
        'target', f.SERVER4), port, 53), **ip))


def plain6(message, port, **ip):
    return f.ethernet(f.ipv6(f.udp(message, ip.get('source', f.CLIENT6), ip.get(
        'target', f.SERVER6), port, 53), **ip))


def udp4(message, port, **how):
    return f.ethernet(f.ipv4(f.udp(message, f.CLIENT4, f.SERVER4, port, how.pop('dport', 53),
                                   **how)))


def udp6(message, port, **how):
    return f.ethernet(f.ipv6(f.udp(message, f.CLIENT6, f.SERVER6, port, 53, **how)))


def tagged(tags, v6):
    source, target = (f.CLIENT6, f.SERVER6) if v6 else (f.CLIENT4, f.SERVER4)
    ip = f.ipv6 if v6 else f.ipv4
    return lambda m, p: f.ethernet(ip(f.udp(m, source, target, p, 53)), tags)


def extension(protocol, header, v6_payload_of):
    """IPv6 with one extension header in front of UDP."""
    return lambda m, p: f.ethernet(f.ipv6(
        bytes([17]) + header + v6_payload_of(m, p), protocol=protocol))


def frames_answered(b):
    for tags in (((0x8100, 0x2064),), ((0x88a8, 0x00c8), (0x8100, 0x0064))):
        for v6 in (False, True):
            name = f'{"QinQ" if len(tags) > 1 else "VLAN"}, IPv{6 if v6 else 4}'
            b.add(name, tagged(tags, v6), tags=tags, v6=v6)
            b.add(name + ', NXDOMAIN', tagged(tags, v6), question('no-such-name.', A), NXDOMAIN,
                  tags=tags, v6=v6)
    b.add('IPv4, no UDP checksum', lambda m, p: udp4(m, p, checksum=0))
    b.add('IPv4, TTL 1, ECN and TOS', lambda m, p: plain4(m, p, ttl=1, tos=0xff))
    b.add('IPv4, DF', lambda m, p: plain4(m, p, fragment=0x4000))
    b.add('IPv4, padded to 60 octets', lambda m, p: plain4(m, p).ljust(60, b'\xee'),
          question('.', SOA))
    b.add('IPv6, padding behind it', lambda m, p: plain6(m, p) + b'\xee' * 7, v6=True)
    b.add('IPv6, hop limit 1, no flow', lambda m, p: plain6(m, p, hop_limit=1, flow=0), v6=True)
    b.add('a query of 1400 octets', plain4, question('.', SOA, opt(
        4096, True, 0, 0, b'\0\x0c' + struct.pack('>H', 1350) + bytes(1350))))


def frames_dropped(b):
    def silent(name, wrap, **how):
        b.add(name, wrap, answered=False, **how)

    silent('IPv4, wrong UDP checksum', lambda m, p: udp4(m, p, checksum=0x1234))
    silent('IPv6, wrong UDP checksum', lambda m, p: udp6(m, p, checksum=0x1234), v6=True)
    silent('IPv6, no UDP checksum', lambda m, p: udp6(m, p, checksum=0), v6=True)
    silent('IPv4, wrong header checksum', lambda m, p: plain4(m, p, checksum=0x1234))
    silent('IPv4, total length beyond the frame', lambda m, p: plain4(m, p, total=500))
    silent('IPv4, total length too small', lambda m, p: plain4(m, p, total=27))
    silent('IPv4, header length 16', lambda m, p: plain4(m, p, ihl=4))
    silent('IPv4, version 5', lambda m, p: plain4(m, p, version=5))
    silent('IPv6, length beyond the frame', lambda m, p: plain6(m, p, length=500), v6=True)
    silent('IPv6, version 4', lambda m, p: f.ethernet(f.ipv6(f.udp(
        m, f.CLIENT6, f.SERVER6, p, 53), version=4), ethertype=0x86dd), v6=True)
    silent('UDP length beyond the datagram', lambda m, p: udp4(m, p, length=200))
    silent('UDP length 7', lambda m, p: udp4(m, p, length=7))
    for source in ('127.0.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', f.SERVER4):
        silent(f'source {source}', lambda m, p, s=source: plain4(m, p, source=s))
    for source in ('::1', '::', 'ff02::1', '::ffff:192.0.2.1', f.SERVER6):
        silent(f'source {source}', lambda m, p, s=source: plain6(m, p, source=s), v6=True)
    for port in (0, 7, 13, 17, 19, 37):
        silent(f'source port {port}', plain4, port=port)


def frames_foreign(b):
    def silent(name, wrap, **how):
        b.add(name, wrap, answered=False, **how)

    def datagram(m, p):
        return f.udp(m, f.CLIENT6, f.SERVER6, p, 53)

    silent('ARP', lambda m, p: f.ethernet(bytes(46), ethertype=0x0806))
    silent('LLDP', lambda m, p: f.ethernet(bytes(46), ethertype=0x88cc))
    silent('14 octets', lambda m, p: f.ethernet(b'', ethertype=0x0800))
    silent('12 octets', lambda m, p: f.ethernet(b'', ethertype=0x0800)[:12])
    silent('a tag and no more', lambda m, p: f.ethernet(b'', ((0x8100, 1),), 0x0800)[:16])
    silent('another IPv4 address', lambda m, p: plain4(m, p, target='198.18.0.54'))
    silent('another IPv6 address', lambda m, p: plain6(m, p, target='2001:db8::54'), v6=True)
    silent('UDP to port 5353', lambda m, p: udp4(m, p, dport=5353))
    silent('TCP', lambda m, p: plain4(m, p, protocol=6))
    silent('ICMP', lambda m, p: plain4(m, p, protocol=1))
    silent('IPv4 options', lambda m, p: plain4(m, p, options=b'\x94\4\0\0'))
    silent('the first fragment', lambda m, p: plain4(m, p, fragment=0x2000))
    silent('the last fragment', lambda m, p: plain4(m, p, fragment=0x0010))
    silent('IPv6 hop-by-hop options', extension(0, b'\0\1\4\0\0\0\0', datagram), v6=True)
    silent('an IPv6 fragment', extension(44, b'\0\0\1\0\0\0\7', datagram), v6=True)
    silent('an IPv6 atomic fragment', extension(44, b'\0\0\0\0\0\0\7', datagram), v6=True)
    silent('IPv6 destination options', extension(60, b'\0\1\4\0\0\0\0', datagram), v6=True)
    silent('ICMPv6', lambda m, p: plain6(m, p, protocol=58), v6=True)


def cases():
    b = Builder()
    for name, message, rcode in MESSAGES:
        b.add(name, plain4, message, rcode, rcode is not None)
    for name, message, rcode in MESSAGES[::3]:
        b.add('IPv6, ' + name, plain6, message, rcode, rcode is not None, v6=True)
    frames_answered(b)
    frames_dropped(b)
    frames_foreign(b)
    return b.cases
