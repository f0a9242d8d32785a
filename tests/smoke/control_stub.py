#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Answers commands on a Unix socket with the examples of docs/control.md, key by key.

usage: control_stub.py SOCKET CONTROL.md [STATE]      STATE replaces that of "health"
"""
import json
import re
import socket
import struct
import sys


def examples(path):
    """{command: reply} from the blocks under headings that name commands."""
    replies = {}
    with open(path, encoding='utf-8') as f:
        text = f.read()
    for heading, block in re.findall(r'^### (.*?)\n```\n(.*?)^```', text, re.M | re.S):
        for command in heading.split(', '):
            replies[command] = json.loads(block)
    return replies


def receive(connection, count):
    data = b''
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def answer(request, replies):
    command = request['command']
    if command == 'zone refresh' and request['zone'] == 'none.':
        return {'ok': False, 'code': 'unknown-zone', 'error': 'zone none.: \x1b[31mnot configured here'}
    if request.get('force') and command != 'zone transfer':
        return {'ok': False, 'code': 'bad-request', 'error': 'force'}
    if command not in replies:
        return {'ok': False, 'code': 'unknown-command', 'error': command}
    return {**replies[command], 'asked': request}


def main():
    replies = examples(sys.argv[2])
    if len(sys.argv) > 3:
        replies['health']['state'] = sys.argv[3]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    length, = struct.unpack('>I', receive(connection, 4))
                    reply = json.dumps(answer(json.loads(receive(connection, length)), replies))
                except EOFError:
                    continue
                connection.sendall(struct.pack('>I', len(reply)) + reply.encode())


main()
