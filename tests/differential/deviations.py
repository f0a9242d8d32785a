# SPDX-License-Identifier: BSD-3-Clause
"""Where Mangrove differs from both Knot and NSD on purpose.

Each has a name, the rule it follows, and a test that says exactly which answers it excuses; an
answer that differs from both peers and that none of these describes is a fault.
"""
from collections import namedtuple

DEVIATIONS = []
Deviation = namedtuple('Deviation', 'name rule test')


def deviation(name, rule):
    def enter(test):
        DEVIATIONS.append(Deviation(name, rule, test))
        return test
    return enter


def explain(case):
    """The name of the deviation that a case is, or None."""
    for one in DEVIATIONS:
        if one.test(case):
            return one.name
    return None
