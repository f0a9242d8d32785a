#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mangrove over memif, every reply verified: the server on CPU 0, mangrove-surge on CPU 1.

For each workload rounds of a closed loop, and a search for the highest rate without loss. Needs two
CPUs, and a machine that does nothing else.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (default build/)
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'differential'))
import peers  # noqa: E402  pylint: disable=wrong-import-position

CONFIG = '''
addresses: [198.18.0.53, "2001:db8::53"]
zones:
  - file: {zone}
    anchors: {anchors}
    at: "{at}"
ports:
  - device: net_memif0,role=server,id=0,socket={folder}/memif.sock,socket-abstract=no
lcores: [0]
idle: spin
file_prefix: mgm{pid}
'''


def server_start(options, folder):
    path, log = os.path.join(folder, 'mangroved.yaml'), os.path.join(folder, 'log')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(CONFIG.format(zone=options.zone, anchors=options.anchors, at=options.at,
                              folder=folder, pid=os.getpid()))
    program = os.path.join(options.build, 'app/mangroved/mangroved')
    server = peers.Process([program, '--config', path], log)
    deadline = time.monotonic() + 60
    while True:
        with open(log, encoding='utf-8', errors='replace') as f:
            if 'mangrove: ready' in f.read():
                return server
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise server.failed('the server is not ready')
        time.sleep(.1)


def surge(options, folder, workload, *more):
    """A run's report, as JSON."""
    report = os.path.join(folder, 'report.json')
    command = [os.path.join(options.build, 'app/mangrove-surge/mangrove-surge'), '--zone',
               options.zone, '--lcores', '1', '--file-prefix', f'mgm{os.getpid()}-peer', '--device',
               f'net_memif0,role=client,id=0,socket={folder}/memif.sock,socket-abstract=no',
               '--workload', workload, '--distinct', str(options.distinct), '--seconds',
               str(options.seconds), '--quiet', '--json', report, *more]
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if not os.path.exists(report):
        raise SystemExit(f'mangrove-surge failed\n{done.stdout}')
    with open(report, encoding='utf-8') as f:
        found = json.load(f)
    os.unlink(report)
    wrong = [run['counts']['faults'] for run in found['runs'] if run['counts']['wrong']]
    if wrong:
        raise SystemExit(f'wrong replies: {wrong}')
    return found


def row(workload, loops, search):
    runs = [report['runs'][0] for report in loops]
    rates = [run['counts']['answered'] / run['sending_seconds'] for run in runs]
    lost = sum(run['counts']['lost'] for run in runs)
    half = search['runs'][-2]['latency_us'] if search['highest_rate'] else {'p50': 0, 'p99': 0}
    return (f'| {workload} | {statistics.median(rates):,.0f} ({min(rates):,.0f}..{max(rates):,.0f})'
            f' | {lost} | {search["highest_rate"]:,.0f} | {half["p50"]:.1f} | {half["p99"]:.1f} |')


def bench(options, folder):
    loops, searches = {w: [] for w in options.workloads}, {}
    for _ in range(options.rounds):
        for workload in options.workloads:
            loops[workload].append(surge(options, folder, workload, '--window', '900'))
    for workload in options.workloads:
        plot = ['--plot', os.path.join(options.output, 'memif-' + workload)] if options.output \
            else []
        searches[workload] = surge(options, folder, workload, '--search', options.most, '--tolerance',
                                   str(options.tolerance), *plot)
    return loops, searches


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--workloads', type=lambda text: text.split(','), metavar='A,B',
                        default=['nxdomain', 'nxdomain-do', 'referral-do', 'mix'])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=3, help='of each run')
    parser.add_argument('--distinct', type=int, default=1 << 20)
    parser.add_argument('--most', default='16M', help='where searches begin')
    parser.add_argument('--tolerance', type=float, default=0, help='loss in per cent')
    parser.add_argument('--output', help='folder for the table, its figures as JSON, and plots')
    options = parser.parse_args()
    for name in ('ROOT_ZONE', 'ROOT_AT', 'ROOT_ANCHORS'):
        if not os.environ.get(name):
            parser.error(f'{name} is not set')
    options.zone = os.path.abspath(os.environ['ROOT_ZONE'])
    options.anchors = os.path.abspath(os.environ['ROOT_ANCHORS'])
    options.at = os.environ['ROOT_AT']
    options.build = os.path.abspath(os.environ.get('BUILD', 'build'))
    return options


def main():
    options = options_read()
    if os.cpu_count() < 2:
        raise SystemExit('the server and the generator need a CPU each')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if options.output:
        os.makedirs(options.output, exist_ok=True)
    lines = [f'zone {options.zone}, {options.distinct:,} queries a workload, {options.rounds} rounds'
             f' of {options.seconds:g} s, tolerated loss {options.tolerance:g} %,'
             f' load {os.getloadavg()[0]:.1f}', '',
             '| workload | closed loop, answers/s, median (min..max) | lost | highest rate without'
             ' more loss, queries/s | p50 at half of it, us | p99, us |', '|---|---|---|---|---|---|']
    with tempfile.TemporaryDirectory(prefix='mangrove-memif.') as folder:
        server = server_start(options, folder)
        try:
            loops, searches = bench(options, folder)
        finally:
            server.stop()
    lines += [row(workload, loops[workload], searches[workload]) for workload in options.workloads]
    print('\n'.join(lines))
    if options.output:
        base = os.path.join(options.output, 'memif')
        with open(base + '.md', 'w', encoding='utf-8') as f:
            f.writelines(line + '\n' for line in lines)
        with open(base + '.json', 'w', encoding='utf-8') as f:
            json.dump({'loops': loops, 'searches': searches}, f, indent=1)


if __name__ == '__main__':
    main()
