# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A server's and a client's namespace for one story, and a mangroved that goes away with it.
set -euo pipefail
: "${BUILD:?}" "${ROOT_ZONE:?}" "${ROOT_AT:?}" "${ROOT_ANCHORS:?}"

tag=mgv$$
server=$tag-s client=$tag-c
addr4=198.18.0.53 addr6=2001:db8::53
work=$(mktemp -d)
# what config_write lets mangroved serve, and where
device=net_af_xdp0,iface=vs queues=1 lcores=0
mangroved=$(realpath "$BUILD/app/mangroved/mangroved")
pid=

reason=

world_end() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	ip netns del $server 2>/dev/null || true
	ip netns del $client 2>/dev/null || true
	rm -rf "$work" /var/run/dpdk/$tag /var/run/dpdk/$tag-peer
	# last, where whoever reads the end of a log finds it
	[ -z "$reason" ] || echo "FAILED: $reason"
}
trap world_end EXIT
trap 'exit 1' INT TERM HUP

fail() {
	reason=$*
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
    queues: $queues
lcores: [$lcores]
idle: sleep
hugepages: no
file_prefix: $tag
TEXT
}

server_start() {
	# one that ran before was ready as well
	: >"$work/log"
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

# memif_config: serve a memif, not the interface
memif_config() {
	device=net_memif0,role=server,id=0,socket=$work/memif.sock,socket-abstract=no
	config_write
}

# surge ARGUMENT...: the traffic generator on the last CPU, its report in $work/peer
surge() {
	timeout 120 "$BUILD/app/mangrove-surge/mangrove-surge" --zone "$ROOT_ZONE" --file-prefix $tag-peer \
		--memory 256 --timeout 20 --distinct 65536 "$@" >"$work/peer" 2>&1
}

# memif_ask ARGUMENT...: over the memif
memif_ask() {
	surge --device net_memif0,role=client,id=0,socket="$work/memif.sock",socket-abstract=no "$@"
}

# all_answered COUNT: and nothing was wrong
all_answered() {
	grep -q "^sent=$1 answered=$1 lost=0 late=0 duplicate=0 wrong=0 unsent=0 silent=0\$" "$work/peer" ||
		fail "$(cat "$work/peer")"
}

ask() {
	ip netns exec $client dig +norec +tries=2 +time=1 "$@"
}
