#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# TCP beside AF_XDP: good clients, bad ones, limits, a reload under load, and a graceful end.
. "$(dirname "$0")/world.bash"
world_make
ulimit -Sn 4096

# sockets_config LINE...
sockets_config() {
	config_write
	config_add 'sockets:' '  threads: 2' "${@/#/  }"
}

sockets_config 'tcp_idle_timeout_ms: 3000' 'tcp_message_timeout_ms: 4000' 'tcp_connections: 4000' \
	'tcp_connections_per_prefix: 3000'
for end in $server $client; do
	ip netns exec $end sysctl -qw net.ipv4.tcp_fastopen=3
done
server_start
for address in $addr4 $addr6; do
	says 'flags: qr aa; QUERY' @$address +tcp +dnssec . DNSKEY
	says ';; Truncated, retrying in TCP' @$address +bufsize=512 +dnssec . DNSKEY
	at_client kdig @$address +tcp +keepopen +dnssec . SOA . NS www.example.com A \
		no-such-name.invalid-tld A >"$work/kdig"
	[ "$(grep -c 'status: N' "$work/kdig")" = 4 ] || fail "kdig at $address: $(cat "$work/kdig")"
done
at_client python3 "$here/tcp_client.py" $addr4 $addr6 >"$work/client" ||
	fail "$(grep -v '^ok' "$work/client")"
cat "$work/client"
report
for reason in zero_length short long reply idle slow_message client; do
	[ "$(counted socket_tcp_closed_$reason)" -gt 1 ] || fail "no count socket_tcp_closed_$reason"
done

# RFC 7413: the first connection gets a cookie, the second sends its query in the SYN
at_client python3 - $addr4 >"$work/fastopen" 2>&1 <<'PYTHON' || fail "$(cat "$work/fastopen")"
import socket, sys
for _ in range(2):
    s = socket.socket()
    s.sendto(b'\0\x11\0\1\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1', socket.MSG_FASTOPEN, (sys.argv[1], 53))
    s.settimeout(3)
    assert len(s.recv(4096)) > 19
    s.close()
PYTHON
at_server nstat -asz TcpExtTCPFastOpenPassive | grep -q 'TCPFastOpenPassive *1 ' ||
	fail "no query came in a SYN: $(at_server nstat -asz | grep FastOpen)"

# a reload does not lose a query
for _ in $(seq 200); do printf 'www.example.com A\n. SOA\nno-such.invalid-tld A\n'; done >"$work/queries"
load_start load $addr4 -m tcp -l 60 -Q 5000 -c 20 -q 200
for _ in 1 2 3; do
	sleep 0.5
	reload
done
kill -INT "${process[load]}"
load_ended load

# the end: what was sent is answered, then connections close
at_client python3 - $addr4 "$pid" >"$work/end" <<'PYTHON' || fail "$(cat "$work/end")"
import os, signal, socket, sys
one = b'\0\x11\0\1\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1'
s = socket.create_connection((sys.argv[1], 53), 8)
s.sendall(one)
s.recv(4096)
s.sendall(one * 200)
os.kill(int(sys.argv[2]), signal.SIGTERM)
data = b''
while part := s.recv(65536):
    data += part
replies = 0
while data:
    length = int.from_bytes(data[:2], 'big')
    assert len(data) >= 2 + length, 'cut in the middle'
    data = data[2 + length:]
    replies += 1
print(replies, 'replies')
sys.exit(replies != 200)
PYTHON
server_ended

# limits: 3 of a prefix; connections beyond close those that are idle for longest
sockets_config 'tcp_connections_per_prefix: 3'
sed -i 's/threads: 2/threads: 1/' "$work/mangroved.yaml"
server_start
at_client python3 - $addr4 $addr6 >"$work/limit" <<'PYTHON' || fail "$(cat "$work/limit")"
import socket, sys
one = b'\0\x11\0\1\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1'
def ask(s):
    s.sendall(one)
    return len(s.recv(4096)) > 19
for address in sys.argv[1:]:
    sockets = [socket.create_connection((address, 53), 2) for _ in range(3)]
    assert all(ask(s) for s in sockets)
    assert ask(sockets[0])
    more = socket.create_connection((address, 53), 2)
    assert ask(more)
    assert sockets[1].recv(1) == b'', 'the one that is idle for longest is not closed'
    assert ask(sockets[0]) and ask(sockets[2]) and ask(more)
PYTHON
report
[ "$(counted socket_tcp_closed_limit_prefix)" = 2 ] || fail "limits are not counted"
! at_server "$mangroved" --config <(sed "/^ports:/,/^lcores:/d" "$work/mangroved.yaml") >"$work/second" 2>&1 ||
	fail "a second server started on the same port"
[ "$(grep -c 'in use' "$work/second")" = 1 ] || fail "$(cat "$work/second")"
server_stop
