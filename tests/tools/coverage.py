#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Branch coverage of rooms, from what programs of a build with -Db_coverage=true left behind.

usage: coverage.py BUILD

Prints each room's, and fails where one is below its share; the last line is "N passed, N failed".
"""
import collections
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
WANTED = {'lib/wire': 95, 'lib/engine': 95, 'lib/packet': 95, 'lib': 85}


def files_read(build):
    """(file, branches, branches taken) of each."""
    done = subprocess.run(
        ['gcovr', '--root', ROOT, '--object-directory', build, '--filter', 'lib/', '--json-summary',
         '--exclude-unreachable-branches', '--exclude-branches-by-pattern', r'\s*assert\(.*',
         '--gcov-ignore-parse-errors',
         # one file compiled thrice, which gcovr 5.2 cannot merge
         '--exclude-directories', '.*mangrove_burst_avx.*', build],
        cwd=ROOT, check=True, capture_output=True, text=True)
    for file in json.loads(done.stdout)['files']:
        yield file['filename'], file['branch_total'], file['branch_covered']


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    total, taken = collections.Counter(), collections.Counter()
    for name, branches, covered in files_read(os.path.abspath(sys.argv[1])):
        print(f'  {name:32} {covered:5} of {branches:5}')
        for room in {'/'.join(name.split('/')[:2]), 'lib'}:
            total[room] += branches
            taken[room] += covered
    failed = 0
    for room in sorted(total):
        share = 100 * taken[room] / max(1, total[room])
        low = share < WANTED.get(room, 0)
        failed += low
        print(f'{room:20} {taken[room]:5} of {total[room]:5} branches, {share:5.1f} %' +
              (f': below {WANTED[room]} %' if low else ''))
    missing = [room for room in WANTED if not total[room]]
    print(f'{len(WANTED) - failed - len(missing)} passed, {failed + len(missing)} failed')
    return 1 if failed or missing else 0


if __name__ == '__main__':
    sys.exit(main())
