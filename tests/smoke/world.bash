# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A server's and a client's namespace for one story, and a mangroved that goes away with it.
set -euo pipefail
: "${BUILD:?}" "${ROOT_ZONE:?}" "${ROOT_AT:?}" "${ROOT_ANCHORS:?}"

tag=mgv$$
server=$tag-s client=$tag-c
addr4=198.18.0.53 addr6=2001:db8::53
work=$(mktemp -d)
device=net_af_xdp0,iface=vs # what config_write lets mangroved serve
mangroved=$(realpath "$BUILD/app/mangroved/mangroved")
pid=

world_end() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	ip netns del $server 2>/dev/null || true
	ip netns del $client 2>/dev/null || true
	rm -rf "$work" /var/run/dpdk/$tag /var/run/dpdk/$tag-peer
}
trap world_end EXIT
trap 'exit 1' INT TERM HUP

fail() {
	echo "FAILED: $*"
	[ ! -f "$work/log" ] || cat "$work/log"
	exit 1
}

world_make() {
	ip netns add $server
	ip netns add $client
	ip -n $server link add vs type veth peer name vc netns $client
	ip -n $server addr add $addr4/24 dev vs
	ip -n $server addr add $addr6/64 dev vs nodad
	ip -n $client addr add 198.18.0.1/24 dev vc
	ip -n $client addr add 2001:db8::1/64 dev vc nodad
	ip -n $server link set lo up
	ip -n $client link set lo up
	ip -n $server link set vs up
	ip -n $client link set vc up
	ip netns exec $client ethtool -K vc tx off >/dev/null
}

# config_write [ZONEFILE]
config_write() {
	cat >"$work/mangroved.yaml" <<TEXT
addresses: [$addr4, "$addr6"]
zones:
  - file: ${1:-$ROOT_ZONE}
    anchors: $ROOT_ANCHORS
    at: "$ROOT_AT"
ports:
  - device: $device
lcores: [0]
idle: sleep
hugepages: no
file_prefix: $tag
TEXT
}

server_start() {
	ip netns exec $server "$mangroved" --config "$work/mangroved.yaml" >"$work/log" 2>&1 </dev/null &
	pid=$!
	for _ in $(seq 300); do
		! grep -q 'mangrove: ready' "$work/log" || return 0
		[ -d "/proc/$pid" ] || fail "the server ended"
		sleep 0.1
	done
	fail "the server is not ready"
}

# until_gone PID
until_gone() {
	for _ in $(seq 100); do
		[ -d "/proc/$1" ] || return 0
		sleep 0.1
	done
	fail "process $1 does not end"
}

# SIGTERM ends it, with exit code 0
server_stop() {
	kill -TERM "$pid"
	until_gone "$pid"
	wait "$pid" || fail "exit code $?"
	pid=
}

ask() {
	ip netns exec $client dig +norec +tries=2 +time=1 "$@"
}
