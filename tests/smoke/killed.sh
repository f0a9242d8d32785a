#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# After SIGKILL the XDP program stays attached: the next start finds it, and answers. Another's
# program is refused.
. "$(dirname "$0")/world.bash"
world_make
config_write
server_start
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
ip -n $server link show vs | grep -q 'xdp' || fail "the kernel detached the program: nothing to test"
server_start
ask @$addr4 . SOA | grep -q 'status: NOERROR' || fail "no answer after the restart"
if ip netns exec $server "$mangroved" --config "$work/mangroved.yaml" >"$work/second" 2>&1; then
	fail "a second server started with the same file_prefix"
fi
grep -q 'runs with file_prefix' "$work/second" || fail "$(cat "$work/second")"
sed "s/^file_prefix: .*/file_prefix: $tag-2/" "$work/mangroved.yaml" >"$work/second.yaml"
if ip netns exec $server "$mangroved" --config "$work/second.yaml" >"$work/second" 2>&1; then
	fail "a second server started on the same interface"
fi
grep -q 'another mangroved serves this interface' "$work/second" || fail "$(cat "$work/second")"
[ ! -e /var/run/dpdk/$tag-2 ] || fail "the second server left runtime files"
ask @$addr4 . SOA | grep -q 'status: NOERROR' || fail "no answer after the second start"
server_stop

# another's program: the smallest there is
printf '#include <linux/bpf.h>\n__attribute__((section("xdp"), used)) int stranger(struct xdp_md *c)\n{ return XDP_PASS; }\nchar _license[] __attribute__((section("license"), used)) = "GPL";\n' >"$work/stranger.c"
clang -O2 -g -target bpf -I"/usr/include/$(gcc -print-multiarch)" -c "$work/stranger.c" -o "$work/stranger.o"
ip -n $server link set dev vs xdp obj "$work/stranger.o" sec xdp
if ip netns exec $server "$mangroved" --config "$work/mangroved.yaml" >"$work/third" 2>&1; then
	fail "it started over another's program"
fi
grep -q 'carries another XDP program' "$work/third" || fail "$(cat "$work/third")"
ip -n $server link show vs | grep -q 'xdp' || fail "it detached another's program"
echo "restarted after SIGKILL, refused a second server and a stranger's program"
