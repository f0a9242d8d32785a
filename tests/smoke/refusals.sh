#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Bad configuration, zone or interface: one line that says what and where, exit code 1 or 2.
. "$(dirname "$0")/world.bash"
world_make

# refused CODE PATTERN SED: the configuration changed by SED ends so
refused() {
	local code=0
	config_write
	sed -i "$3" "$work/mangroved.yaml"
	at_server timeout 60 "$mangroved" --config "$work/mangroved.yaml" >"$work/log" 2>&1 ||
		code=$?
	[ $code = "$1" ] || fail "$3: exit code $code, not $1"
	said "$2" || fail "$3: \"$2\" is not said"
	[ ! -e /var/run/dpdk/$tag ] || fail "$3: runtime files are left"
	passed=$((passed + 1))
}

refused 2 'colour' 's/^idle: sleep/colour: green/'
refused 2 'idle' 's/^idle: sleep/idle: lazy/'
refused 2 'not an IP address' 's/198.18.0.53/198.18.0.530/'
refused 2 'memory_mb' '$a memory_mb: 1'
refused 2 'variant' '$a variant: mmx'
refused 1 'no-such-zone' 's#file: .*#file: /no-such-zone#'
refused 1 'no-such-anchors' 's#anchors: .*#anchors: /no-such-anchors#'
refused 1 'expired' 's/at: .*/at: "20380101000000"/'
refused 1 'no such interface' 's/iface=vs/iface=nothing/'
refused 1 'no-such-folder' '$a drivers_config: /no-such-folder'
refused 1 'hugepages' 's/^hugepages: no/hugepages: yes/;$a memory_mb: 1000000'
code=0
"$zone_tool" make --output /no-such-folder/zone/ >"$work/log" 2>&1 || code=$?
[ $code = 1 ] || fail "make in no folder: exit code $code, not 1"
said '^/no-such-folder/zone/: No such file' || fail "make does not say which folder"
# the exception path: with INTERFACE ADDRESS [SED] makes the change of a configuration
with() {
	printf '%s\n/^lcores/i\\    exception:\\n      interface: %s\\n      addresses: [%s]\n' \
		"${3-s/net_af_xdp0,iface=vs/net_null0/}" "$1" "$2"
}
refused 1 'the kernel has the interface itself' "$(with mgv0 198.18.0.2/24 '')"
refused 2 'exception.interface: "a/b"' "$(with a/b 198.18.0.2/24)"
refused 2 'length of its prefix' "$(with mgv0 198.18.0.2/33)"
refused 2 'length of its prefix' "$(with mgv0 198.18.0.2)"
[ -e /dev/vhost-net ] ||
	refused 1 'mgv0: /dev/vhost-net: No such file' "$(with mgv0 198.18.0.2/24)
/^lcores/i\\      kind: virtio_user"
rate='s/net_af_xdp0,iface=vs/net_null0/;$a exception_rates:'
refused 2 'exception_rates.icmp: 1000001 is not in' "$rate {icmp: 1000001}"
refused 2 'pigeon: unknown key' "$rate {pigeon: 1}"
ip -n $server tuntap add dev mgv0 mode tap
refused 1 'mgv0: there is such an interface already' "$(with mgv0 198.18.0.2/24)"
echo "$passed passed, 0 failed"
