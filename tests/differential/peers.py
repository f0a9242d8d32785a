# SPDX-License-Identifier: BSD-3-Clause
"""The servers that are compared: how each is started, and how a batch of queries is asked."""
import os
import select
import signal
import socket
import struct
import subprocess
import time

SO_RCVBUFFORCE = 33  # Python's socket module does not name it
KNOT_ADDRESS, NSD_ADDRESS = '198.18.53.2', '198.18.53.3'

# No limits of rate, no cookies, no NSID, no names of the machine; 1232 octets at most.
KNOT_CONFIG = '''
server:
    listen: {address}@53
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    udp-max-payload: 1232
    nsid: ""
    identity: ""
    version: ""
log:
  - target: stderr
    any: warning
database:
    storage: {folder}
zone:
  - domain: .
    file: {zone}
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
'''
NSD_CONFIG = '''
server:
    ip-address: {address}@53
    username: ""
    chroot: ""
    zonesdir: {folder}
    database: ""
    pidfile: {folder}/nsd.pid
    xfrdfile: {folder}/xfrd.state
    xfrdir: {folder}
    zonelistfile: {folder}/zone.list
    logfile: {folder}/nsd.log
    server-count: 1
    hide-version: yes
    hide-identity: yes
    ipv4-edns-size: 1232
    ipv6-edns-size: 1232
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: .
    zonefile: {zone}
'''


def run(*command):
    subprocess.run(command, check=True)


class Process:
    """A child that ends with us, and its output for when it failed."""

    def __init__(self, command, log, **more):
        self.log = log
        with open(log, 'wb') as out:
            more.setdefault('stdout', out)
            self.process = subprocess.Popen(command, stderr=out, **more)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def failed(self, what):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return SystemExit(f'{what}\n{f.read()[-3000:]}')


def server_start(name, command, template, address, zone, folder):
    folder = os.path.join(folder, name)
    os.mkdir(folder)
    run('ip', 'address', 'add', address + '/32', 'dev', 'lo')
    config = os.path.join(folder, name + '.conf')
    with open(config, 'w', encoding='ascii') as f:
        f.write(template.format(address=address, folder=folder, zone=zone))
    server = Process([*command, config], os.path.join(folder, 'log'))
    if not ready(address):
        server.stop()
        raise server.failed(f'{name} does not answer')
    return server


def ready(address, seconds=60):
    """Whether the server comes to answer `. SOA`."""
    ask = b'\0\1\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1'
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET,
                       socket.SOCK_DGRAM) as s:
        s.settimeout(.2)
        s.connect((address, 53))
        while time.monotonic() < deadline:
            try:
                s.send(ask)
                reply = s.recv(4096)
                if reply[3] & 15 == 0 and reply[6:8] == b'\0\1':
                    return True
            except OSError:
                time.sleep(.1)
    return False


def knot_start(zone, folder):
    return server_start('knot', ['knotd', '-c'], KNOT_CONFIG, KNOT_ADDRESS, zone, folder)


def nsd_start(zone, folder):
    return server_start('nsd', ['nsd', '-d', '-c'], NSD_CONFIG, NSD_ADDRESS, zone, folder)


class UdpPeer:
    """Asks over UDP. A query without a reply is sent again for more than three seconds before that
    counts as silence: NSD sends at most so many error replies in a second, with RRL off too."""
    TRIES, WAIT_S = 7, .5

    def __init__(self, address):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.socket.connect((address, 53))
        self.socket.setblocking(False)
        self.next_id = 0
        self.resent = 0

    def ask(self, messages):
        """The replies to a batch, None for silence. Batches of at most 200 fit a socket's buffer."""
        waiting = {}
        for i, message in enumerate(messages):
            self.next_id = self.next_id + 1 & 0xffff
            waiting[self.next_id] = i
        replies = [None] * len(messages)
        for attempt in range(self.TRIES):
            for number, i in waiting.items():
                self.socket.send(struct.pack('>H', number) + messages[i])
            self.resent += len(waiting) if attempt else 0
            self._receive(waiting, messages, replies)
            if not waiting:
                break
        return replies

    def _receive(self, waiting, messages, replies):
        while waiting:
            try:
                reply = self.socket.recv(65535)
            except BlockingIOError:
                if not select.select([self.socket], [], [], self.WAIT_S)[0]:
                    return
                continue
            except ConnectionRefusedError as error:
                raise SystemExit('a server has died') from error
            number = int.from_bytes(reply[:2], 'big')
            i = waiting.pop(number, None)
            if i is not None:
                replies[i] = reply

    def close(self):
        self.socket.close()


class PipePeer:
    """Asks our answer function through tests/tools/answer_pipe."""

    def __init__(self, command, log):
        self.child = Process(command, log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.resent = 0

    def ask(self, messages):
        pipe = self.child.process
        out = struct.pack('>H', len(messages)) + b''.join(
            struct.pack('>H', len(m) + 2) + b'\xab\xcd' + m for m in messages)
        replies = []
        try:
            pipe.stdin.write(out)
            pipe.stdin.flush()
            for _ in messages:
                length = int.from_bytes(self._read(2), 'big')
                replies.append(self._read(length) if length else None)
        except (BrokenPipeError, EOFError) as error:
            pipe.wait()
            raise self.child.failed(f'answer_pipe ended with {pipe.returncode}') from error
        return replies

    def _read(self, count):
        data = self.child.process.stdout.read(count)
        if len(data) != count:
            raise EOFError
        return data

    def close(self):
        """@return what it said at its end, and whether it found no fault of its own"""
        self.child.process.stdin.close()
        status = self.child.process.wait()
        with open(self.child.log, encoding='utf-8', errors='replace') as f:
            return f.read(), status == 0
