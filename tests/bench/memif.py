#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mangrove over memif, every reply verified: the server on CPU 0, mangrove-surge on CPU 1.

For each workload rounds of a closed loop, and a search for the highest rate without loss, which
begins above what the loop gave. Needs two CPUs, and a machine that does nothing else. Lines of
progress go to standard error; what --minutes do not leave time for is left out.

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
# pylint: disable-next=wrong-import-position
from telling import Progress, environment, markdown, plot  # noqa: E402

CONFIG = '''
addresses: [198.18.0.53, "2001:db8::53"]
zones:
  - file: {zone}
    anchors: {anchors}
    at: "{at}"
ports:
  - device: net_memif0,role=server,id=0,socket={folder}/memif.sock,socket-abstract=no
    queues: {queues}
lcores: {cpus}
idle: {idle}
sockets: {{tcp: no, udp: no}}
file_prefix: mgm{pid}
'''
PERCENTILES = 'p50', 'p90', 'p99', 'p99.9'
SURGE_REST_S = 2  # of a run beside the sending: queries are made, replies waited for
SEARCH_RUNS = 12  # of a search, those at shares of the highest rate included


class Server:
    """mangroved with an lcore on each of these CPUs, and as many queues."""

    def __init__(self, options, folder, cpus=(0,), idle='spin', more=''):
        """@param more  lines of its configuration"""
        self.options = options
        self.folder = folder
        self.cpus = list(cpus)
        self.idle = idle
        self.more = more
        self.process = None

    def start(self):
        path, log = os.path.join(self.folder, 'mangroved.yaml'), os.path.join(self.folder, 'log')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(CONFIG.format(zone=self.options.zone, anchors=self.options.anchors,
                                  at=self.options.at, folder=self.folder, cpus=self.cpus,
                                  queues=len(self.cpus), idle=self.idle, pid=os.getpid()) + self.more)
        program = os.path.join(self.options.build, 'app/mangroved/mangroved')
        self.process = peers.Process([program, '--config', path], log)
        deadline = time.monotonic() + 60
        while True:
            with open(log, encoding='utf-8', errors='replace') as f:
                if 'mangrove: ready' in f.read():
                    return
            if self.process.process.poll() is not None or time.monotonic() > deadline:
                raise self.process.failed('the server is not ready')
            time.sleep(.1)

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    def revive(self, progress):
        """net_memif of DPDK 22.11 may fault when a client goes whose rings an lcore polls."""
        code = self.process.process.poll()
        if code is None:
            return
        progress.say(f'the server ended with {code} when its client went; it is started anew')
        self.start()


def surge_command(server, workload, cpus, *more):
    """With a report as JSON in the server's folder. @param cpus  as many as the server's queues"""
    options, report = server.options, os.path.join(server.folder, 'report.json')
    return [os.path.join(options.build, 'app/mangrove-surge/mangrove-surge'), '--zone',
            options.zone, '--lcores', ','.join(map(str, cpus)), '--queues', str(len(cpus)),
            '--file-prefix', f'mgm{os.getpid()}-peer', '--device',
            f'net_memif0,role=client,id=0,socket={server.folder}/memif.sock,socket-abstract=no',
            '--workload', workload, '--distinct', str(options.distinct), '--seconds',
            str(options.seconds), '--json', report, *more]


def report_take(folder, said=''):
    """What a run that has ended reports."""
    report = os.path.join(folder, 'report.json')
    if not os.path.exists(report):
        raise SystemExit(f'mangrove-surge failed\n{said}')
    with open(report, encoding='utf-8') as f:
        found = json.load(f)
    os.unlink(report)
    return found


def surge(server, workload, cpus, limit_s, *more):
    """A run's report, as JSON."""
    command = surge_command(server, workload, cpus, '--quiet', *more)
    try:
        done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise SystemExit(f'mangrove-surge did not end within {limit_s:.0f} s') from None
    found = report_take(server.folder, done.stdout)
    wrong = [run['counts']['faults'] for run in found['runs'] if run['counts']['wrong']]
    if wrong:
        raise SystemExit(f'wrong replies: {wrong}')
    return found


def rate_of(report):
    run = report['runs'][0]
    return run['counts']['answered'] / run['sending_seconds']


def half(search):
    """The latencies at half of the highest rate."""
    return search['runs'][-2]['latency_us'] if search and search['highest_rate'] else None


def row(workload, loops, search):
    rates = [rate_of(report) for report in loops]
    lost = sum(report['runs'][0]['counts']['lost'] for report in loops)
    latency = half(search)
    return [workload, f'{statistics.median(rates):,.0f} ({min(rates):,.0f}..{max(rates):,.0f})',
            str(lost), f'{search["highest_rate"]:,.0f}' if search else 'no time',
            *(f'{latency[key]:.1f}' if latency else '' for key in PERCENTILES)]


def loops_run(server, progress):
    options = server.options
    loops = {workload: [] for workload in options.workloads}
    for turn in range(options.rounds):
        if turn and not progress.has(len(loops) * (options.seconds + SURGE_REST_S)):
            progress.say(f'no time for more than {turn} of {options.rounds} rounds')
            break
        for workload, reports in loops.items():
            server.revive(progress)
            reports.append(surge(server, workload, [1], options.seconds + 60, '--window', '900'))
            progress.say(f'loop {turn + 1} of {options.rounds} {workload:12}'
                         f' {rate_of(reports[-1]):12,.0f} answers/s,'
                         f' {reports[-1]["runs"][0]["counts"]["lost"]} lost')
    return loops


def searches_run(server, loops, progress):
    options, searches = server.options, {}
    for workload, reports in loops.items():
        if not progress.has(SEARCH_RUNS * options.seconds + SURGE_REST_S):
            progress.say(f'no time for a search: {workload}')
            searches[workload] = None
            continue
        server.revive(progress)
        most = 1.2 * max(rate_of(report) for report in reports)
        drawn = ['--plot', os.path.join(options.output, 'memif-' + workload)] if options.output \
            else []
        searches[workload] = surge(
            server, workload, [1], 4 * SEARCH_RUNS * options.seconds + 60, '--search',
            f'{most:.0f}', '--search-least', f'{most / 32:.0f}', '--resolution',
            str(options.resolution), '--tolerance', str(options.tolerance), *drawn)
        progress.say(f'search {workload:12} {searches[workload]["highest_rate"]:12,.0f} queries/s')
    return searches


def bench(options, folder):
    one = options.seconds + SURGE_REST_S
    search_s = SEARCH_RUNS * options.seconds + SURGE_REST_S
    progress = Progress(2 + len(options.workloads) * (options.rounds * one + search_s),
                        options.minutes * 60)
    server = Server(options, folder)
    try:
        server.start()
        loops = loops_run(server, progress)
        return loops, searches_run(server, loops, progress)
    finally:
        server.stop()


def report_write(options, lines, loops, searches):
    base = os.path.join(options.output, 'memif')
    with open(base + '.md', 'w', encoding='utf-8') as f:
        f.writelines(line + '\n' for line in lines)
    with open(base + '.json', 'w', encoding='utf-8') as f:
        json.dump({'loops': loops, 'searches': searches}, f, indent=1)
    found = {w: half(search) for w, search in searches.items() if half(search)}
    if found:
        lines = [(key, [(w, f'{latency[key]:.2f}') for w, latency in found.items()],
                  'using 2:xtic(1)') for key in PERCENTILES]
        plot(base + '-latency.png',
             [(['set style data histograms', 'set style fill solid 0.6', 'set logscale y',
                'set ylabel "latency at half of the highest rate, us"'], lines)], '1000,500')


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--workloads', type=lambda text: text.split(','), metavar='A,B',
                        default=['nxdomain', 'nxdomain-do', 'referral-do', 'mix'])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=1, help='of each run')
    parser.add_argument('--minutes', type=float, default=3, help='that all may take')
    parser.add_argument('--distinct', type=int, default=1 << 18)
    parser.add_argument('--resolution', type=float, default=5, help='of searches, in per cent')
    parser.add_argument('--tolerance', type=float, default=0, help='loss in per cent')
    parser.add_argument('--output', help='folder for the table, its figures as JSON, and plots')
    options = parser.parse_args()
    environment(parser, options)
    return options


def main():
    options = options_read()
    if os.cpu_count() < 2:
        raise SystemExit('the server and the generator need a CPU each')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if options.output:
        os.makedirs(options.output, exist_ok=True)
    lines = [f'zone {options.zone}, {options.distinct:,} queries a workload, {options.rounds}'
             f' rounds of {options.seconds:g} s, tolerated loss {options.tolerance:g} %,'
             f' load {os.getloadavg()[0]:.1f}', '']
    with tempfile.TemporaryDirectory(prefix='mangrove-memif.') as folder:
        loops, searches = bench(options, folder)
    head = ['workload', 'closed loop, answers/s, median (min..max)', 'lost',
            'highest rate without more loss, queries/s',
            *(f'{key} at half of it, us' for key in PERCENTILES)]
    lines += markdown(head, [row(w, loops[w], searches[w]) for w in options.workloads])
    print('\n'.join(lines))
    if options.output:
        report_write(options, lines, loops, searches)


if __name__ == '__main__':
    main()
