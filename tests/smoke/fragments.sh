#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# UDP queries in fragments, and behind an IPv6 extension header: the kernel's sockets answer them.
. "$(dirname "$0")/world.bash"
world_make
config_write
server_start
at_client python3 - $addr4 $addr6 >"$work/client" <<'PYTHON' || fail "$(cat "$work/client")"
import socket, struct, sys
passed = 0
# 2000 octets of padding: two fragments at an MTU of 1500
padding = struct.pack('>HH', 12, 2000) + bytes(2000)
query = bytes.fromhex('abcd00000001000000000001') + b'\7example\3com\0' + struct.pack('>HH', 1, 1) + \
    b'\0' + struct.pack('>HHIH', 41, 1232, 0x8000, len(padding)) + padding
for address in sys.argv[1:]:
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((address, 53))
        s.send(query)
        reply = s.recv(4096)
        assert reply[:2] == b'\xab\xcd' and reply[3] & 15 == 0 and len(reply) > 200, reply
        print(address, len(reply), 'octets to a query in fragments')
        passed += 1
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
    s.settimeout(2)
    # RFC 8200 4.6: destination options, padded to 8 octets
    s.setsockopt(socket.IPPROTO_IPV6, 59, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
    s.connect((sys.argv[2], 53))
    s.send(bytes.fromhex('abce0000000100000000000000') + struct.pack('>HH', 6, 1))
    reply = s.recv(4096)
    assert reply[:2] == b'\xab\xce' and reply[3] & 15 == 0 and reply[6:8] == b'\0\1', reply
    passed += 1
print(f'{passed} passed, 0 failed')
PYTHON
cat "$work/client"
report
[ "$(counted socket_udp_referral)" = 2 ] || fail "fragments came another way"
[ "$(counted socket_udp_sent)" = 3 ] || fail "the replies were not sent by sockets"
