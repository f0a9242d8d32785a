#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Frames through the real mangroved over net_pcap; what comes out is compared octet for octet.

Every frame has a port of its own as source, so that replies are told apart and one too many is
seen. Replies are also read by a parser that shares nothing with the server. With --update the
expectation (expected.txt) is written anew: look at its difference before you commit it.

environment: BUILD, the build directory
"""
import collections
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'differential'))
import frames as f  # noqa: E402
import questions  # noqa: E402
from message import Malformed, Message, reply_text  # noqa: E402

EXPECTED = os.path.join(HERE, 'expected.txt')
CONFIG = '''addresses: [{f.SERVER4}, "{f.SERVER6}"]
zones:
  - file: {here}/golden.zone
    anchors: {here}/golden.anchors
    at: "20260801000000"
ports:
  - device: net_pcap0,rx_pcap={folder}/in.pcap,tx_pcap={folder}/out.pcap
lcores: [0]
idle: sleep
hugepages: no
memory_mb: 64
identity: golden.example
version: Mangrove
file_prefix: mangrove-golden-{pid}
variant: {variant}
'''


def serve(variant, inputs, folder):
    """@return the frames that came out and the log; None: this CPU cannot run the variant"""
    with open(os.path.join(folder, 'in.pcap'), 'wb') as file:
        file.write(f.pcap(inputs))
    config, log = os.path.join(folder, 'mangroved.yaml'), os.path.join(folder, 'log')
    with open(config, 'w', encoding='ascii') as file:
        file.write(CONFIG.format(f=f, here=HERE, folder=folder, pid=os.getpid(), variant=variant))
    with open(log, 'wb') as out:
        server = subprocess.Popen(
            [os.path.join(os.environ['BUILD'], 'app/mangroved/mangroved'), '--config', config],
            stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        if not counted(server, log, len(inputs)):
            with open(log, encoding='utf-8', errors='replace') as file:
                text = file.read()
            if 'not for this CPU' in text:
                return None
            raise SystemExit(f'mangroved did not take all frames\n{text}')
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    with open(os.path.join(folder, 'out.pcap'), 'rb') as file:
        return f.pcap_read(file.read()), counters(log)


def counters(log):
    """The last report of counters: verdict -> packets."""
    found = {}
    with open(log, encoding='utf-8', errors='replace') as file:
        for line in file:
            count = re.search(r'mangrove: count ([a-z0-9_]+)=([0-9]+)$', line)
            if count:
                found[count.group(1)] = int(count.group(2))
    return found


def counted(server, log, count):
    """Wait until the counters say that every frame has had its verdict."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with open(log, encoding='utf-8', errors='replace') as file:
            ready = 'mangrove: ready' in file.read()
        if ready:
            server.send_signal(signal.SIGUSR1)
            time.sleep(.2)
            if sum(verdicts(counters(log)).values()) == count:
                return True
        time.sleep(.1)
    return False


def verdicts(found):
    totals = ('received', 'sent', 'received_octets', 'sent_octets')
    return {name: value for name, value in found.items() if name not in totals}


def hex_lines(mark, octets):
    text = octets.hex()
    return [f'{mark} {text[i:i + 96]}' for i in range(0, len(text), 96)]


def verdicts_text(found):
    return 'verdicts ' + ' '.join(
        f'{name}={value}' for name, value in sorted(verdicts(found).items()) if value)


def expectation_text(cases, replies, found):
    lines = ['# What golden.py sent (>) and got back (<), whole frames in hex; written by --update.']
    for number, (name, frame) in enumerate(cases):
        lines += ['', f'{number} {name}', *hex_lines('>', frame)]
        for reply in replies.get(number, []):
            lines += hex_lines('<', reply)
        if number not in replies:
            lines.append('< nothing')
    return '\n'.join([*lines, '', verdicts_text(found)]) + '\n'


def expectation_read():
    """@return number and name -> the lines of its reply; and how many frames got which verdict"""
    found, key, counts = {}, None, ''
    with open(EXPECTED, encoding='ascii') as file:
        for line in file:
            line = line.rstrip('\n')
            if line.startswith('verdicts '):
                counts = line
            elif line[:1].isdigit():
                key = line
                found[key] = []
            elif key and line:
                found[key].append(line)
    return found, counts


def sense_fault(case, frame, reply):
    """What an independent reader finds wrong with a reply; None: nothing."""
    try:
        tags, source, target, sport, dport, message = f.unwrap(reply)
        parsed = Message(message)
        parsed.section_sets()
    except (ValueError, IndexError, Malformed) as error:
        return str(error)
    if sport != 53 or dport != case.port or source != case.target or target != case.source:
        return 'addresses and ports are not exchanged'
    if tags != list(case.tags):
        return 'the tags are not kept'
    if message[:2] != case.message[:2] or len(message) > case.limit:
        return 'another ID, or longer than allowed'
    if case.rcode is not None and parsed.rcode != case.rcode:
        return f'RCODE {parsed.rcode}, not {case.rcode}\n{reply_text(parsed)}'
    return None


def replies_sort(cases, out):
    """case number -> its replies, by the port that they go to; a stray one is under None"""
    by_port = {case.port: number for number, (case, _) in enumerate(cases)}
    replies = collections.defaultdict(list)
    for frame in out:
        try:
            replies[by_port.get(f.unwrap(frame)[4])].append(frame)
        except (ValueError, IndexError):
            replies[None].append(frame)
    return replies


def compare(variant, cases, replies, expected):
    """@return how many cases passed, and the faults"""
    faults = [f'{variant}: a frame that answers nothing: {x.hex()}' for x in replies.get(None, [])]
    passed = 0
    for number, (case, frame) in enumerate(cases):
        got = replies.get(number, [])
        what = f'{variant}: {number} {case.name}'
        if case.answered != (len(got) == 1) or len(got) > 1:
            faults.append(f'{what}: {len(got)} replies')
            continue
        wrong = sense_fault(case, frame, got[0]) if got else None
        if wrong:
            faults.append(f'{what}: {wrong}')
            continue
        lines = hex_lines('>', frame) + (hex_lines('<', got[0]) if got else ['< nothing'])
        if expected.get(f'{number} {case.name}') != lines:
            faults.append(f'{what}: not what expected.txt says\n  ' + '\n  '.join(lines))
            continue
        passed += 1
    return passed, faults


def main():
    update = sys.argv[1:] == ['--update']
    if sys.argv[1:] and not update or not os.environ.get('BUILD'):
        print('usage: BUILD=DIRECTORY golden.py [--update]')
        return 2
    cases = questions.cases()
    passed, faults, runs = 0, [], 0
    for variant in ('plain', 'avx2', 'avx512'):
        with tempfile.TemporaryDirectory(prefix='mangrove-golden.') as folder:
            served = serve(variant, [frame for _, frame in cases], folder)
        if served is None:
            print(f'{variant}: not on this CPU')
            continue
        out, found = served
        runs += 1
        replies = replies_sort(cases, out)
        if update:
            with open(EXPECTED, 'w', encoding='ascii') as file:
                file.write(expectation_text([(case.name, frame) for case, frame in cases], replies,
                                            found))
            update = False
        expected, counts = expectation_read()
        good, bad = compare(variant, cases, replies, expected)
        if verdicts_text(found) != counts:
            bad.append(f'{variant}: {verdicts_text(found)}\n  expected {counts}')
        passed += good
        faults += bad
        print(f'{variant}: {len(cases)} frames, {len(out)} replies')
    print('\n'.join(faults[:20]))
    print(f'{passed} passed, {len(faults)} failed')
    return 1 if faults or not runs else 0


if __name__ == '__main__':
    sys.exit(main())
