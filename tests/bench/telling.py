# SPDX-License-Identifier: BSD-3-Clause
"""What the longer benches share: lines of progress within a bound of time, tables, plots."""
import os
import shutil
import subprocess
import sys
import time


class Progress:
    """Lines on standard error, and the time that a bench may take."""

    def __init__(self, steps_s, limit_s):
        """@param steps_s  what all steps are thought to take"""
        self.began = time.monotonic()
        self.expected = steps_s
        self.limit = limit_s
        self.say(f'about {steps_s:.0f} s, {limit_s:.0f} s at most')

    def spent(self):
        return time.monotonic() - self.began

    def say(self, text):
        print(f'[{self.spent():4.0f} s of {self.expected:.0f}] {text}', file=sys.stderr, flush=True)

    def has(self, seconds):
        """Whether a step of this length still ends in time."""
        return self.spent() + seconds <= self.limit


def markdown(head, rows):
    return [f'| {" | ".join(head)} |', '|' + '---|' * len(head),
            *(f'| {" | ".join(row)} |' for row in rows)]


def environment(parser, options):
    """The zone and the build that all benches take from the environment."""
    for name in ('ROOT_ZONE', 'ROOT_AT', 'ROOT_ANCHORS'):
        if not os.environ.get(name):
            parser.error(f'{name} is not set')
    options.zone = os.path.abspath(os.environ['ROOT_ZONE'])
    options.anchors = os.path.abspath(os.environ['ROOT_ANCHORS'])
    options.at = os.environ['ROOT_AT']
    options.build = os.path.abspath(os.environ.get('BUILD', 'build'))


def plot(path, panels, size):
    """A PNG of panels one below the other.

    @param panels  (commands of gnuplot, then lines: (title, points, style)) of each; a point is a
                   tuple of what stands in a line of gnuplot's data
    """
    if not shutil.which('gnuplot'):
        print(f'no gnuplot: {path} is not drawn', file=sys.stderr)
        return
    script = [f'set terminal pngcairo size {size}\nset output "{path}"\nset grid\nset key outside',
              f'set multiplot layout {len(panels)},1']
    for at, (commands, lines) in enumerate(panels):
        for index, (_, points, _) in enumerate(lines):
            script += [f'$data{at}_{index} << END', *(' '.join(map(str, p)) for p in points), 'END']
        script += [*commands, 'plot ' + ', '.join(
            f'$data{at}_{index} {style} title "{title}"'
            for index, (title, _, style) in enumerate(lines))]
    subprocess.run(['gnuplot'], input='\n'.join(script) + '\n', text=True, check=True)
