#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A Knot that signs is the primary: NOTIFY, IXFR, the new serial is served, under load; the primary
# vanishes, the zone expires, and it comes back. Each answer is audited against its own version.
# With MANGROVE_LONG: 500 updates of the whole root zone, and what docs/performance.md tells of them.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"
primary4=198.18.0.1
updates=${MANGROVE_LONG:+500}
updates=${updates:-12}
long=${MANGROVE_LONG-}

world_make
mkdir "$work/knot" "$work/state"
chmod 755 "$work"
plain=$work/made/root.zone expire=12 rate=2000
[ -z "$long" ] || plain=$ROOT_ZONE expire=60 rate=10000
"$zone_tool" make --tlds 60 --serial 1 --output "$work/made/" >/dev/null
# what a zone is before it is signed; EXPIRE is short, REFRESH and RETRY are 2 s
unsigned "$plain" | awk -v expire=$expire '$4 == "SOA" { $8 = 2; $9 = 2; $10 = expire } { print }' >"$work/knot/root.zone"

cat >"$work/key" <<'TEXT'
key "transfers.example." { algorithm hmac-sha256; secret "bWFuZ3JvdmUgbWFuZ3JvdmUgbWFuZ3JvdmU="; };
TEXT
chmod 640 "$work/key"
primary_start() {
	knot_start knot $client $primary4@5353 <<TEXT
key:
  - id: transfers.example.
    algorithm: hmac-sha256
    secret: $(secret_of transfers.example. "$work/key")
remote:
  - id: mangrove
    address: $addr4@5454
    key: transfers.example.
acl:
  - id: transfers
    key: transfers.example.
    action: transfer
policy:
  - id: signing
    algorithm: ecdsap256sha256
    ksk-lifetime: 0
    zsk-lifetime: 0
zone:
  - domain: .
    file: $work/knot/root.zone
    storage: $work/knot
    serial-policy: increment
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    dnssec-signing: on
    dnssec-policy: signing
    zonemd-generate: zonemd-sha384
    notify: mangrove
    acl: transfers
TEXT
	speaks knot @$primary4 -p 5353 . SOA
}
primary_start
primary_serial() {
	ask +short @$primary4 -p 5353 . SOA | cut -d ' ' -f 3
}
ask +short @$primary4 -p 5353 . DNSKEY | awk '$1 == 257 { print ". IN DNSKEY " $0 }' >"$work/anchors"
[ -s "$work/anchors" ] || fail "Knot has no KSK"

# the builder, unless it is to die
cat >"$work/builder" <<TEXT
#!/bin/sh
[ "\$1" = audit ] || ! rm "$work/die" 2>/dev/null || kill -SEGV \$\$
exec "$zone_tool" "\$@"
TEXT
chmod 755 "$work/builder"
config_make <<TEXT
state_directory: $work/state
versions: 4
tsig_keys: $work/key
primaries:
  - {name: knot, address: $primary4, port: 5353, key: transfers.example.}
zones:
  - {origin: ., primaries: [knot], anchors: $work/anchors}
transfer:
  addresses: [$addr4]
  port: 5454
  access: [{from: $primary4/32, allow: [transfer]}]
control: {socket: $work/control.sock}
announce: {interface: $tag-a}
health: {hold_up_seconds: 1, signature_warn_seconds: 60, expire_warn_seconds: 1}
audit: {one_in: 20}
builder: $work/builder
TEXT
server_start
announced() {
	ip -n $server -4 addr show dev $tag-a up 2>/dev/null | grep -q "inet $addr4/32"
}
serial_becomes "$(primary_serial)"
first=$(serial)

for _ in $(seq 200); do printf 'www.example.com A\nno-such-name-%s A\n' $RANDOM; done >"$work/queries"
# watched_start NAME: many queries to count, and few that are looked at. So few under way that their answers fit
# the client's socket: it shares its CPU with the builders, and would lose them there.
watched_start() {
	behind "$1" $client taskset -c $(($(nproc) > 1)) dnsperf -s $addr4 -d "$work/queries" -l 3600 -Q $rate -q 40 -D
	behind "$1-watch" $client python3 "$tools/serial_watch.py" --pause-ms 2 $addr4
	within 10 [ -s "$work/$1-watch.out" ] || fail "nobody watches"
}
# watched_end NAME: none lost, none a mixture of two versions
watched_end() {
	kill -INT "${process[$1]}"
	load_ended "$1"
	kill -TERM "${process[$1-watch]}"
	succeeds "$1-watch"
	[ -z "$long" ] || {
		echo "$1: $(tail -n 1 "$work/$1-watch.out")"
		grep -E 'Queries (completed|lost)|Latency' "$work/$1.out"
	}
}
# memory: resident, and allocated by the control plane, in octets
memory() {
	ctl --json stats | python3 -c 'import json, sys
values = {m["name"]: m["values"] for m in json.load(sys.stdin)["metrics"]}
print(*(int(values[name][0]["value"]) if values[name] else 0
        for name in ("process_resident_memory_bytes", "mangrove_allocated_bytes")))'
}
# figures EARLY LATE: what docs/performance.md tells
figures() {
	python3 - "$work/commits" "$work/with-updates-watch.out" $1 $2 <<-'TEXT'
		import re, sys
		seen = {int(m[2]): float(m[1]) for m in re.finditer(r'at_ms=(\S+) serial=(\d+)', open(sys.argv[2]).read())}
		took = sorted(seen[int(serial)] - float(began) * 1000
		              for began, serial in (line.split() for line in open(sys.argv[1])))
		print(f'{len(took)} updates: from commit at the primary to the first answer, ms:'
		      f' median {took[len(took) // 2]:.0f}, worst {took[-1]:.0f}')
		early, late = ([int(n) for n in text.split(',')] for text in sys.argv[3:])
		for what, before, after in zip(('resident', 'allocated'), early, late):
		    print(f'{what} after 10 updates {before / 2**20:.1f} MiB, at the end {after / 2**20:.1f} MiB,'
		          f' {100 * (after / before - 1):+.1f} %')
		    assert after <= 1.02 * before, 'memory grows'
	TEXT
}
if [ -n "$long" ]; then
	watched_start without-updates
	sleep 120
	watched_end without-updates
fi
watched_start with-updates
for n in $(seq "$updates"); do
	knot_tell zone-begin . || fail "$(cat "$work/knotc.out")"
	knot_tell zone-set . "update-$((n % 7))." 172800 NS "ns$n.update.example." || fail "$(cat "$work/knotc.out")"
	began=$EPOCHREALTIME
	knot_tell zone-commit . || fail "$(cat "$work/knotc.out")"
	serial=$(primary_serial)
	serial_becomes "$serial"
	echo "$began $serial" >>"$work/commits"
	[ "$n" != 10 ] || early=$(memory | tr ' ' ,)
done
late=$(memory | tr ' ' ,)
watched_end with-updates
[ -z "$long" ] || figures "$early" "$late" || fail "figures"
[ "$(serial)" -ge $((first + updates)) ] || fail "serial $(serial) after $updates updates from $first"
said 'form=IXFR' || fail "no update came by IXFR"
ctl zone status >"$work/ctl.out" || fail "mangrovectl zone status"
[ "$(ctl --json zone history | python3 -c 'import json, sys
print(sum(v["good"] for v in json.load(sys.stdin)["versions"]))')" = 4 ] || fail "not 4 versions are kept"
# by hand: what changed, back to it, forward again; withdrawn and not
previous=$(($(serial) - 1))
ctl zone diff . $previous "$(serial)" >"$work/ctl.out" && grep -q 'update-[0-6]\.' "$work/ctl.out" || fail "zone diff: $(cat "$work/ctl.out")"
ctl zone rollback . $previous >"$work/ctl.out" || fail "zone rollback: $(cat "$work/ctl.out")"
serial_is $previous || fail "serial $(serial) after a rollback to $previous"
ctl zone refresh . >"$work/ctl.out" || fail "zone refresh: $(cat "$work/ctl.out")"
serial_is $previous || fail "a frozen zone was refreshed"
ctl zone thaw . >"$work/ctl.out" || fail "zone thaw: $(cat "$work/ctl.out")"
serial_becomes "$(primary_serial)"
# trust anchors are read again: what is held is proven by them
ctl zone reload >"$work/ctl.out" || fail "zone reload: exit code $?"
grep -q "^zone \\.: up-to-date, serial $(serial), from primary knot" "$work/ctl.out" || fail "zone reload: $(cat "$work/ctl.out")"
announced || fail "healthy, and not announced"
ctl drain ipv4 >"$work/ctl.out" || fail "drain: $(cat "$work/ctl.out")"
! announced || fail "drained, and announced"
ctl undrain ipv4 >"$work/ctl.out" || fail "undrain: $(cat "$work/ctl.out")"
announced || fail "not drained any more, and not announced"
ctl health --check >"$work/ctl.out" || fail "health: $(cat "$work/ctl.out")"
report
grep 'audit: ok=' "$work/log" | tail -n 1 | grep -q 'wrong=0 ' || fail "$(grep 'audit: ' "$work/log" | tail -n 3)"
[ "$(grep 'audit: ok=' "$work/log" | tail -n 1 | sed 's/.*ok=\([0-9]*\).*/\1/')" -gt 0 ] || fail "nothing was audited"

# from the image: what is on disk is served without a primary, and proven again behind, at the second try if the
# builder dies at the first
last=$(serial)
end knot TERM
touch "$work/die"
server_kill
! ip -n $server link show $tag-a >/dev/null 2>&1 || fail "the announcement outlives SIGKILL"
if [ -n "$long" ]; then
	# what it says, with the time; and its first answer
	: >"$work/log"
	behind stamped - python3 -uc 'import sys, time
with open(sys.argv[1]) as log:
    while True:
        line = log.readline()
        print(f"{time.time():.6f} {line}", end="") if line else time.sleep(0.001)' "$work/log"
	behind start $client python3 "$tools/serial_watch.py" --until "$last" --timeout 0.005 $addr4
	sleep 0.5
fi
server_start
[ -z "$long" ] || {
	sleep 1
	grep -E 'zone from disk|port up|ready' "$work/stamped.out"
	cat "$work/start.out"
}
said "zone from disk zone=. serial=$last" || fail "not from disk"
serial_is "$last" || fail "serial $(serial) from disk, not $last"
until_said "zone accepted zone=. serial=$last"
said 'the builder died of signal 11' && said 'proof is tried again' || fail "the builder did not die"

# no primary: degraded, then expired, then SERVFAIL; and back
failing() {
	ask @$addr4 . SOA | grep -q 'status: SERVFAIL'
}
within $((expire + 3)) failing || fail "the zone does not expire"
within 2 not announced || fail "expired, and announced"
ask @$addr4 -p 5454 +tries=1 . AXFR | grep -q 'Transfer failed' || fail "expired, and handed out"
said 'alarm: primary_failing' || fail "no alarm about the primary"
said 'state=failing' || fail "the node does not fail"
primary_start
serial_becomes "$(primary_serial)"
server_stop
echo "$updates updates under load, no query lost; from disk; expired and back; rolled back by hand"
