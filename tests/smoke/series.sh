#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Consecutive versions of a root zone (real ones where MANGROVE_ROOT_HISTORY names a folder of them), signed anew
# with a key of this test, come one after the other from Knot, from NSD and from BIND: AXFR, then IXFR at each
# NOTIFY, all of it with TSIG. Each goes live without a lost query, and what is served is what was published.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"
transfers=198.18.0.54
declare -A at=([knot]=198.18.0.61 [nsd]=198.18.0.62 [bind]=198.18.0.63)

cd "$work"
world_make
ip -n $server addr add $transfers/24 dev vs
for address in "${at[@]}"; do
	ip -n $client addr add "$address"/24 dev vc
done

# ---- the versions: SERIAL.zone, signatures of what stays are the same, so that differences are small ----
versions_plain() {
	local n
	if [ -n "${MANGROVE_ROOT_HISTORY-}" ]; then
		for file in "$MANGROVE_ROOT_HISTORY"/*.zone; do
			unsigned "$file" >"$(awk '$4 == "SOA" { print $7; exit }' "$file").plain"
		done
		return
	fi
	"$zone_tool" make --tlds 100 --output made/ >/dev/null
	unsigned made/root.zone >plain
	for n in 1 2 3 4; do
		printf 'comes-%s. 172800 IN NS ns.comes-%s.\nns.comes-%s. 172800 IN A 198.18.1.%s\n' $n $n $n $n >>plain
		awk -v n="$n" '$4 == "SOA" { $7 = 2026080100 + n } { print }' plain >202608010$n.plain
	done
}
versions_plain
keys=$(ldns-keygen -k -a ECDSAP256SHA256 .)
cp "$keys.key" anchors
keys="$(ldns-keygen -a ECDSAP256SHA256 .) $keys"
inception=$(day '-1 day') expiration=$(day '+9 days')
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
secret=$(secret_of transfers. keys)
# primary_start WHO
primary_start() {
	"$1_serves"
	speaks "$1" "@${at[$1]}" . SOA
}
knot_serves() {
	knot_start knot $client "${at[knot]}@53" <<-TEXT
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
}
nsd_serves() {
	nsd_start nsd $client "${at[nsd]}" <<-TEXT
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
}
bind_serves() {
	bind_start bind $client "listen-on { ${at[bind]}; }" 'recursion no' "notify-source ${at[bind]}" \
		'allow-transfer { key "transfers."; }' 'ixfr-from-differences yes' 'serial-query-rate 100' \
		'notify-delay 0' <<-TEXT
		key "transfers." { algorithm hmac-sha256; secret "$secret"; };
		server $transfers { keys "transfers."; };
		zone "." { type primary; file "$work/zone"; journal "$work/zone.jnl"; notify explicit;
		    also-notify { $transfers; }; };
	TEXT
}
primary_reload() {
	if [ "$1" = knot ]; then
		knot_tell zone-reload .
	else
		kill -HUP "${process[$1]}"
	fi
}
primary_stop() {
	end "$1" TERM
	rm -f zone.jnl
}
has() {
	ask +tries=1 +short "@${at[$1]}" . SOA 2>&1 | grep -q " $2 "
}
# primary_has WHO SERIAL
primary_has() {
	within 20 has "$@" || fail "$1 does not serve $2"
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
# configure WHO: it is the primary, and nothing is known yet
configure() {
	rm -rf state
	mkdir state
	config_make <<-TEXT
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
	TEXT
}
# served SERIAL: it is answered, and handed out as it was published
served() {
	within 30 serial_is "$1" || fail "$who: $1 is not served"
	at_client dig @$transfers +onesoa +nosplit +tries=1 . AXFR >transferred
	same_form "$1.zone" >expected
	same_form transferred >got
	cmp -s expected got || fail "$who: $1 differs: $(diff expected got | head -n 5)"
}
first=${serials[0]}
for who in knot nsd bind; do
	put "$first"
	primary_start $who
	primary_has $who "$first"
	configure $who
	server_start
	served "$first"
	behind watch $client python3 "$tools/serial_watch.py" --pause-ms 1 $addr4
	within 10 [ -s watch.out ] || fail "nobody watches"
	for serial in "${serials[@]:1}"; do
		put "$serial"
		primary_reload $who || fail "$who does not read $serial"
		primary_has $who "$serial"
		served "$serial"
	done
	kill -TERM "${process[watch]}"
	succeeds watch
	grep -q "serials=${#serials[@]} " watch.out || fail "$who: $(tail -n 1 watch.out)"
	# the differences that NSD 4.6 makes add some signatures twice: then the whole zone is asked for
	[ "$(grep -c 'zone transferred .*form=IXFR' log)" = $((${#serials[@]} - 1)) ] ||
		fail "$who: not each version came by IXFR: $(grep 'zone transferred' log)"
	[ $who = nsd ] || ! grep -q 'differences do not fit' log || fail "$who: $(grep 'differences' log)"
	[ "$(grep -c 'notified zone=\.' log)" -ge $((${#serials[@]} - 1)) ] || fail "$who: not notified of each version"
	ctl zone diff . "${serials[-2]}" "${serials[-1]}" >diff.out || fail "$who: zone diff"
	if [ -n "${MANGROVE_ROOT_HISTORY-}" ] && [ -f 2026041703.zone ]; then
		ctl zone diff . 2026041702 2026041703 | grep -q 'merck.: new delegation' || fail "$who: merck. does not show"
	fi
	echo "$who: ${#serials[@]} versions, $(tail -n 1 watch.out)"
	server_stop
	primary_stop $who
done
echo "${#serials[@]} versions from each of Knot, NSD and BIND, none with a lost or mixed answer"
