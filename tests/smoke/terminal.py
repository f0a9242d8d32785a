#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs `mangrovectl top` on a terminal of its own, presses keys, and reads what stands on the screen.

usage: terminal.py COMMAND [ARGUMENT...]
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

WAIT_SECONDS = 30
CONTROL = re.compile(rb'\x1b\[([?>]?)([0-9;]*)([@-~])|\x1b[()][A-Z0-9]|\x1b[=>78M]|\x1b\][^\x07]*\x07')


class Screen:
    """As much of an xterm as ncurses asks for."""

    def __init__(self, rows, columns):
        self.row = self.column = 0
        self.last = b' '
        self.rest = b''
        self.cells = []
        self.resize(rows, columns)

    def resize(self, rows, columns):
        blank = [b' '] * columns
        old = self.cells + [[]] * rows
        self.cells = [(old[i] + blank)[:columns] for i in range(rows)]
        self.rows, self.columns = rows, columns
        self.top, self.bottom = 0, rows - 1
        self.row, self.column = min(self.row, rows - 1), min(self.column, columns - 1)

    def text(self):
        return '\n'.join(b''.join(row).decode('ascii').rstrip() for row in self.cells)

    def put(self, octet):
        if self.column >= self.columns:
            self.column = 0
            self.line_feed()
        self.cells[self.row][self.column] = self.last = octet
        self.column += 1

    def fill(self, row, first, end):
        for column in range(first, min(end, self.columns)):
            self.cells[row][column] = b' '

    def scroll(self, first, last, count):
        """Lines first to last go up by count, or down by -count."""
        for _ in range(abs(count)):
            del self.cells[first if count > 0 else last]
            self.cells.insert(last if count > 0 else first, [b' '] * self.columns)

    def line_feed(self):
        if self.row == self.bottom:
            self.scroll(self.top, self.bottom, 1)
        else:
            self.row = min(self.row + 1, self.rows - 1)

    def obey(self, numbers, final):
        first = numbers[0] if numbers else 0
        count = max(first, 1)
        # a full row is left only by the next character
        self.column = min(self.column, self.columns - 1)
        row = self.cells[self.row]
        if final in 'Hf':
            self.row, self.column = count - 1, max(numbers[1] if len(numbers) > 1 else 1, 1) - 1
        elif final == 'd':
            self.row = count - 1
        elif final == 'G':
            self.column = count - 1
        elif final in 'AB':
            self.row += count if final == 'B' else -count
        elif final in 'CD':
            self.column += count if final == 'C' else -count
        elif final == 'K':
            self.fill(self.row, 0 if first else self.column, self.column + 1 if first == 1 else self.columns)
        elif final == 'J':
            self.fill(self.row, 0 if first == 2 else self.column, self.columns)
            for other in range(0 if first == 2 else self.row + 1, self.rows):
                self.fill(other, 0, self.columns)
        elif final == 'X':
            self.fill(self.row, self.column, self.column + count)
        elif final == 'P':
            self.cells[self.row] = (row[:self.column] + row[self.column + count:] + [b' '] * count)[:self.columns]
        elif final == '@':
            self.cells[self.row] = (row[:self.column] + [b' '] * count + row[self.column:])[:self.columns]
        elif final == 'b':
            for _ in range(count):
                self.put(self.last)
        elif final == 'Z':
            self.column = max((self.column + 7) // 8 - count, 0) * 8
        elif final in 'ST':
            self.scroll(self.top, self.bottom, count if final == 'S' else -count)
        elif final in 'LM':
            self.scroll(self.row, self.bottom, count if final == 'M' else -count)
        elif final == 'r':
            self.top = count - 1
            self.bottom = (numbers[1] if len(numbers) > 1 else self.rows) - 1
            self.row = self.column = 0
        elif final not in 'mhlt':
            raise ValueError(f'unknown: {numbers} {final}')
        self.row = min(max(self.row, 0), self.rows - 1)
        self.column = min(max(self.column, 0), self.columns)

    def feed(self, data):
        data, at = self.rest + data, 0
        while at < len(data):
            octet = data[at:at + 1]
            if octet == b'\x1b':
                found = CONTROL.match(data, at)
                if not found:
                    break
                if found[0] == b'\x1bM':
                    if self.row == self.top:
                        self.scroll(self.top, self.bottom, -1)
                    else:
                        self.row = max(self.row - 1, 0)
                elif found[3] and not found[1]:
                    self.obey([int(n or 0) for n in found[2].decode().split(';')] if found[2] else [],
                              found[3].decode())
                at = found.end()
                continue
            if octet == b'\r':
                self.column = 0
            elif octet == b'\n':
                self.line_feed()
            elif octet == b'\b':
                self.column = max(min(self.column, self.columns - 1) - 1, 0)
            elif octet == b'\t':
                self.column = min((self.column // 8 + 1) * 8, self.columns - 1)
            elif octet >= b' ':
                self.put(octet)
            at += 1
        self.rest = data[at:]


class Program:
    def __init__(self, command, term, rows=24, columns=80):
        self.screen = Screen(rows, columns)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ['TERM'] = term
            # the size is there before the program asks for it
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
            os.execvp(command[0], command)

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def take(self, seconds):
        """@return False: it has ended"""
        if select.select([self.terminal], [], [], seconds)[0]:
            try:
                self.screen.feed(os.read(self.terminal, 65536))
            except OSError:
                return False
        return True

    def until(self, what, *texts, absent=()):
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            shown = self.screen.text()
            if all(re.search(t, shown) for t in texts) and not any(re.search(t, shown) for t in absent):
                print('ok', what)
                return
            if not self.take(0.2):
                break
        os.kill(self.pid, signal.SIGKILL)
        sys.exit(f'FAILED: {what}: no {texts} or still {absent} in\n{self.screen.text()}')

    def end(self):
        end = time.monotonic() + WAIT_SECONDS
        while self.take(0.2) and time.monotonic() < end:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main():
    top = Program(sys.argv[1:], 'xterm-256color')
    top.until('the first screen', r'mangrove \d', 'serving', r'zone \. +\d{10}|zone \. +\d', 'RCODE',
              r'queries/s +[1-9]', 'NXDOMAIN', 'hottest gaps', 'NSEC ranges', 'q quit')
    top.press('s')
    top.until('sorted otherwise', 'sorted by total')
    top.press('h')
    top.until('help', 'pause, and go on', absent=('RCODE',))
    top.press('h')
    top.until('back', 'RCODE', absent=('pause, and go on',))
    top.press('p')
    top.until('paused', 'PAUSED')
    top.press('p')
    top.until('it goes on', 'serving', absent=('PAUSED',))
    top.resize(50, 132)
    top.until('larger', r'(?s)q quit.*sorted', r'RCODE {30}')
    top.resize(12, 40)
    top.until('smaller', r'q quit', r'queries/s', absent=('RCODE {30}',))
    top.resize(24, 80)
    top.until('as before', 'NSEC ranges', 'q quit')
    top.press('q')
    code = top.end()
    if code != 0:
        sys.exit(f'FAILED: exit code {code}\n{top.screen.text()}')

    dumb = Program(sys.argv[1:], 'dumb')
    code = dumb.end()
    if code != 1 or 'cannot place its cursor' not in dumb.screen.text().replace('\n', ' '):
        sys.exit(f'FAILED: on a dumb terminal: exit code {code}\n{dumb.screen.text()}')
    print('ok a dumb terminal is told')


main()
