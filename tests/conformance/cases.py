# SPDX-License-Identifier: BSD-3-Clause
"""What is asked and what must come: RFC 8906, what measures root servers, and what nobody should
send. Each case has a name, by which docs/conformance.md refers to it, and the RFC that it is from.
"""
import random
import struct

from questions import (A, AAAA, ANY, AXFR, DNSKEY, DS, NS, NSEC, RRSIG, SOA, TXT, ZONEMD, FORMERR,
                       NOERROR, NOTAUTH, NOTIMP, NXDOMAIN, REFUSED, BADVERS, question)
from queries import HEADER, long_name, opt, wire_name

IXFR = 251
NSID, SUBNET, EXPIRE, COOKIE, KEEPALIVE, PADDING, EDE, ZONEVERSION = 3, 8, 9, 10, 11, 12, 15, 19
NO_OPT, OPT, OPT_DO = None, (False, {}), (True, {})
ANYTHING = None


class Case:
    """A message (without its ID) and the reply that it must get.

    flags      exactly these, as words
    opt        NO_OPT, or (DO, {option: octets of its value}), and no other option
    sections   types of their records; ANYTHING: not looked at
    rcode      None: silence
    transports UDP and TCP unless told otherwise
    """

    def __init__(self, name, rfc, message, rcode=NOERROR, flags='aa', opt_is=NO_OPT, answer=(),
                 authority=(), additional=(), repeats=True, transports=('UDP', 'TCP')):
        self.name, self.rfc, self.message, self.rcode = name, rfc, message, rcode
        self.flags, self.opt_is, self.repeats = set(flags.split()), opt_is, repeats
        self.sections = (answer, authority, additional)
        self.transports = transports


def option(code, value=b''):
    return struct.pack('>HH', code, len(value)) + value


def ede(code):
    return {EDE: struct.pack('>H', code)}


def edns(options=b'', dnssec_ok=False, version=0, flags=0, size=1232):
    return opt(size, dnssec_ok, version, flags, options)


def soa(extra=b'', flags=0):
    return question('.', SOA, extra, 1, flags)


def rfc8906():
    """RFC 8906 8, one case for each of its tests, in its order."""
    c = Case
    everything = option(NSID) + option(COOKIE, bytes(range(8))) + option(EXPIRE) + \
        option(SUBNET, b'\0\1\0\0')
    yield c('8906 zone is configured', '8906 8.1.1', soa(), answer={SOA})
    yield c('8906 unknown type', '8906 8.1.2', question('.', 1000), authority={SOA})
    yield c('8906 CD', '8906 8.1.3.1', soa(flags=0x0010), answer={SOA})
    yield c('8906 AD', '8906 8.1.3.2', soa(flags=0x0020), answer={SOA})
    yield c('8906 reserved flag', '8906 8.1.3.3', soa(flags=0x0040), answer={SOA})
    yield c('8906 RD', '8906 8.1.3.4', soa(flags=0x0100), flags='aa rd', answer={SOA})
    yield c('8906 unknown opcode', '8906 8.1.4', HEADER(15 << 3, 0, 0, 0, 0, 0), NOTIMP, '',
            repeats=False)
    yield c('8906 TCP', '8906 8.1.5', soa(), answer={SOA}, transports=('TCP',))
    yield c('8906 EDNS', '8906 8.2.1', soa(edns()), answer={SOA}, opt_is=OPT)
    yield c('8906 EDNS version 1', '8906 8.2.2', soa(edns(version=1)), BADVERS, '', OPT)
    yield c('8906 unknown EDNS option', '8906 8.2.3', soa(edns(option(100))), answer={SOA},
            opt_is=OPT)
    yield c('8906 unknown EDNS flag', '8906 8.2.4', soa(edns(flags=0x40)), answer={SOA},
            opt_is=OPT)
    yield c('8906 EDNS version 1, unknown flag', '8906 8.2.5', soa(edns(version=1, flags=0x40)),
            BADVERS, '', OPT)
    yield c('8906 EDNS version 1, unknown option', '8906 8.2.6',
            soa(edns(option(100), version=1)), BADVERS, '', OPT)
    yield c('8906 truncated with EDNS', '8906 8.2.7',
            question('.', DNSKEY, edns(size=512, dnssec_ok=True)), flags='aa tc', opt_is=OPT_DO,
            transports=('UDP',))
    yield c('8906 DO', '8906 8.2.8', soa(edns(dnssec_ok=True)), answer={SOA, RRSIG},
            opt_is=OPT_DO)
    yield c('8906 EDNS version 1, DO', '8906 8.2.9', soa(edns(version=1, dnssec_ok=True)), BADVERS,
            '', OPT_DO)
    yield c('8906 many EDNS options', '8906 8.2.10', soa(edns(everything)), answer={SOA},
            opt_is=(False, {NSID: b'conformance.example', COOKIE: None}))


def root_server():
    """What RFC 7720, RSSAC001 and RSSAC047 expect of a root server."""
    c = Case
    do = edns(dnssec_ok=True, size=1220)
    yield c('priming', '9609 4.1', question('.', NS), answer={NS}, additional={A, AAAA})
    yield c('priming with EDNS', '9609 4.1', question('.', NS, edns()), answer={NS},
            additional={A, AAAA}, opt_is=OPT)
    yield c('priming with DO', '9609 4.1', question('.', NS, edns(dnssec_ok=True)),
            answer={NS, RRSIG}, additional={A, AAAA}, opt_is=OPT_DO)
    yield c('SOA with DO', 'RSSAC047 5.3', question('.', SOA, do), answer={SOA, RRSIG},
            opt_is=OPT_DO)
    yield c('DNSKEY with DO', 'RSSAC047 5.3', question('.', DNSKEY, do), answer={DNSKEY, RRSIG},
            opt_is=OPT_DO)
    yield c('ZONEMD with DO', '8976 2', question('.', ZONEMD, do), answer={ZONEMD, RRSIG},
            opt_is=OPT_DO)
    yield c('referral with DO', 'RSSAC047 5.3, 4035 3.1.4', question('com.', NS, do), flags='',
            authority={NS, DS, RRSIG}, additional={A, AAAA}, opt_is=OPT_DO)
    yield c('referral', '1034 4.3.2', question('www.com.', A), flags='', authority={NS},
            additional=ANYTHING)
    yield c('DS with DO', 'RSSAC047 5.3, 4035 3.1.4.1', question('com.', DS, do),
            answer={DS, RRSIG}, opt_is=OPT_DO)
    yield c('NXDOMAIN with DO', 'RSSAC047 5.3, 4035 3.1.3.2',
            question('www.rssac047-test.qwzjxkvbpf.', A, do), NXDOMAIN,
            authority={SOA, NSEC, RRSIG}, opt_is=OPT_DO)
    yield c('NXDOMAIN', '2308 2.1', question('www.rssac047-test.qwzjxkvbpf.', A), NXDOMAIN,
            authority={SOA})
    yield c('NODATA with DO', '4035 3.1.3.1', question('.', A, do),
            authority={SOA, NSEC, RRSIG}, opt_is=OPT_DO)
    yield c('ANY', '8482 4.1', question('.', ANY), answer=ANYTHING)
    yield c('a name of 255 octets', '1035 2.3.4', question(long_name(255, b'z'), A), NXDOMAIN,
            authority={SOA})
    yield c('letters of any case', '4343 3', question('WwW.cOm.', A), flags='', authority={NS},
            additional=ANYTHING)
    yield c('octets of any value', '2181 11', question(b'\4a\0.\xff\0', A), NXDOMAIN,
            authority={SOA})
    for name in ('hostname.bind.', 'id.server.', 'version.bind.', 'version.server.'):
        yield c(f'identity {name}', '4892 3', question(name, TXT, b'', 3), answer={TXT})
    yield c('NSID', '5001 2.3', soa(edns(option(NSID))), answer={SOA},
            opt_is=(False, {NSID: b'conformance.example'}))
    yield c('ZONEVERSION', '9660 3', soa(edns(option(ZONEVERSION))), answer={SOA},
            opt_is=(False, {ZONEVERSION: None}))
    yield c('cookie', '7873 5.2.3', soa(edns(option(COOKIE, bytes(8)))), answer={SOA},
            opt_is=(False, {COOKIE: None}))
    yield c('keepalive over UDP is ignored', '7828 3.2.1', soa(edns(option(KEEPALIVE))),
            answer={SOA}, opt_is=OPT, transports=('UDP',))
    yield c('keepalive', '7828 3.3.2', soa(edns(option(KEEPALIVE))), answer={SOA},
            opt_is=(False, {KEEPALIVE: None}), transports=('TCP',))
    yield c('client subnet is ignored', '7871 7.1.2', soa(edns(option(SUBNET, b'\0\1\x18\0\1\2\3'))),
            answer={SOA}, opt_is=OPT)
    yield c('EDNS size 0 counts as 512', '6891 6.2.3', soa(edns(size=0)), answer={SOA}, opt_is=OPT)
    yield c('IXFR over UDP', '1995 2', question('.', IXFR), answer={SOA}, transports=('UDP',))


TSIG = b'\3key\0\0\xfa\0\xff\0\0\0\0\0\x3a\x0bhmac-sha256\0' + bytes(6) + b'\1\x2c\0\x20' + \
    bytes(32) + b'\0\0\0\0\0\0'
TSIG = TSIG[:13] + struct.pack('>H', len(TSIG) - 15) + TSIG[15:]
RECORD = b'\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4'
ROOT_A = b'\0\0\1\0\1'


def ill_formed():
    """Header only: what cannot be parsed is not repeated. With its question where that is whole."""
    def bare(name, rfc, message):
        return Case(name, rfc, message, FORMERR, '', repeats=False)

    def whole(name, rfc, message, opt_is=NO_OPT):
        return Case(name, rfc, message, FORMERR, '', opt_is)

    yield bare('no question', '1035 4.1.2', HEADER(0, 0, 0, 0, 0, 0))
    yield Case('no question but OPT', '7873 5.4', HEADER(0, 0, 0, 0, 0, 1) + edns(), FORMERR, '',
               OPT, repeats=False)
    yield Case('no question but a cookie', '7873 5.4',
               HEADER(0, 0, 0, 0, 0, 1) + edns(option(COOKIE, bytes(8))), NOERROR, '',
               (False, {COOKIE: None}), repeats=False)
    yield bare('two questions', '9619 4', HEADER(0, 0, 2, 0, 0, 0) + ROOT_A * 2)
    yield bare('two questions, one there', '9619 4', HEADER(0, 0, 2, 0, 0, 0) + ROOT_A)
    yield bare('65535 questions', '9619 4', HEADER(0, 0, 0xffff, 0, 0, 0) + ROOT_A)
    yield bare('all counts 65535', '1035 4.1.1', HEADER(0, 0, *[0xffff] * 4) + ROOT_A)
    for name, octets in (('a pointer to itself', b'\xc0\x0c'), ('a pointer forwards', b'\xc0\x0e'),
                         ('a pointer into the header', b'\xc0\0'),
                         ('two pointers in a ring', b'\xc0\x0e\xc0\x0c'),
                         ('a label and a pointer to it', b'\1a\xc0\x0c'),
                         ('a pointer out of the message', b'\xff\xff'),
                         ('a pointer cut in half', b'\xc0')):
        yield bare(name, '1035 4.1.4', HEADER(0, 0, 1, 0, 0, 0) + octets + b'\0\1\0\1')
    yield bare('label type 01', '6891 5', HEADER(0, 0, 1, 0, 0, 0) + b'\x41a' + ROOT_A)
    yield bare('label type 10', '1035 4.1.4', HEADER(0, 0, 1, 0, 0, 0) + b'\x81a' + ROOT_A)
    yield bare('a name of 256 octets', '1035 2.3.4',
               HEADER(0, 0, 1, 0, 0, 0) + b'\1z' + long_name(254, b'z') + b'\0\1\0\1')
    yield bare('a name without an end', '1035 3.1', HEADER(0, 0, 1, 0, 0, 0) + b'\1a' * 200)
    yield whole('an octet behind the message', '1035 4.1', question('.', A) + b'\0')
    yield whole('an octet behind OPT', '1035 4.1', question('.', A, edns()) + b'\0', OPT)
    yield whole('a record in the answer section', '1035 4.1', HEADER(0, 0, 1, 1, 0, 0) + ROOT_A +
                RECORD)
    yield whole('a record in the authority section', '1035 4.1', HEADER(0, 0, 1, 0, 1, 0) + ROOT_A +
                RECORD)
    yield whole('a record in the additional section', '1035 4.1', HEADER(0, 0, 1, 0, 0, 2) +
                ROOT_A + edns() + RECORD, OPT)
    yield whole('a record that is missing', '1035 4.1.1', HEADER(0, 0, 1, 0, 0, 1) + ROOT_A)
    yield whole('RDLENGTH beyond the end', '1035 4.1.3',
                HEADER(0, 0, 1, 0, 0, 1) + ROOT_A + edns()[:-2] + b'\xff\xff')
    yield whole('two OPTs', '6891 6.1.1', HEADER(0, 0, 1, 0, 0, 2) + ROOT_A + edns() * 2)
    yield whole('OPT with an owner', '6891 6.1.2', HEADER(0, 0, 1, 0, 0, 1) + ROOT_A + b'\1a' +
                edns())
    yield whole('OPT in the answer section', '6891 6.1.1', HEADER(0, 0, 1, 1, 0, 0) + ROOT_A +
                edns())
    yield whole('OPT in the authority section', '6891 6.1.1', HEADER(0, 0, 1, 0, 1, 0) + ROOT_A +
                edns())
    yield whole('an option beyond RDLENGTH', '6891 6.1.2',
                soa(edns(struct.pack('>HH', 65001, 5) + b'abcd')))
    yield whole('half an option', '6891 6.1.2', soa(edns(b'\xfd\xe9\0')))
    for length in (1, 7, 9, 15, 41):
        yield whole(f'a cookie of {length} octets', '7873 5.2.2',
                    soa(edns(option(COOKIE, bytes(length)))))
    yield whole('ZONEVERSION with a value', '9660 3', soa(edns(option(ZONEVERSION, b'\0'))))
    for rrtype in (41, 249, 250):
        yield whole(f'QTYPE {rrtype}', '6891 6.1.1, 2930 2, 8945 4', question('.', rrtype))
    yield whole('TSIG before OPT', '8945 5.1', HEADER(0, 0, 1, 0, 0, 2) + ROOT_A + TSIG + edns(),
                OPT)
    yield whole('two TSIGs', '8945 5.1', HEADER(0, 0, 1, 0, 0, 2) + ROOT_A + TSIG * 2)


def not_done():
    """Well-formed, and not what this server does for strangers, or at all."""
    c = Case
    for opcode, name in ((1, 'IQUERY'), (2, 'STATUS'), (3, 'opcode 3'), (5, 'UPDATE'), (6, 'DSO'),
                         (7, 'opcode 7'), (15, 'opcode 15')):
        yield c(name, '3425 3' if opcode == 1 else '1035 4.1.1, 8906 3.1.4',
                question('.', SOA, b'', 1, opcode << 11), NOTIMP, '', repeats=False)
    yield c('UPDATE with EDNS version 1', '8906 3.1.4', question('.', SOA, edns(version=1), 1,
                                                                 5 << 11), NOTIMP, '',
            repeats=False)
    yield c('a stranger\'s NOTIFY', '1996 3.10', question('.', SOA, b'', 1, 4 << 11), REFUSED, '')
    yield c('a stranger\'s NOTIFY with EDNS', '1996 3.10, 8914 4.19',
            question('.', SOA, edns(), 1, 4 << 11), REFUSED, '', (False, ede(18)))
    yield c('AXFR over UDP', '5936 4.2', question('.', AXFR), NOTIMP, '', transports=('UDP',))
    yield c('AXFR over TCP', '5936 2.2.1', question('.', AXFR, edns()), REFUSED, '',
            (False, ede(18)), transports=('TCP',))
    yield c('AXFR below the apex', '5936 2.2.1', question('com.', AXFR), NOTAUTH, '',
            transports=('TCP',))
    yield c('IXFR below the apex', '1995 3', question('com.', IXFR), NOTAUTH, '')
    yield c('a TSIG of an unknown key', '8945 5.2.1', question('.', SOA, TSIG), NOTAUTH, '')
    for rrclass, name in ((4, 'HS'), (254, 'NONE'), (255, 'ANY'), (2, '2'), (65280, '65280')):
        yield c(f'class {name}', '1035 3.2.4, 8914 4.22', question('.', SOA, edns(), rrclass),
                REFUSED, '', (False, ede(21)))
    yield c('class CH, an unknown name', '4892 3, 8914 4.21', question('www.com.', TXT, edns(), 3),
            REFUSED, '', (False, ede(20)))
    yield c('a reply', '1035 4.1.1', soa(flags=0x8000), None)


def cut():
    """Messages that end after each of their octets: what misses a header is nothing, what misses
    more is malformed."""
    wholes = (('priming query', question('.', NS, edns(option(COOKIE, bytes(24)), True))),
              ('query with TSIG', question('www.example.', A, TSIG)),
              ('NOTIFY', question('.', SOA, b'', 1, 4 << 11)))
    for name, message in wholes:
        end = 10
        while message[end]:
            end += message[end] + 1
        for length in range(len(message)):
            rcode = None if length < 10 else FORMERR
            yield Case(f'{name} cut to {length + 2} octets', '1035 4.1', message[:length], rcode, '',
                       repeats=length >= end + 5)


def random_case(number):
    """A good message with some octets changed, or octets at random: the reply must only be one
    that can be read, and silence is for what is no query."""
    rng = random.Random(number)
    message = bytearray(rng.choice((question('www.com.', A, edns(option(COOKIE, bytes(8)), True)),
                                    question('.', NS, TSIG), question('no-such.', A),
                                    bytes(rng.randrange(256) for _ in range(rng.randrange(90))))))
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        if message:
            message[rng.randrange(len(message))] = rng.randrange(256)
    silent = len(message) < 10 or message[0] >= 0x80
    return bytes(message), silent


def everything():
    return [*rfc8906(), *root_server(), *ill_formed(), *not_done(), *cut()]
