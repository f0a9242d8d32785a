#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What open idle connections cost: the server's own memory, the kernel's, and whether it answers.

Opens connections from 200 addresses, asks once on each, and keeps them; then asks over UDP and new
TCP connections. Where RLIMIT_NOFILE allows a process less than is wanted, several servers share
them, and their memory is added up. Runs in a network namespace of its own, as root.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (default build/)
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'differential'))
import node  # noqa: E402  pylint: disable=wrong-import-position
import peers  # noqa: E402  pylint: disable=wrong-import-position

RESERVED = 300  # files of a process that are no connections
OWN_MIB_MAX = 512
NEWCOMERS = 50  # new connections at a time
SOCKETS = '''sockets:
  tcp_connections: {limit}
  tcp_connections_per_prefix: {limit}
  tcp_idle_timeout_ms: 600000
'''


def own_mib(pid):
    """Resident, but for what is mapped from files."""
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        text = f.read()
    return sum(int(re.search(rf'^{key}:\s+(\d+)', text, re.M)[1])
               for key in ('RssAnon', 'RssShmem')) / 1024


def kernel_mib():
    """Slabs, and what TCP holds in buffers: of the whole machine."""
    with open('/proc/meminfo', encoding='ascii') as f:
        slab = int(re.search(r'^Slab:\s+(\d+)', f.read(), re.M)[1]) / 1024
    with open('/proc/net/sockstat', encoding='ascii') as f:
        pages = int(re.search(r'^TCP:.* mem (\d+)', f.read(), re.M)[1])
    return slab, pages * os.sysconf('SC_PAGE_SIZE') / (1 << 20)


class Holder:
    """The clients of one server."""

    def __init__(self, program, address, count):
        self.process = subprocess.Popen([program, 'hold', address, '53', str(count), '0'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        if not re.search(rf'open {count} answered {count} failed 0', said):
            raise SystemExit(f'not all connections were answered: {said}')

    def close(self):
        """@return how many the server had closed meanwhile"""
        said, _ = self.process.communicate('')
        return int(re.search(r'closed (\d+)', said)[1])


def numbers(command, *patterns):
    """What a command says behind each pattern."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [int(re.search(pattern + r'\s+(\d+)', done.stdout)[1]) for pattern in patterns]


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--connections', type=int, default=100_000)
    options = parser.parse_args()
    options.build = os.environ.get('BUILD', os.path.join(HERE, '..', '..', 'build'))
    return options


def servers_start(options, folder, servers, share):
    zone = os.path.realpath(os.environ['ROOT_ZONE'])
    more = SOCKETS.format(limit=2 * (share + NEWCOMERS))
    for i in range(-(-options.connections // share)):
        addresses = f'198.18.53.{10 + i}', f'2001:db8:53::{10 + i}'
        server = peers.mangrove_start(options.build, zone, os.environ['ROOT_AT'],
                                      os.environ['ROOT_ANCHORS'], folder, addresses, more)
        servers.append((server, addresses[0]))


def main():
    options = options_read()
    node.namespace_enter('MANGROVE_BENCH_INSIDE')
    peers.run('ip', 'route', 'add', 'local', '198.18.128.0/17', 'dev', 'lo')
    # above half of its limit a server gives the idle less time
    share = min(options.connections,
                (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - RESERVED) // 2 - NEWCOMERS)
    client = os.path.join(options.build, 'tests/bench/tcp_client')
    servers, holders, failed = [], [], 0
    with tempfile.TemporaryDirectory(prefix='mangrove-idle.') as folder:
        queries = os.path.join(folder, 'queries')
        with open(queries, 'w', encoding='ascii') as f:
            f.write('. SOA\nwww.example.com A\nno-such.name-here A\n' * 1000)
        try:
            servers_start(options, folder, servers, share)
            pids = [server.process.pid for server, _ in servers]
            own, kernel = [own_mib(pid) for pid in pids], kernel_mib()
            print(f'{len(servers)} servers of at most {share} connections; own memory each '
                  f'{own[0]:.1f} MiB')
            left = options.connections
            for _, address in servers:
                holders.append(Holder(client, address, min(left, share)))
                left -= share
            after, kernel_after = [own_mib(pid) for pid in pids], kernel_mib()
            grown = sum(after) - sum(own)
            print(f'{options.connections} open: own memory {sum(after):.1f} MiB in all, '
                  f'{grown:.1f} MiB more: {grown * (1 << 20) / options.connections:.0f} octets '
                  f'a connection')
            print(f'kernel, both ends: slabs {kernel_after[0] - kernel[0]:.0f} MiB more, buffers '
                  f'{kernel_after[1]:.1f} MiB: '
                  f'{(kernel_after[0] - kernel[0]) * (1 << 20) / options.connections:.0f} '
                  'octets a connection')
            address = servers[0][1]
            for what, command, patterns in (
                    ('UDP', ['dnsperf', '-s', address, '-d', queries, '-l', '3', '-Q', '1000'],
                     ('Queries completed:', 'Queries lost:')),
                    ('TCP, one query a connection',
                     [client, 'once', address, '53', str(NEWCOMERS), '3'],
                     ('answered', 'failed'))):
                completed, lost = numbers(command, *patterns)
                failed += lost + (completed == 0)
                print(f'{what}: {completed} answered, {lost} lost')
            closed = sum(holder.close() for holder in holders)
            print(f'{closed} of them were closed meanwhile')
            failed += closed + (sum(after) > OWN_MIB_MAX)
        finally:
            for holder in holders:
                holder.process.kill()
                holder.process.wait()
            for server, _ in servers:
                server.stop()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
