# SPDX-License-Identifier: BSD-3-Clause
"""DNS messages as meaning: sections as sets of records, names in lower case and uncompressed."""
import struct

NS, SOA, PTR, MX, OPT, DS, RRSIG, NSEC, TSIG = 2, 6, 12, 15, 41, 43, 46, 47, 250
FLAGS = {'aa': 0x0400, 'tc': 0x0200, 'rd': 0x0100, 'ra': 0x0080, 'z': 0x0040, 'ad': 0x0020,
         'cd': 0x0010}
_fixed = struct.Struct('>HHIH').unpack_from
_header = struct.Struct('>HHHHHH').unpack_from


class Malformed(Exception):
    """A reply that no resolver could read."""


def name_read(m, i):
    """The name at an offset, lower case and uncompressed, and the offset behind it."""
    labels, end, low, total = [], -1, i, 1
    while True:
        length = m[i]
        if length == 0:
            i += 1
            break
        if length >= 192:
            if end < 0:
                end = i + 2
            i = (length & 0x3f) << 8 | m[i + 1]
            if i >= low or i < 12:
                raise Malformed('a pointer that does not point backwards')
            low = i
            continue
        if length > 63:
            raise Malformed('a label of unknown type')
        total += length + 1
        labels.append(m[i:i + length + 1])
        i += length + 1
    if total > 255:
        raise Malformed('a name of more than 255 octets')
    labels.append(b'\0')
    return b''.join(labels).lower(), (i if end < 0 else end)


def name_skip(m, i):
    while True:
        length = m[i]
        if length == 0:
            return i + 1
        if length >= 192:
            return i + 2
        i += length + 1


def rdata_read(m, rrtype, at, end):
    """RDATA without compression (RFC 3597 4: only in types of RFC 1035)."""
    if rrtype == NS or rrtype == PTR:
        name, behind = name_read(m, at)
    elif rrtype == SOA:
        mname, behind = name_read(m, at)
        rname, behind = name_read(m, behind)
        name = mname + rname + m[behind:end]
        behind = end
    elif rrtype == MX:
        name, behind = name_read(m, at + 2)
        name = m[at:at + 2] + name
    else:
        return m[at:end]
    if behind != end:
        raise Malformed('RDLENGTH and RDATA contradict each other')
    return name


class Message:
    """A reply: header fields, question as octets, and three sections as lists of tuples
    (owner, type, class, TTL, RDATA); OPT and TSIG are kept apart."""
    __slots__ = ('size', 'opcode', 'rcode', 'flags', 'question', 'qtype', 'sections', 'sets',
                 'opt', 'tsig')

    def __init__(self, m):
        self.size = len(m)
        try:
            self._read(m)
        except (IndexError, struct.error) as error:
            raise Malformed('it ends too early') from error

    def _read(self, m):
        _, bits, qd, an, ns, ar = _header(m)
        if not bits & 0x8000:
            raise Malformed('QR is not set')
        self.opcode = bits >> 11 & 15
        self.flags = bits & 0x07f0
        self.rcode = bits & 15
        self.opt = self.tsig = None
        i = 12
        if qd > 1:
            raise Malformed('more than one question')
        if qd:
            i = name_skip(m, i) + 4
            self.qtype = m[i - 4] << 8 | m[i - 3]
        self.question = m[12:i]
        self.sections = []
        for count in (an, ns, ar):
            records = []
            for _ in range(count):
                i = self._record_read(m, i, records)
            self.sections.append(records)
        if i != len(m):
            raise Malformed('octets behind the last record')
        self.sets = None

    def _record_read(self, m, i, records):
        if m[i] == 0:
            owner, i = b'\0', i + 1
        else:
            owner, i = name_read(m, i)
        rrtype, rrclass, ttl, length = _fixed(m, i)
        i += 10
        end = i + length
        if end > len(m):
            raise Malformed('RDLENGTH runs over the end')
        if rrtype == OPT:
            if self.opt or owner != b'\0' or len(self.sections) != 2:
                raise Malformed('an OPT out of place')
            self.opt = (rrclass, ttl >> 16 & 255, ttl & 0xffff, m[i:end])
            self.rcode |= ttl >> 24 << 4
        elif rrtype == TSIG:
            self.tsig = (owner, m[i:end])
        else:
            records.append((owner, rrtype, rrclass, ttl, rdata_read(m, rrtype, i, end)))
        return end

    def section_sets(self):
        if self.sets is None:
            self.sets = [frozenset(records) for records in self.sections]
            for records, as_set in zip(self.sections, self.sets):
                if len(records) != len(as_set):
                    raise Malformed('the same record twice in a section')
        return self.sets

    def has(self, flag):
        return bool(self.flags & FLAGS[flag])


def differences(a, b):
    """What two replies differ in, as words; None stands for silence."""
    if a is None or b is None:
        return set() if a is b else {'silence'}
    found = set()
    if a.flags != b.flags:
        found |= {flag for flag, bit in FLAGS.items() if (a.flags ^ b.flags) & bit}
    if a.rcode != b.rcode:
        found.add('rcode')
    if a.opcode != b.opcode:
        found.add('opcode')
    if a.question != b.question:
        found.add('question')
    if a.opt != b.opt:
        found |= opt_differences(a.opt, b.opt)
    if bool(a.tsig) != bool(b.tsig):
        found.add('tsig')
    if not (a.has('tc') and b.has('tc')):
        for name, x, y in zip(('answer', 'authority', 'additional'), a.section_sets(),
                              b.section_sets()):
            if x != y:
                found.add(name)
    return found


def opt_differences(a, b):
    if a is None or b is None:
        return {'edns'}
    names = ('edns-size', 'edns-version', 'edns-flags', 'edns-options')
    return {name for name, x, y in zip(names, a, b) if x != y}


def name_text(name):
    """Presentation form of an uncompressed name."""
    if name == b'\0':
        return '.'
    out, i = [], 0
    while name[i]:
        label = name[i + 1:i + 1 + name[i]]
        out.append(''.join(chr(c) if 33 <= c < 127 and chr(c) not in '.\\"();@$' else f'\\{c:03d}'
                           for c in label) + '.')
        i += name[i] + 1
    return ''.join(out)


def record_text(record):
    owner, rrtype, _, ttl, rdata = record
    shown = name_text(rdata) if rrtype == NS else rdata.hex()[:60]
    return f'{name_text(owner)} {ttl} TYPE{rrtype} {shown}'


def reply_text(reply):
    """A few lines for a person."""
    if reply is None:
        return '    silence'
    flags = ' '.join(flag for flag in FLAGS if reply.has(flag))
    lines = [f'    opcode {reply.opcode} rcode {reply.rcode} flags [{flags}] {reply.size} octets, '
             f'question {reply.question.hex() or "none"}, opt {reply.opt}, '
             f'tsig {"yes" if reply.tsig else "no"}']
    for name, records in zip(('answer', 'authority', 'additional'), reply.sections):
        for record in records:
            lines.append(f'      {name}: {record_text(record)}')
    return '\n'.join(lines)
