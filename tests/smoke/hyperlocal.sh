#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Without ports, as nobody, on loopback: TCP and UDP on a high port, reload, end (RFC 8806).
. "$(dirname "$0")/world.bash"
ip netns add $server
ip -n $server link set lo up
# where nobody may read
chmod 755 "$work"
cp "$mangroved" "$(dirname "$mangroved")/../mangrove-zone/mangrove-zone" "$work/"
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

nobody_start() {
	ip netns exec $server setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$work/mangroved" --config "$work/mangroved.yaml" \
		>"$work/log" 2>&1 </dev/null &
	pid=$!
	for _ in $(seq 300); do
		! grep -q 'mangrove: ready' "$work/log" || return 0
		[ -d "/proc/$pid" ] || fail "the server ended"
		sleep 0.1
	done
	fail "the server is not ready"
}

nobody_start
[ "$(awk '/^Uid:/ { print $3 }' "/proc/$pid/status")" = 65534 ] || fail "it is not nobody"
grep -q 'no ports' "$work/log" || fail "it does not say that no DPDK runs"
for address in 127.0.0.1 ::1; do
	for way in +notcp +tcp; do
		ip netns exec $server dig -p 5300 +norec $way @$address +dnssec . SOA >"$work/dig"
		grep -q 'flags: qr aa; QUERY: 1, ANSWER: 2' "$work/dig" || fail "$way $(cat "$work/dig")"
		ip netns exec $server dig -p 5300 +norec $way @$address nothing.like-this-name A |
			grep -q 'status: NXDOMAIN' || fail "NXDOMAIN $way at $address"
	done
done
kill -HUP "$pid"
for _ in $(seq 100); do
	! grep -q 'zones published' "$work/log" || break
	sleep 0.1
done
grep -q 'zones published' "$work/log" || fail "no reload"
kill -TERM "$pid"
until_gone "$pid"
wait "$pid" || fail "exit code $?"
pid=
sed -i 's/5300/53/' "$work/mangroved.yaml"
if ip netns exec $server sysctl -qw net.ipv4.ip_unprivileged_port_start=1024 2>/dev/null; then
	if ip netns exec $server setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$work/mangroved" --config "$work/mangroved.yaml" >"$work/log" 2>&1; then
		fail "nobody has port 53"
	fi
	grep -q '127.0.0.1 port 53 UDP: Permission denied' "$work/log" || fail "what is not said"
	[ "$(grep -c mangroved: "$work/log")" = 1 ] || fail "more than one line"
fi
echo "answered as nobody, over UDP and TCP, IPv4 and IPv6; stopped clean"
