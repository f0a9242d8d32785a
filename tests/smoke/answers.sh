#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The real server answers over AF_XDP, IPv4 and IPv6, and SIGTERM leaves nothing behind.
. "$(dirname "$0")/world.bash"
world_make
config_write
server_start
ip -n $server link show vs | grep -q xdp || fail "ready without an XDP program"
for address in $addr4 $addr6; do
	says 'status: NOERROR' @$address . SOA
	says 'status: NXDOMAIN' @$address +dnssec nothing.like-this-name A
	says '[[:space:]]NSEC[[:space:]]' @$address +dnssec nothing.like-this-name A
	says 'flags: qr;' @$address www.example.com A
	says 'flags: qr aa tc' @$address +bufsize=512 +ignore +dnssec . DNSKEY
done
# what is not ours is the kernel's: another TCP port is refused there, not lost
refusal=$(ask @$addr4 -p 54 +tcp . SOA || true)
grep -q 'connection refused' <<<"$refusal" || fail "TCP did not reach the kernel"
server_stop
! ip -n $server link show vs | grep -q xdp || fail "an XDP program is left"
[ ! -e /var/run/dpdk/$tag ] || fail "runtime files are left"
echo "answered over IPv4 and IPv6, stopped clean"
