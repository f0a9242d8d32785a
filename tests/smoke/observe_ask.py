#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Resolvers of thirty networks, and what an observer has to make of them.

observe_ask.py ask IPV4 IPV6    send, and see each query answered
observe_ask.py check FILE       the reply of the command "observe"
"""
import json
import socket
import struct
import sys

NETWORKS = 30
A, NULL, DNSKEY = 1, 10, 48
TRIES = 10
NAMES = ('ar at au be br ca ch cl cn co cz de dk eg es fi fr gr hk ie in it jp ke kr ma mx ng nl no nz '
         'pe pl pt se sg tw uk us za').split()


# option 14 (RFC 8145 4.1): of two tags, of one, of half a tag, of none
TWO_TAGS, ONE_TAG, ODD, EMPTY = (struct.pack('>2H', 14, len(tags)) + tags for tags in (
    bytes.fromhex('4f669728'), bytes.fromhex('4f66'), bytes.fromhex('4f6697'), b''))
COOKIE = struct.pack('>2H8s', 10, 8, b'resolver')


def message(number, name, qtype, dnssec, options=b''):
    qname = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label)
    opt = struct.pack('>BHHIH', 0, 41, 1232, 0x8000, len(options)) + options if dnssec else b''
    return (struct.pack('>6H', number, 0, 1, 0, 0, 1 if dnssec else 0) + qname + b'\0' +
            struct.pack('>2H', qtype, 1) + opt)


def ask(source, server, questions):
    """Each is asked once: one that is lost would be counted, or not."""
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.connect((server, 53))
        s.settimeout(5)
        for number, question in enumerate(questions):
            s.send(message(number, *question))
            while struct.unpack('>H', s.recv(4096)[:2])[0] != number:
                pass


def send(ipv4, ipv6):
    # neighbours are found out before anything is counted on
    for server, source in ((ipv4, '198.18.0.1'), (ipv6, '2001:db8::1')):
        for attempt in range(TRIES):
            try:
                ask(source, server, [('.', A, False)])
                break
            except socket.timeout:
                if attempt == TRIES - 1:
                    raise
    for i in range(1, NETWORKS + 1):
        questions = [('_ta-4f66-9728', NULL, False), ('.', DNSKEY, True), ('.', DNSKEY, True, TWO_TAGS)]
        if i <= 7:
            # a cookie before it; with other types it is no signal
            questions += [('.', DNSKEY, True, COOKIE + ONE_TAG), ('.', A, True, TWO_TAGS)]
        elif i <= 12:
            questions += [('.', DNSKEY, True, ODD)]
        elif i <= 15:
            questions += [('.', DNSKEY, True, EMPTY)]
        if i <= 10:
            # makes no use of what it was told: forty times the same gap
            questions += [(f'x{k}.zzzzz', A, True) for k in range(40)]
        elif i <= 20:
            # asks once into each gap: of a name behind each of these
            questions += [(f'www.{name}0', A, True) for name in NAMES]
        if i <= 10 or i > 20:
            questions += [(f'host{k}.{"home" if k % 2 else "HOME"}', A, True) for k in range(10)]
        questions += [('my-secret-host', A, True)] if i == 1 else []
        ask(f'198.19.{i}.1', ipv4, questions)
        if i > 20:
            # one more network: asks without DNSSEC
            ask(f'2001:db8:0:{i:x}00::1', ipv6,
                [(f'n{k}.lan', A, False) for k in range(20)] + [('.', DNSKEY, True, TWO_TAGS)])


def check(path):
    with open(path, encoding='utf-8') as f:
        told = json.load(f)
    today = told['days'][0]
    wrong = []

    def expect(what, got, want):
        if got != want:
            wrong.append(f'{what}: {got}, not {want}')

    expect('ok', told['ok'], True)
    sets = today['signal_queries']
    expect('sets of tags', [(s['tags'], s['queries']) for s in sets],
           [([20326, 38696], NETWORKS + 1)])
    expect('networks that signal', 15 <= sets[0]['networks_at_least'] <= NETWORKS + 1, True)
    expect('signals in options', [(s['tags'], s['queries']) for s in today['signal_options']],
           [([20326, 38696], NETWORKS + 10 + 1), ([20326], 7)])
    expect('malformed options', told['signals']['options_malformed'], 5 + 3)
    expect('DNSKEY over UDP', told['dnskey']['udp']['queries'], 2 * NETWORKS + 10 + 7 + 5 + 3)
    expect('DNSKEY over TCP', told['dnskey']['tcp']['queries'], 1)
    expect('options seen', told['signals']['options_seen'], 2 * NETWORKS + 10 + 7 + 5 + 3 + 1)
    expect('options unseen', told['signals']['options_unseen'], 0)
    expect('names told', [(n['name'], n['queries']) for n in today['leaks']['names']],
           [('home.', 200)])
    # networks that share an entry of the table are one; that is few of forty in five hundred
    networks = told['aggressive']['windows'][0]['networks']
    expect('networks that do not use', 6 <= networks['uses_not'] <= 10, True)
    expect('networks that use', 6 <= networks['uses'] <= 10, True)
    expect('networks without DNSSEC', 6 <= networks['no_dnssec'] <= 10, True)
    expect('networks in part', networks['mixed'], 0)
    for line in wrong:
        print(line)
    return bool(wrong)


if __name__ == '__main__':
    if sys.argv[1] == 'ask':
        send(*sys.argv[2:])
    else:
        sys.exit(check(sys.argv[2]))
