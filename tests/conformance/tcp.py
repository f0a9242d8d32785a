# SPDX-License-Identifier: BSD-3-Clause
"""What TCP adds (RFC 7766, RFC 9210): framing, and clients that are slow, silent or too many."""
import socket
import struct
import time

import cases

WAIT_S = 10
GOOD = cases.soa()


class Closed(Exception):
    """The server closed the connection."""


class Connection:
    def __init__(self, address):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(WAIT_S)
        self.socket.connect((address, 53))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def _take(self, count):
        data = b''
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionResetError as error:
                raise Closed from error
            if not more:
                raise Closed
            data += more
        return data

    def receive(self):
        return self._take(int.from_bytes(self._take(2), 'big'))

    def is_closed(self, seconds=WAIT_S):
        """Whether the server closes within that time, without another word."""
        self.socket.settimeout(seconds)
        try:
            self._take(1)
        except Closed:
            return True
        except TimeoutError:
            pass
        return False


def framed(message):
    return struct.pack('>H', len(message)) + message


def good(number=0x600d):
    return framed(struct.pack('>H', number) + GOOD)


def is_good(reply, number=0x600d):
    return reply[:2] == struct.pack('>H', number) and reply[2] & 0x84 == 0x84 and \
        reply[3] & 15 == 0 and reply[6:8] == b'\0\1'


def answers(address):
    """What is wrong if a new connection's good query is not answered."""
    try:
        with Connection(address) as c:
            c.send(good())
            return None if is_good(c.receive()) else 'a good query is answered wrongly'
    except (Closed, OSError) as error:
        return f'a good query is not answered: {error!r}'


def pipelined(address):
    with Connection(address) as c:
        c.send(b''.join(good(i) for i in range(100)))
        left = set(range(100))
        while left:
            reply = c.receive()
            number = int.from_bytes(reply[:2], 'big')
            if number not in left or not is_good(reply, number):
                return 'a reply to nothing, or a wrong one'
            left.remove(number)
    return None


def split(address):
    """Length and message in two segments, cut at each place."""
    with Connection(address) as c:
        for at in range(1, len(good())):
            c.send(good()[:at])
            time.sleep(.002)
            c.send(good()[at:])
            if not is_good(c.receive()):
                return f'cut behind {at} octets: a wrong reply'
    return None


def half_closed(address):
    with Connection(address) as c:
        c.send(good(1) + good(2))
        c.socket.shutdown(socket.SHUT_WR)
        if {c.receive()[:2], c.receive()[:2]} != {b'\0\1', b'\0\2'}:
            return 'not both replies'
        return None if c.is_closed() else 'the connection stays open'


def ended_inside(address):
    """The client ends after each octet of a message: no reply, and nothing stays."""
    for at in range(len(good())):
        with Connection(address) as c:
            c.send(good()[:at])
            c.socket.shutdown(socket.SHUT_WR)
            if not c.is_closed():
                return f'after {at} octets: a reply, or the connection stays open'
    return None


def empty(address):
    with Connection(address) as c:
        c.send(b'\0\0' + good())
        return None if c.is_closed() else 'a message of no octets does not end the connection'


def unfinished(address):
    """A length of 65,535 and a few octets: closed in a bounded time."""
    with Connection(address) as c:
        c.send(b'\xff\xff' + GOOD)
        wrong = answers(address)
        return wrong or (None if c.is_closed(15) else 'it waits for more than 15 s')


def slow(address):
    """One octet every 40 ms is slow, and answered."""
    with Connection(address) as c:
        for i in range(len(good())):
            c.send(good()[i:i + 1])
            time.sleep(.04)
        return None if is_good(c.receive()) else 'a wrong reply'


def too_slow(address):
    """One octet a second never ends; others are answered meanwhile."""
    began = time.monotonic()
    with Connection(address) as c:
        try:
            for octet in good():
                c.send(bytes([octet]))
                if c.is_closed(1):
                    raise Closed
                wrong = answers(address)
                if wrong:
                    return wrong
        except Closed:
            return None if time.monotonic() - began < 15 else 'closed, but late'
    return 'it is let go on to the end'


def idle(address):
    """1,000 connections that say nothing keep nobody out."""
    held = []
    try:
        for _ in range(1000):
            held.append(Connection(address))
        return answers(address)
    finally:
        for c in held:
            c.socket.close()


def reset(address):
    """Clients that are gone before their reply."""
    for _ in range(200):
        with Connection(address) as c:
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            c.send(good())
    return None


def deaf(address):
    """A client that asks much and reads nothing: what is kept for it is bounded."""
    ask = framed(b'\0\1' + cases.question('.', cases.DNSKEY, cases.edns(dnssec_ok=True)))
    with Connection(address) as c:
        c.socket.settimeout(.5)
        try:
            for _ in range(2000):
                c.send(ask * 50)
        except (Closed, TimeoutError):
            return answers(address)
    return '100,000 queries are taken without one reply read'


ABUSES = (('TCP: 100 queries at once', '7766 6.2.1.1', pipelined),
          ('TCP: a message in two segments', '7766 8', split),
          ('TCP: replies after the client\'s FIN', '7766 6.2.4', half_closed),
          ('TCP: ended inside of a message', '7766 6.2.4', ended_inside),
          ('TCP: a message of no octets', '7766 8', empty),
          ('TCP: a message that does not come', '7766 6.2.3, 10', unfinished),
          ('TCP: one octet every 40 ms', '7766 8', slow),
          ('TCP: one octet a second', '7766 10', too_slow),
          ('TCP: 1,000 idle connections', '7766 10', idle),
          ('TCP: clients that reset', '7766 10', reset),
          ('TCP: a client that does not read', '7766 10', deaf))


def ask(address, message):
    """The reply to a message, None for silence; a good query behind it must be answered: on the
    same connection, or where the server closed that, on another.

    @return reply, what is wrong with the good query"""
    reply = None
    with Connection(address) as c:
        try:
            c.send(framed(message) + good())
            while True:
                got = c.receive()
                if got[:2] == b'\x60\x0d':
                    return reply, None if is_good(got) else 'the good query is answered wrongly'
                reply = got
        except Closed:
            if reply is not None:
                return reply, 'closed behind a reply'
    return None, answers(address)


def run(address):
    """(name, what is wrong or None) of each abuse, each followed by a good query."""
    for name, _, abuse in ABUSES:
        try:
            wrong = abuse(address)
        except Closed:
            wrong = 'the server closed the connection'
        except OSError as error:
            wrong = repr(error)
        yield name, wrong or answers(address)
