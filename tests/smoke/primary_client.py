#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Secondaries that misbehave: primary_client.py ADDRESS FRIEND STRANGER, asked for . from FRIEND's."""
import contextlib
import socket
import struct
import sys
import time

SOA, AXFR = 6, 252
NOERROR, SERVFAIL, REFUSED = 0, 2, 5
SERVER, FRIEND, STRANGER = sys.argv[1:]


def query(rrtype, ident=1):
    return struct.pack('>HHHHHH', ident, 0, 1, 0, 0, 0) + b'\0' + struct.pack('>HH', rrtype, 1)


def framed(message):
    return struct.pack('>H', len(message)) + message


def connect(buffer_size=None):
    tcp = socket.socket()
    if buffer_size:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_size)
    tcp.bind((FRIEND, 0))
    tcp.settimeout(10)
    tcp.connect((SERVER, 53))
    return tcp


def take(tcp, count):
    octets = b''
    while len(octets) < count:
        more = tcp.recv(count - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets


def message(tcp):
    return take(tcp, struct.unpack('>H', take(tcp, 2))[0])


def is_closed(tcp):
    try:
        return tcp.recv(1) == b''
    except ConnectionResetError:
        return True


def counts(octets):
    """ID, RCODE, records of the answer section."""
    ident, flags, _, answers = struct.unpack('>HHHH', octets[:8])
    return ident, flags & 15, answers


def rcode_over_udp(source, timeout=1.0):
    """A client asks three times: a datagram may be lost where everybody shares two CPUs."""
    with contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as udp:
        udp.bind((source, 0))
        udp.settimeout(timeout)
        for _ in range(3):
            udp.sendto(query(SOA), (SERVER, 53))
            with contextlib.suppress(socket.timeout):
                return counts(udp.recv(4096))[1]
        raise TimeoutError('three datagrams were not answered')


def misframed():
    for octets in b'\0\0', b'\0\5abcde', b'\xff\xff', b'\x10\x01' + bytes(100):
        with contextlib.closing(connect()) as tcp:
            tcp.send(octets)
            assert is_closed(tcp), octets


def replies_are_no_requests():
    with contextlib.closing(connect()) as tcp:
        octets = bytearray(query(SOA))
        octets[2] |= 0x80
        tcp.send(framed(bytes(octets)))
        assert is_closed(tcp)


def slow_message():
    with contextlib.closing(connect()) as tcp:
        began = time.monotonic()
        tcp.send(framed(query(SOA))[:-1])
        assert is_closed(tcp)
        assert 0.9 < time.monotonic() - began < 3


def octet_by_octet():
    with contextlib.closing(connect()) as tcp:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in framed(query(SOA)):
            tcp.send(bytes([octet]))
        assert counts(message(tcp)) == (1, NOERROR, 1)


def pipelined():
    with contextlib.closing(connect()) as tcp:
        tcp.send(b''.join(framed(query(rrtype, ident)) for ident, rrtype in
                          enumerate([SOA, SOA, AXFR, SOA])))
        tcp.shutdown(socket.SHUT_WR)
        assert counts(message(tcp))[:2] == (0, NOERROR)
        assert counts(message(tcp))[:2] == (1, NOERROR)
        last = None
        while True:
            part = message(tcp)
            if counts(part)[0] == 3:
                assert counts(part) == (3, NOERROR, 1)
                break
            last = part
        assert counts(last)[:2] == (2, NOERROR)
        assert is_closed(tcp)


def slow_reader():
    """Takes nothing: the others are served, and it is sent away."""
    with contextlib.closing(connect(4096)) as tcp:
        tcp.send(framed(query(AXFR)))
        time.sleep(0.5)
        assert rcode_over_udp(FRIEND) == NOERROR
        time.sleep(2)
        try:
            while tcp.recv(65536):
                pass
        except ConnectionResetError:
            pass


def gone_in_the_middle():
    tcp = connect(4096)
    tcp.send(framed(query(AXFR)))
    take(tcp, 1000)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    tcp.close()


def paced():
    """No faster than it may; nobody else waits for it."""
    with contextlib.closing(connect()) as tcp:
        began = time.monotonic()
        tcp.send(framed(query(AXFR)))
        worst = octets = 0
        while octets < 1000000:
            octets += len(message(tcp))
            asked = time.monotonic()
            assert rcode_over_udp(FRIEND) == NOERROR
            worst = max(worst, time.monotonic() - asked)
        took = time.monotonic() - began
        print(f'{octets} octets in {took:.2f} s, a query beside it took {worst * 1000:.1f} ms')
        assert took > 0.7, took


def too_many_transfers():
    tcps = [connect(4096) for _ in range(3)]
    for tcp in tcps:
        tcp.send(framed(query(AXFR)))
        time.sleep(0.05)
    # the server may have been busy, and then sees them in any order
    got = [counts(message(tcp)) for tcp in tcps]
    assert got.count((1, SERVFAIL, 0)) == 1, got
    for tcp in tcps:
        tcp.close()


def too_many_connections():
    tcps = [connect() for _ in range(8)]
    time.sleep(0.1)
    extra = connect()
    assert is_closed(tcps[0])
    for tcp in tcps[1:] + [extra]:
        tcp.send(framed(query(SOA)))
        assert counts(message(tcp)) == (1, NOERROR, 1)
        tcp.close()


def flood():
    """A stranger's datagrams do not keep a friend's from being answered."""
    with contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as udp:
        udp.bind((STRANGER, 0))
        udp.settimeout(0.2)
        answered = 0
        for number in range(5000):
            udp.sendto(query(SOA), (SERVER, 53))
            if number % 500 == 0:
                assert rcode_over_udp(FRIEND) == NOERROR
        with contextlib.suppress(socket.timeout):
            while counts(udp.recv(4096))[1] == REFUSED:
                answered += 1
        print(f'{answered} of 5000 answered to a stranger')
        assert 0 < answered < 1000


for check in (misframed, replies_are_no_requests, slow_message, octet_by_octet, pipelined,
              gone_in_the_middle, slow_reader, paced, too_many_transfers, too_many_connections,
              flood):
    try:
        check()
    except Exception as problem:
        sys.exit(f'{check.__name__}: {problem!r}')
