# SPDX-License-Identifier: BSD-3-Clause
"""A Chromium without a screen, spoken to by the DevTools protocol over pipes."""
import base64
import json
import os
import select
import subprocess
import time


class Browser:
    """One tab. What it asked for and complained of is kept."""

    def __init__(self, folder):
        to_browser, ours_out = os.pipe()
        ours_in, from_browser = os.pipe()
        self.out, self.input = ours_out, ours_in
        self.rest, self.number, self.session = b'', 0, None
        self.requests, self.complaints = [], []
        self.answers = {}

        def descriptors():
            # the protocol's are 3 and 4, whatever they are here
            high = [os.dup2(fd, at) for fd, at in ((to_browser, 60), (from_browser, 61))]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.closerange(5, 64)

        with open(os.path.join(folder, 'chromium.log'), 'wb') as log:
            self.process = subprocess.Popen(
                ['chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                 '--no-first-run', '--disable-background-networking', '--disable-component-update',
                 '--disable-sync', '--no-proxy-server', '--remote-debugging-pipe',
                 f'--user-data-dir={folder}/profile', 'about:blank'],
                preexec_fn=descriptors, close_fds=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, 'HOME': folder, 'LANG': 'C.UTF-8', 'TZ': 'UTC'})
        os.close(to_browser)
        os.close(from_browser)
        tab = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=tab, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Network', 'Log'):
            self.call(domain + '.enable')

    def event(self, message):
        method, params = message.get('method'), message.get('params', {})
        if method == 'Network.requestWillBeSent':
            self.requests.append(params['request']['url'])
        elif method == 'Log.entryAdded':
            self.complaints.append((params['entry']['level'], params['entry']['text'], params['entry'].get('url')))
        elif method == 'Runtime.exceptionThrown':
            self.complaints.append(('error', json.dumps(params['exceptionDetails'])[:500], None))
        elif 'id' in message:
            self.answers[message['id']] = message

    def take(self, seconds):
        """Take in what has come. @return False: nothing"""
        if not select.select([self.input], [], [], seconds)[0]:
            return False
        data = os.read(self.input, 1 << 20)
        if not data:
            raise RuntimeError('the browser has ended')
        *messages, self.rest = (self.rest + data).split(b'\0')
        for message in messages:
            self.event(json.loads(message))
        return True

    def call(self, method, wait_seconds=60, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        data = json.dumps(message).encode() + b'\0'
        while data:
            data = data[os.write(self.out, data):]
        end = time.monotonic() + wait_seconds
        while self.number not in self.answers:
            self.take(0.5)
            if time.monotonic() > end:
                raise RuntimeError(f'{method}: no answer')
        answer = self.answers.pop(self.number)
        if 'error' in answer:
            raise RuntimeError(f'{method}: {answer["error"]}')
        return answer['result']

    def script(self, text):
        """The value of an expression in the page; of a promise, what it comes to."""
        result = self.call('Runtime.evaluate', expression=text, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(f'{text}: {json.dumps(result["exceptionDetails"])[:500]}')
        return result['result'].get('value')

    def size(self, width, height, mobile=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1,
                  mobile=mobile)

    def dark(self, wanted):
        self.call('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if wanted else 'light'}])

    def screenshot(self, path):
        data = self.call('Page.captureScreenshot', format='png', captureBeyondViewport=True)['data']
        with open(path, 'wb') as f:
            f.write(base64.b64decode(data))

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
