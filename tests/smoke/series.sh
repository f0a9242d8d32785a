#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Consecutive versions of a root zone (real ones where MANGROVE_ROOT_HISTORY names a folder of them), signed anew
# with a key of this test, come one after the other from Knot, from NSD and from BIND: AXFR, then IXFR at each
# NOTIFY, all of it with TSIG. Each goes live without a lost query, and what is served is what was published.
. "$(dirname "$0")/world.bash"
tools=$(realpath "$(dirname "$0")/../tools")
zone_tool=$(realpath "$BUILD/app/mangrove-zone/mangrove-zone")
transfers=198.18.0.54
declare -A at=([knot]=198.18.0.61 [nsd]=198.18.0.62 [bind]=198.18.0.63)
children=()
primary=

series_end() {
	local status=$?
	for child in ${children[@]+"${children[@]}"} $primary; do
		kill -KILL "$child" 2>/dev/null || true
	done
	[ $status -eq 0 ] || tail -n 8 "$work"/*.out 2>/dev/null || true
	world_end
}
trap series_end EXIT

cd "$work"
world_make
ip -n $server addr add $transfers/24 dev vs
for address in "${at[@]}"; do
	ip -n $client addr add "$address"/24 dev vc
done

# ---- the versions: SERIAL.zone, signatures of what stays are the same, so that differences are small ----
plain_of() {
	awk '$4 !~ /^(RRSIG|NSEC|DNSKEY|ZONEMD)$/ { $1 = $1; print }' "$1"
}
unsigned_make() {
	local n
	if [ -n "${MANGROVE_ROOT_HISTORY-}" ]; then
		for file in "$MANGROVE_ROOT_HISTORY"/*.zone; do
			plain_of "$file" >"$(awk '$4 == "SOA" { print $7; exit }' "$file").plain"
		done
		return
	fi
	"$zone_tool" make --tlds 100 --output made/ >/dev/null
	plain_of made/root.zone >plain
	for n in 1 2 3 4; do
		printf 'comes-%s. 172800 IN NS ns.comes-%s.\nns.comes-%s. 172800 IN A 198.18.1.%s\n' $n $n $n $n >>plain
		awk -v n="$n" '$4 == "SOA" { $7 = 2026080100 + n } { print }' plain >202608010$n.plain
	done
}
unsigned_make
keys=$(ldns-keygen -k -a ECDSAP256SHA256 .)
cp "$keys.key" anchors
keys="$(ldns-keygen -a ECDSAP256SHA256 .) $keys"
inception=$(date -u -d '-1 day' +%Y%m%d%H%M%S) expiration=$(date -u -d '+9 days' +%Y%m%d%H%M%S)
serials=()
for file in *.plain; do
	serials+=("${file%.plain}")
	# shellcheck disable=SC2086 # two words
	ldns-signzone -z sha384 -i "$inception" -e "$expiration" -o . -f "${file%.plain}.zone" "$file" $keys
done
[ ${#serials[@]} -ge 4 ] || fail "only ${#serials[@]} versions"

# ---- the primaries: each serves the file `zone`, and its `primary_reload` makes it read that again ----
tsig-keygen -a hmac-sha256 transfers. >keys
chmod 600 keys
secret=$(sed -n 's/.*secret "\(.*\)";/\1/p' keys)
knot_start() {
	mkdir -p knot
	cat >knot.conf <<-TEXT
		server:
		    listen: ${at[knot]}@53
		    rundir: $work/knot
		database:
		    storage: $work/knot
		key:
		  - id: transfers.
		    algorithm: hmac-sha256
		    secret: $secret
		remote:
		  - id: mangrove
		    address: $transfers
		    via: ${at[knot]}
		    key: transfers.
		acl:
		  - id: transfers
		    key: transfers.
		    action: transfer
		zone:
		  - domain: .
		    file: $work/zone
		    zonefile-sync: -1
		    zonefile-load: difference
		    journal-content: changes
		    notify: mangrove
		    acl: transfers
	TEXT
	ip netns exec $client knotd -c knot.conf >knot.out 2>&1 </dev/null &
	primary=$!
	primary_reload() {
		ip netns exec $client knotc -b -c knot.conf zone-reload . >knotc.out 2>&1
	}
}
nsd_start() {
	mkdir -p nsd
	cat >nsd.conf <<-TEXT
		server:
		    ip-address: ${at[nsd]}
		    username: ""
		    chroot: ""
		    zonesdir: "$work/nsd"
		    zonelistfile: "$work/nsd/list"
		    database: ""
		    pidfile: "$work/nsd/pid"
		    xfrdfile: "$work/nsd/xfrd"
		    xfrdir: "$work/nsd"
		    server-count: 1
		    verbosity: 1
		remote-control:
		    control-enable: no
		key:
		    name: "transfers."
		    algorithm: hmac-sha256
		    secret: "$secret"
		zone:
		    name: "."
		    zonefile: "$work/zone"
		    store-ixfr: yes
		    create-ixfr: yes
		    provide-xfr: 0.0.0.0/0 transfers.
		    notify: $transfers transfers.
		    outgoing-interface: ${at[nsd]}
	TEXT
	ip netns exec $client nsd -d -c nsd.conf >nsd.out 2>&1 </dev/null &
	primary=$!
	primary_reload() {
		kill -HUP "$primary"
	}
}
bind_start() {
	cat >named.conf <<-TEXT
		key "transfers." { algorithm hmac-sha256; secret "$secret"; };
		options {
		    directory "$work";
		    listen-on { ${at[bind]}; };
		    listen-on-v6 { none; };
		    pid-file none;
		    session-keyfile none;
		    recursion no;
		    notify-source ${at[bind]};
		    allow-transfer { key "transfers."; };
		    ixfr-from-differences yes;
		    serial-query-rate 100;
		    notify-delay 0;
		};
		controls { };
		server $transfers { keys "transfers."; };
		zone "." { type primary; file "$work/zone"; journal "$work/zone.jnl"; notify explicit;
		    also-notify { $transfers; }; };
	TEXT
	ip netns exec $client named -g -n 1 -c named.conf >named.out 2>&1 </dev/null &
	primary=$!
	primary_reload() {
		kill -HUP "$primary"
	}
}
primary_stop() {
	kill -TERM "$primary"
	wait "$primary" 2>/dev/null || true
	primary=
	rm -f zone.jnl
}
# primary_has WHO SERIAL
primary_has() {
	for _ in $(seq 200); do
		! ip netns exec $client dig +norec +tries=1 +time=1 +short "@${at[$1]}" . SOA 2>/dev/null | grep -q " $2 " ||
			return 0
		sleep 0.05
	done
	fail "$1 does not serve $2"
}
# put SERIAL: the file changes at once, and no second has two of its versions
put() {
	cp "$1.zone" zone.new
	touch -d "@$((1700000000 + puts))" zone.new
	puts=$((puts + 60))
	mv zone.new zone
}
puts=0

# ---- the secondary ----
ctl() {
	ip netns exec $server "$BUILD/app/mangrovectl/mangrovectl" --socket "$work/control.sock" "$@"
}
# configure WHO: it is the primary, and nothing is known yet
configure() {
	rm -rf state
	mkdir state
	cat >mangroved.yaml <<-TEXT
		addresses: [$addr4, "$addr6"]
		state_directory: $work/state
		tsig_keys: $work/keys
		primaries:
		  - {name: $1, address: ${at[$1]}, key: transfers.}
		zones:
		  - {origin: ., primaries: [$1], anchors: $work/anchors}
		transfer:
		  addresses: [$transfers]
		  access:
		    - {from: 198.18.0.1/32, allow: [transfer]}
		control: {socket: $work/control.sock}
		ports:
		  - device: $device
		lcores: [0]
		hugepages: no
		file_prefix: $tag
	TEXT
}
# served SERIAL: it is answered, and handed out as it was published
served() {
	for _ in $(seq 600); do
		[ "$(ask @$addr4 +short . SOA | cut -d ' ' -f 3)" != "$1" ] || break
		sleep 0.05
	done
	[ "$(ask @$addr4 +short . SOA | cut -d ' ' -f 3)" = "$1" ] || fail "$who: $1 is not served"
	ip netns exec $client dig @$transfers +onesoa +nosplit +tries=1 . AXFR >transferred
	same_form "$1.zone" >expected
	same_form transferred >got
	cmp -s expected got || fail "$who: $1 differs: $(diff expected got | head -n 5)"
}
same_form() {
	grep -v '^;' "$1" | ldns-read-zone -c /dev/stdin | sed 's/[ \t]*;.*//' | tr -s '\t' ' ' | tr A-Z a-z | sort
}

first=${serials[0]}
for who in knot nsd bind; do
	put "$first"
	"${who}_start"
	primary_has $who "$first"
	configure $who
	server_start
	served "$first"
	ip netns exec $client python3 "$tools/serial_watch.py" --pause-ms 1 $addr4 >$who.watch 2>&1 &
	watch=$!
	children+=($watch)
	for _ in $(seq 100); do
		[ ! -s $who.watch ] || break
		sleep 0.1
	done
	for serial in "${serials[@]:1}"; do
		put "$serial"
		primary_reload || fail "$who does not read $serial"
		primary_has $who "$serial"
		served "$serial"
	done
	kill -TERM $watch
	wait $watch || fail "$who: $(tail -n 1 $who.watch)"
	grep -q "serials=${#serials[@]} " $who.watch || fail "$who: $(tail -n 1 $who.watch)"
	# the differences that NSD 4.6 makes add some signatures twice: then the whole zone is asked for
	[ "$(grep -c 'zone transferred .*form=IXFR' log)" = $((${#serials[@]} - 1)) ] ||
		fail "$who: not each version came by IXFR: $(grep 'zone transferred' log)"
	[ $who = nsd ] || ! grep -q 'differences do not fit' log || fail "$who: $(grep 'differences' log)"
	[ "$(grep -c 'notified zone=\.' log)" -ge $((${#serials[@]} - 1)) ] || fail "$who: not notified of each version"
	ctl zone diff . "${serials[-2]}" "${serials[-1]}" >diff.out || fail "$who: zone diff"
	if [ -n "${MANGROVE_ROOT_HISTORY-}" ] && [ -f 2026041703.zone ]; then
		ctl zone diff . 2026041702 2026041703 | grep -q 'merck.: new delegation' || fail "$who: merck. does not show"
	fi
	echo "$who: ${#serials[@]} versions, $(tail -n 1 $who.watch)"
	server_stop
	primary_stop
done
echo "${#serials[@]} versions from each of Knot, NSD and BIND, none with a lost or mixed answer"
