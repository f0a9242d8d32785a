#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mangrove, Knot, NSD and BIND side by side over a veth pair: answers, losses, CPU time and memory.

The server is on CPU 0 in a network namespace of its own, the generator on CPU 1 in another: kxdpgun,
which counts replies, or mangrove-surge over AF_XDP, which verifies them by their header. For each
server and workload a ramp of one second a rate finds the lowest that gives 97 % of the most
answers; then the servers take turns for some rounds at theirs. veth does a part of the receiver's
work on the sender's CPU, so both CPUs' busy time is told beside the server's own. Needs root, two
CPUs, and a machine that does nothing else.

environment: ROOT_ZONE, ROOT_AT, ROOT_ANCHORS, BUILD (default build/)
"""
import argparse
import itertools
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'differential'))
import peers  # noqa: E402  pylint: disable=wrong-import-position

TAG = f'mgb{os.getpid()}'
SERVER, CLIENT = f'{TAG}-s', f'{TAG}-c'
ADDRESS, CLIENT_ADDRESS = '198.18.0.53', '198.18.0.1'
SERVER_MAC, CLIENT_MAC = '02:00:00:00:00:53', '02:00:00:00:00:01'
TICKS = os.sysconf('SC_CLK_TCK')
GENERATOR_ENDS_S = 30  # beyond the seconds that it sends for
GENERATOR_TRIES = 10

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
    said = ''
    for _ in range(GENERATOR_TRIES):
        try:
            said = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT,
                                  timeout=seconds + GENERATOR_ENDS_S).stdout
        except subprocess.TimeoutExpired:
            raise SystemExit(f'{command[0]} did not end {GENERATOR_ENDS_S} s after its time') \
                from None
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
            'p50': latency['p50'], 'p99': latency['p99']}


GENERATORS = {'kxdpgun': kxdpgun, 'surge': surge}


def measure(server, queries, rate, seconds):
    cpu, busy = cpu_seconds(server.pid), busy_seconds()
    result = GENERATORS[server.options.generator](server.options, queries, rate, seconds)
    cpu, busy = cpu_seconds(server.pid) - cpu, busy_seconds() - busy
    if result['answered'] == 0:
        raise server.process.failed(f'{server.name} answers nothing')
    result.update(rate=rate, seconds=seconds, cpu=cpu, busy=busy, rss=rss_mib(server.pid))
    return result


def ramp(server, queries, rates):
    """The lowest rate that gives the most answers, or nearly."""
    answered = {rate: measure(server, queries, rate, 1)['answered'] for rate in rates}
    most = max(answered.values())
    return min(rate for rate in rates if answered[rate] >= .97 * most)


def row(workload, name, runs):
    def median(value):
        return statistics.median(value(run) for run in runs)

    rates = [run['answered'] / run['seconds'] for run in runs]
    cells = (workload, name, f'{runs[0]["rate"]:,}',
             f'{statistics.median(rates):,.0f} ({min(rates):,.0f}..{max(rates):,.0f})',
             f'{median(lambda r: 100 * (1 - r["answered"] / r["sent"])):.1f}',
             f'{median(lambda r: r["cpu"] / r["answered"] * 1e6):.2f}',
             f'{median(lambda r: r["busy"] / r["answered"] * 1e6):.2f}',
             f'{median(lambda r: r["size"]):.0f}',
             f'{max(run["rss"] for run in runs):.0f}')
    return f'| {" | ".join(cells)} |'


def table(results):
    return ['| workload | server | offered/s | answered/s, median (min..max) | loss, % |'
            ' CPU s per million | CPUs 0 and 1 busy, s per million | reply, octets | RSS, MiB |',
            '|---|---|---|---|---|---|---|---|---|',
            *(row(workload, name, runs) for (workload, name), runs in results.items())]


def plot(options, results, path):
    """Bars: answers a second, and both CPUs' time for a million of them."""
    def value(run, kind):
        if kind == 0:
            return run['answered'] / run['seconds'] / 1e3
        return run['busy'] / run['answered'] * 1e6

    lines = [f'set terminal pngcairo size 1200,900\nset output "{path}"\nset multiplot layout 2,1',
             'set style data histograms\nset style histogram clustered errorbars gap 1',
             'set style fill solid 0.6\nset yrange [0:*]\nset grid y\nset key outside']
    for kind, title in enumerate(('thousand answers a second',
                                  'both CPUs busy, seconds for a million answers')):
        lines.append(f'$figures{kind} << END')
        for workload in options.workloads:
            cells = [workload]
            for server in options.servers:
                values = [value(run, kind) for run in results[workload, server]]
                cells += [f'{x:.3f}' for x in (statistics.median(values), min(values),
                                               max(values))]
            lines.append(' '.join(cells))
        bars = (f'$figures{kind} using {2 + 3 * i}:{3 + 3 * i}:{4 + 3 * i}:xtic(1) title "{server}"'
                for i, server in enumerate(options.servers))
        lines += ['END', f'set ylabel "{title}"', 'plot ' + ', '.join(bars)]
    subprocess.run(['gnuplot'], input='\n'.join(lines) + '\n', text=True, check=True)


def first_line(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout + done.stderr).split('\n')[0]


def conditions(options):
    return [f'zone {options.zone}, seed {options.seed}, {options.count:,} queries a workload,'
            f' {options.rounds} rounds of {options.seconds} s, idle policy {options.idle},'
            f' generator {options.generator}',
            f'kernel {os.uname().release}, {first_line("knotd", "--version")},'
            f' {first_line("nsd", "-v")}, {first_line("named", "-v")},'
            f' load {os.getloadavg()[0]:.1f}', '']


def report_write(options, lines, results):
    for line in lines:
        print(line)
    if not options.output:
        return
    os.makedirs(options.output, exist_ok=True)
    base = os.path.join(options.output, 'peers-' + options.generator)
    with open(base + '.md', 'w', encoding='utf-8') as f:
        f.writelines(line + '\n' for line in lines)
    with open(base + '.json', 'w', encoding='utf-8') as f:
        json.dump([{'workload': workload, 'server': name, 'runs': runs}
                   for (workload, name), runs in results.items()], f, indent=1)
    plot(options, results, base + '.png')


def bench(options, folder):
    maker = Queries(options.zone, os.path.join(HERE, '../../lib/workload/root-mix.json'), options.seed)
    files = {}
    for workload in options.workloads:
        files[workload] = os.path.join(folder, workload)
        with open(files[workload], 'w', encoding='ascii') as f:
            f.writelines(WORKLOADS[workload](maker) + '\n' for _ in range(options.count))
    servers = [Server(name, options, folder) for name in options.servers]
    rates, results = {}, {}
    try:
        for turn in range(options.rounds + 1):
            for server in servers[turn % len(servers):] + servers[:turn % len(servers)]:
                server.start()
                for workload in options.workloads:
                    key = workload, server.name
                    if turn == 0:
                        rates[key] = ramp(server, files[workload], options.rates)
                    else:
                        results.setdefault(key, []).append(
                            measure(server, files[workload], rates[key], options.seconds))
                server.stop()
    finally:
        for server in servers:
            server.stop()
    return dict(sorted(results.items(), key=lambda item: (
        options.workloads.index(item[0][0]), options.servers.index(item[0][1]))))


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
    parser.add_argument('--seconds', type=int, default=3, help='of each run')
    parser.add_argument('--rates', type=lambda text: [int(x) for x in text.split(',')],
                        default=[150000, 200000, 300000, 400000, 600000], metavar='N,N')
    parser.add_argument('--count', type=int, default=500000, help='queries of each workload')
    parser.add_argument('--seed', type=int, default=8198)
    parser.add_argument('--idle', choices=('sleep', 'pause', 'spin'), default='sleep',
                        help="Mangrove's idle policy")
    parser.add_argument('--generator', choices=tuple(GENERATORS), default='kxdpgun')
    parser.add_argument('--output', help='folder for the table, its figures as JSON, and a plot')
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
    lines = conditions(options)
    with tempfile.TemporaryDirectory(prefix='mangrove-veth.') as folder:
        try:
            world_make(options.generator)
            results = bench(options, folder)
        finally:
            world_end()
    report_write(options, lines + table(results), results)


if __name__ == '__main__':
    main()
