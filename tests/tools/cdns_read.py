#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads C-DNS files (RFC 8618) and prints a line of JSON for each query.

Written from the RFC alone and over another CBOR library than what writes them, so that both must be
wrong in the same way to agree. Everything is checked: types, keys, hints against what is there,
each index of each table, that tables have no entry twice and none that nothing leads to, that
statistics are those of the items.

usage: cdns_read.py [--summary] FILE...    a file may be compressed by zstd or xz, or end early
"""
import io
import ipaddress
import json
import lzma
import subprocess
import sys

import cbor2


class Wrong(Exception):
    """A file is not as RFC 8618 has it."""


def check(condition, what, *details):
    if not condition:
        raise Wrong(what + ''.join(' %r' % (detail,) for detail in details))


def unpacked(path):
    """The octets of a file, whatever it is compressed by."""
    with open(path, 'rb') as file:
        octets = file.read()
    if octets[:4] == b'\x28\xb5\x2f\xfd':
        return subprocess.run(['zstd', '-dcq'], input=octets, stdout=subprocess.PIPE,
                              check=True).stdout
    if octets[:6] == b'\xfd7zXZ\0':
        return lzma.decompress(octets)
    return octets


def natural(value, most=2 ** 64 - 1):
    check(type(value) is int and 0 <= value <= most, 'no unsigned integer up to', most, value)
    return value


def map_of(value, required, optional, what):
    """A map with these keys; negative ones are an implementation's own."""
    check(type(value) is dict, what + ' is no map', value)
    for key in value:
        check(type(key) is int, what + ': a key that is no integer', key)
        check(key < 0 or key in required or key in optional, what + ': an unknown key', key)
    for key in required:
        check(key in value, what + ': a key is missing', key)
    return value


def list_of(value, what, least=1):
    check(type(value) is list and len(value) >= least, what + ' is no array, or too short')
    return value


# names of bits, from bit 0 on (RFC 8618 7.3.1.1.1 and 7.3.2.3.2)
ITEM_FIELDS = {0: 'time', 1: 'client', 2: 'port', 3: 'id', 4: 'signature', 5: 'hoplimit',
               6: 'delay', 7: 'qname', 8: 'query_size', 9: 'response_size'}
SIGNATURE_FIELDS = {0: 'server', 1: 'server_port', 2: 'transport', 3: 'type', 4: 'flags',
                    5: 'opcode', 6: 'dns_flags', 7: 'query_rcode', 8: 'classtype', 9: 'qdcount',
                    10: 'ancount', 11: 'nscount', 12: 'arcount', 13: 'edns_version',
                    14: 'edns_size', 15: 'opt_rdata', 16: 'response_rcode'}
DNS_FLAGS = ['cd', 'ad', 'z', 'ra', 'rd', 'tc', 'aa']
HAS_QUERY, HAS_RESPONSE, QUERY_OPT, RESPONSE_OPT, QUERY_BARE, RESPONSE_BARE = (
    1 << bit for bit in range(6))


class Parameters:
    """How blocks were made: storage and collection parameters."""

    def __init__(self, value):
        map_of(value, [0], [1], 'block parameters')
        storage = map_of(value[0], range(5), range(5, 12), 'storage parameters')
        self.ticks = natural(storage[0])
        check(self.ticks > 0, 'no ticks')
        self.items_max = natural(storage[1])
        hints = map_of(storage[2], range(4), [], 'storage hints')
        self.item_hints, self.signature_hints = natural(hints[0]), natural(hints[1])
        natural(hints[2]), natural(hints[3])
        self.opcodes = {natural(code, 15) for code in list_of(storage[3], 'opcodes')}
        for rr_type in list_of(storage[4], 'RR types'):
            natural(rr_type, 65535)
        flags = natural(storage.get(5, 0), 7)
        self.anonymized, self.sampled = bool(flags & 1), bool(flags & 2)
        self.prefix = {4: natural(storage.get(6, 32), 32), 6: natural(storage.get(7, 128), 128)}
        self.server_prefix = {4: natural(storage.get(8, 32), 32),
                              6: natural(storage.get(9, 128), 128)}
        self.sampling, self.anonymization = storage.get(10), storage.get(11)
        for text in (self.sampling, self.anonymization):
            check(text is None or type(text) is str, 'a method is no text')
        check(self.sampled or not self.sampling, 'sampled, but no flag says so')
        collection = map_of(value.get(1, {}), [], range(10), 'collection parameters')
        self.servers = [str(ipaddress.ip_address(server)) for server in collection.get(5, [])]
        self.generator, self.host = collection.get(8), collection.get(9)


def address_of(octets, ipv6, prefix):
    """An address of which `prefix` bits were kept."""
    size = 16 if ipv6 else 4
    check(len(octets) == (prefix + 7) // 8, 'an address is not as long as its prefix', octets)
    number = int.from_bytes(octets + bytes(size - len(octets)), 'big')
    check(number & ((1 << (8 * size - prefix)) - 1) == 0, 'bits behind the prefix', octets)
    return str(ipaddress.IPv6Address(number) if ipv6 else ipaddress.IPv4Address(number))


def name_of(octets):
    """Labels in hexadecimal would be unreadable, and names compare by octets: escape what is odd."""
    text, at = '', 0
    while True:
        check(at < len(octets), 'a name ends early', octets)
        length = octets[at]
        at += 1
        if length == 0:
            break
        check(length <= 63 and at + length <= len(octets), 'a label is too long', octets)
        for octet in octets[at:at + length]:
            plain = 0x21 <= octet <= 0x7e and chr(octet) not in '.\\'
            text += chr(octet) if plain else '\\%03d' % octet
        text += '.'
        at += length
    check(at == len(octets), 'something is behind a name', octets)
    return text or '.'


class Table:
    """One of a block's tables: each entry is looked up by whoever has its index."""

    def __init__(self, value, what, key=lambda entry: entry):
        self.what, self.entries, self.used = what, value, set()
        if value is not None:
            list_of(value, what)
            keys = [key(entry) for entry in value]
            check(len(set(keys)) == len(keys), what + ': an entry twice')

    def __getitem__(self, index):
        natural(index)
        check(self.entries is not None and index < len(self.entries),
              self.what + ': no such index', index)
        self.used.add(index)
        return self.entries[index]

    def check_used(self):
        check(self.entries is None or len(self.used) == len(self.entries),
              self.what + ': entries that nothing leads to')


class Block:
    def __init__(self, value, parameters):
        map_of(value, [0], range(1, 6), 'block')
        preamble = map_of(value[0], [], [0, 1], 'block preamble')
        index = natural(preamble.get(1, 0))
        check(index < len(parameters), 'no such block parameters', index)
        self.parameters = parameters[index]
        tables = map_of(value.get(2, {}), [], range(9), 'block tables')
        for key in (4, 5, 6, 7, 8):
            check(key not in tables, 'a table that no hint speaks of', key)
        self.addresses = Table(tables.get(0), 'ip-address')
        self.classtypes = Table(tables.get(1), 'classtype', lambda e: tuple(sorted(e.items())))
        self.names = Table(tables.get(2), 'name-rdata')
        self.signatures = Table(tables.get(3), 'qr-sig', lambda e: tuple(sorted(e.items())))
        self.earliest = None
        if 0 in preamble:
            seconds, ticks = list_of(preamble[0], 'earliest-time', 2)
            check(natural(ticks) < self.parameters.ticks, 'more ticks than a second has', ticks)
            self.earliest = natural(seconds) + ticks / self.parameters.ticks
        items = value.get(3)
        check(items is None or len(list_of(items, 'items')) <= self.parameters.items_max,
              'more items than max-block-items')
        self.items = [self.item(item) for item in items or []]
        if self.items:
            check(min(item['time'] for item in self.items) == self.earliest,
                  'earliest-time is not that of an item')
        for table in (self.classtypes, self.names, self.signatures):
            table.check_used()
        # a server's address may stand there though nothing came of its family
        for index in set(range(len(self.addresses.entries or []))) - self.addresses.used:
            check(str(ipaddress.ip_address(self.addresses.entries[index]))
                  in self.parameters.servers, 'an address of nobody')
        self.statistics = map_of(value.get(1, {}), [], range(6), 'block statistics')
        self.check_statistics()

    def check_statistics(self):
        unanswered = sum('rcode' not in item for item in self.items)
        answered = len(self.items) - unanswered
        s = self.statistics
        if not s:
            return
        check(s[1] == len(self.items), 'qr-data-items', s[1], len(self.items))
        check(s[2] == unanswered, 'unmatched-queries', s[2], unanswered)
        check(s[0] == 2 * answered + unanswered + s[3], 'processed-messages', s[0])
        check(s[4] == 0, 'discarded-opcode', s[4])

    def signature(self, index):
        value = map_of(self.signatures[index], [2, 4, 5, 6], range(17), 'signature')
        for key in value:
            check(self.parameters.signature_hints >> key & 1, 'a field that no hint has', key)
        flags, dns_flags = natural(value[4], 63), natural(value[6], (1 << 15) - 1)
        transport = natural(value[2], 63)
        check(flags & HAS_QUERY, 'no query')
        check(bool(flags & HAS_RESPONSE) == (16 in value), 'a response and no RCODE')
        check(bool(flags & QUERY_OPT) == (13 in value) == (14 in value), 'OPT and no EDNS fields')
        check(not (flags & QUERY_BARE and 8 in value), 'no question, and a type')
        check(flags & HAS_RESPONSE or not flags & (RESPONSE_OPT | RESPONSE_BARE) and
              dns_flags >> 8 == 0, 'something of a response that is not there')
        check(natural(value[5], 15) in self.parameters.opcodes, 'an unexpected opcode', value[5])
        check(value.get(3) == 3, 'not the queries of an authoritative server', value.get(3))
        ipv6 = bool(transport & 1)
        told = {
            'ip': 6 if ipv6 else 4,
            'transport': ['udp', 'tcp', 'tls', 'dtls', 'https'][transport >> 1 & 15],
            'opcode': value[5],
            'query_rcode': natural(value.get(7, 0), 4095),
            'query_flags': [n for i, n in enumerate(DNS_FLAGS) if dns_flags >> i & 1],
            'do': bool(dns_flags >> 7 & 1),
            'bare': bool(flags & QUERY_BARE),
            'edns': [natural(value[13], 255), natural(value[14], 65535)] if 13 in value else None,
        }
        if 0 in value:
            told['server'] = address_of(self.addresses[value[0]], ipv6,
                                        self.parameters.server_prefix[told['ip']])
        if 1 in value:
            told['server_port'] = natural(value[1], 65535)
        if 8 in value:
            classtype = map_of(self.classtypes[value[8]], [0, 1], [], 'classtype')
            told['qtype'], told['qclass'] = (natural(classtype[key], 65535) for key in (0, 1))
        if 16 in value:
            told['rcode'] = natural(value[16], 4095)
            told['response_flags'] = [
                n for i, n in enumerate(DNS_FLAGS) if dns_flags >> (8 + i) & 1]
            told['response_opt'] = bool(flags & RESPONSE_OPT)
            told['response_bare'] = bool(flags & RESPONSE_BARE)
        return told

    def item(self, value):
        map_of(value, [], ITEM_FIELDS, 'item')
        for key in value:
            check(self.parameters.item_hints >> key & 1, 'a field that no hint has', key)
        told = self.signature(value[4])
        ipv6 = told['ip'] == 6
        told['time'] = self.earliest + natural(value[0]) / self.parameters.ticks
        told['client'] = address_of(self.addresses[value[1]], ipv6,
                                    self.parameters.prefix[told['ip']])
        told['port'], told['id'] = natural(value[2], 65535), natural(value[3], 65535)
        told['query_size'] = natural(value[8], 65535)
        check(('qtype' in told) == (7 in value), 'a type without a name, or the other way round')
        if 7 in value:
            told['qname'] = name_of(self.names[value[7]])
        check(('rcode' in told) == (9 in value), 'a response without a size')
        if 9 in value:
            told['response_size'] = natural(value[9], 65535)
        return told


class File:
    """A file; `whole` is false where it ends in the middle, as that of a node that was killed."""

    def __init__(self, path):
        stream = io.BytesIO(unpacked(path))
        decoder = cbor2.CBORDecoder(stream)
        check(stream.read(1) == b'\x83', 'no array of three')
        check(decoder.decode() == 'C-DNS', 'no C-DNS')
        preamble = map_of(decoder.decode(), [0, 1, 3], [2], 'file preamble')
        check((preamble[0], preamble[1]) == (1, 0), 'another version of the format')
        self.parameters = [Parameters(p) for p in list_of(preamble[3], 'block parameters')]
        check(stream.read(1) == b'\x9f', 'blocks are no array without a length')
        self.blocks, self.whole = [], False
        while True:
            next_octet = stream.read(1)
            if next_octet == b'\xff':
                self.whole = True
                break
            if not next_octet:
                break
            stream.seek(-1, io.SEEK_CUR)
            self.blocks.append(Block(decoder.decode(), self.parameters))
        check(not stream.read(1), 'something is behind the end')

    def items(self):
        for block in self.blocks:
            yield from block.items

    def sum(self, key):
        return sum(block.statistics.get(key, 0) for block in self.blocks)


def main():
    paths = [path for path in sys.argv[1:] if path != '--summary']
    if not paths or paths[0].startswith('-'):
        print(__doc__.strip())
        return 0 if paths else 2
    for path in paths:
        try:
            file = File(path)
        except (Wrong, cbor2.CBORDecodeError, lzma.LZMAError, OSError,
                subprocess.CalledProcessError) as error:
            print('%s: %s' % (path, error), file=sys.stderr)
            return 1
        if '--summary' in sys.argv:
            p = file.parameters[0]
            print(json.dumps({
                'file': path, 'whole': file.whole, 'blocks': len(file.blocks),
                'items': sum(1 for _ in file.items()), 'malformed': file.sum(5),
                'unmatched_queries': file.sum(2), 'unmatched_responses': file.sum(3),
                'dropped': file.sum(-1), 'strained': file.sum(-2), 'sampling': p.sampling,
                'anonymization': p.anonymization, 'host': p.host, 'generator': p.generator,
                'servers': p.servers}))
            continue
        for item in file.items():
            print(json.dumps(item))
    return 0


if __name__ == '__main__':
    sys.exit(main())
