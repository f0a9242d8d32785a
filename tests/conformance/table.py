# SPDX-License-Identifier: BSD-3-Clause
"""docs/conformance.md: each expectation names the test that shows it, and that test must exist."""
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
DOCUMENT = os.path.join(ROOT, 'docs', 'conformance.md')


def unit_tests():
    """Criterion's names, suite/test, of all tests in C."""
    found = set()
    for folder in ('unit', 'property'):
        path = os.path.join(ROOT, 'tests', folder)
        for name in os.listdir(path):
            if name.endswith('.c'):
                with open(os.path.join(path, name), encoding='utf-8') as f:
                    found |= {f'{suite}/{test}' for suite, test in
                              re.findall(r'^Test\((\w+), (\w+)', f.read(), re.M)}
    return found


def golden_frames():
    with open(os.path.join(ROOT, 'tests', 'golden', 'expected.txt'), encoding='ascii') as f:
        return set(re.findall(r'^[0-9]+ (.+)$', f.read(), re.M))


def stories():
    return {name[:-3] for name in os.listdir(os.path.join(ROOT, 'tests', 'smoke'))
            if name.endswith('.sh')}


def differential_runs():
    path = os.path.join(ROOT, 'tests', 'differential', 'differential.py')
    with open(path, encoding='utf-8') as f:
        return set(re.findall(r"'(three zones, [^']+)'", f.read()))


def rows():
    """(expectation, ["kind: name", ...]) of each row of the tables."""
    with open(DOCUMENT, encoding='utf-8') as f:
        for line in f:
            cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
            if line.startswith('|') and len(cells) == 3 and set(cells[2]) - set('- ') and \
                    cells[2] != 'shown by':
                yield cells[1], re.findall(r'`([^`]+)`', cells[2])


def check(cases):
    """Pairs of what was checked and what is wrong with it, or None."""
    known = {'conformance': {*cases, 'random messages'},
             'unit': unit_tests(), 'golden': golden_frames(), 'smoke': stories(),
             'differential': differential_runs()}
    count = 0
    for expectation, names in rows():
        count += 1
        wrong = [] if names else ['no test shows it']
        for name in names:
            kind, _, test = name.partition(': ')
            if test not in known.get(kind, ()):
                wrong.append(f'there is no test `{name}`')
        yield f'docs/conformance.md: {expectation}', ', '.join(wrong) or None
    yield 'docs/conformance.md has rows', None if count else 'none'
    shown = {name for _, names in rows() for name in names}
    for name in cases:
        if ' cut to ' not in name:
            yield f'docs/conformance.md names {name}', None if \
                f'conformance: {name}' in shown else 'it does not'
