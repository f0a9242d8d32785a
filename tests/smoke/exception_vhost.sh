#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# vhost-user with a virtio-user peer, as a virtual machine would be one; two queues.
. "$(dirname "$0")/exception.bash"
world_bare
queues=2
config_port "net_vhost0,iface=$work/vhost.sock,queues=2"
server_start
peer_process "net_virtio_user0,path=$work/vhost.sock,queues=2"
exception_story
exception_killed
exception_done
