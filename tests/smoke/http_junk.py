#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients of HTTP that mean no good: what each gets is bounded, and others are served meanwhile.

usage: http_junk.py PORT
"""
import concurrent.futures
import os
import socket
import sys
import time

PORT = int(sys.argv[1])
CONNECTIONS = 200


def connect():
    s = socket.create_connection(('127.0.0.1', PORT), 10)
    s.settimeout(30)
    return s


def ask(octets):
    """@return the reply's first line; '' if the connection was closed without one."""
    with connect() as s:
        data = b''
        try:
            s.sendall(octets)
            s.shutdown(socket.SHUT_WR)
            while b'\r\n' not in data:
                more = s.recv(65536)
                if not more:
                    break
                data += more
        except (ConnectionError, OSError):
            pass
        return data.split(b'\r\n')[0].decode('latin-1')


def served():
    for _ in range(100):
        if ask(b'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') == 'HTTP/1.1 200 OK':
            return True
        time.sleep(0.2)
    return False


def expect(good, what):
    if not good:
        sys.exit('http_junk: ' + what)


expect(ask(b'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n').startswith('HTTP/1.1 404'), 'a path that is not there')
expect(ask(b'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n').startswith('HTTP/1.1 404'), 'a path outside')
expect(ask(b'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc').startswith('HTTP/1.1 405'), 'POST')


def stays():
    """How many seconds one may stay who sends an octet now and then: a request has a time of its own."""
    with connect() as s:
        begun = time.monotonic()
        try:
            for octet in b'GET /metrics HTTP/1.1\r\nHost: ' + b'x' * 200:
                s.sendall(bytes([octet]))
                s.settimeout(0.5)
                try:
                    if s.recv(1) == b'':
                        break
                except TimeoutError:
                    pass
        except ConnectionError:
            pass
        return time.monotonic() - begun


# all at a time: some wait until the server has had enough
JUNK = (b'\0' * 1000, os.urandom(4096), b'GET ' + b'a' * 100000 + b' HTTP/1.1\r\n\r\n',
        b'GET /metrics HTTP/1.1\r\n' + b'x: y\r\n' * 20000 + b'\r\n', b'\r\n' * 1000, b'GET', b'')
with concurrent.futures.ThreadPoolExecutor(len(JUNK) + 1) as pool:
    slow = pool.submit(stays)
    for line in pool.map(ask, JUNK):
        expect(not line.startswith('HTTP/1.1 200'), 'junk is answered')
    expect(slow.result() < 60, 'a slow client may stay')
expect(served(), 'not served after junk')

# many at a time: more than a few are turned away, and room comes back when they go
many = []
for _ in range(CONNECTIONS):
    s = connect()
    try:
        s.sendall(b'GET /metr')
    except ConnectionError:
        pass
    s.setblocking(False)
    many.append(s)


def is_closed(s):
    try:
        return s.recv(1) == b''
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


turned_away = 0
for _ in range(100):
    turned_away = sum(is_closed(s) for s in many)
    if turned_away >= CONNECTIONS - 32:
        break
    time.sleep(0.2)
expect(turned_away >= CONNECTIONS - 32, 'only %d of %d turned away' % (turned_away, CONNECTIONS))
for s in many:
    s.close()
expect(served(), 'not served after many')
