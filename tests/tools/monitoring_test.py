#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Dashboard and alert rules ask for metrics and labels that there are; promtool tests the rules.

usage: monitoring_test.py FOLDER-OF-THE-SOURCES
"""
import json
import os
import re
import subprocess
import sys

import yaml

ROOT = sys.argv[1]
FOLDER = os.path.join(ROOT, 'docs/monitoring')
ROW = re.compile(r'^\| `([a-z0-9_]+)(?:\{([^}]*)\})?` \| (counter|gauge|histogram) \|', re.M)
USE = re.compile(r'\b((?:mangrove|process)_[a-z0-9_]+)(?:\{([^}]*)\})?')
# of the server that scrapes, and of a histogram
FOREIGN = {'instance', 'job', 'le'}


def table():
    with open(os.path.join(ROOT, 'docs/statistics.md'), encoding='utf-8') as file:
        return {name: (kind, set(labels.split(', ')) if labels else set())
                for name, labels, kind in ROW.findall(file.read())}


def expressions():
    with open(os.path.join(FOLDER, 'alerts.yml'), encoding='utf-8') as file:
        for group in yaml.safe_load(file)['groups']:
            for rule in group['rules']:
                yield rule['alert'], rule['expr']
    with open(os.path.join(FOLDER, 'dashboard.json'), encoding='utf-8') as file:
        for panel in json.load(file)['panels']:
            for target in panel.get('targets', []):
                yield panel['title'], target['expr']


def faults(metrics):
    for where, expression in expressions():
        used = USE.findall(expression)
        if not used and 'up{' not in expression:
            yield '%s asks for nothing of ours' % where
        for name, selector in used:
            base = re.sub(r'_(bucket|sum|count)$', '', name)
            kind, labels = metrics.get(name) or metrics.get(base) or (None, set())
            if kind is None or (name != base and name not in metrics and kind != 'histogram'):
                yield '%s: there is no %s' % (where, name)
            for label in re.findall(r'([a-z_]+)\s*(?:=|!=|=~|!~)\s*"', selector):
                if label not in labels | FOREIGN:
                    yield '%s: %s has no label %s' % (where, name, label)


def main():
    found = list(faults(table()))
    print('\n'.join(found))
    if found:
        sys.exit(1)
    for arguments in (('check', 'rules', 'alerts.yml'), ('test', 'rules', 'alerts_test.yml')):
        subprocess.run(('promtool',) + arguments, cwd=FOLDER, check=True)


if __name__ == '__main__':
    main()
