#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# net_tap as the port: the wire ends in the client's kernel.
. "$(dirname "$0")/exception.bash"
world_bare
config_port "net_tap0,iface=vc"
server_start
# the port's MAC address is the server's side; the client needs another
ip -n $server link set vc netns $client
ip -n $client link set vc address 02:00:00:00:00:01
client_addresses
exception_story
exception_killed
exception_done
