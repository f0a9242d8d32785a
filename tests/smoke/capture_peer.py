#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records frames of an interface, and compares the DNS in them with C-DNS files, field by field.

usage: capture_peer.py record INTERFACE FILE          until SIGTERM; says "recording" when it does
       capture_peer.py compare FILE [--sampled] [--prefixes V4 V6] CDNS...
       capture_peer.py odd ADDRESS...                 send what is no query, and odd queries
"""
import collections
import importlib.util
import ipaddress
import os
import pickle
import random
import signal
import socket
import struct
import sys

SPEC = importlib.util.spec_from_file_location(
    'cdns_read', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../tools/cdns_read.py'))
cdns_read = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cdns_read)

SO_TIMESTAMPNS, ETH_P_ALL, SO_RCVBUFFORCE = 35, 3, 33
PORT = 53
TYPE_OPT = 41
# what the CPU's counter and two clocks read one after the other may differ by
SLACK = 0.02


def record(interface, path):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind((interface, 0))
    sock.settimeout(0.2)
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    frames = []
    print('recording', flush=True)
    while True:
        try:
            frame, controls, _, _ = sock.recvmsg(1 << 16, 64)
        except socket.timeout:
            # nothing is left
            if ended:
                break
            continue
        seconds, nanoseconds = struct.unpack('qq', controls[0][2][:16])
        frames.append((seconds + nanoseconds / 1e9, frame))
    lost = struct.unpack('II', sock.getsockopt(263, 6, 8))[1]
    assert lost == 0, '%d frames were not recorded' % lost
    with open(path, 'wb') as file:
        pickle.dump(frames, file)


# ---- frames to messages ----

def packets(frames):
    """(time, ip version, transport, source, source port, destination, port, rest) of each"""
    for time, frame in frames:
        ethertype, at = struct.unpack_from('!H', frame, 12)[0], 14
        if ethertype == 0x0800:
            ip, protocol, size = 4, frame[at + 9], struct.unpack_from('!H', frame, at + 2)[0]
            source, destination = frame[at + 12:at + 16], frame[at + 16:at + 20]
            end, at = at + size, at + (frame[at] & 15) * 4
        elif ethertype == 0x86dd:
            ip, protocol, size = 6, frame[at + 6], struct.unpack_from('!H', frame, at + 4)[0]
            source, destination = frame[at + 8:at + 24], frame[at + 24:at + 40]
            end, at = at + 40 + size, at + 40
        else:
            continue
        transport = {17: 'udp', 6: 'tcp'}.get(protocol)
        if not transport:
            continue
        ports = struct.unpack_from('!HH', frame, at)
        if PORT not in ports:
            continue
        yield (time, ip, transport, str(ipaddress.ip_address(source)), ports[0],
               str(ipaddress.ip_address(destination)), ports[1], frame[at:end])


def messages(frames):
    """(time, ip, transport, client, port, server, whether it is a reply, message), UDP and TCP"""
    streams = {}
    for time, ip, transport, source, sport, destination, dport, rest in packets(frames):
        reply = sport == PORT
        client, port, server = ((destination, dport, source) if reply
                                else (source, sport, destination))
        if transport == 'udp':
            yield time, ip, transport, client, port, server, reply, rest[8:]
            continue
        sequence, flags = struct.unpack_from('!I', rest, 4)[0], rest[13]
        data = rest[(rest[12] >> 4) * 4:]
        key = client, port, server, reply
        if flags & 2:  # SYN
            streams[key] = [(sequence + 1) & 0xffffffff, b'', {}]
            continue
        if not data or key not in streams:
            continue
        stream = streams[key]
        stream[2][sequence] = data
        while stream[0] in stream[2]:
            piece = stream[2].pop(stream[0])
            stream[1] += piece
            stream[0] = (stream[0] + len(piece)) & 0xffffffff
        while len(stream[1]) >= 2:
            size = struct.unpack('!H', stream[1][:2])[0]
            if len(stream[1]) < 2 + size:
                break
            message, stream[1] = stream[1][2:2 + size], stream[1][2 + size:]
            yield time, ip, transport, client, port, server, reply, message


# ---- messages to what C-DNS says of them ----

def flags_of(header):
    bits = {'cd': 4, 'ad': 5, 'z': 6, 'ra': 7, 'rd': 8, 'tc': 9, 'aa': 10}
    return [name for name in cdns_read.DNS_FLAGS if header >> bits[name] & 1]


def name_skip(message, at):
    while message[at] and message[at] < 64:
        at += 1 + message[at]
    return at + (1 if message[at] == 0 else 2)


def opt_of(message, at, count):
    """(size, ttl) of an OPT among so many records"""
    for _ in range(count):
        at = name_skip(message, at)
        rr_type, rr_class, ttl, length = struct.unpack_from('!HHIH', message, at)
        if rr_type == TYPE_OPT:
            return rr_class, ttl
        at += 10 + length
    return None


class Message:
    def __init__(self, message):
        self.id, self.header, *counts = struct.unpack_from('!6H', message)
        at, self.qname = 12, None
        try:
            if counts[0] == 1:
                end = name_skip(message, 12)
                self.qname = cdns_read.name_of(message[12:end])
                self.qtype, self.qclass = struct.unpack_from('!HH', message, end)
                at = end + 4
            self.opt = opt_of(message, at, sum(counts[1:]))
        except (IndexError, struct.error, cdns_read.Wrong):
            self.opt = None
        self.bare = counts[0] == 0


def transaction(query, reply, ip, transport, client, port, server):
    """As cdns_read tells an item, but for the time."""
    q = Message(query)
    told = {
        'ip': ip, 'transport': transport, 'client': client, 'port': port, 'server': server,
        'server_port': PORT, 'id': q.id, 'opcode': q.header >> 11 & 15,
        'query_rcode': q.header & 15, 'query_flags': flags_of(q.header),
        'do': bool(q.opt and q.opt[1] & 0x8000),
        'edns': [q.opt[1] >> 16 & 255, q.opt[0]] if q.opt else None,
        'bare': len(query) == 12,
        'query_size': len(query),
    }
    # the node reads no question of what it does not know how to answer, and gives none back
    if q.qname is not None and (reply is None or Message(reply).qname is not None):
        told['qname'], told['qtype'], told['qclass'] = q.qname, q.qtype, q.qclass
    if reply is not None:
        r = Message(reply)
        told['rcode'] = (r.header & 15) | (r.opt[1] >> 24 << 4 if r.opt else 0)
        told['response_flags'] = flags_of(r.header)
        told['response_opt'], told['response_bare'] = bool(r.opt), r.bare
        told['response_size'] = len(reply)
    return told


def transactions(frames):
    """Pairs, and (time of query, time of reply); queries without a reply alone."""
    waiting, odd = collections.OrderedDict(), collections.Counter()
    for time, ip, transport, client, port, server, is_reply, message in messages(frames):
        way = ip, transport, client, port, server
        if len(message) < 12:
            odd['malformed'] += 1
        elif not is_reply and message[2] & 0x80:
            odd['unmatched_responses'] += 1
        elif not is_reply:
            waiting.setdefault(way + (message[:2],), []).append((time, message))
        else:
            asked = waiting.get(way + (message[:2],))
            assert asked, 'a reply to a query that was not seen: %r' % (way + (message,),)
            asked = asked.pop(0)
            yield transaction(asked[1], message, *way), asked[0], time
    for key, left in waiting.items():
        for time, message in left:
            yield transaction(message, None, *key[:5]), time, None
    yield odd


def frozen(told):
    return tuple(sorted((key, tuple(value) if isinstance(value, list) else value)
                        for key, value in told.items() if key != 'time'))


def truncated(address, prefixes):
    network = ipaddress.ip_interface(address).version
    return str(ipaddress.ip_network('%s/%d' % (address, prefixes[network]), False).network_address)


def compare(arguments):
    path, sampled, prefixes, files = arguments[0], False, {4: 32, 6: 128}, []
    rest = arguments[1:]
    while rest:
        word = rest.pop(0)
        if word == '--sampled':
            sampled = True
        elif word == '--prefixes':
            prefixes = {4: int(rest.pop(0)), 6: int(rest.pop(0))}
        else:
            files.append(cdns_read.File(word))
    with open(path, 'rb') as file:
        seen = list(transactions(pickle.load(file)))
    odd = seen.pop()
    expected = collections.defaultdict(list)
    for told, asked_at, replied_at in seen:
        told['client'] = truncated(told['client'], prefixes)
        expected[frozen(told)].append((asked_at, replied_at))
    captured, bad_time = 0, 0
    for file in files:
        assert file.whole
        for item in file.items():
            times = expected.get(frozen(item))
            assert times, 'captured, and never sent: %r; nearest: %r' % (
                item, [told for told, _, _ in seen
                       if told['id'] == item['id'] and told['port'] == item['port']])
            fits = [t for t in times if t[0] - SLACK <= item['time'] <=
                    (t[1] if t[1] is not None else t[0] + 10) + SLACK]
            bad_time += not fits
            times.remove(fits[0] if fits else times[0])
            captured += 1
    # what got no answer may not have arrived
    answered = sum(replied_at is not None for _, _, replied_at in seen)
    left = sum(time[1] is not None for times in expected.values() for time in times)
    assert bad_time == 0, '%d were captured at times when they were not there' % bad_time
    if not sampled:
        assert left == 0, '%d of %d were sent and not captured, such as %r' % (
            left, answered, next(key for key, times in expected.items() if times))
        for key, number in (('malformed', 5), ('unmatched_responses', 3)):
            counted = sum(file.sum(number) for file in files)
            assert counted == odd[key], '%s: %d, not %d' % (key, counted, odd[key])
    print('sent=%d answered=%d captured=%d malformed=%d responses=%d' % (
        len(seen), answered, captured, odd['malformed'], odd['unmatched_responses']))


# ---- queries that dig would not send ----

def odd(addresses):
    header = struct.pack('!6H', 0x4242, 0x0110, 1, 0, 0, 0)
    question = b'\3WwW\7ExAmPlE\0' + struct.pack('!HH', 1, 1)
    opt = b'\0' + struct.pack('!HHIH', TYPE_OPT, 4096, 0x8000, 0)
    random.seed(1)
    answered = [
        header + question,
        header + b'\0' + struct.pack('!HH', 2, 255),
        header + b'\x09bi.n\0r\xffy\4test\0' + struct.pack('!HH', 65280, 1),
        struct.pack('!6H', 0x4243, 0x2000, 1, 0, 0, 0) + question,          # NOTIFY
        struct.pack('!6H', 0x4244, 0x2800, 1, 0, 0, 0) + question,          # UPDATE
        struct.pack('!6H', 0x4245, 0x07ff & ~0x000f, 1, 0, 0, 0) + question,  # all flags
        struct.pack('!6H', 0x4246, 0, 0, 0, 0, 0),                          # no question
        struct.pack('!6H', 0x4247, 0, 1, 0, 0, 1) + question + opt.replace(
            struct.pack('!I', 0x8000), struct.pack('!I', 0x18000)),         # BADVERS
        struct.pack('!6H', 0x4248, 0, 1, 0, 0, 1) + question + opt,
        header + b'\77' + bytes(random.randrange(256) for _ in range(63)) + question[9:],
    ]
    for address in addresses:
        sock = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET,
                             socket.SOCK_DGRAM)
        sock.connect((address, PORT))
        sock.settimeout(5)
        for message in answered:
            sock.send(message)
            assert sock.recv(4096)[:2] == message[:2]
        # no answers to these
        sock.send(b'\x42\x49\x80\0\0\1\0\0\0\0\0\0' + question)
        sock.send(b'short')
        sock.send(answered[0])
        assert sock.recv(4096)[:2] == b'\x42\x42'


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    try:
        {'record': lambda: record(*arguments), 'compare': lambda: compare(arguments),
         'odd': lambda: odd(arguments)}[command]()
    except (AssertionError, cdns_read.Wrong) as error:
        print('%s: %s' % (command, error))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
