#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether the reply of the command "rssac047" says what it should.

rssac047_check.py FILE measured WAY... correct    all of these pass, correctness by some replies
rssac047_check.py FILE more COUNT correct         more intervals than COUNT
rssac047_check.py FILE failing WAY...             these are below their threshold
rssac047_check.py FILE published COUNT            so many versions were seen, in time
rssac047_check.py FILE count                      prints how many intervals there were
"""
import json
import sys

NAMES = {'ipv4-udp': 'IPv4 UDP', 'ipv4-tcp': 'IPv4 TCP', 'ipv6-udp': 'IPv6 UDP', 'ipv6-tcp': 'IPv6 TCP'}
CORRECT_MIN = 3


def main(path, what, *rest):
    with open(path, encoding='utf-8') as f:
        months = json.load(f)['months']
    if not months:
        return 'nothing is measured yet'
    metrics = {m['name']: m for m in months[0]['metrics']}
    if what == 'count':
        print(sum(m['intervals'] for m in months))
        return None
    if what == 'more' and sum(m['intervals'] for m in months) <= int(rest[0]):
        return f'not more intervals than {rest[0]}'
    if what == 'published':
        metric = metrics['Publication Latency']
        wanted = 'pass' if rest[0] != '0' else None
        return None if (metric['count'], metric['verdict']) == (int(rest[0]), wanted) else f'published: {metric}'
    for way in rest:
        if way in NAMES and what == 'measured':
            for metric in (metrics[NAMES[way] + ' Availability'], metrics[NAMES[way] + ' Response Latency']):
                if metric['verdict'] != 'pass':
                    return f'{way}: {metric}'
        elif way in NAMES and metrics[NAMES[way] + ' Availability']['verdict'] != 'fail':
            return f'{way}: {metrics[NAMES[way] + " Availability"]}'
        elif way == 'correct':
            metric = metrics['Correctness']
            if metric['count'] < CORRECT_MIN or metric['verdict'] != 'pass' or months[0]['last_wrong']:
                return f'correctness: {metric} {months[0]["last_wrong"]}'
    return None


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
