#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Seeds of a fuzz target, made from the golden test: seeds.py TARGET DIRECTORY TOOLS"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, '..', 'golden')
sys.path[:0] = [GOLDEN, os.path.join(HERE, '..', 'differential')]
import questions  # noqa: E402


def main():
    target, directory, tools = sys.argv[1:]

    def seed(name, data):
        with open(os.path.join(directory, name), 'wb') as file:
            file.write(data)

    zone = os.path.join(GOLDEN, 'golden.zone')
    if target == 'fuzz_message':
        for number, (_, message, _) in enumerate(questions.MESSAGES):
            seed(f'{number}', b'\0\1' + message)
    elif target == 'fuzz_frame':
        for number, (_, frame) in enumerate(questions.cases()):
            seed(f'{number}', b'\3' + frame)
            seed(f'unchecked{number}', b'\0' + frame)
    elif target == 'fuzz_zone':
        shutil.copy(zone, directory)
        # one record of each kind behind a SOA: small, so that many can be tried in a second
        seen = set()
        with open(zone, encoding='ascii') as file:
            lines = file.readlines()
        for line in lines:
            rrtype = line.split()[3]
            if rrtype not in seen and rrtype != 'SOA':
                seen.add(rrtype)
                seed(rrtype, (lines[0] + line).encode())
    elif target == 'fuzz_image':
        subprocess.run([os.path.join(tools, 'mangrove-zone'), 'compile', '--at', '20260801000000',
                        '--anchors', os.path.join(GOLDEN, 'golden.anchors'), '--output',
                        os.path.join(directory, 'golden.image'), zone], check=True,
                       stdout=subprocess.DEVNULL)
    else:
        sys.exit(f'{target}: no such target')


if __name__ == '__main__':
    main()
