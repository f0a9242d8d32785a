#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes files as C, for a program that brings them along.

usage: embed.py OUTPUT FILE...      index.html is at "/", another one at its name
"""
import os
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
}


def main():
    output, files = sys.argv[1], sys.argv[2:]
    table = []
    with open(output, 'w', encoding='ascii') as c:
        c.write('/* SPDX-License-Identifier: BSD-3-Clause */\n#include "page/page.h"\n\n')
        for number, path in enumerate(files):
            with open(path, 'rb') as f:
                octets = f.read()
            c.write(f'static const unsigned char file_{number}[] = {{\n')
            for at in range(0, len(octets), 24):
                c.write(','.join(str(octet) for octet in octets[at:at + 24]) + ',\n')
            c.write('};\n\n')
            name = os.path.basename(path)
            kind = TYPES[os.path.splitext(name)[1]]
            place = '/' if name == 'index.html' else '/' + name
            table.append(f'{{"{place}", "{kind}", file_{number}, sizeof(file_{number})}},\n')
        c.write('const struct page_file page_files[] = {\n' + ''.join(table) + '{NULL, NULL, NULL, 0},\n};\n')


main()
