#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A peer process asks over memif, and every octet that comes back is what the oracle says; then a
# second peer does, after the first has gone.
. "$(dirname "$0")/world.bash"
world_make
device=net_memif0,role=server,id=0,socket=$work/memif.sock,socket-abstract=no
config_write
server_start
peer() {
	timeout 120 "$BUILD/tests/bench/memif_client" --no-huge -m 256 --no-pci --no-telemetry \
		--file-prefix=$tag-peer --lcores=0@$(($(nproc) > 1)) --log-level=*:error \
		--vdev=net_memif0,role=client,id=0,socket="$work/memif.sock",socket-abstract=no \
		-- --zone "$ROOT_ZONE" --mix "$(dirname "$0")/../bench/root-mix.json" "$@"
}
for workload in mix nxdomain-do; do
	peer --workload $workload --queries 200000 --seconds 60 >"$work/peer" ||
		fail "$(cat "$work/peer")"
	grep -q '^sent=200000 answered=200000 lost=0 late=0 wrong=0$' "$work/peer" ||
		fail "$(cat "$work/peer")"
done
server_stop
grep -q 'count sent=400000$' "$work/log" || fail "the server counted something else"
[ ! -e "$work/memif.sock" ] || fail "the socket is left"
cat "$work/peer"
