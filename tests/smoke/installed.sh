#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What `meson install` puts somewhere is whole: from there mangroved finds its builder, its driver's file and the
# XDP program, mangrovectl asks it, and mangrove-surge has its mix.
. "$(dirname "$0")/world.bash"
meson install -C "$BUILD" --no-rebuild --destdir "$work/root" >"$work/install" 2>&1 || fail "$(tail "$work/install")"
prefix=$(dirname "$(dirname "$(find "$work/root" -name mangroved -type f)")")
[ -s "$prefix/share/mangrove/mangroved.yaml" ] || fail "no sample of a configuration"

# whoever builds is nobody
chmod 755 "$work"
mangroved=$prefix/bin/mangroved mangrovectl=$prefix/bin/mangrovectl
world_make
config_write
config_add "control: {socket: $work/control.sock}"
server_start
says 'status: NXDOMAIN' @$addr4 nothing.like-this-name A
ctl status >"$work/words" || fail "status: exit code $?"
server_stop
"$prefix/bin/mangrove-surge" --zone "$ROOT_ZONE" --distinct 500 --export "$work/mix.pcap" >"$work/words" 2>&1 ||
	fail "$(cat "$work/words")"
[ "$(stat -c %s "$work/mix.pcap")" -gt 20000 ] || fail "no mix"
echo "what is installed is whole"
