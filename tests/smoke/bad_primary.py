#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A primary that misbehaves, in as many ways as it has ports.

bad_primary.py [--origin NAME] [--serial N] [--upstream ADDRESS@PORT] [--told FILE] ADDRESS BEHAVIOUR@PORT...

What it has is a small zone of its own, or what the upstream gives by AXFR at the start; --serial then
counts for the SOA alone. It says "ready" on standard output. The behaviours are the functions below; that of
"told" stands in a file, "BEHAVIOUR [SERIAL]", which is read for each request, as the upstream is asked then.
Requests to "told" are told on standard output.
"""
import argparse
import os
import socket
import struct
import threading
import time

SOA, IXFR, AXFR = 6, 251, 252
NOTIMP, REFUSED = 4, 5
MESSAGE = 30000  # octets of records in one, about


def name(text):
    return b''.join(bytes([len(label)]) + label.encode() for label in text.split('.') if label) + b'\0'


def name_end(message, at):
    while message[at] and message[at] < 0xc0:
        at += message[at] + 1
    return at + (2 if message[at] >= 0xc0 else 1)


def expand(message, at):
    labels = b''
    while message[at]:
        if message[at] >= 0xc0:
            at = (message[at] & 0x3f) << 8 | message[at + 1]
            continue
        labels += message[at:at + message[at] + 1]
        at += message[at] + 1
    return labels + b'\0'


def record(owner, rrtype, rdata, ttl=86400):
    return owner + struct.pack('!HHIH', rrtype, 1, ttl, len(rdata)) + rdata


def exactly(stream, count):
    octets = b''
    while len(octets) < count:
        more = stream.recv(count - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets


def message_read(stream):
    return exactly(stream, struct.unpack('!H', exactly(stream, 2))[0])


def records_of(message):
    """The answers of a message from an upstream, names expanded: type and octets."""
    questions, answers = struct.unpack('!HH', message[4:8])
    at = 12
    for _ in range(questions):
        at = name_end(message, at) + 4
    for _ in range(answers):
        end = name_end(message, at)
        rrtype, rrclass, ttl, length = struct.unpack('!HHIH', message[end:end + 10])
        rdata = message[end + 10:end + 10 + length]
        first = end + 10
        if rrtype in (2, 5, 12):
            rdata = expand(message, first)
        elif rrtype == SOA:
            second = name_end(message, first)
            rdata = (expand(message, first) + expand(message, second)
                     + message[name_end(message, second):first + length])
        elif rrtype == 15:
            rdata = rdata[:2] + expand(message, first + 2)
        yield rrtype, expand(message, at) + struct.pack('!HHIH', rrtype, rrclass, ttl, len(rdata)) + rdata
        at = first + length


class Zone:
    def __init__(self, origin, serial, upstream, told=None):
        self.origin_text, self.upstream, self.told = origin, upstream, told
        self.origin, self.serial = name(origin), serial
        self.rdata = name('a.example') + name('b.example')
        self.times = struct.pack('!4I', 1800, 900, 604800, 86400)
        if upstream:
            self.fetch(upstream)
        else:
            self.records = [record(self.origin, 2, name('a.example'))] + [
                record(name(f'ns{number}') [:-1] + self.origin, 1, bytes([198, 18, 1, number % 250 + 1]))
                for number in range(400)]

    def fetch(self, upstream):
        address, _, port = upstream.partition('@')
        self.records = []
        soas = 0
        with socket.create_connection((address, int(port or 53)), 10) as s:
            query = b'up\0\0\0\1\0\0\0\0\0\0' + self.origin + struct.pack('!HH', AXFR, 1)
            s.sendall(struct.pack('!H', len(query)) + query)
            while soas < 2:
                for rrtype, octets in records_of(message_read(s)):
                    if rrtype != SOA:
                        self.records.append(octets)
                        continue
                    soas += 1
                    self.rdata, self.times = octets[len(self.origin) + 10:-20], octets[-16:]
                    self.serial = self.serial or struct.unpack('!I', octets[-20:-16])[0]

    def soa(self, change=0):
        return record(self.origin, SOA, self.rdata + struct.pack('!I', self.serial + change) + self.times)


class Request:
    def __init__(self, zone, message, stream):
        self.zone, self.message, self.stream = zone, message, stream
        self.end = name_end(message, 12) + 4
        self.type = struct.unpack('!H', message[self.end - 4:self.end - 2])[0]

    def answer(self, records=(), rcode=0, flags=0x8400, change=0, additional=b''):
        head = (struct.unpack('!H', self.message[:2])[0] ^ change, flags | rcode, 1, len(records), 0,
                1 if additional else 0)
        return struct.pack('!6H', *head) + self.message[12:self.end] + b''.join(records) + additional

    def send(self, octets):
        self.stream.sendall(struct.pack('!H', len(octets)) + octets)

    def send_all(self, records):
        """In messages of no more than MESSAGE octets."""
        batch, size = [], 0
        for octets in records:
            if size + len(octets) > MESSAGE:
                self.send(self.answer(batch))
                batch, size = [], 0
            batch.append(octets)
            size += len(octets)
        self.send(self.answer(batch))

    def whole(self):
        return [self.zone.soa(), *self.zone.records, self.zone.soa()]


# ---- behaviours: each answers AXFR and IXFR over TCP ----

def good(request):
    request.send_all(request.whole())


def cut(request):
    request.send_all(request.whole()[:-len(request.zone.records) // 2])
    raise EOFError


def silent(request):
    time.sleep(600)


def two_soas(request):
    request.send_all(request.whole()[:-1] + [request.zone.soa(1)])


def behind(request):
    request.send_all(request.whole() + request.zone.records[:1])


def endless(request):
    request.send(request.answer([request.zone.soa()]))
    number = 0
    while True:
        batch = [record(name(f'n{number + i}')[:-1] + request.zone.origin, 1, bytes(4))
                 for i in range(1000)]
        number += 1000
        request.send(request.answer(batch))


def slow(request):
    octets = request.answer(request.whole()[:300])
    for octet in struct.pack('!H', len(octets)) + octets:
        request.stream.sendall(bytes([octet]))
        time.sleep(1)


def wrong_id(request):
    request.send(request.answer(request.whole()[:100], change=1))


def garbage(request):
    request.send(os.urandom(2000))


def refused(request):
    request.send(request.answer(rcode=REFUSED))


def wrong_class(request):
    records = request.whole()
    at = name_end(records[1], 0)
    records[1] = records[1][:at + 2] + b'\0\3' + records[1][at + 4:]
    request.send_all(records)


def no_ixfr(request):
    if request.type == IXFR:
        request.send(request.answer(rcode=NOTIMP))
    else:
        good(request)


def broken_ixfr(request):
    """Differences that begin at another serial, and much behind them that is not wanted."""
    if request.type == IXFR:
        request.send_all([request.zone.soa(), request.zone.soa(-7)] + request.zone.records)
        request.send_all(request.zone.records)
    else:
        good(request)


def misfit_ixfr(request):
    """Differences from the right serial, of which one takes away what is not there."""
    if request.type != IXFR:
        good(request)
        return
    at = name_end(request.message, request.end) + 10
    at = name_end(request.message, name_end(request.message, at))
    old = struct.unpack('!I', request.message[at:at + 4])[0]
    gone = record(name('was-never-here')[:-1] + request.zone.origin, 1, bytes(4))
    request.send_all([request.zone.soa(), request.zone.soa(old - request.zone.serial), gone,
                      request.zone.soa(), request.zone.soa()])


def closes(request):
    good(request)
    raise EOFError


def wrong_tsig(request):
    """The key's name and algorithm as in the request, and a MAC of somebody else."""
    tsig = request.message[request.end:]
    at = name_end(tsig, 0) + 10
    mac = name_end(tsig, at) + 10
    request.send(request.answer(request.whole()[:100],
                                additional=tsig[:mac] + os.urandom(32) + tsig[mac + 32:]))


def told(_request):
    """Stands for what the file says."""


def told_now(zone):
    """Behaviour and zone as they are at this moment."""
    with open(zone.told, encoding='ascii') as file:
        what, *serial = file.read().split()
    now = Zone(zone.origin_text, int(serial[0]) if serial else 0, zone.upstream)
    return globals()[what.replace('-', '_')], now


def soa_answer(behave, request):
    if behave is wrong_tsig and request.stream:
        wrong_tsig(request)
    elif request.stream:
        request.send(request.answer([request.zone.soa()]))
        if behave is closes:
            raise EOFError


def connection(behave, zone, stream):
    with stream:
        try:
            while True:
                message = message_read(stream)
                now, has = (behave, zone) if behave is not told else told_now(zone)
                request = Request(has, message, stream)
                if behave is told:
                    print(f'request type={request.type} transport=tcp', flush=True)
                if request.type == SOA:
                    soa_answer(now, request)
                else:
                    now(request)
        except (EOFError, OSError):
            pass


def datagrams(behave, zone, s):
    while True:
        message, peer = s.recvfrom(4096)
        now, has = (behave, zone) if behave is not told else told_now(zone)
        request = Request(has, message, None)
        if behave is told:
            print(f'request type={request.type} transport=udp', flush=True)
        # TC where TCP is to be asked: it has more ways to be wrong
        truncated = now in (closes, wrong_tsig)
        answer = request.answer([] if truncated else [has.soa()], flags=0x8600 if truncated else 0x8400)
        s.sendto(answer, peer)


def serve(behave, zone, address, port):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, port))
    threading.Thread(target=datagrams, args=(behave, zone, udp), daemon=True).start()
    listener = socket.create_server((address, port), family=family)

    def accept():
        while True:
            stream, _ = listener.accept()
            threading.Thread(target=connection, args=(behave, zone, stream), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--origin', default='.')
    parser.add_argument('--serial', type=int, default=0)
    parser.add_argument('--upstream')
    parser.add_argument('--told')
    parser.add_argument('address')
    parser.add_argument('behaviours', nargs='+')
    options = parser.parse_args()
    zone = Zone(options.origin, options.serial, options.upstream, options.told)
    for behaviour in options.behaviours:
        what, _, port = behaviour.partition('@')
        serve(globals()[what.replace('-', '_')], zone, options.address, int(port))
    print('ready', flush=True)
    threading.Event().wait()


if __name__ == '__main__':
    main()
