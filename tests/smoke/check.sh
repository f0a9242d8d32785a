#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mangroved --check: a good configuration is read, its zones are built, what would run is told, and nothing runs.
# The sample has every key that there is, and no other: with all of them set it is good.
. "$(dirname "$0")/world.bash"
ip netns add $server
sample=$(realpath "$here/../../app/mangroved/mangroved.yaml")

# checked: a good configuration
checked() {
	at_server "$mangroved" --config "$work/mangroved.yaml" --check >"$work/plan" 2>"$work/log" ||
		fail "exit code $?"
	said 'zone accepted zone=\. ' || fail "the zone was not built"
	passed=$((passed + 1))
}
# plans LINE
plans() {
	grep -qE -- "^$1\$" "$work/plan" || fail "no \"$1\" in $(cat "$work/plan")"
	passed=$((passed + 1))
}

config_write
config_add "control: {socket: $work/control.sock}" "identity: one"
checked
plans "address $addr4"
plans "address $addr6"
plans "port $device queues=1 driver=net_af_xdp .* control=xdp cpus=0"
plans 'sockets udp tcp port=53 .*'
[ ! -e "$work/control.sock" ] && [ ! -e /var/run/dpdk/$tag ] || fail "something runs"

# a zone that is refused
sed -i 's/at: .*/at: "20380101000000"/' "$work/mangroved.yaml"
code=0
at_server "$mangroved" --config "$work/mangroved.yaml" --check >"$work/plan" 2>"$work/log" || code=$?
[ $code = 1 ] && said 'expired' && [ ! -s "$work/plan" ] || fail "exit code $code"

# one that is told to stop has not found it good
cat >"$work/builder" <<TEXT
#!/bin/sh
touch "$work/begun"
exec sleep 60
TEXT
# it runs as nobody
chmod 777 "$work" "$work/builder"
config_add "builder: $work/builder"
behind check $server "$mangroved" --config "$work/mangroved.yaml" --check
within 10 [ -e "$work/begun" ] || fail "no builder"
kill -TERM "${process[check]}"
code=0
wait "${process[check]}" || code=$?
[ $code = 1 ] || fail "a check that was stopped: exit code $code"

# every key of the sample. Where it names a file or a machine's part, this one's; of two ways one.
tsig-keygen -a hmac-sha256 transfers.example. >"$work/keys"
printf '%032d\n' 7 >"$work/secrets"
chmod 600 "$work/keys" "$work/secrets"
# put KEY VALUE: wherever it stands
put() {
	sed -E -i "s#^( *(- )?$1:).*#\1 $2#" "$work/mangroved.yaml"
}
sed -E 's/^( *)# ( *(- )?[a-z_0-9]+:( .*)?)$/\1\2/; s/^# ( *- \{.*)$/\1/' "$sample" >"$work/mangroved.yaml"
put file "$ROOT_ZONE"
put at "\"$ROOT_AT\""
put anchors "$ROOT_ANCHORS"
put pin "$(head -c 32 /dev/zero | base64)"
put tsig_keys "$work/keys"
put secrets "$work/secrets"
put clients pseudonyms
put pseudonym_key "$work/secrets"
put state_directory "$work/state"
put group root
put device net_tap0
put lcores '[0]'
put tcp_connections 2000
put variant plain
put builder "$zone_tool"
put drivers_config "$here/../../drivers-config"
put xdp_program "$BUILD/lib/port/mangrove_xdp.o"
checked
plans 'port net_tap0 queues=1 .*exception=mgv0 cpus=0'
# and the other way round: what may stand there, as the program's source names it, is in the sample
for key in $(grep -ohE '[A-Z_]+\(\s*"[a-z_0-9]+"' "$here"/../../app/mangroved/config*.c | sed 's/.*"\(.*\)"/\1/' | sort -u); do
	grep -qE "(^|[ {,-])$key:" "$sample" || fail "the sample does not tell of $key"
	passed=$((passed + 1))
done
echo "$passed passed, 0 failed"
