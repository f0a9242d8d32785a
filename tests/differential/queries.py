# SPDX-License-Identifier: BSD-3-Clause
"""The queries of a run, all made from the zone and a seed: (kind, octets without the ID)."""
import random
import socket
import struct
from base64 import b64decode

TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'SOA': 6, 'PTR': 12, 'MX': 15, 'TXT': 16, 'AAAA': 28,
         'SRV': 33, 'DS': 43, 'RRSIG': 46, 'NSEC': 47, 'DNSKEY': 48, 'ZONEMD': 63, 'ANY': 255}
OWNER_TYPES = ('A', 'NS', 'SOA', 'MX', 'TXT', 'AAAA', 'DS', 'NSEC', 'DNSKEY', 'ANY')
APEX_TYPES = tuple(TYPES)
# (EDNS size or None, DO)
VARIANTS = ((None, False), (512, False), (512, True), (1232, False), (1232, True), (4096, False),
            (4096, True))


def wire_name(text):
    """An uncompressed name from presentation form."""
    out, label, i = bytearray(), bytearray(), 0
    while i < len(text):
        c = text[i]
        if c == '\\':
            if text[i + 1].isdigit():
                label.append(int(text[i + 1:i + 4]))
                i += 4
            else:
                label.append(ord(text[i + 1]))
                i += 2
            continue
        if c == '.':
            if label:
                out += bytes([len(label)]) + label
            label = bytearray()
        else:
            label.append(ord(c))
        i += 1
    if label:
        out += bytes([len(label)]) + label
    return bytes(out) + b'\0'


def labels_of(name):
    out, i = [], 0
    while name[i]:
        out.append(name[i + 1:i + 1 + name[i]])
        i += name[i] + 1
    return out


def name_of(labels):
    return b''.join(bytes([len(label)]) + label for label in labels) + b'\0'


class Zone:
    """Owner names and what a query list needs of a master file with one record a line, each with
    owner and TTL (as signers write them)."""

    def __init__(self, path, origin='.'):
        self.origin = wire_name(origin)
        self.types = {}
        self.targets = set()
        self.addresses = {}  # owner in wire form: {(type, TTL, RDATA), ...}
        self.signature_sizes = {}  # (owner in wire form, type): octets of the RRSIG of addresses
        with open(path, encoding='ascii') as f:
            for line in f:
                fields = line.split(None, 4)
                if len(fields) < 5 or line[0] in ';$ \t':
                    continue
                owner, ttl, rrclass, rrtype, rdata = fields
                if rrclass != 'IN':
                    raise SystemExit(f'{path}: not one record a line: {line.strip()}')
                owner = owner.lower()
                self.types.setdefault(owner, set()).add(rrtype)
                if rrtype == 'NS':
                    self.targets.add(rdata.strip().lower())
                if rrtype == 'RRSIG' and rdata.split(None, 1)[0] in ('A', 'AAAA'):
                    covered, *_, signer, signature = rdata.split(None, 8)
                    size = len(owner) + 30 + len(signer) + len(b64decode(signature))
                    self.signature_sizes[wire_name(owner), TYPES[covered]] = size
                if rrtype in ('A', 'AAAA'):
                    family = socket.AF_INET if rrtype == 'A' else socket.AF_INET6
                    self.addresses.setdefault(wire_name(owner), set()).add(
                        (TYPES[rrtype], int(ttl), socket.inet_pton(family, rdata.strip())))
        self.signed = sorted((o for o, t in self.types.items() if 'NSEC' in t),
                             key=lambda o: labels_of(wire_name(o))[::-1])
        self.cuts = [o for o in self.signed if o != origin and 'NS' in self.types[o]]
        self.unsigned = [o for o in self.types if 'NSEC' not in self.types[o]]


HEADER = struct.Struct('>BBHHHH').pack


def opt(size, dnssec_ok, version=0, flags=0, options=b''):
    return b'\0' + struct.pack('>HHBBHH', 41, size, 0, version, (0x8000 if dnssec_ok else 0) | flags,
                               len(options)) + options


def query(name, rrtype, size=None, dnssec_ok=False, rrclass=1, flags1=0, flags2=0):
    extra = b'' if size is None else opt(size, dnssec_ok)
    return HEADER(flags1, flags2, 1, 0, 0, 1 if extra else 0) + name + \
        struct.pack('>HH', rrtype, rrclass) + extra


def before(name):
    """A name that sorts just before an owner: its first label one octet lower and far longer."""
    first, *rest = labels_of(name)
    if first[-1] == 0:
        first = first[:-1]
    else:
        first = first[:-1] + bytes([first[-1] - 1]) + b'\xff' * 3
    return name_of([first] + rest) if first and len(first) <= 63 else None


def after(name):
    """The name that sorts just behind an owner and all below it: a zero octet longer."""
    first, *rest = labels_of(name)
    return name_of([first + b'\0'] + rest) if len(first) < 63 else None


def mixed_case(rng, name):
    return bytes(c ^ 0x20 if (65 <= c <= 90 or 97 <= c <= 122) and rng.random() < .5 else c
                 for c in name)


def random_label(rng):
    shape = rng.random()
    if shape < .6:
        return bytes(rng.choice(b'abcdefghijklmnopqrstuvwxyz') for _ in range(rng.randint(1, 15)))
    if shape < .8:
        return bytes(rng.choice(b'abcdefghijklmnopqrstuvwxyz0123456789-_')
                     for _ in range(rng.randint(1, 63)))
    return bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))


def random_name(rng, tail=b'\0'):
    name = tail
    for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3, 8, 40))):
        label = random_label(rng)
        if len(name) + 1 + len(label) > 255:
            break
        name = bytes([len(label)]) + label + name
    return name


def long_name(length, label, tail=b'\0'):
    """A name of exactly `length` octets."""
    name = tail
    while len(name) < length:
        take = min(63, length - len(name) - 1)
        if length - len(name) - 1 - take == 1:
            take -= 1
        name = bytes([take]) + label * take + name
    return name


def owners(zone):
    for owner in zone.signed:
        name = wire_name(owner)
        for rrtype in APEX_TYPES if owner == '.' else OWNER_TYPES:
            for size, dnssec_ok in VARIANTS:
                yield 'owner', query(name, TYPES[rrtype], size, dnssec_ok)


def glue(zone):
    for owner in zone.unsigned:
        for size, dnssec_ok in ((None, False), (1232, True)):
            yield 'glue', query(wire_name(owner), 1, size, dnssec_ok)
    for target in sorted(zone.targets):
        yield 'host', query(wire_name(target), 28, 512, True)


def below(zone, rng):
    for owner in zone.cuts:
        name = b'\3www' + wire_name(owner)
        for size, dnssec_ok in VARIANTS:
            yield 'below', query(name, 1, size, dnssec_ok)
        yield 'below', query(name, TYPES['DS'], 1232, True)
        yield 'below', query(random_name(rng, wire_name(owner)), 1, 1232, True)


def gaps(zone, rng):
    for owner in zone.signed:
        if owner == '.':
            continue
        for side in (before, after):
            name = side(wire_name(owner))
            if name is None:
                continue
            for size, dnssec_ok in VARIANTS:
                yield 'gap', query(name, 1, size, dnssec_ok)
            yield 'gap', query(b'\3www' + name, TYPES['DS'], 1232, True)
            yield 'gap', query(random_name(rng, name), rng.choice((1, 2, 28)), 1232, True)


def priming():
    for size in (None, 0, 1, 511, 512, 513, 700, 811, 900, 1096, 1097, 1098, 1220, 1231, 1232, 1233,
                 1452, 4096, 65535):
        for dnssec_ok in (False, True):
            for rrtype in (1, 2, 6, 48, 43, 255):
                yield 'priming', query(b'\0', rrtype, size, dnssec_ok and size is not None)


def randoms(zone, rng, count):
    types = (1, 1, 1, 28, 2, 15, 16, 33, 43, 255, 65)
    for _ in range(count):
        name = random_name(rng, rng.choice((b'\0', b'\0', b'\0', wire_name(rng.choice(zone.cuts)))))
        size, dnssec_ok = rng.choice(VARIANTS)
        yield 'random', query(name, rng.choice(types), size, dnssec_ok)


def cased(zone, rng, count):
    for _ in range(count):
        name = mixed_case(rng, b'\3www' * rng.randrange(2) + wire_name(rng.choice(zone.cuts)))
        size, dnssec_ok = rng.choice(VARIANTS)
        yield 'case', query(name, rng.choice((1, 2, 43, 28)), size, dnssec_ok)


def sizes(zone, rng, count):
    """Every limit matters where it cuts: referrals with much glue, and long names."""
    for _ in range(count):
        yield 'size', query(wire_name(rng.choice(zone.cuts)), 1, rng.randint(500, 1240),
                            rng.random() < .5)
    for length in range(3, 256):
        for size, dnssec_ok in VARIANTS + ((900, True), (1100, True)):
            yield 'long', query(long_name(length, b'z'), 1, size, dnssec_ok)
            if length > 70:
                yield 'long', query(long_name(length, b'z', wire_name(zone.cuts[0])), 1, size,
                                    dnssec_ok)


def odd(zone, rng):
    """Types, classes, flags, opcodes that are rare or unknown; well-formed all the same."""
    names = [b'\0', wire_name(zone.cuts[0]), b'\7no-such\0', b'\3www' + wire_name(zone.cuts[-1])]
    for name in names:
        for rrtype in list(range(0, 70)) + list(range(99, 110)) + list(range(246, 262)) + \
                [32768, 32769, 65280, 65535]:
            for size, dnssec_ok in ((None, False), (1232, True)):
                yield 'type', query(name, rrtype, size, dnssec_ok)
        for rrclass in (0, 2, 3, 4, 5, 253, 254, 255, 256, 65535):
            for rrtype in (1, 6, 16, 255):
                yield 'class', query(name, rrtype, None, False, rrclass)
                yield 'class', query(name, rrtype, 1232, True, rrclass)
        for bit in range(16):
            if bit in (15, 14, 13, 12, 11):
                continue
            flags = 1 << bit
            yield 'flags', query(name, 1, None, False, 1, flags >> 8, flags & 255)
            yield 'flags', query(name, 1, 1232, True, 1, flags >> 8, flags & 255)
        for opcode in range(1, 16):
            yield 'opcode', query(name, 6, None, False, 1, opcode << 3 | 1)
            yield 'opcode', query(name, 6, 1232, True, 1, opcode << 3)
    for text in ('id.server.', 'hostname.bind.', 'version.bind.', 'version.server.', 'a.bind.'):
        yield 'class', query(wire_name(text), 16, None, False, 3)
        yield 'class', query(mixed_case(rng, wire_name(text)), 16, 1232, False, 3)


def edns(zone):
    """EDNS as RFC 6891 allows and forbids it."""
    names = [b'\0', wire_name(zone.cuts[0]), b'\7no-such\0']
    good = [opt(1232, True, 0, 0x4000), opt(1232, False, 0, 0x7fff),
            opt(1232, True, 0, 0, b'\xfd\xe9\0\0'), opt(1232, True, 0, 0, b'\xfd\xe9\0\4abcd'),
            opt(1232, True, 0, 0, b'\xfd\xe9\0\0\xfd\xea\0\1x'),
            opt(1232, False, 0, 0, b'\0\x0c\0\x10' + bytes(16)),  # padding
            opt(1232, False, 0, 0, b'\0\x08\0\7\0\1\x18\0\xc6\x33\x64')]  # client subnet
    bad = {'edns-version': [opt(1232, True, 1), opt(512, False, 255), opt(0, True, 2, 0x7fff)],
           'edns-option-over': [opt(1232, True, 0, 0, b'\xfd\xe9\0\5abcd'),
                                opt(1232, False, 0, 0, b'\xfd\xe9\0'),
                                opt(1232, True, 0, 0, b'\xfd')],
           'edns-owner': [b'\1a' + opt(1232, True)],
           'edns-two': [opt(1232, True) + opt(1232, True)]}
    for name in names:
        question = name + b'\0\1\0\1'
        for extra in good:
            yield 'edns', HEADER(0, 0, 1, 0, 0, 1) + question + extra
        for kind, extras in bad.items():
            for extra in extras:
                yield kind, HEADER(1, 0, 1, 0, 0, 2 if kind == 'edns-two' else 1) + question + extra
        yield 'edns-section', HEADER(0, 0, 1, 1, 0, 0) + question + opt(1232, True)
        yield 'edns-section', HEADER(0, 0, 1, 0, 1, 0) + question + opt(1232, True)


def broken(zone, rng, count):
    """Messages that no client should send, by what is wrong with them."""
    record = b'\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4'
    tsig = b'\3key\0\0\xfa\0\xff\0\0\0\0\0\x3a\x0bhmac-sha256\0' + bytes(6) + b'\1\x2c\0\x20' + \
        bytes(32) + b'\0\0\0\0\0\0'
    tsig = tsig[:13] + struct.pack('>H', len(tsig) - 15) + tsig[15:]
    names = [b'\0', b'\7no-such\0'] + [wire_name(rng.choice(zone.cuts)) for _ in range(count)]
    for name in names:
        question = name + b'\0\1\0\1'
        edns_part = opt(1232, True)
        yield 'trailing', HEADER(0, 0, 1, 0, 0, 0) + question + b'\0'
        yield 'trailing', HEADER(0, 0, 1, 0, 0, 1) + question + edns_part + b'xyz'
        yield 'answer-record', HEADER(0, 0, 1, 1, 0, 0) + question + record
        yield 'authority-record', HEADER(0, 0, 1, 0, 1, 1) + question + record + edns_part
        yield 'additional-record', HEADER(0, 0, 1, 0, 0, 1) + question + record
        yield 'additional-record', HEADER(0, 0, 1, 0, 0, 2) + question + edns_part + record
        yield 'count-without-record', HEADER(0, 0, 1, 0, 0, 1) + question
        yield 'no-question', HEADER(0, 0, 0, 0, 0, 0)
        yield 'no-question', HEADER(0, 0, 0, 0, 0, 1) + edns_part
        yield 'two-questions', HEADER(0, 0, 2, 0, 0, 0) + question + question
        yield 'pointer', HEADER(0, 0, 1, 0, 0, 0) + b'\xc0\0' + question[-4:]
        yield 'pointer', HEADER(0, 0, 1, 0, 0, 0) + b'\1a\xc0\x0c' + question[-4:]
        yield 'label-type', HEADER(0, 0, 1, 0, 0, 0) + b'\x41a' + question
        yield 'cut', HEADER(0, 0, 1, 0, 0, 0) + question[:-rng.randint(1, 4)]
        yield 'short', HEADER(0, 0, 1, 0, 0, 0)[:rng.randrange(9)]
        yield 'reply', HEADER(0x80, 0, 1, 0, 0, 0) + question
        yield 'tsig', HEADER(0, 0, 1, 0, 0, 1) + question + tsig
        yield 'tsig', HEADER(0, 0, 1, 0, 0, 2) + question + edns_part + tsig
        yield 'tsig-not-last', HEADER(0, 0, 1, 0, 0, 2) + question + tsig + edns_part


def beside(zone, rng, count):
    """Names in and around a zone beside the root: its own, those between and above them, and any."""
    owned = {wire_name(owner) for owner in zone.types}
    names = set(owned)
    for name in owned:
        while len(name) >= len(zone.origin) and name != b'\0':
            names |= {name, b'\3www' + name, before(name) or name, after(name) or name,
                      mixed_case(rng, name)}
            name = name[name[0] + 1:]
    for name in sorted(names):
        for rrtype in OWNER_TYPES:
            for size, dnssec_ok in VARIANTS:
                yield 'beside', query(name, TYPES[rrtype], size, dnssec_ok)
    apex = zone.origin
    for rrtype in list(range(0, 70)) + [246, 249, 250, 251, 252, 253, 254, 255, 256, 1000]:
        for size, dnssec_ok in ((None, False), (1232, True)):
            yield 'type', query(apex, rrtype, size, dnssec_ok)
    for size in range(500, 1240, 13):
        for rrtype in (2, 48):
            yield 'beside-apex', query(apex, rrtype, size, rng.random() < .5)
    drawn = sorted(owned)
    for _ in range(count):
        name = random_name(rng, rng.choice(drawn))
        size, dnssec_ok = rng.choice(VARIANTS)
        yield 'beside-random', query(name, rng.choice((1, 2, 12, 16, 28, 43, 255)), size, dnssec_ok)


def drawn(zones, seed, count):
    """About as many queries; the first zone is the root.

    Those that are few of their kind are all there, the others are drawn evenly; where all are asked
    for and more, the rest is random names.
    """
    zone, *others = zones
    rng = random.Random(seed)
    share = min(1, len(zone.signed) / 1000)
    few = [*priming(), *odd(zone, rng), *edns(zone), *broken(zone, rng, 60 if count > 200000 else 6)]
    around = [one for other in others for one in beside(other, rng, 4000)]
    many = [*owners(zone), *glue(zone), *below(zone, rng), *gaps(zone, rng),
            *randoms(zone, rng, int(40000 * share)), *cased(zone, rng, int(10000 * share)),
            *sizes(zone, rng, int(10000 * share))]
    # a tenth of all, if there are so many, is of the zones beside the root
    near = min(len(around), count // 10)
    wanted = max(0, count - len(few) - near)
    many += randoms(zone, rng, max(0, wanted - len(many)))
    chosen = rng.sample(many, wanted) + rng.sample(around, near)
    rng.shuffle(chosen)
    # what is met by silence costs its batch seconds, and stands together
    return chosen + few
