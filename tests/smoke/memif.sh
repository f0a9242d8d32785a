#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A peer process asks over memif, and every octet that comes back is what the oracle says; then a
# second peer does, after the first has gone. The socket of a server that was killed is in nobody's way.
. "$(dirname "$0")/world.bash"
world_make
memif_config
server_start
for workload in mix nxdomain-do; do
	memif_ask --workload $workload --queries 200000 --seconds 60 || fail "$(cat "$work/peer")"
	all_answered 200000
done
server_stop
grep -q 'count sent=400000$' "$work/log" || fail "the server counted something else"
[ ! -e "$work/memif.sock" ] || fail "the socket is left"
cat "$work/peer"

server_start
server_kill
[ -S "$work/memif.sock" ] || fail "the socket is gone: nothing to test"
server_start
memif_ask --queries 10000 --seconds 60 || fail "$(cat "$work/peer")"
all_answered 10000
server_stop
