#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# AF_XDP: the XDP program leaves the kernel all that is not a query; no frame of that is copied.
. "$(dirname "$0")/exception.bash"
world_bare
interface=vs
ip -n $server link add vs type veth peer name vc netns $client
ip -n $server link set vs up
ip -n $server addr add $onlink4/24 dev vs
ip -n $server addr add $onlink6/64 dev vs nodad
ip -n $server addr add $addr4/32 dev vs
ip -n $server addr add $addr6/128 dev vs nodad
client_addresses
config_write
server_start
exception_story split
report
[ "$(counter_sum '(foreign|exception)_.*')" = 0 ] || fail 'the kernel lost frames'
passed=$((passed + 1))
exception_done
