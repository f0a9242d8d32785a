#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Ask a server without a pause, and tell when its serial changes and whether any answer is a mixture.

serial_watch.py [--port N] [--origin NAME] [--seconds N] [--until SERIAL] [--pause-ms N] [--timeout N] ADDRESS

Asked in turn, with DO, one query under way, the next one at once or after a pause: the zone's SOA, and
a name that does not exist. All answers to one question that show one serial have to be equal octet for octet,
or one of them is a mixture of versions; and no serial may come back once a later one was seen. Each new serial
is a line, with the time of day in milliseconds; the last line has the counts. It ends after --seconds, --until,
or SIGTERM. What is not answered within --timeout is lost; before the first answer nothing is.
"""
import argparse
import signal
import socket
import struct
import sys
import time

SOA, A, OPT = 6, 1, 41


def name(text):
    return b''.join(bytes([len(label)]) + label.encode() for label in text.split('.') if label) + b'\0'


def name_end(message, at):
    while message[at] and message[at] < 0xc0:
        at += message[at] + 1
    return at + (2 if message[at] >= 0xc0 else 1)


def query(qname, qtype):
    return (struct.pack('!5H', 0, 1, 0, 0, 1) + qname + struct.pack('!HH', qtype, 1)
            + b'\0' + struct.pack('!HHIH', OPT, 1232, 0x8000, 0))


def serial_of(message):
    """Of the first SOA among the records, or None."""
    counts = struct.unpack('!4H', message[4:12])
    at = 12
    for _ in range(counts[0]):
        at = name_end(message, at) + 4
    for _ in range(sum(counts[1:])):
        at = name_end(message, at)
        rrtype, _, _, length = struct.unpack('!HHIH', message[at:at + 10])
        at += 10
        if rrtype == SOA:
            at = name_end(message, name_end(message, at))
            return struct.unpack('!I', message[at:at + 4])[0]
        at += length
    return None


class Watch:
    def __init__(self):
        self.latencies = []
        self.seen = {}      # question and serial: the answer
        self.serials = []   # in the order of their coming
        self.lost = self.mixed = self.backwards = self.without = 0

    def take(self, question, answer, took):
        self.latencies.append(took)
        serial = serial_of(answer)
        if serial is None:
            self.without += 1
            return None
        if serial not in self.serials:
            self.serials.append(serial)
            print(f'at_ms={time.time() * 1000:.1f} serial={serial}', flush=True)
        elif serial != self.serials[-1]:
            self.backwards += 1
        if self.seen.setdefault((question, serial), answer) != answer:
            self.mixed += 1
        return serial

    def report(self):
        ordered = sorted(self.latencies) or [0]
        print(f'answered={len(self.latencies)} lost={self.lost} mixed={self.mixed} '
              f'backwards={self.backwards} without_serial={self.without} serials={len(self.serials)} '
              f'median_us={ordered[len(ordered) // 2] * 1e6:.0f} '
              f'p999_us={ordered[len(ordered) * 999 // 1000] * 1e6:.0f} worst_us={ordered[-1] * 1e6:.0f}',
              flush=True)


def ask(s, ident, question, timeout):
    """The answer to that question but for its ID, and how long it took; None: lost."""
    began = time.perf_counter()
    s.send(struct.pack('!H', ident) + question)
    while time.perf_counter() - began < timeout:
        try:
            answer = s.recv(4096)
        except socket.timeout:
            break
        if answer[:2] == struct.pack('!H', ident):
            return answer[2:], time.perf_counter() - began
    return None


def stop(_number, _frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, default=53)
    parser.add_argument('--origin', default='.')
    parser.add_argument('--seconds', type=float, default=0)
    parser.add_argument('--until', type=int)
    parser.add_argument('--pause-ms', type=float, default=0)
    parser.add_argument('--timeout', type=float, default=5, help='in seconds; 5: what is late is not lost')
    parser.add_argument('address')
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    origin = name(options.origin)
    questions = [query(origin, SOA), query(name('xn--no-such-name-0')[:-1] + origin, A)]
    watch = Watch()
    s = socket.socket(socket.AF_INET6 if ':' in options.address else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(options.timeout)
    s.connect((options.address, options.port))
    ends = time.monotonic() + options.seconds if options.seconds else None
    count = 0
    try:
        while not ends or time.monotonic() < ends:
            count += 1
            question = questions[count % 2]
            time.sleep(options.pause_ms / 1000)
            try:
                got = ask(s, count % 65536, question, options.timeout)
            except ConnectionRefusedError:
                time.sleep(0.001)
                continue
            if not got:
                watch.lost += bool(watch.serials)
                continue
            serial = watch.take(question, b'\0\0' + got[0], got[1])
            if options.until is not None and serial == options.until:
                break
    except KeyboardInterrupt:
        pass
    watch.report()
    sys.exit(1 if watch.lost or watch.mixed or watch.backwards else 0)


if __name__ == '__main__':
    main()
