# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A server's and a client's namespace for one story; a mangroved, and whoever is behind, go away with it.
set -euo pipefail
: "${BUILD:?}" "${ROOT_ZONE:?}" "${ROOT_AT:?}" "${ROOT_ANCHORS:?}"

here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
tools=$(realpath "$here/../tools")
mangroved=$(realpath "$BUILD/app/mangroved/mangroved")
mangrovectl=$(realpath "$BUILD/app/mangrovectl/mangrovectl")
zone_tool=$(realpath "$BUILD/app/mangrove-zone/mangrove-zone")

tag=mgv$$
server=$tag-s client=$tag-c
namespaces=($server $client)
addr4=198.18.0.53 addr6=2001:db8::53
work=$(mktemp -d)
# what config_write lets mangroved serve, and where
device=net_af_xdp0,iface=vs queues=1 lcores=0
pid=
declare -A process=() # who runs beside it, by name

failure=
passed=0

world_end() {
	local status=$? each
	for each in $pid "${process[@]}"; do
		kill -KILL "$each" 2>/dev/null || true
		wait "$each" 2>/dev/null || true
	done
	[ $status -eq 0 ] || for each in "${!process[@]}"; do tail -v -n 20 "$work/$each.out"; done
	for each in "${namespaces[@]}"; do
		ip netns del "$each" 2>/dev/null || true
	done
	rm -rf "$work" /var/run/dpdk/$tag /var/run/dpdk/$tag-peer
	# last, where whoever reads the end of a log finds it
	[ -z "$failure" ] || echo "FAILED: $failure"
}
trap world_end EXIT
trap 'exit 1' INT TERM HUP

fail() {
	failure=$*
	[ ! -f "$work/log" ] || cat "$work/log"
	exit 1
}

# good WHAT COMMAND...: a check that is counted
good() {
	local what=$1
	shift
	"$@" >"$work/check.out" 2>&1 || fail "$what"
	passed=$((passed + 1))
}

# within SECONDS COMMAND...: whether it comes true
within() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

not() {
	! "$@"
}

# wide FILE: whether it has a line of more than 80 columns
wide() {
	grep -nE '^.{81}' "$1"
}

# ---- the world ----

# tun_needed: the story needs an interface of ours
tun_needed() {
	[ -c /dev/net/tun ] || {
		echo "the kernel has no /dev/net/tun"
		exit 77
	}
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
	at_client ethtool -K vc tx off >/dev/null
}

at_server() {
	ip netns exec $server "$@"
}

at_client() {
	ip netns exec $client "$@"
}

# behind NAME NAMESPACE|- COMMAND...: until the story ends or end is called, as ${process[NAME]}; what it
# says is in NAME.out
behind() {
	local name=$1 where=(ip netns exec "$2")
	[ "$2" != - ] || where=()
	shift 2
	# what one of that name said before is not this one's
	: >"$work/$name.out"
	"${where[@]}" "$@" >"$work/$name.out" 2>&1 </dev/null &
	process[$name]=$!
}

# end NAME [SIGNAL]
end() {
	kill "-${2-KILL}" "${process[$1]}" 2>/dev/null || true
	wait "${process[$1]}" 2>/dev/null || true
	unset "process[$1]"
}

# succeeds NAME: it ends by itself, with exit code 0
succeeds() {
	local child=${process[$1]}
	unset "process[$1]"
	wait "$child" || fail "$1: exit code $?, $(tail -n 30 "$work/$1.out")"
}

# ---- the server ----

# config_make: what mangroved serves comes from standard input, where it does is this world's matter; without a
# device on sockets alone
config_make() {
	{
		echo "addresses: [$addr4, \"$addr6\"]"
		cat
		[ -z "$device" ] || cat <<TEXT
ports:
  - device: $device
    queues: $queues
lcores: [$lcores]
idle: sleep
hugepages: no
file_prefix: $tag
TEXT
	} >"$work/mangroved.yaml"
}

# config_write [ZONEFILE]
config_write() {
	config_make <<TEXT
zones:
  - file: ${1:-$ROOT_ZONE}
    anchors: $ROOT_ANCHORS
    at: "$ROOT_AT"
TEXT
}

# config_add LINE...
config_add() {
	printf '%s\n' "$@" >>"$work/mangroved.yaml"
}

# server_launch [COMMAND...]: by that command, if any
server_launch() {
	# one that ran before was ready as well
	: >"$work/log"
	ip netns exec $server "$@" "$mangroved" --config "$work/mangroved.yaml" >"$work/log" 2>&1 </dev/null &
	pid=$!
}

is_gone() {
	[ ! -d "/proc/$1" ]
}

ready_or_gone() {
	said 'mangrove: ready' || is_gone "$pid"
}

# server_start [COMMAND...]
server_start() {
	server_launch "$@"
	within 30 ready_or_gone || fail "the server is not ready"
	said 'mangrove: ready' || fail "the server ended"
}

# until_gone PID
until_gone() {
	within 10 is_gone "$1" || fail "process $1 does not end"
}

# server_ended: with exit code 0
server_ended() {
	until_gone "$pid"
	wait "$pid" || fail "exit code $?"
	pid=
}

server_stop() {
	kill -TERM "$pid"
	server_ended
}

server_kill() {
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	pid=
}

# said PATTERN: whether the server's log has that
said() {
	grep -q -- "$1" "$work/log"
}

# until_said PATTERN [SECONDS]
until_said() {
	within "${2-30}" said "$1" || fail "\"$1\" is not said"
}

# says_more_often PATTERN COUNT: the server's log has it more than so many times
says_more_often() {
	[ "$(grep -c -- "$1" "$work/log")" -gt "$2" ]
}

# reload: a SIGHUP, and what came of it is published
reload() {
	local before
	before=$(grep -c 'zones published' "$work/log" || true)
	kill -HUP "$pid"
	within 30 says_more_often 'zones published' "$before" || fail "SIGHUP did nothing"
}

log_is_more() {
	[ "$(stat -c %s "$work/log")" -gt "$1" ]
}

# report: the server logs its counters anew, to the last
report() {
	local size
	size=$(stat -c %s "$work/log")
	kill -USR1 "$pid"
	within 10 log_is_more "$size" || fail "SIGUSR1 did nothing"
	while log_is_more "$size"; do
		size=$(stat -c %s "$work/log")
		sleep 0.1
	done
}

# counted NAME: in the latest report
counted() {
	sed -n "s/.*count $1=//p" "$work/log" | tail -n 1 | grep . || echo 0
}

ctl() {
	"$mangrovectl" --socket "$work/control.sock" "$@"
}

# ---- who asks ----

ask() {
	at_client dig +norec +tries=2 +time=1 "$@"
}

# says PATTERN DIG-ARGUMENT...: the reply has that, and is in $work/reply
says() {
	local pattern=$1
	shift
	ask "$@" >"$work/reply" || fail "$*: $(cat "$work/reply")"
	grep -qE -- "$pattern" "$work/reply" || fail "$*: no \"$pattern\" in $(cat "$work/reply")"
}

# serial [ZONE]: that is answered
serial() {
	ask @$addr4 +short "${1-.}" SOA | cut -d ' ' -f 3
}

serial_is() {
	[ "$(serial)" = "$1" ]
}

# serial_becomes SERIAL
serial_becomes() {
	within 10 serial_is "$1" || fail "serial $(serial), not $1"
}

# load_start NAME ADDRESS DNSPERF-ARGUMENT...: asks what is in $work/queries
load_start() {
	local name=$1 address=$2
	shift 2
	behind "$name" $client dnsperf -s "$address" -d "$work/queries" "$@"
}

# load_ended NAME: by itself, and each query was answered
load_ended() {
	succeeds "$1"
	grep -q 'Queries completed: *[1-9]' "$work/$1.out" && grep -q 'Queries lost: *0 ' "$work/$1.out" ||
		fail "$1: $(cat "$work/$1.out")"
}

# memif_config: serve a memif, not the interface
memif_config() {
	device=net_memif0,role=server,id=0,socket=$work/memif.sock,socket-abstract=no
	config_write
}

surge=$(realpath "$BUILD/app/mangrove-surge/mangrove-surge")
over_memif=(--device net_memif0,role=client,id=0,socket="$work/memif.sock",socket-abstract=no)

# surge_options: sets options, so that the traffic generator asks for this zone
surge_options() {
	options=(--zone "$ROOT_ZONE" --file-prefix $tag-peer --memory 256 --timeout 20 --distinct 65536)
}

# memif_ask ARGUMENT...: over the memif, on the last CPU; the report is in $work/peer
memif_ask() {
	surge_options
	timeout 120 "$surge" "${options[@]}" "${over_memif[@]}" "$@" >"$work/peer" 2>&1
}

# memif_ask_start ARGUMENT...: until memif_ask_end
memif_ask_start() {
	surge_options
	behind asking - "$surge" "${options[@]}" "${over_memif[@]}" "$@"
	within 30 grep -q ' 1 s ' "$work/asking.out" || fail "nobody asks"
}

# memif_ask_end: it is told to end, and all of what it sent was answered. A machine that is busy may keep it
# from sending.
memif_ask_end() {
	end asking TERM
	cp "$work/asking.out" "$work/peer"
	grep -q '^sent=\([1-9][0-9]*\) answered=\1 lost=0 late=0 duplicate=0 wrong=0 unsent=[0-9]* silent=0$' "$work/peer" ||
		fail "$(cat "$work/peer")"
}

# all_answered COUNT: and nothing was wrong
all_answered() {
	grep -q "^sent=$1 answered=$1 lost=0 late=0 duplicate=0 wrong=0 unsent=0 silent=0\$" "$work/peer" ||
		fail "$(cat "$work/peer")"
}
