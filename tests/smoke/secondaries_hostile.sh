#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Secondaries that do not take what they asked for, ask in pieces, too often or nonsense: each is sent away
# in time, and the others are served meanwhile.
. "$(dirname "$0")/world.bash"
transfers=198.18.0.54
cd "$work"
world_make
ip -n $client addr add 198.18.0.2/24 dev vc
# or the kernel takes all of a zone for who reads nothing
at_server sysctl -qw net.ipv4.tcp_wmem="4096 16384 65536"
ip -n $server addr add $transfers/24 dev vs
device=
config_make <<TEXT
zones:
  - {origin: ., file: $(realpath "$ROOT_ZONE"), anchors: $ROOT_ANCHORS, at: "$ROOT_AT"}
transfer:
  addresses: [$transfers]
  access:
    - {from: 198.18.0.1/32, allow: [transfer, query]}
  connections_per_prefix: 8
  message_timeout_ms: 1000
  rate_kib: 976
TEXT
server_start
at_client python3 "$here/primary_client.py" $transfers 198.18.0.1 198.18.0.2 >client 2>&1 || fail "$(cat client)"
server_stop
# it took nothing, it went, it is one of those that were too many
said 'transfer aborted.* why=timeout' || fail "the slow reader was not sent away"
said 'transfer aborted.* why=reset' || fail "who went was not seen to"
said 'count transfer_closed_misframed=4$' || fail "misframed"
said 'count transfer_transfer_limited=1$' || fail "transfers at a time"
cat client
