# SPDX-License-Identifier: BSD-3-Clause
"""The real server over AF_XDP in a namespace of its own; the caller's namespace is the client's."""
import os
import signal
import subprocess
import sys
import time

import peers

ADDRESS4, ADDRESS6 = '198.18.0.53', '2001:db8::53'
CONFIG = '''addresses: [{ADDRESS4}, "{ADDRESS6}"]
zones:
{zones}ports:
  - device: net_af_xdp0,iface=vs
lcores: [0]
idle: sleep
hugepages: no
file_prefix: {prefix}
'''


def namespace_enter(mark):
    """Run this program again in a network namespace of its own, unless it does already."""
    if os.environ.get(mark) != '1':
        os.environ[mark] = '1'
        os.execvp('unshare', ['unshare', '--net', '--', sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    peers.run('ip', 'link', 'set', 'lo', 'up')


def zone_entry(path, **keys):
    """A zone as the configuration names it."""
    return ''.join([f'  - file: {path}\n', *(f'    {key}: {value}\n' for key, value in
                                              keys.items())])


class Node:
    def __init__(self, build, zones, folder, more=''):
        """@param zones  text: zone_entry() of each
        @param more   further lines of the configuration"""
        self.prefix = f'mgv{os.getpid()}-{os.path.basename(folder)}'.replace('.', '-')
        self.config = os.path.join(folder, 'mangroved.yaml')
        self.log = os.path.join(folder, 'mangroved.log')
        self.program = os.path.join(build, 'app/mangroved/mangroved')
        with open(self.config, 'w', encoding='ascii') as f:
            f.write(CONFIG.format(zones=zones, prefix=self.prefix, ADDRESS4=ADDRESS4,
                                  ADDRESS6=ADDRESS6) + more)
        self.server = None
        # the namespace lives as long as this child, which ends when we do, however we do
        # pylint: disable-next=consider-using-with
        self.holder = subprocess.Popen(['unshare', '--net', '--', 'sh', '-c', 'echo; cat'],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        try:
            self._wire()
            self.start()
        except BaseException:
            self.stop()
            raise

    def inside(self, *command):
        return ['nsenter', f'--net=/proc/{self.holder.pid}/ns/net', '--', *command]

    def _wire(self):
        peers.run('ip', 'link', 'add', 'vc', 'type', 'veth', 'peer', 'name', 'vs', 'netns',
                  str(self.holder.pid))
        for command in (['address', 'add', ADDRESS4 + '/24', 'dev', 'vs'],
                        ['address', 'add', ADDRESS6 + '/64', 'dev', 'vs', 'nodad'],
                        ['link', 'set', 'lo', 'up'], ['link', 'set', 'vs', 'up']):
            peers.run(*self.inside('ip', *command))
        peers.run('ip', 'address', 'add', '198.18.0.1/24', 'dev', 'vc')
        peers.run('ip', 'address', 'add', '2001:db8::1/64', 'dev', 'vc', 'nodad')
        peers.run('ip', 'link', 'set', 'vc', 'up')
        # checksums left to hardware that a veth pair does not have
        subprocess.run(['ethtool', '-K', 'vc', 'tx', 'off'], check=True, capture_output=True)

    def start(self, seconds=120):
        self.server = peers.Process(self.inside(self.program, '--config', self.config), self.log,
                                    stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + seconds
        while 'mangrove: ready' not in self.log_text():
            if self.server.process.poll() is not None or time.monotonic() > deadline:
                raise self.server.failed('mangroved is not ready')
            time.sleep(.1)
        for address in (ADDRESS4, ADDRESS6):
            if not peers.ready(address):
                raise self.server.failed(f'mangroved does not answer at {address}')

    def log_text(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read()

    def signal(self, number):
        self.server.process.send_signal(number)

    def stop(self):
        if self.server:
            self.server.stop()
        self.holder.stdin.close()
        self.holder.wait()
