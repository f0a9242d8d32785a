#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the repository against its own rules: arrows between rooms, hot files, sizes, licences.

Every `#include "room/header.h"` must name the file's own room or one that its meson.build declares:
`deps` in lib/, rooms['...'] in app/, the line of its table in tests/. Arrows point downward because
a room can only depend on one that stands before it in the top meson.build.
"""
import os
import re
import subprocess
import sys

LINES_MAX = 700
OCTETS_MAX = 400_000
LICENCE = 'SPDX-License-Identifier: BSD-3-Clause'
UNFINISHED = re.compile(r'\b(%s)\b' % '|'.join(['TO' 'DO', 'FIX' 'ME', 'XX' 'X']))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z0-9_]+)/([a-z0-9_/]+\.h)"')
SYSTEM_INCLUDE = re.compile(r'^\s*#\s*include\s+<([^>]+)>')
# what a file on the data plane may not reach for, anywhere
COLD_HEADERS = {'stdio.h', 'syslog.h', 'pthread.h', 'rte_log.h', 'rte_malloc.h'}
# rooms that also need no running EAL (everything from the engine down)
PURE_ROOMS = {'base', 'wire', 'zone', 'oracle', 'radix', 'image', 'packet', 'engine', 'guard'}
EAL_HEADERS = {'rte_ethdev.h', 'rte_eal.h', 'rte_lcore.h', 'rte_launch.h', 'rte_mempool.h'}


def list_of(text, name):
    """The strings of a Meson list `name = [...]`; None if there is none."""
    found = re.search(r'^\s*%s\s*=\s*\[([^\]]*)\]' % name, text, re.M)
    return None if found is None else re.findall(r"'([^']+)'", found.group(1))


class Rooms:
    """What each folder may include, as its meson.build says."""

    def __init__(self, read, files):
        self.deps = {}
        self.tables = {}
        self.named = {}
        for path in files:
            parts = path.split('/')
            if parts[-1] != 'meson.build':
                continue
            text = read(path)
            if parts[0] == 'lib' and len(parts) == 3:
                self.deps[parts[1]] = list_of(text, 'deps') or []
            else:
                folder = '/'.join(parts[:-1])
                self.named[folder] = set(re.findall(r"rooms\['([a-z0-9_]+)'\]", text))
                self.named[folder] |= set(list_of(text, 'deps') or [])
                self.tables[folder] = {
                    name: re.findall(r"'([^']+)'", rooms)
                    for name, rooms in reversed(
                        re.findall(r"'([a-z0-9_]+)'\s*:\s*\[([^\]]*)\]", text))}

    def closure(self, rooms):
        seen, todo = set(), list(rooms)
        while todo:
            room = todo.pop()
            if room not in seen:
                seen.add(room)
                todo += self.deps.get(room, [])
        return seen

    def allowed(self, path):
        """The rooms that a file may enter; None: all of them."""
        parts = path.split('/')
        if parts[0] == 'lib':
            return {parts[1], *self.deps.get(parts[1], [])}
        folder = '/'.join(parts[:-1])
        while folder and folder not in self.named:
            folder = folder.rpartition('/')[0]
        table = self.tables.get(folder, {})
        stem = re.sub(r'(_test)?\.[ch]$', '', parts[-1])
        if stem in table:
            return self.closure([r for r in table[stem] if r in self.deps])
        if not self.named.get(folder):
            return None
        return self.closure(self.named[folder])


def include_faults(path, text, rooms):
    allowed = rooms.allowed(path)
    head = text[:2000]
    comment = re.search(r'/\*(?! SPDX)(.*?)\*/', head, re.S)
    hot = path.startswith('lib/') and comment and 'Runs on: lcore' in comment.group(1)
    own = path.split('/')[1] if path.startswith('lib/') else None
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found and found.group(1) in rooms.deps:
            room, header = found.groups()
            if allowed is not None and room not in allowed:
                yield f'{path}:{number}: enters room {room}, which its meson.build does not name'
            if header.endswith('_priv.h') and path.startswith(('lib/', 'app/')) and room != own:
                yield f'{path}:{number}: {room}/{header} is private to its room'
        found = SYSTEM_INCLUDE.match(line)
        if found and hot and found.group(1) in COLD_HEADERS:
            yield f'{path}:{number}: a file that runs on an lcore includes <{found.group(1)}>'
        if found and hot and own in PURE_ROOMS and found.group(1) in EAL_HEADERS:
            yield f'{path}:{number}: room {own} needs no running EAL, but includes ' \
                  f'<{found.group(1)}>'


def wants_licence(path, text):
    return path.endswith(('.c', '.h', '.py', '.sh')) and text or \
        text.startswith('#!')


def faults(root, files):
    """Every fault of the files (paths from the root), one sentence each."""
    def read(path):
        with open(os.path.join(root, path), 'rb') as f:
            return f.read().decode('utf-8', 'replace')

    rooms = Rooms(read, files)
    for path in files:
        size = os.path.getsize(os.path.join(root, path))
        if size > OCTETS_MAX:
            yield f'{path}: {size} octets, more than {OCTETS_MAX}'
            continue
        text = read(path)
        if path.endswith(('.c', '.h')):
            yield from include_faults(path, text, rooms)
        if path.endswith(('.c', '.h', '.py', '.sh')) and text.count('\n') > LINES_MAX:
            yield f'{path}: {text.count(chr(10))} lines, more than {LINES_MAX}'
        if wants_licence(path, text) and LICENCE not in '\n'.join(text.splitlines()[:2]):
            yield f'{path}: its first lines lack "{LICENCE}"'
        for number, line in enumerate(text.splitlines(), 1):
            if UNFINISHED.search(line):
                yield f'{path}:{number}: a mark of unfinished work'


def main():
    root = subprocess.run(['git', 'rev-parse', '--show-toplevel'], check=True,
                          capture_output=True, text=True).stdout.strip()
    files = subprocess.run(['git', 'ls-files', '-z'], check=True, capture_output=True, text=True,
                           cwd=root).stdout.split('\0')
    files = [f for f in files if f and os.path.isfile(os.path.join(root, f))]
    wrong = list(faults(root, files))
    print('\n'.join(wrong + [f'{len(files)} files looked at, {len(wrong)} faults']))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
