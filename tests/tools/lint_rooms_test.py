#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The linter finds what it is for, and nothing in a tree that keeps the rules."""
import os
import sys
import tempfile

import lint_rooms

C = '/* SPDX-License-Identifier: BSD-3-Clause */\n'
M = '# SPDX-License-Identifier: BSD-3-Clause\n'
HOT = C + '/* Runs on: lcore. */\n'
GOOD = {
    'lib/base/meson.build': M + "sources = files('a.c')\n",
    'lib/wire/meson.build': M + "deps = ['base']\nsources = []\n",
    'lib/engine/meson.build': M + "deps = ['wire']\n",
    'lib/worker/meson.build': M + "deps = ['engine']\n",
    'app/server/meson.build': M + "executable('server', dependencies: [rooms['engine']])\n",
    'tests/unit/meson.build': M + "unit_tests = {\n  'wire_name': ['wire'],\n}\n",
}
# file, its text, and a part of the fault that it is; None: none
CASES = [
    ('lib/wire/a.c', C + '#include "base/base.h"\n#include "wire/wire_priv.h"\n', None),
    ('lib/wire/a.c', C + '#include "engine/engine.h"\n', 'a.c:2: enters room engine'),
    ('lib/engine/a.c', C + '#include "base/base.h"\n', 'enters room base'),
    ('lib/engine/a.c', C + '#include "wire/wire_priv.h"\n', 'private to its room'),
    ('lib/engine/a.c', C + '#include <stdio.h>\n', None),
    ('lib/engine/a.c', HOT + '#include <stdio.h>\n', 'runs on an lcore includes <stdio.h>'),
    ('lib/engine/a.c', HOT + '#include <rte_ethdev.h>\n', 'no running EAL'),
    ('lib/engine/a.c', C + '/* Cold. */\n/* Runs on: lcore */\n#include <stdio.h>\n', None),
    ('lib/worker/a.c', HOT + '#include <rte_ethdev.h>\n', None),
    ('lib/worker/a.c', HOT + '#include <rte_log.h>\n', 'includes <rte_log.h>'),
    ('app/server/main.c', C + '#include "wire/wire.h"\n', None),
    ('app/server/main.c', C + '#include "worker/worker.h"\n', 'enters room worker'),
    ('tests/unit/wire_name_test.c', C + '#include "base/base.h"\n', None),
    ('tests/unit/wire_name_test.c', C + '#include "engine/engine.h"\n', 'enters room engine'),
    ('lib/wire/a.c', 'int a;\n', 'lack "SPDX'),
    ('tests/a', '#!/bin/sh\n' + M, None),
    ('tests/a', '#!/bin/sh\n', 'lack "SPDX'),
    ('a.md', 'no licence wanted\n', None),
    ('lib/wire/a.c', C + '\n' * 699, None),
    ('lib/wire/a.c', C + '\n' * 700, '701 lines'),
    ('a.txt', 'x' * 400_000, None),
    ('a.txt', 'x' * 400_001, '400001 octets'),
    ('a.md', 'TO' 'DO: later\n', 'unfinished'),
    ('a.md', 'a mastodon\n', None),
]


def main():
    failed = 0
    for path, text, expected in CASES:
        with tempfile.TemporaryDirectory() as root:
            tree = {**GOOD, path: text}
            for name, content in tree.items():
                os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(root, name), 'w', encoding='utf-8') as f:
                    f.write(content)
            found = list(lint_rooms.faults(root, sorted(tree)))
        right = not found if expected is None else len(found) == 1 and expected in found[0]
        if not right:
            failed += 1
            print(f'{path}: {text[-60:]!r}: expected {expected!r}, found {found}')
    print(f'{len(CASES) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
