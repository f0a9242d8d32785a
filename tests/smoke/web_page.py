#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Looks at the web page as people do, and holds what it shows against the control socket.

usage: web_page.py check URL MANGROVECTL SOCKET FOLDER   (tests/smoke/web.sh tells how it goes on)
       web_page.py shot URL FILE SECONDS [WIDTH HEIGHT [dark]]
"""
import json
import os
import subprocess
import sys
import tempfile
import time

from browser import Browser

WAIT_SECONDS = 60
# the texts of all elements of a selector
TEXTS = "[...document.querySelectorAll('%s')].map(e => e.textContent)"


class Story:
    def __init__(self, url, ctl, socket, folder):
        self.url, self.ctl, self.socket, self.folder = url, ctl, socket, folder
        self.page = Browser(folder)

    def ask(self, *command):
        done = subprocess.run([self.ctl, '--socket', self.socket, '--json', *command], check=True,
                              capture_output=True, timeout=30)
        return json.loads(done.stdout)

    def counters(self):
        """What the page has totals of, as the control socket tells it."""
        sums = {m['name']: sum(v['value'] for v in m['values'] if 'value' in v) for m in self.ask('stats')['metrics']}
        return {'queries': sums['mangrove_queries_total'], 'replies': sums['mangrove_replies_total'],
                'dropped': sums['mangrove_dropped_total']}

    def shown(self):
        return {key: self.page.script(f"document.getElementById('{key}-total').textContent.replaceAll(',', '')")
                for key in ('queries', 'replies', 'dropped')}

    def text(self, selector):
        return self.page.script(TEXTS % selector)

    def until(self, what, holds, tell=lambda: ''):
        end = time.monotonic() + WAIT_SECONDS
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f'{what}: {tell()}')
            self.page.take(0.2)
        print('ok', what, flush=True)

    def say(self, word):
        with open(os.path.join(self.folder, word), 'w', encoding='ascii'):
            pass

    def heard(self, word):
        return os.path.exists(os.path.join(self.folder, word))

    # ---- what is held against what ----

    def totals_equal(self):
        self.until('totals are the counters',
                   lambda: self.shown() == {k: str(n) for k, n in self.counters().items()},
                   lambda: f'{self.shown()}, not {self.counters()}')

    def heat_equal(self):
        root = next(z for z in self.ask('heat')['zones'] if z['zone'] == '.')
        order = sorted((i for i, n in enumerate(root['gap']) if n), key=lambda i: (-root['gap'][i], i))[:8]
        want = [[root['names'][i], f"{root['gap'][i]:,}"] for i in order]

        def rows():
            return self.page.script("[...document.querySelectorAll('#hottest tbody tr')].map(r => "
                                    "[r.cells[0].textContent, r.cells[3].textContent])")
        self.until('the hottest ranges are those of the counters', lambda: sorted(rows()) == sorted(want),
                   lambda: f'{rows()}, not {want}')
        assert want, 'nothing is hot'

    def status_equal(self):
        status = self.ask('status')
        assert self.text('#identity') == [status['identity']], self.text('#identity')
        assert status['state'] in self.text('#state')[0], self.text('#state')
        serials = [str(z['serial']) for z in status['zones']]
        assert self.text('.serial') == serials, f'{self.text(".serial")}, not {serials}'
        self.until('state, identity and serials are those of the server', lambda: True)

    def narrow(self):
        for width in (320, 360, 414, 800, 1400):
            self.page.size(width, 740, width < 500)
            self.page.script('new Promise(r => setTimeout(r, 1500))')
            wide = self.page.script('document.documentElement.scrollWidth')
            assert wide <= width, f'{wide} px wide at {width}'
            beyond = self.page.script(
                "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('svg') && "
                f"e.getBoundingClientRect().right > {width} + 0.5).map(e => e.outerHTML.slice(0, 120))")
            assert not beyond, f'beyond {width} px: {beyond}'
        print('ok nothing runs over the edge from 320 to 1400 px', flush=True)

    def colours(self):
        light = self.page.script('getComputedStyle(document.body).backgroundColor')
        self.page.dark(True)
        dark = self.page.script('getComputedStyle(document.body).backgroundColor')
        self.page.dark(False)
        assert light != dark, light
        # whoever sees no colour has the pattern: a different one for each series
        fills = self.page.script("[...document.querySelectorAll('#rcode path[fill]')].map(e => e.getAttribute('fill'))")
        names = self.text('#rcode-key li')
        assert len(set(fills)) >= 2 and len(names) >= 2, (fills, names)
        drawn = self.page.script("[...document.querySelectorAll('#rcode pattern')].map(p => p.innerHTML)")
        assert len(set(drawn)) == len(drawn) >= 7, drawn
        print('ok light and dark, and each series has its pattern', flush=True)

    def nothing_foreign(self):
        foreign = [u for u in self.page.requests if not u.startswith((self.url, 'about:'))]
        assert not foreign, foreign
        assert len(self.page.requests) > 10, self.page.requests
        # while the server is away, the browser says so, and nothing else is wrong
        wrong = [c for c in self.page.complaints if not (c[2] or '').startswith(self.url)]
        assert not wrong, wrong
        # and it could not: the policy does not let it
        verdict = self.page.script(
            "new Promise(done => { addEventListener('securitypolicyviolation', e => done(e.effectiveDirective)); "
            "fetch('http://198.18.0.99/').catch(() => {}); setTimeout(() => done('none'), 5000); })")
        assert verdict == 'connect-src', verdict
        print('ok nothing was asked of others, nor can be', flush=True)


def check(url, ctl, socket, folder):
    story = Story(url, ctl, socket, folder)
    page = story.page
    try:
        page.size(1200, 900)
        page.call('Page.navigate', url=url)
        story.until('the page is there', lambda: page.script(
            "document.readyState === 'complete' && !!document.querySelector('main')"))
        story.totals_equal()
        story.heat_equal()
        story.status_equal()
        story.say('want-load')
        story.until('rates, and charts of them',
                    lambda: page.script("parseFloat(document.getElementById('queries-rate').textContent) || 0") > 0 and
                    any('NXDOMAIN' in t for t in story.text('#rcode-key li')) and
                    any(t.startswith('A ') for t in story.text('#qtype-key li')) and
                    page.script("document.querySelectorAll('#rate path, #rcode path, #qtype path').length") > 4 and
                    page.script("document.querySelectorAll('#sizes rect').length") > 1 and
                    # the background, and a bar for each of two neighbourhoods
                    page.script("document.querySelectorAll('#heat rect').length") >= 3,
                    lambda: story.text('main'))
        story.colours()
        story.narrow()
        story.say('want-quiet')
        story.until('the load ended', lambda: story.heard('quiet'))
        story.totals_equal()
        story.heat_equal()
        story.until('nothing is said to be old', lambda: page.script("document.getElementById('stale').hidden"))
        story.say('want-stop')
        story.until('it says that what it shows is old',
                    lambda: not page.script("document.getElementById('stale').hidden"))
        story.say('want-start')
        story.until('it goes on when the server is back',
                    lambda: story.heard('started') and page.script("document.getElementById('stale').hidden"))
        story.totals_equal()
        story.nothing_foreign()
    finally:
        page.end()
    print('6 numbers, 5 widths, 2 colour schemes, 1 restart: the page shows what the server counts')


def shot(url, path, seconds, width='1200', height='1290', dark=''):
    with tempfile.TemporaryDirectory() as folder:
        page = Browser(folder)
        try:
            page.size(int(width), int(height))
            page.dark(dark == 'dark')
            page.call('Page.navigate', url=url)
            end = time.monotonic() + float(seconds)
            while time.monotonic() < end:
                page.take(0.5)
            page.screenshot(path)
        finally:
            page.end()


if __name__ == '__main__':
    {'check': check, 'shot': shot}[sys.argv[1]](*sys.argv[2:])
