#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# memif: the client's kernel behind another DPDK process. All that is not ours goes through the TAP.
. "$(dirname "$0")/exception.bash"
world_bare
config_port "net_memif0,role=server,id=0,socket=$work/memif.sock,socket-abstract=no"
server_start
peer_process "net_memif0,role=client,id=0,socket=$work/memif.sock,socket-abstract=no"
exception_story
exception_killed
exception_done
