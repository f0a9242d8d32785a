#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A soak over memif: a share of the highest rate without loss, for long, while the zone changes all
the time. Every reply is held against the oracle's of one of the two versions; the server's memory
is looked at each second.

Two root-like zones are made, signed with keys of their own, so that they differ in every signed
answer; one replaces the other by SIGHUP. Both have one serial, since a node takes none that is
older. Progress goes to standard error, the result as JSON to
standard output. Exit code 0: nothing lost, nothing wrong, all versions published, no growth.

environment: BUILD (default build/)
"""
import argparse
import datetime
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import memif
from telling import Progress

VERSIONS = ('one', 'two')
SEARCH_S = 600  # a search takes no longer
WARM_S = 60  # what a server takes to warm up; of a shorter soak half
PAGE_KIB = os.sysconf('SC_PAGE_SIZE') // 1024


def zones_make(options, folder):
    """Two versions, and the anchors of both."""
    anchors = ''
    for version in VERSIONS:
        made = os.path.join(folder, version)
        os.mkdir(made)
        subprocess.run([os.path.join(options.build, 'app/mangrove-zone/mangrove-zone'), 'make',
                        '--tlds', str(options.tlds), '--serial', '1', '--output', made + '/'],
                       check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(made, 'root.anchors'), encoding='utf-8') as f:
            anchors += f.read()
    options.anchors = os.path.join(folder, 'anchors')
    with open(options.anchors, 'w', encoding='utf-8') as f:
        f.write(anchors)
    options.at = datetime.datetime.now(datetime.timezone.utc).strftime('%Y%m%d%H%M%S')
    # a folder like this is its maker's alone, and builders are nobody
    os.chmod(folder, 0o755)


def zone_place(options, folder, version):
    """Under the name that is served, at once."""
    source, target = (os.path.join(folder, name) for name in (f'{version}/root.zone', 'served.zone'))
    shutil.copyfile(source, target + '.new')
    os.rename(target + '.new', target)
    options.zone = target


def published_count(folder):
    with open(os.path.join(folder, 'log'), encoding='utf-8', errors='replace') as f:
        return f.read().count('zones published')


def rss_read(pid):
    """Of the server alone: builders come and go."""
    with open(f'/proc/{pid}/statm', encoding='ascii') as f:
        return int(f.read().split()[1]) * PAGE_KIB


def soak(options, folder, server, rate):
    """Ask, publish, look. @return surge's report, [(seconds, KiB)], how often was published"""
    first, second = (os.path.join(folder, version, 'root.zone') for version in VERSIONS)
    options.zone = first
    process = server.process.process
    pid, samples, publications, wanted = process.pid, [], 0, options.seconds
    # all that is due is sent, if late: a machine may stop for a moment before the end as well
    options.seconds *= 2
    command = memif.surge_command(
        server, options.workload, (1,), '--or-zone', second, '--rate', str(rate), '--queries',
        str(int(rate * wanted)), '--window', str(options.window), '--timeout', str(options.timeout),
        '--server-pid', str(pid), '--interval', str(options.interval))
    with subprocess.Popen(command, stdout=sys.stderr) as asking:
        began = time.monotonic()
        while asking.poll() is None:
            time.sleep(1)
            now = time.monotonic() - began
            samples.append((now, rss_read(pid)))
            if now >= (publications + 1) * options.publish_each and now < wanted - 2:
                publications += 1
                zone_place(options, folder, VERSIONS[publications % 2])
                os.kill(pid, signal.SIGHUP)
    # the generator goes at the end, and what was shared with it
    return memif.report_take(folder), samples[:-2], publications


def growth_of(samples):
    """KiB at the end and after the warm-up, each the median of what a third of the rest shows."""
    end = samples[-1][0]
    rest = [kib for at, kib in samples if at >= min(WARM_S, end / 2)]
    third = max(len(rest) // 3, 1)
    return statistics.median(rest[:third]), statistics.median(rest[-third:])


def result_make(options, report, samples, publications, published):
    run, = report['runs']
    counts = run['counts']
    warm, end = growth_of(samples)
    result = {
        'rate': run['rate'], 'seconds': run['sending_seconds'], 'workload': options.workload,
        'sent': counts['sent'], 'answered': counts['answered'], 'lost': counts['lost'],
        'late': counts['late'], 'unsent': run['unsent'], 'wrong': counts['wrong'],
        'examined': run['examined'],
        'latency_us': {name: run['latency_us'][name] for name in ('p50', 'p99', 'p99.9', 'max')},
        'publications': publications, 'published': published,
        'rss_warm_kib': warm, 'rss_end_kib': end, 'rss_growth_kib': end - warm,
        'rss_most_kib': max(kib for _, kib in samples), 'load': os.getloadavg()[0],
    }
    result['well'] = (counts['lost'] == counts['wrong'] == run['unsent'] == 0
                      and counts['answered'] == counts['sent'] > 0 and publications > 0
                      and published >= publications and end - warm <= options.growth_kib)
    return result


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--seconds', type=float, default=1800)
    parser.add_argument('--rate', type=int, help='queries a second; else it is searched')
    parser.add_argument('--most', default='16M', help='where the search begins')
    parser.add_argument('--share', type=float, default=80, help='per cent of the rate found')
    parser.add_argument('--publish-each', type=float, default=10, metavar='SECONDS')
    parser.add_argument('--workload', default='mix')
    parser.add_argument('--distinct', type=int, default=1 << 18)
    parser.add_argument('--tlds', type=int, default=1438)
    parser.add_argument('--timeout', type=float, default=1, help='later is lost')
    parser.add_argument('--window', type=int, default=900, metavar='QUERIES',
                        help='under way at most: a ring of memif holds 1,024, and loses more where'
                             ' the kernel stops one end; what goes late is lost by its time')
    parser.add_argument('--growth-kib', type=float, default=1024, help='that is none yet')
    parser.add_argument('--interval', type=float, default=10, help='of progress')
    parser.add_argument('--idle', default='spin', help='of the lcore')
    parser.add_argument('--json', help='file for the result, and all of mangrove-surge')
    options = parser.parse_args()
    options.build = os.path.abspath(os.environ.get('BUILD', 'build'))
    return options


def rate_find(options, server):
    if options.rate:
        return options.rate
    wanted, options.seconds = options.seconds, 3
    progress = Progress(SEARCH_S / 4, SEARCH_S)
    progress.say('searching the highest rate without loss')
    found = memif.surge(server, options.workload, (1,), SEARCH_S, '--search', options.most)
    server.revive(progress)
    options.seconds = wanted
    if not found['highest_rate']:
        raise SystemExit('no rate without loss was found')
    return int(found['highest_rate'] * options.share / 100)


def main():
    options = options_read()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix='mangrove-soak.') as folder:
        zones_make(options, folder)
        zone_place(options, folder, VERSIONS[0])
        server = memif.Server(options, folder, idle=options.idle)
        server.start()
        try:
            rate = rate_find(options, server)
            before = published_count(folder)
            report, samples, publications = soak(options, folder, server, rate)
            published = published_count(folder) - before
        finally:
            server.stop()
    result = result_make(options, report, samples, publications, published)
    print(json.dumps(result, indent=1))
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as f:
            json.dump({'result': result, 'rss_kib': samples, 'surge': report}, f, indent=1)
    return 0 if result['well'] else 1


if __name__ == '__main__':
    sys.exit(main())
