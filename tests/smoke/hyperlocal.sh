#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Without ports, as nobody, on loopback: TCP and UDP on a high port, reload, end (RFC 8806).
. "$(dirname "$0")/world.bash"
ip netns add $server
ip -n $server link set lo up
# where nobody may read
chmod 755 "$work"
cp "$mangroved" "$zone_tool" "$work/"
mangroved=$work/mangroved
cp "$ROOT_ZONE" "$work/root.zone"
cp "$ROOT_ANCHORS" "$work/anchors"
cat >"$work/mangroved.yaml" <<TEXT
addresses: [127.0.0.1, "::1"]
zones:
  - file: $work/root.zone
    anchors: $work/anchors
    at: "$ROOT_AT"
sockets:
  port: 5300
TEXT
chmod 644 "$work"/root.zone "$work"/anchors "$work"/mangroved.yaml

nobody="setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all"

server_start $nobody
[ "$(awk '/^Uid:/ { print $3 }' "/proc/$pid/status")" = 65534 ] || fail "it is not nobody"
said 'no ports' || fail "it does not say that no DPDK runs"
for address in 127.0.0.1 ::1; do
	for way in +notcp +tcp; do
		at_server dig -p 5300 +norec $way @$address +dnssec . SOA >"$work/dig"
		grep -q 'flags: qr aa; QUERY: 1, ANSWER: 2' "$work/dig" || fail "$way $(cat "$work/dig")"
		at_server dig -p 5300 +norec $way @$address nothing.like-this-name A |
			grep -q 'status: NXDOMAIN' || fail "NXDOMAIN $way at $address"
	done
done
reload
server_stop
sed -i 's/5300/53/' "$work/mangroved.yaml"
if at_server sysctl -qw net.ipv4.ip_unprivileged_port_start=1024 2>/dev/null; then
	! at_server $nobody "$mangroved" --config "$work/mangroved.yaml" >"$work/log" 2>&1 || fail "nobody has port 53"
	said '127.0.0.1 port 53 UDP: Permission denied' || fail "it does not say what is wrong"
	[ "$(grep -c mangroved: "$work/log")" = 1 ] || fail "more than one line"
fi
echo "answered as nobody, over UDP and TCP, IPv4 and IPv6; stopped clean"
