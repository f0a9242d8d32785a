#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mangrove, Knot and NSD side by side on the kernel's sockets: TCP and UDP, one thread each.

All on the loopback of a network namespace: the server on one CPU, dnsperf (one connection a query:
tcp_client) on another. Servers take
turns in each round. CPU time is user and system of the server's processes; what the kernel does for
the server inside the client's calls is the same for all of them. Needs root.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (default build/)
"""
import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'differential'))
import node  # noqa: E402  pylint: disable=wrong-import-position
import peers  # noqa: E402  pylint: disable=wrong-import-position

TICKS = os.sysconf('SC_CLK_TCK')
MODES = {
    'tcp-kept': ['-m', 'tcp', '-c', '20', '-q', '1000'],
    'tcp-kept-one': ['-m', 'tcp', '-c', '20', '-q', '20'],
    'tcp-once': None,
    'udp': ['-m', 'udp', '-c', '20', '-q', '1000'],
}


def queries_write(zone, path, count):
    """Half random TLDs that do not exist, half referrals, evenly; some of the apex."""
    with open(zone, encoding='utf-8') as f:
        fields = (line.split() for line in f)
        tlds = sorted({f[0] for f in fields if len(f) > 4 and f[3] == 'NS' and f[0] != '.'})
    chance = random.Random(20261124)
    with open(path, 'w', encoding='ascii') as f:
        for _ in range(count):
            kind = chance.random()
            label = ''.join(chance.choices('abcdefghijklmnopqrstuvwxyz', k=9))
            if kind < .5:
                f.write(f'{label}. A\n')
            elif kind < .98:
                f.write(f'{label}.{chance.choice(tlds)} A\n')
            else:
                f.write(f'. {chance.choice(("NS", "DNSKEY", "SOA"))}\n')


def tree(pid):
    found = [pid]
    for one in found:
        for task in os.listdir(f'/proc/{one}/task'):
            with open(f'/proc/{one}/task/{task}/children', encoding='ascii') as f:
                found += [int(child) for child in f.read().split()]
    return found


def cpu_seconds(pid):
    user = system = 0
    for one in tree(pid):
        with open(f'/proc/{one}/stat', encoding='utf-8', errors='replace') as f:
            fields = f.read().rpartition(')')[2].split()
        user += int(fields[11])
        system += int(fields[12])
    return user / TICKS, system / TICKS


def start(name, options, folder):
    if name == 'mangrove':
        server, address = peers.mangrove_start(options.build, options.zone, options.at,
                                               options.anchors, folder), peers.MANGROVE_ADDRESSES[0]
    elif name == 'knot':
        server, address = peers.knot_start([('.', options.zone)], folder), peers.KNOT_ADDRESSES[0]
    else:
        server, address = peers.nsd_start([('.', options.zone)], folder), peers.NSD_ADDRESSES[0]
    for pid in tree(server.process.pid):
        subprocess.run(['taskset', '-apc', str(options.server_cpu), str(pid)], check=True,
                       stdout=subprocess.DEVNULL)
    return server, address


def measure(server, address, mode, queries, options):
    before = cpu_seconds(server.process.pid)
    if MODES[mode]:
        command = ['dnsperf', '-s', address, '-d', queries, '-l', str(options.seconds), '-T', '1',
                   '-D', *MODES[mode]]
    else:
        command = [os.path.join(options.build, 'tests/bench/tcp_client'), 'once', address, '53',
                   '50', str(options.seconds)]
    done = subprocess.run(['taskset', '-c', str(options.client_cpu), *command], check=True,
                          capture_output=True, text=True, timeout=options.seconds + 60)
    after = cpu_seconds(server.process.pid)
    words = ('answered ', 'failed ', 'seconds ') if not MODES[mode] else \
        (r'Queries completed:\s+', r'Queries lost:\s+', r'Run time \(s\):\s+')
    answered, lost, seconds = (float(re.search(word + r'([\d.]+)', done.stdout)[1])
                               for word in words)
    return {
        'rate': answered / seconds,
        'lost': int(lost),
        'user': (after[0] - before[0]) / answered * 1e6,
        'system': (after[1] - before[1]) / answered * 1e6,
    }


def table_print(results):
    print('| mode | server | answered/s, median (min..max) | CPU s per million: user + system, '
          'median (min..max) | lost |')
    print('|---|---|---|---|---|')
    for (mode, name), runs in results.items():
        rates = [run['rate'] for run in runs]
        cpu = [run['user'] + run['system'] for run in runs]
        print(f'| {mode} | {name} | {statistics.median(rates):,.0f} '
              f'({min(rates):,.0f}..{max(rates):,.0f}) | '
              f'{statistics.median(r["user"] for r in runs):.2f} + '
              f'{statistics.median(r["system"] for r in runs):.2f} = '
              f'{statistics.median(cpu):.2f} ({min(cpu):.2f}..{max(cpu):.2f}) | '
              f'{sum(run["lost"] for run in runs)} |')


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--servers', default='mangrove,knot,nsd')
    parser.add_argument('--modes', default=','.join(MODES))
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=int, default=3)
    parser.add_argument('--server-cpu', type=int, default=0)
    parser.add_argument('--client-cpu', type=int, default=min(1, os.cpu_count() - 1))
    options = parser.parse_args()
    options.zone = os.path.realpath(os.environ['ROOT_ZONE'])
    options.at, options.anchors = os.environ['ROOT_AT'], os.environ['ROOT_ANCHORS']
    options.build = os.environ.get('BUILD', os.path.join(HERE, '..', '..', 'build'))
    return options


def main():
    options = options_read()
    node.namespace_enter('MANGROVE_BENCH_INSIDE')
    # any address of it is the clients'
    peers.run('ip', 'route', 'add', 'local', '198.18.128.0/17', 'dev', 'lo')
    results = {}
    with tempfile.TemporaryDirectory(prefix='mangrove-bench.') as folder:
        queries = os.path.join(folder, 'queries')
        queries_write(options.zone, queries, 100_000)
        servers = {}
        try:
            for name in options.servers.split(','):
                servers[name] = start(name, options, folder)
            for mode in options.modes.split(','):
                for turn in range(options.rounds):
                    for name, (server, address) in servers.items():
                        run = measure(server, address, mode, queries, options)
                        results.setdefault((mode, name), []).append(run)
                        print(f'# {mode} {name} {turn}: {run}', flush=True)
        finally:
            for server, _ in servers.values():
                server.stop()
    with open('/proc/loadavg', encoding='ascii') as f:
        print('load at the end:', f.read().strip())
    table_print(results)
    return 0


if __name__ == '__main__':
    sys.exit(main())
