#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# After SIGKILL the XDP program stays attached: the next start finds it, and answers. Another's
# program is refused.
. "$(dirname "$0")/world.bash"

# refused CONFIGURATION REASON: another that starts with it ends, and says so
refused() {
	! at_server "$mangroved" --config "$work/$1" >"$work/refused" 2>&1 && grep -q "$2" "$work/refused" ||
		fail "$(cat "$work/refused")"
}

world_make
config_write
server_start
server_kill
ip -n $server link show vs | grep -q 'xdp' || fail "the kernel detached the program: nothing to test"
server_start
says 'status: NOERROR' @$addr4 . SOA
refused mangroved.yaml 'runs with file_prefix'
sed "s/^file_prefix: .*/file_prefix: $tag-2/" "$work/mangroved.yaml" >"$work/second.yaml"
refused second.yaml 'another mangroved serves this interface'
[ ! -e /var/run/dpdk/$tag-2 ] || fail "the second server left runtime files"
says 'status: NOERROR' @$addr4 . SOA
server_stop

# another's program: the smallest there is
printf '#include <linux/bpf.h>\n__attribute__((section("xdp"), used)) int stranger(struct xdp_md *c)\n{ return XDP_PASS; }\nchar _license[] __attribute__((section("license"), used)) = "GPL";\n' >"$work/stranger.c"
clang -O2 -g -target bpf -I"/usr/include/$(gcc -print-multiarch)" -c "$work/stranger.c" -o "$work/stranger.o"
ip -n $server link set dev vs xdp obj "$work/stranger.o" sec xdp
refused mangroved.yaml 'carries another XDP program'
ip -n $server link show vs | grep -q 'xdp' || fail "it detached another's program"
echo "restarted after SIGKILL, refused a second server and a stranger's program"
