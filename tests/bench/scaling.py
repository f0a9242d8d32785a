#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What one more lcore brings: rates on 1, 2, 4, ... of them, for each lcore, against one.

Over memif: a server of N lcores and queues, mangrove-surge on N others, a closed loop, every reply
verified. Without a generator: the answer path over net_ring on N CPUs at once, each in a process of
its own, which leaves nothing but caches and memory to be shared. An lcore and its generator are
neighbours: two threads of a core where a core has two that are to be seen, else two CPUs in their
order. The first pair is left to control where there are others. Needs a machine that does nothing
else.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (default build/)
"""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import memif  # noqa: E402  pylint: disable=wrong-import-position
# pylint: disable-next=wrong-import-position
from telling import Progress, environment, markdown, plot  # noqa: E402

PATH_S = 3  # of the answer path, with its start
SERVER_S = 2  # of a start and an end
PASSES = 12
QUERIES = 1 << 18
WINDOW = 900  # queries on their way, of each queue


def siblings(cpu):
    path = f'/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list'
    try:
        with open(path, encoding='ascii') as f:
            return f.read().strip()
    except OSError:
        return str(cpu)


def pairs_find():
    """(CPU of an lcore, CPU of its generator), in the CPUs' order."""
    cores = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        cores.setdefault(siblings(cpu), []).append(cpu)
    if any(len(threads) > 1 for threads in cores.values()):
        return [tuple(threads[:2]) for threads in cores.values() if len(threads) > 1]
    alone = [cpu for threads in cores.values() for cpu in threads]
    return list(zip(alone[::2], alone[1::2]))


def counts_of(most):
    """1, 2, 4, ... and the last one that there is."""
    counts = [1]
    while counts[-1] * 2 <= most:
        counts.append(counts[-1] * 2)
    return counts + [most] * (counts[-1] < most)


# ---- the answer path alone

def path_prefix(cpu):
    return f'mgp{os.getpid()}-{cpu}'


def path_start(options, cpu, workload):
    mix = os.path.join(HERE, '../../lib/workload/root-mix.json')
    command = [os.path.join(options.build, 'tests/bench/answer_path'), '--no-huge', '-m', '64',
               '--no-pci', '--no-telemetry', '--no-shconf', '--log-level=*:error',
               f'--file-prefix={path_prefix(cpu)}', f'--lcores=0@{cpu}', '--', '-z', options.zone,
               '-m', mix, '-w', workload, '-p', str(PASSES), '-n', str(QUERIES)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def path_ns(options, cpus, workload):
    """The median of whole passes with warm lines, of each process."""
    found = []
    started = [path_start(options, cpu, workload) for cpu in cpus]
    try:
        for process in started:
            said = process.communicate(timeout=60)[0]
            line = [line.split() for line in said.splitlines() if line.startswith(workload + ' ')]
            if process.returncode or not line:
                raise SystemExit(f'answer_path failed\n{said}')
            found.append(float(line[0][3]))
    finally:
        for cpu, process in zip(cpus, started):
            process.kill()
            # EAL leaves it behind
            shutil.rmtree('/var/run/dpdk/' + path_prefix(cpu), ignore_errors=True)
    return found


def path_rows(options, pairs, progress):
    cpus = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    for workload in options.workloads:
        for count in counts_of(len(cpus)):
            if not progress.has(PATH_S):
                progress.say(f'no time for the answer path: {workload} on {count}')
                return
            ns = path_ns(options, cpus[:count], workload)
            progress.say(f'answer path {workload:9} on {count:2}:'
                         f' {min(ns):.1f} to {max(ns):.1f} ns')
            yield {'what': 'answer path' + (', pairs share' if count > len(pairs) else ''),
                   'workload': workload, 'lcores': count, 'rate': sum(1e9 / x for x in ns),
                   'runs': [ns]}


# ---- the whole node

def node_rows(options, pairs, folder, progress):
    usable = pairs[1:] if len(pairs) > 1 else pairs
    for count in counts_of(min(len(usable), 8)):  # a memif has 8 queues at most
        needed = SERVER_S + len(options.workloads) * options.rounds * (
            options.seconds + memif.SURGE_REST_S)
        if not progress.has(needed):
            progress.say(f'no time for {count} lcores over memif')
            return
        yield from node_run(options, usable[:count], folder, progress)


def node_run(options, pairs, folder, progress):
    server = memif.Server(options, folder, [pair[0] for pair in pairs])
    generators = [pair[1] for pair in pairs]
    try:
        server.start()
        for workload in options.workloads:
            rates = []
            for _ in range(options.rounds):
                server.revive(progress)
                report = memif.surge(server, workload, generators, options.seconds + 60,
                                     '--window', str(WINDOW * len(pairs)))
                rates.append(memif.rate_of(report))
                progress.say(f'memif {workload:9} on {len(pairs):2}: {rates[-1]:12,.0f} answers/s')
            yield {'what': 'memif', 'workload': workload, 'lcores': len(pairs),
                   'rate': statistics.median(rates), 'runs': rates}
    finally:
        server.stop()


def table(results):
    rows, one = [], {}
    for result in results:
        rate = result['rate'] / result['lcores']
        key = result['what'].split(',')[0], result['workload']
        one.setdefault(key, rate)
        rows.append([result['what'], result['workload'], str(result['lcores']),
                     f'{result["rate"]:,.0f}', f'{rate:,.0f}', f'{rate / one[key]:.3f}'])
    return markdown(['what', 'workload', 'lcores', 'answers/s', 'for each lcore',
                     'of what one lcore does'], rows)


def report_write(options, lines, results):
    os.makedirs(options.output, exist_ok=True)
    base = os.path.join(options.output, 'scaling')
    with open(base + '.md', 'w', encoding='utf-8') as f:
        f.writelines(line + '\n' for line in lines)
    with open(base + '.json', 'w', encoding='utf-8') as f:
        json.dump(results, f, indent=1)
    drawn = {}
    for result in results:
        key = f'{result["what"].split(",")[0]}, {result["workload"]}'
        drawn.setdefault(key, []).append((result['lcores'], result['rate'] / 1e6))
    plot(base + '.png', [(['set xlabel "lcores"', 'set ylabel "million answers a second"',
                           'set xrange [0:*]', 'set yrange [0:*]'],
                          [(key, points, 'with linespoints') for key, points in drawn.items()])],
         '1000,600')


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--workloads', type=lambda text: text.split(','), metavar='A,B',
                        default=['nxdomain', 'mix'])
    parser.add_argument('--rounds', type=int, default=2, help='over memif')
    parser.add_argument('--seconds', type=float, default=2, help='of each round')
    parser.add_argument('--minutes', type=float, default=5, help='that all may take')
    parser.add_argument('--distinct', type=int, default=1 << 18)
    parser.add_argument('--output', help='folder for the table, its figures as JSON, and a plot')
    options = parser.parse_args()
    environment(parser, options)
    return options


def main():
    options = options_read()
    pairs = pairs_find()
    if not pairs:
        raise SystemExit('the server and the generator need a CPU each')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lines = [f'zone {options.zone}, CPUs of lcores and their generators'
             f' {" ".join(f"{a}+{b}" for a, b in pairs)}, load {os.getloadavg()[0]:.1f}', '']
    expected = len(options.workloads) * (
        PATH_S * len(counts_of(2 * len(pairs))) + len(counts_of(min(max(1, len(pairs) - 1), 8))) *
        options.rounds * (options.seconds + memif.SURGE_REST_S))
    progress = Progress(expected, options.minutes * 60)
    with tempfile.TemporaryDirectory(prefix='mangrove-scaling.') as folder:
        results = [*path_rows(options, pairs, progress),
                   *node_rows(options, pairs, folder, progress)]
    lines += table(results)
    print('\n'.join(lines))
    if options.output:
        report_write(options, lines, results)


if __name__ == '__main__':
    main()
