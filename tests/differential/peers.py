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
# of IPv4 and IPv6
MANGROVE_ADDRESSES = ('198.18.53.1', '2001:db8:53::1')
KNOT_ADDRESSES = ('198.18.53.2', '2001:db8:53::2')
NSD_ADDRESSES = ('198.18.53.3', '2001:db8:53::3')

# on sockets alone
MANGROVE_CONFIG = '''
addresses: ["{addresses[0]}", "{addresses[1]}"]
identity: ""
version: ""
nsid: ""
zones:
'''
MANGROVE_ZONE = '  - {{file: {file}, anchors: %(anchors)s, at: "%(at)s"}}\n'
# No limits of rate, no cookies, no NSID, no names of the machine; 1232 octets at most.
KNOT_CONFIG = '''
server:
    listen: [{addresses[0]}@53, {addresses[1]}@53]
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    tcp-max-clients: 4000
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
'''
KNOT_ZONE = '''  - domain: {origin}
    file: {file}
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
'''
NSD_CONFIG = '''
server:
    ip-address: {addresses[0]}@53
    ip-address: {addresses[1]}@53
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
    tcp-count: 4000
    hide-version: yes
    hide-identity: yes
    ipv4-edns-size: 1232
    ipv6-edns-size: 1232
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
'''
NSD_ZONE = '''zone:
    name: {origin}
    zonefile: {file}
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


def server_start(name, command, templates, addresses, zones, folder):
    """@param zones  (origin, path of its file) of each"""
    folder = os.path.join(folder, name)
    os.mkdir(folder)
    for address, size in zip(addresses, ('/32', '/128')):
        run('ip', 'address', 'add', address + size, 'dev', 'lo')
    config = os.path.join(folder, name + '.conf')
    with open(config, 'w', encoding='ascii') as f:
        f.write(templates[0].format(addresses=addresses, folder=folder))
        for origin, file in zones:
            f.write(templates[1].format(origin=origin, file=file))
    server = Process([*command, config], os.path.join(folder, 'log'))
    for address in addresses:
        if not ready(address):
            server.stop()
            raise server.failed(f'{name} does not answer at {address}')
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


def mangrove_start(build, file, at, anchors, folder, addresses=MANGROVE_ADDRESSES, more=''):
    """@param more  further lines of the configuration"""
    program = os.path.join(build, 'app/mangroved/mangroved')
    return server_start('mangrove-' + addresses[0], [program, '--config'],
                        (more + MANGROVE_CONFIG, MANGROVE_ZONE % {'anchors': anchors, 'at': at}),
                        addresses, [('.', file)], folder)


def knot_start(zones, folder):
    return server_start('knot', ['knotd', '-c'], (KNOT_CONFIG, KNOT_ZONE), KNOT_ADDRESSES, zones,
                        folder)


def nsd_start(zones, folder):
    return server_start('nsd', ['nsd', '-d', '-c'], (NSD_CONFIG, NSD_ZONE), NSD_ADDRESSES, zones,
                        folder)


class UdpPeer:
    """Asks over UDP. A query without a reply is sent again for more than three seconds before that
    counts as silence: NSD sends at most so many error replies in a second, with RRL off too."""
    TRIES, WAIT_S = 7, .5

    def __init__(self, address):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.address = address
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
                # no SystemExit: that would end a pool's worker, which its pool would wait for
                raise RuntimeError(f'{self.address} has no server') from error
            number = int.from_bytes(reply[:2], 'big')
            i = waiting.pop(number, None)
            if i is not None:
                replies[i] = reply

    def close(self):
        self.socket.close()


class TcpPeer:
    """Asks over TCP, a batch at once on one connection. Where that is closed, what is not answered yet
    is asked on another; what a fresh one that answers nothing began with counts as silence."""
    WAIT_S = 10

    def __init__(self, address):
        self.address = address
        self.socket = None
        self.resent = 0

    def ask(self, messages):
        replies = [None] * len(messages)
        waiting = set(range(len(messages)))
        while waiting:
            before, is_fresh = len(waiting), self.socket is None
            try:
                self._exchange(messages, waiting, replies)
            except (OSError, EOFError):
                self.close()
            # one that was open may have been closed for its idleness
            if len(waiting) == before and is_fresh:
                waiting.remove(min(waiting))
            self.resent += len(waiting)
        return replies

    def _exchange(self, messages, waiting, replies):
        if not self.socket:
            self.socket = socket.create_connection((self.address, 53), self.WAIT_S)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b''.join(struct.pack('>HH', len(messages[i]) + 2, i) + messages[i]
                                     for i in sorted(waiting)))
        while waiting:
            reply = self._take(int.from_bytes(self._take(2), 'big'))
            number = int.from_bytes(reply[:2], 'big')
            waiting.discard(number)
            replies[number] = reply

    def _take(self, count):
        data = b''
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None
