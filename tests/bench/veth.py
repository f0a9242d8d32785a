#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mangrove, Knot, NSD and BIND side by side over a veth pair: answers, losses, CPU time and memory.

The server is on CPU 0 in a network namespace of its own, the generator on CPU 1 in another: kxdpgun,
which counts replies, or mangrove-surge over AF_XDP, which verifies them by their header. For each
server and workload a ramp of one second a rate, which ends where more queries bring no more
answers, finds the lowest that gives 97 % of the most; then the servers take turns for some rounds
at theirs. veth does a part of the receiver's work on the sender's CPU, so both CPUs' busy time is
told beside the server's own. Needs root, two CPUs, and a machine that does nothing else.

Lines of progress go to standard error. A bench that takes longer than --minutes ends with the round
that it has done by then. A server that is not installed is left out, and it says so.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (default build/)
"""
import argparse
import itertools
import json
import os
import random
import re
import shutil
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

TAG = f'mgb{os.getpid()}'
SERVER, CLIENT = f'{TAG}-s', f'{TAG}-c'
ADDRESS, CLIENT_ADDRESS = '198.18.0.53', '198.18.0.1'
SERVER_MAC, CLIENT_MAC = '02:00:00:00:00:53', '02:00:00:00:00:01'
TICKS = os.sysconf('SC_CLK_TCK')
GENERATOR_ENDS_S = 15  # beyond the seconds that it sends for
GENERATOR_TRIES = 10
GENERATOR_HANGS = 2  # that are forgiven, each time that it is started
# that it takes beside the sending: queries are made, replies waited for
GENERATOR_REST_S = {'kxdpgun': 2.1, 'surge': 1.5}
START_S = 1.5  # of a server, with its end

MANGROVE_CONFIG = '''
addresses: [{address}]
zones:
  - file: {zone}
    anchors: {anchors}
    at: "{at}"
ports:
  - device: net_af_xdp0,iface=vs
lcores: [0]
idle: {idle}
file_prefix: {tag}
'''


# single-threaded as the others are; nothing that limits rates is on
BIND_CONFIG = '''
options {{
    directory "{folder}";
    managed-keys-directory "{folder}";
    pid-file "{folder}/named.pid";
    session-keyfile none;
    listen-on {{ {address}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    notify no;
    allow-transfer {{ none; }};
    minimal-responses no;
    max-udp-size 1232;
    edns-udp-size 1232;
    version none;
    hostname none;
}};
controls {{ }};
zone "." {{ type primary; file "{zone}"; }};
'''


# ---- queries, one a line as kxdpgun reads them: name, type, and E (EDNS) or D (EDNS with DO)

class Queries:
    """Case, cookies, sizes, RD and IPv6 of the root mix are not for kxdpgun to vary."""

    def __init__(self, zone, mix, seed):
        self.random = random.Random(seed)
        with open(mix, encoding='utf-8') as f:
            self.mix = json.load(f)
        with open(zone, encoding='utf-8') as f:
            fields = (line.split() for line in f)
            owners = {f[0].lower() for f in fields if len(f) > 4 and f[3] == 'NS'}
        self.tlds = sorted(owner for owner in owners if owner != '.' and owner.count('.') == 1)
        self.random.shuffle(self.tlds)
        self.zipf = list(itertools.accumulate(1 / (i + 1) for i in range(len(self.tlds))))

    def label(self, least, most):
        length = self.random.randint(least, most)
        return ''.join(self.random.choices('abcdefghijklmnopqrstuvwxyz', k=length))

    def front(self):
        return ''.join(self.label(3, 12) + '.' for _ in range(self.random.randint(1, 3)))

    def choose(self, weights):
        return self.random.choices(list(weights), list(weights.values()))[0]

    def chance(self, per_cent):
        return self.random.random() * 100 < per_cent

    def flood1(self):
        return f'{self.label(7, 15)}. A'

    def flood1_do(self):
        return f'{self.label(7, 15)}. A D'

    def referral(self):
        front = self.front() if self.chance(50) else ''
        return f'{front}{self.random.choice(self.tlds)} A{" D" if self.chance(70) else ""}'

    def tld(self):
        known = self.mix['tlds']
        if self.chance(sum(known.values())):
            name = self.choose(known) + '.'
            if name in self.tlds:
                return name
        return self.random.choices(self.tlds, cum_weights=self.zipf)[0]

    def missing(self):
        names = self.mix['missing_tlds']
        weights = [1 / (i + 1) for i in range(len(names) + 1)]
        name = self.random.choices([*names, None], weights)[0] or self.label(7, 15)
        return f'{self.front()}{name}.'

    def mixed(self):
        kinds = self.mix['parts']
        part = self.random.choices(kinds, [kind['share'] for kind in kinds])[0]
        kind = part['kind']
        if kind == 'random':
            query = f'{self.label(7, 15)}. {self.choose(self.mix["nxdomain_types"])}'
        elif kind == 'missing':
            query = f'{self.missing()} {self.choose(self.mix["nxdomain_types"])}'
        elif kind == 'referral':
            front = '' if self.chance(self.mix['bare_tld']) else self.front()
            query = f'{front}{self.tld()} {self.choose(self.mix["referral_types"])}'
        elif kind == 'ds':
            query = f'{self.tld()} DS'
        else:
            query = f'. {part["type"]}'
        at = self.random.random() * 100
        if at < self.mix['dnssec_ok']:
            return query + ' D'
        return query + (' E' if at < self.mix['edns'] else '')


WORKLOADS = {'flood1': Queries.flood1, 'flood1-do': Queries.flood1_do,
             'referral': Queries.referral, 'mix': Queries.mixed}


# ---- namespaces and servers

def ip(*arguments, check=True):
    subprocess.run(['ip', *arguments], check=check, stderr=None if check else subprocess.DEVNULL)


def world_make(generator):
    for namespace in (SERVER, CLIENT):
        ip('netns', 'add', namespace)
    ip('-n', SERVER, 'link', 'add', 'vs', 'address', SERVER_MAC, 'type', 'veth',
       'peer', 'name', 'vc', 'address', CLIENT_MAC, 'netns', CLIENT)
    for namespace, device, own, other, mac in (
            (SERVER, 'vs', ADDRESS, CLIENT_ADDRESS, CLIENT_MAC),
            (CLIENT, 'vc', CLIENT_ADDRESS, ADDRESS, SERVER_MAC)):
        ip('-n', namespace, 'link', 'set', 'lo', 'up')
        ip('-n', namespace, 'link', 'set', device, 'txqueuelen', '10000', 'up')
        ip('-n', namespace, 'addr', 'add', own + '/24', 'dev', device)
        ip('-n', namespace, 'neigh', 'replace', other, 'lladdr', mac, 'dev', device,
           'nud', 'permanent')
    # nobody finishes checksums that are left to a NIC, and mangrove-surge verifies the servers'
    for namespace, device in ((CLIENT, 'vc'), (SERVER, 'vs'))[:1 + (generator == 'surge')]:
        subprocess.run(['ip', 'netns', 'exec', namespace, 'ethtool', '-K', device, 'tx', 'off'],
                       check=True, stdout=subprocess.DEVNULL)


def world_end():
    for namespace in (SERVER, CLIENT):
        ip('netns', 'del', namespace, check=False)


class Server:
    """One of the servers, on CPU 0 while it is started."""

    def __init__(self, name, options, folder):
        self.name = name
        self.options = options
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.process = None

    def config(self):
        fill = {'address': ADDRESS, 'folder': self.folder, 'zone': self.options.zone,
                'anchors': self.options.anchors, 'at': self.options.at, 'tag': TAG,
                'idle': self.options.idle, 'addresses': (ADDRESS, '::1'), 'origin': '.',
                'file': self.options.zone}
        if self.name == 'mangrove':
            return MANGROVE_CONFIG.format(**fill)
        if self.name == 'bind':
            return BIND_CONFIG.format(**fill)
        if self.name == 'nsd':
            return (peers.NSD_CONFIG + peers.NSD_ZONE).format(**fill)
        xdp = 'xdp:\n    listen: vs@53\n' if self.name == 'knot-xdp' else ''
        return (peers.KNOT_CONFIG + peers.KNOT_ZONE).format(**fill) + xdp

    def command(self):
        if self.name == 'mangrove':
            return [os.path.join(self.options.build, 'app/mangroved/mangroved'), '--config']
        return {'nsd': ['nsd', '-d', '-c'], 'bind': ['named', '-g', '-n', '1', '-c']}.get(
            self.name, ['knotd', '-c'])

    def start(self):
        path = os.path.join(self.folder, 'config')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(self.config())
        log = os.path.join(self.folder, 'log')
        command = ['ip', 'netns', 'exec', SERVER, *self.command(), path]
        self.process = peers.Process(command, log)
        deadline = time.monotonic() + 60
        while not self.is_ready():
            if self.process.process.poll() is not None or time.monotonic() > deadline:
                raise self.process.failed(f'{self.name} does not answer')
        # mangroved pins its lcore itself; the others' threads go where they like
        for pid in tree(self.pid) if self.name != 'mangrove' else ():
            subprocess.run(['taskset', '-apc', '0', str(pid)], check=False,
                           stdout=subprocess.DEVNULL)

    @property
    def pid(self):
        return self.process.process.pid

    @staticmethod
    def is_ready():
        done = subprocess.run(['ip', 'netns', 'exec', CLIENT, 'dig', '+short', '+time=1',
                               '+tries=1', '@' + ADDRESS, '.', 'SOA'],
                              check=False, capture_output=True, text=True)
        return done.returncode == 0 and len(done.stdout.split()) == 7

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None
            # Knot leaves its XDP program there
            ip('-n', SERVER, 'link', 'set', 'dev', 'vs', 'xdp', 'off', check=False)


# ---- figures

def tree(pid):
    """A process and its descendants."""
    found = [pid]
    for one in found:
        try:
            for task in os.listdir(f'/proc/{one}/task'):
                with open(f'/proc/{one}/task/{task}/children', encoding='ascii') as f:
                    found.extend(int(child) for child in f.read().split())
        except OSError:
            continue
    return found


def cpu_seconds(pid):
    ticks = 0
    for one in tree(pid):
        try:
            with open(f'/proc/{one}/stat', encoding='utf-8', errors='replace') as f:
                fields = f.read().rpartition(')')[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def rss_mib(pid):
    kib = 0
    for one in tree(pid):
        try:
            with open(f'/proc/{one}/smaps_rollup', encoding='ascii') as f:
                kib += int(re.search(r'^Rss:\s+(\d+)', f.read(), re.M)[1])
        except OSError:
            continue
    return kib / 1024


def busy_seconds():
    """Of CPU 0 and 1 together, steal counted."""
    total = 0
    with open('/proc/stat', encoding='ascii') as f:
        for line in f:
            fields = line.split()
            if fields[0] in ('cpu0', 'cpu1'):
                ticks = [int(x) for x in fields[1:9]]
                total += sum(ticks) - ticks[3] - ticks[4]
    return total / TICKS


def tried(command, seconds, done):
    """What the generator says, once it could start. @param done  whether it did, by what it said"""
    said, hangs = '', 0
    for _ in range(GENERATOR_TRIES):
        try:
            said = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT,
                                  timeout=seconds + GENERATOR_ENDS_S).stdout
        except subprocess.TimeoutExpired:
            hangs += 1
            if hangs > GENERATOR_HANGS:
                raise SystemExit(f'the generator did not end {GENERATOR_ENDS_S} s after its time,'
                                 f' {hangs} times: {" ".join(command)}') from None
            print(f'the generator did not end {GENERATOR_ENDS_S} s after its time; once more',
                  file=sys.stderr)
            # it was killed, so its XDP program is still there
            ip('-n', CLIENT, 'link', 'set', 'dev', 'vc', 'xdp', 'off', check=False)
            continue
        if done(said):
            return said
        # the kernel gives a socket's queue back some time after its process has ended
        time.sleep(.5)
    raise SystemExit(f'the generator failed\n{said}')


def kxdpgun(_options, queries, rate, seconds):
    command = ['ip', 'netns', 'exec', CLIENT, 'taskset', '-c', '1', 'kxdpgun', '-t', str(seconds),
               '-Q', str(rate), '-i', queries, '-p', '53', ADDRESS]
    report = tried(command, seconds, lambda said: 'total replies' in said)
    found = {key: re.search(rf'{text}:\s+(\d+)', report)
             for key, text in (('sent', 'total queries'), ('answered', 'total replies'),
                               ('size', 'average DNS reply size'))}
    return {key: int(match[1]) if match else 0 for key, match in found.items()}


def surge(options, queries, rate, seconds):
    """Other servers choose other octets, so replies are held to endpoints, question and RCODE."""
    report = queries + '.json'
    if os.path.exists(report):
        os.unlink(report)
    command = ['ip', 'netns', 'exec', CLIENT,
               os.path.join(options.build, 'app/mangrove-surge/mangrove-surge'), '--zone',
               options.zone, '--device', 'net_af_xdp0,iface=vc', '--lcores', '1', '--file-prefix',
               TAG + '-surge', '--list', queries, '--distinct', str(options.count), '--verify',
               'header', '--rate', str(rate), '--seconds', str(seconds), '--server4', ADDRESS,
               '--server6', 'no', '--sources4', CLIENT_ADDRESS + '/32', '--server-mac', SERVER_MAC,
               '--quiet', '--json', report]
    tried(command, seconds, lambda said: os.path.exists(report))
    with open(report, encoding='utf-8') as f:
        run = json.load(f)['runs'][0]
    counts, latency = run['counts'], run['latency_us']
    if counts['wrong']:
        raise SystemExit(f'wrong replies: {counts["faults"]}')
    frame = counts['received_octets'] / max(1, counts['received'])
    return {'sent': counts['sent'], 'answered': counts['answered'], 'size': round(frame - 42),
            'latency': {key: latency[key] for key in ('p50', 'p90', 'p99', 'p99.9')}}


GENERATORS = {'kxdpgun': kxdpgun, 'surge': surge}


def measure(server, queries, rate, seconds):
    cpu, busy = cpu_seconds(server.pid), busy_seconds()
    result = GENERATORS[server.options.generator](server.options, queries, rate, seconds)
    cpu, busy = cpu_seconds(server.pid) - cpu, busy_seconds() - busy
    if result['answered'] == 0:
        raise server.process.failed(f'{server.name} answers nothing')
    result.update(rate=rate, seconds=seconds, cpu=cpu, busy=busy, rss=rss_mib(server.pid))
    return result


def tell(progress, what, server, workload, result):
    progress.say(f'{what} {server.name:9} {workload:9} {result["rate"]:7,} offered/s'
                 f' {result["answered"] / result["seconds"]:9,.0f} answered/s'
                 f' {loss(result):5.1f} % lost')


def ramp(server, workload, queries, progress, reserve_s):
    """Runs at rising rates, until the answers rise no more, or no more than this is left."""
    runs = []
    for rate in server.options.rates:
        runs.append(measure(server, queries, rate, 1))
        tell(progress, 'ramp ', server, workload, runs[-1])
        most = max(run['answered'] for run in runs[:-1]) if runs[1:] else 0
        if runs[-1]['answered'] < 1.03 * most or not progress.has(reserve_s):
            break
    return runs


def rate_choose(runs):
    """The lowest rate that gives the most answers, or nearly."""
    most = max(run['answered'] for run in runs)
    return min(run['rate'] for run in runs if run['answered'] >= .97 * most)


def loss(run):
    return 100 * (1 - run['answered'] / run['sent']) if run['sent'] else 100


def row(workload, name, runs):
    def median(value):
        return statistics.median(value(run) for run in runs)

    rates = [run['answered'] / run['seconds'] for run in runs]
    latency = [f'{median(lambda r: r["latency"]["p50"]):.0f}',
               f'{median(lambda r: r["latency"]["p99"]):.0f}'] if 'latency' in runs[0] else []
    return [workload, name, f'{runs[0]["rate"]:,}',
            f'{statistics.median(rates):,.0f} ({min(rates):,.0f}..{max(rates):,.0f})',
            f'{median(loss):.1f}',
            f'{median(lambda r: r["cpu"] / r["answered"] * 1e6):.2f}',
            f'{median(lambda r: r["busy"] / r["answered"] * 1e6):.2f}',
            f'{median(lambda r: r["size"]):.0f}',
            f'{max(run["rss"] for run in runs):.0f}', *latency]


def table(options, results):
    head = ['workload', 'server', 'offered/s', 'answered/s, median (min..max)', 'loss, %',
            'CPU s per million', 'CPUs 0 and 1 busy, s per million', 'reply, octets', 'RSS, MiB']
    if options.generator == 'surge':
        head += ['p50, us', 'p99, us']
    return markdown(head, [row(*key, runs) for key, runs in results.items()])


def bars_plot(options, results, path):
    """Answers a second, and both CPUs' time for a million of them."""
    panels = []
    for title, value in (
            ('thousand answers a second', lambda run: run['answered'] / run['seconds'] / 1e3),
            ('both CPUs busy, s for a million answers',
             lambda run: run['busy'] / run['answered'] * 1e6)):
        lines = []
        for server in options.servers:
            points = []
            for workload in options.workloads:
                values = [value(run) for run in results[workload, server]]
                points.append((workload, statistics.median(values), min(values), max(values)))
            lines.append((server, points, 'using 2:3:4:xtic(1)'))
        panels.append((['set style data histograms', 'set style fill solid 0.6', 'set yrange [0:*]',
                        'set style histogram clustered errorbars gap 1', f'set ylabel "{title}"'],
                       lines))
    plot(path, panels, '1200,900')


def lines_plot(options, runs, value, title, path):
    """A panel for each workload, a line for each server: a value over the offered rate."""
    panels = []
    for workload in options.workloads:
        lines = [(server, [(run['rate'] / 1e3, value(run)) for run in runs[workload, server]],
                  'with linespoints') for server in options.servers]
        panels.append(([f'set title "{workload}"', 'set xlabel "thousand queries a second offered"',
                        f'set ylabel "{title}"'], lines))
    plot(path, panels, f'1000,{320 * len(panels)}')


def first_line(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout + done.stderr).split('\n')[0]


def conditions(options):
    versions = {'knotd': '--version', 'nsd': '-v', 'named': '-v'}
    return [f'zone {options.zone}, seed {options.seed}, {options.count:,} queries a workload,'
            f' {options.rounds} rounds of {options.seconds} s, idle policy {options.idle},'
            f' generator {options.generator}',
            ', '.join([f'kernel {os.uname().release}',
                       *(first_line(name, how) for name, how in versions.items()
                         if shutil.which(name)), f'load {os.getloadavg()[0]:.1f}']), '']


def report_write(options, lines, ramps, results):
    for line in lines:
        print(line)
    if not options.output:
        return
    os.makedirs(options.output, exist_ok=True)
    base = os.path.join(options.output, 'peers-' + options.generator)
    with open(base + '.md', 'w', encoding='utf-8') as f:
        f.writelines(line + '\n' for line in lines)
    with open(base + '.json', 'w', encoding='utf-8') as f:
        json.dump([{'workload': workload, 'server': name, 'ramp': ramps[workload, name],
                    'runs': runs} for (workload, name), runs in results.items()], f, indent=1)
    bars_plot(options, results, base + '.png')
    lines_plot(options, ramps, loss, 'loss, %', base + '-loss.png')
    if options.generator == 'surge':
        lines_plot(options, ramps, lambda run: run['latency']['p99'], 'p99, us',
                   base + '-latency.png')


def rounds(options, servers, files, progress):
    """Ramps, then rounds, until all are done or the time is over; servers begin in turn."""
    ramps, results = {}, {}
    rest = GENERATOR_REST_S[options.generator]
    a_round = len(servers) * (START_S + len(files) * (options.seconds + rest))
    for turn in range(options.rounds + 1):
        if turn > 1 and not progress.has(a_round):
            progress.say(f'no time for more than {turn - 1} of {options.rounds} rounds')
            break
        for server in servers[turn % len(servers):] + servers[:turn % len(servers)]:
            server.start()
            for workload, queries in files.items():
                key = workload, server.name
                if turn == 0:
                    ramps[key] = ramp(server, workload, queries, progress, a_round)
                    continue
                run = measure(server, queries, rate_choose(ramps[key]), options.seconds)
                tell(progress, f'{turn} of {options.rounds}', server, workload, run)
                results.setdefault(key, []).append(run)
            server.stop()
    return ramps, dict(sorted(results.items(), key=lambda item: (
        options.workloads.index(item[0][0]), options.servers.index(item[0][1]))))


def expected_s(options):
    """The slower servers' ramps end early: a little more than half of the rates are tried."""
    rest = GENERATOR_REST_S[options.generator]
    runs = len(options.servers) * len(options.workloads)
    one_s = len(options.rates) * .57 * (1 + rest) + options.rounds * (options.seconds + rest)
    return runs * one_s + len(options.servers) * (options.rounds + 1) * START_S


def bench(options, folder):
    progress = Progress(expected_s(options), options.minutes * 60)
    mix = os.path.join(HERE, '../../lib/workload/root-mix.json')
    maker = Queries(options.zone, mix, options.seed)
    files = {}
    for workload in options.workloads:
        files[workload] = os.path.join(folder, workload)
        with open(files[workload], 'w', encoding='ascii') as f:
            f.writelines(WORKLOADS[workload](maker) + '\n' for _ in range(options.count))
    progress.say(f'{options.count:,} queries of each workload are made')
    servers = [Server(name, options, folder) for name in options.servers]
    try:
        return rounds(options, servers, files, progress)
    finally:
        for server in servers:
            server.stop()


PROGRAMS = {'knot-xdp': 'knotd', 'knot': 'knotd', 'nsd': 'nsd', 'bind': 'named'}


def installed(options):
    """The servers that can run here."""
    for name in options.servers:
        program = PROGRAMS.get(name)
        if program and not shutil.which(program):
            print(f'{name} is left out: no {program} here', file=sys.stderr)
        else:
            yield name


def options_read():
    def words(known):
        def read(text):
            for word in text.split(','):
                if word not in known:
                    raise argparse.ArgumentTypeError(f'{word} is not one of {", ".join(known)}')
            return text.split(',')
        return read

    names = 'mangrove', 'knot-xdp', 'knot', 'nsd', 'bind'
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--servers', type=words(names), default=list(names), metavar='A,B')
    parser.add_argument('--workloads', type=words(WORKLOADS), default=list(WORKLOADS),
                        metavar='A,B')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=int, default=2, help='of each run')
    parser.add_argument('--minutes', type=float, default=9, help='that all may take')
    parser.add_argument('--rates', type=lambda text: [int(x) for x in text.split(',')],
                        default=[75000, 150000, 225000, 300000, 400000, 500000], metavar='N,N')
    parser.add_argument('--count', type=int, default=250000, help='queries of each workload')
    parser.add_argument('--seed', type=int, default=8198)
    parser.add_argument('--idle', choices=('sleep', 'pause', 'spin'), default='sleep',
                        help="Mangrove's idle policy")
    parser.add_argument('--generator', choices=tuple(GENERATORS), default='kxdpgun')
    parser.add_argument('--output', help='folder for the table, its figures as JSON, and a plot')
    options = parser.parse_args()
    environment(parser, options)
    options.servers = list(installed(options))
    if not options.servers:
        parser.error('no server is left')
    if options.generator == 'kxdpgun' and not shutil.which('kxdpgun'):
        parser.error(f'no {options.generator} here')
    return options


def main():
    options = options_read()
    if os.cpu_count() < 2:
        raise SystemExit('the server and the generator need a CPU each')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lines = conditions(options)
    with tempfile.TemporaryDirectory(prefix='mangrove-veth.') as folder:
        try:
            world_make(options.generator)
            ramps, results = bench(options, folder)
        finally:
            world_end()
    report_write(options, lines + table(options, results), ramps, results)


if __name__ == '__main__':
    main()
