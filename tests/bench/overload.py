#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A flood over memif, a hundredth of it clients: how many of these are answered at which rate.

The flood asks for names that do not exist, with DNSSEC, from some 16,000 prefixes; limits are enforced,
and the node's budget of octets is a tenth of what all answers would be. Clients ask a mix like the
root's; either they have been seen in calm times and have no cookies, or they have not been seen for
long and have valid ones, in a flood of forged ones. Needs two CPUs, and a machine that does nothing
else. The table goes to standard output, all figures into --json.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (default build/)
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile

import memif
from telling import Progress, environment, markdown

DENIAL = 1050  # octets of DNS, about
LIMITS = '''limits:
  mode: enforce
  node_tc_per_second: {tc}
  node_octets_per_second: {octets}
'''
# seconds of calm, and what is asked: a source is known when it has asked for four
KINDS = {
    'known, no valid cookies': (12, ()),
    'valid cookies, forged ones in the flood': (
        3, ('--cookie', '100', '--keep-cookies', '--flood-cookies')),
}
HEAD = ('queries/s', 'clients', 'clients not answered, %', 'of them TC', 'p50, p99 of clients, us',
        'flood answered, %', 'flood TC, %', 'never sent', 'step at the end')


def steps_read(folder):
    """The last step of the ladder that the server said."""
    with open(os.path.join(folder, 'log'), encoding='utf-8', errors='replace') as f:
        steps = [line.split('step=')[1].split()[0] for line in f if ' shedding step=' in line]
    return steps[-1] if steps else 'none'


def flood(options, folder, rate, kind):
    """One run. @return its figures"""
    calm, more = KINDS[kind]
    limits = LIMITS.format(tc=options.tc, octets=rate * DENIAL // 10)
    server = memif.Server(options, folder, more=limits)
    server.start()
    try:
        command = memif.surge_command(
            server, 'mix', (1,), '--quiet', '--flood', 'nxdomain-do', '--rate', str(rate), '--calm',
            str(calm), '--sources4', '198.18.0.0/16', '--sources6', '2001:db8::/44', '--tolerance',
            '100', '--timeout', str(options.timeout), '--memory', '1024', *more)
        said = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout
        return {'rate': rate, 'kind': kind, 'step': steps_read(folder),
                'run': memif.report_take(folder, said)['runs'][-1]}
    finally:
        server.stop()


def row(figures):
    run, rate = figures['run'], figures['rate']
    clients, others, latency = run['clients'], run['flood'], run['latency_us']
    if run['counts']['wrong']:
        raise SystemExit(f'wrong replies: {run["counts"]["faults"]}')
    share = 100 / max(others['sent'], 1)
    return (f'{rate:,}', figures['kind'], f'{100 * run["loss"]:.3f}', f'{clients["truncated"]:,}',
            f'{latency["p50"]:.0f}, {latency["p99"]:.0f}', f'{others["answered"] * share:.2f}',
            f'{others["truncated"] * share:.2f}', f'{run["unsent"]:,}', figures['step'])


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--rates', type=lambda text: [int(rate) for rate in text.split(',')],
                        default=[1000000, 2000000, 4000000, 8000000, 12000000], metavar='N,N',
                        help='queries a second, all together')
    parser.add_argument('--seconds', type=float, default=10, help='of each flood')
    parser.add_argument('--tc', type=int, default=100000, help='TC replies a second, at most')
    parser.add_argument('--distinct', type=int, default=1 << 20)
    parser.add_argument('--timeout', type=float, default=.25,
                        help='later is lost; above 13 million queries a second no longer')
    parser.add_argument('--json', help='file for all figures')
    options = parser.parse_args()
    environment(parser, options)
    return options


def main():
    options = options_read()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    one_s = options.seconds + 20
    expected_s = one_s * len(options.rates) * len(KINDS)
    progress = Progress(expected_s, 2 * expected_s)
    found = []
    with tempfile.TemporaryDirectory(prefix='mangrove-overload.') as folder:
        for rate in options.rates:
            for kind in filter(lambda _: progress.has(one_s), KINDS):
                found.append(flood(options, folder, rate, kind))
                progress.say(', '.join(map(' = '.join, zip(HEAD, row(found[-1])))))
    print('\n'.join(markdown(HEAD, [row(figures) for figures in found])))
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as f:
            json.dump(found, f, indent=1)


if __name__ == '__main__':
    main()
