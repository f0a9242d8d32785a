#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A TCP client that does what clients should not, or need not, and looks at what comes back.

usage: tcp_client.py ADDRESS... : the server has tcp_idle_timeout_ms 3000, tcp_message_timeout_ms
4000, tcp_connections 4000
"""
import concurrent.futures
import selectors
import socket
import struct
import sys
import time

PORT = 53
passed = failed = 0


def check(what, good):
    global passed, failed
    passed += bool(good)
    failed += not good
    print(f'{"ok    " if good else "FAILED"} {what}', flush=True)


def query(number, name=b'\0', qtype=6, extra=b'', arcount=0, flags=0):
    message = struct.pack('>HHHHHH', number, flags, 1, 0, 0, arcount) + name + \
        struct.pack('>HH', qtype, 1) + extra
    return struct.pack('>H', len(message)) + message


def opt(options=b'', size=1232):
    return b'\0' + struct.pack('>HHIH', 41, size, 0x8000, len(options)) + options


def connected(address):
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
    s.settimeout(8)
    s.connect((address, PORT))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def octets(s, count):
    data = b''
    while len(data) < count:
        part = s.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def reply(s):
    return octets(s, struct.unpack('>H', octets(s, 2))[0])


def answered(s, number, rcode=0):
    try:
        message = reply(s)
    except (EOFError, OSError):
        return False
    return message[:2] == struct.pack('>H', number) and message[3] & 15 == rcode


def closed(s):
    """Whether the server closes before the socket's timeout."""
    try:
        while s.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except OSError:
        return False
    return True


def good(address):
    with connected(address) as s:
        s.sendall(query(4242))
        return answered(s, 4242)


def framing(address):
    with connected(address) as s:
        s.sendall(b''.join(query(i) for i in range(500)))
        check(f'{address}: 500 queries at once are answered', all(answered(s, i) for i in range(500)))
        for octet in query(1, b'\7example\3com\0'):
            s.send(bytes([octet]))
            time.sleep(.04)
        check(f'{address}: an octet every 40 ms is answered', answered(s, 1))
        both = query(2) + query(3)
        s.sendall(both[:21])
        time.sleep(.05)
        s.sendall(both[21:])
        check(f'{address}: a message across segments is answered', answered(s, 2) and answered(s, 3))
    with connected(address) as s:
        s.sendall(b''.join(query(i) for i in range(100)))
        s.shutdown(socket.SHUT_WR)
        check(f'{address}: FIN after queries still gets the answers',
              all(answered(s, i) for i in range(100)) and closed(s))
    with connected(address) as s:
        s.sendall(struct.pack('>HHHHHHH', 12, 5, 0, 2, 0, 0, 0) + query(6))
        check(f'{address}: the query after a FORMERR is answered', answered(s, 5, 1) and answered(s, 6))
    with connected(address) as s:
        padding = opt(struct.pack('>HH', 12, 3000) + bytes(3000))
        s.sendall(query(7, extra=padding, arcount=1))
        check(f'{address}: 3000 octets of padding are read over', answered(s, 7))


def keepalive_of(message):
    """The option's value; None: it is not there. The OPT is the last record."""
    at = message.rfind(struct.pack('>HHH', 11, 2, 0)[:4])
    return None if at < 0 else struct.unpack('>H', message[at + 4:at + 6])[0]


def keepalive(address):
    with connected(address) as s:
        s.sendall(query(1, extra=opt(struct.pack('>HH', 11, 0)), arcount=1))
        check(f'{address}: edns-tcp-keepalive tells 3 s', keepalive_of(reply(s)) == 30)
        s.sendall(query(2, extra=opt(), arcount=1))
        check(f'{address}: edns-tcp-keepalive is for who asks', keepalive_of(reply(s)) is None)
        s.sendall(query(3, extra=opt(struct.pack('>HHH', 11, 2, 0)), arcount=1))
        check(f'{address}: edns-tcp-keepalive with a value is FORMERR', answered(s, 3, 1))


ABUSES = (
    ('zero length', b'\0\0', 1),
    ('a length below 12', b'\0\13' + bytes(11), 1),
    ('a huge length', b'\xff\xff' + bytes(100), 1),
    ('a reply', query(1, flags=0x8000), 1),
    ('nothing', b'', 7),
    ('half a message', query(1)[:9], 7),
    ('half a length', b'\0', 7),
)


def closes(address, data):
    """How many seconds the server takes to close on whoever sends that and no more; None: it does not."""
    with connected(address) as s:
        started = time.monotonic()
        s.sendall(data)
        return time.monotonic() - started if closed(s) else None


def creeps(address):
    """The same for who sends an octet every 100 ms."""
    with connected(address) as s:
        started = time.monotonic()
        try:
            for octet in query(1, (b'\77' + bytes(63)) * 2 + b'\0'):
                s.send(bytes([octet]))
                time.sleep(.1)
            ended = closed(s)
        except (BrokenPipeError, ConnectionResetError):
            ended = True
        return time.monotonic() - started if ended else None


def abuse(addresses):
    """All at a time: each takes seconds, in which nothing happens."""
    with concurrent.futures.ThreadPoolExecutor(len(addresses) * (len(ABUSES) + 1)) as pool:
        waits = [(f'{address}: {what} is closed', seconds, pool.submit(closes, address, data))
                 for address in addresses for what, data, seconds in ABUSES]
        waits += [(f'{address}: an octet every 100 ms for too long is closed', 8, pool.submit(creeps, address))
                  for address in addresses]
        for what, seconds, wait in waits:
            took = wait.result()
            check(what, took is not None and took < seconds)
            check(f'{what}, and a good query answered', all(good(address) for address in addresses))


def greedy(address):
    """Asks and does not read: the server must not keep answers without end."""
    with connected(address) as s:
        s.setblocking(False)
        asked, data = 0, b''.join(query(i & 0xffff, qtype=48, extra=opt(), arcount=1)
                                  for i in range(2000))
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and asked < 64 << 20:
            try:
                asked += s.send(data)
            except BlockingIOError:
                time.sleep(.05)
        check(f'{address}: who does not read is not read ({asked} octets taken)', asked < 32 << 20)
        check(f'{address}: a good query meanwhile', good(address))


def many(address, count):
    watch = selectors.DefaultSelector()
    sockets = [connected(address) for _ in range(count)]
    for s in sockets:
        s.sendall(query(1))
        watch.register(s, selectors.EVENT_READ)
    check(f'{address}: {count} connections, each asks', all(answered(s, 1) for s in sockets))
    check(f'{address}: a good query beside {count} connections', good(address))
    sockets[-1].sendall(query(2))
    check(f'{address}: one of them again', answered(sockets[-1], 2))
    time.sleep(.2)
    check(f'{address}: none was closed', not watch.select(0))
    for s in sockets:
        s.close()


def main():
    for address in sys.argv[1:]:
        framing(address)
        keepalive(address)
        greedy(address)
    abuse(sys.argv[1:])
    many(sys.argv[1], 1000)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
