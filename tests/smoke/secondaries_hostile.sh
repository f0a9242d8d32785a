#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Secondaries that do not take what they asked for, ask in pieces, too often or nonsense: each is sent away
# in time, and the others are served meanwhile.
. "$(dirname "$0")/world.bash"
here=$(realpath "$(dirname "$0")")
cd "$work"
world_make
ip -n $client addr add 198.18.0.2/24 dev vc
# or the kernel takes all of a zone for who reads nothing
ip netns exec $server sysctl -qw net.ipv4.tcp_wmem="4096 16384 65536"
"$BUILD/app/mangrove-zone/mangrove-zone" compile --at "$ROOT_AT" --anchors "$ROOT_ANCHORS" --output image "$ROOT_ZONE" >/dev/null
mkfifo commands
ip netns exec $server "$BUILD/tests/tools/primary_node" --listen $addr4@53 --access 198.18.0.1/32,-,t \
	--rate 1000000 --timeout 1000 --connections 8 <commands >log 2>&1 &
pid=$!
exec 7>commands
echo "publish $work/image" >&7
for _ in $(seq 50); do
	! grep -q '^published' log || break
	sleep 0.1
done
ip netns exec $client python3 "$here/primary_client.py" $addr4 198.18.0.1 198.18.0.2 >client 2>&1 7>&- || fail "$(cat client)"
echo count >&7
exec 7>&-
until_gone "$pid"
wait "$pid" || fail "exit code $?"
pid=
# it took nothing, it went, it is one of those that were too many
grep -q 'transfer aborted.* why=timeout' log || fail "the slow reader was not sent away"
grep -q 'transfer aborted.* why=reset' log || fail "who went was not seen to"
grep -q '^count closed_misframed=4$' log || fail "misframed"
grep -q '^count transfer_limited=1$' log || fail "transfers at a time"
cat client
