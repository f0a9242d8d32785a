#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Real secondaries of ours: Unbound (checks ZONEMD), BIND (a mirror, checks DNSSEC), Knot (checks ZONEMD)
# and NSD fetch the zone by AXFR, are notified of the next versions and fetch these by IXFR; two of them
# sign what they ask. Strangers get nothing.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"
# where zones are handed out: no service addresses
out4=198.18.0.54 out6=2001:db8::54
# Unbound transfers from whatever address the kernel takes
declare -A at=([unbound]=198.18.0.1 [bind]=198.18.0.12 [knot]=198.18.0.13 [nsd]=2001:db8::14)
stranger=198.18.0.99

# version SERIAL: the zone SERIAL.zone, signed. Signatures of what stays are the same, so
# that differences are small.
version() {
	sed "1s/ [0-9]* 1800 / $1 1800 /" plain >"$1"
	ldns-signzone -z sha384 -i "$inception" -e "$expiration" -o . -f "$1.zone" "$1" "$zsk" "$ksk"
}
versions_make() {
	"$zone_tool" make --tlds 100 --output "$work/made/" >/dev/null
	unsigned made/root.zone >plain
	ksk=$(ldns-keygen -k -a RSASHA256 -b 1024 .)
	zsk=$(ldns-keygen -a RSASHA256 -b 1024 .)
	inception=$(day '-1 day') expiration=$(day '+9 days')
	version 2026080100
	printf 'comes. 172800 IN NS ns.comes.\nns.comes. 172800 IN A 198.18.1.53\n' >>plain
	version 2026080101
	sed -i 's/^ns.comes. 172800 IN A .*/ns.comes. 172800 IN A 198.18.1.54/' plain
	version 2026080102
}

node_start() {
	tsig-keygen -a hmac-sha256 bind. >keys
	tsig-keygen -a hmac-sha512 knot. >>keys
	chmod 600 keys
	device=
	config_make <<-TEXT
		zones:
		  - {origin: ., file: $work/published, anchors: $work/$ksk.key}
		tsig_keys: $work/keys
		transfer:
		  addresses: [$out4, "$out6"]
		  access:
		    - {from: ${at[bind]}/32, key: bind., allow: [transfer]}
		    - {from: ${at[bind]}/32, allow: []}
		    - {from: any, key: knot., allow: [transfer]}
		    - {from: ${at[unbound]}/32, allow: [transfer]}
		    - {from: "${at[nsd]}/128", allow: [transfer, notify]}
		  secondaries:
		    - {address: ${at[unbound]}}
		    - {address: ${at[bind]}, key: bind.}
		    - {address: ${at[knot]}, key: knot.}
		    - {address: "${at[nsd]}"}
	TEXT
	cp "$1.zone" published
	server_start
}
# publish SERIAL
publish() {
	cp "$1.zone" published.new
	mv published.new published
	reload
}

secondaries_start() {
	unbound_start unbound $client "${at[unbound]}" <<-TEXT
		server:
		    outgoing-interface: ${at[unbound]}
		    access-control: 198.18.0.0/24 allow
		    trust-anchor-file: "$work/$ksk.key"
		auth-zone:
		    name: "."
		    primary: $out4
		    allow-notify: $out4
		    zonemd-check: yes
		    zonemd-reject-absence: yes
		    for-downstream: yes
		    zonefile: "$work/unbound.zone"
	TEXT
	bind_start bind $client "listen-on { ${at[bind]}; }" 'recursion yes' "transfer-source ${at[bind]}" \
		'min-refresh-time 300' 'provide-ixfr yes' <<-TEXT
		key "bind." { algorithm hmac-sha256; secret "$(secret_of bind. keys)"; };
		zone "." { type mirror; primaries { $out4 key "bind."; }; file "bind.zone"; allow-transfer { any; }; };
		$(static_anchors "$ksk.key")
	TEXT
	knot_start knot $client "${at[knot]}@53" <<-TEXT
		key:
		  - id: knot.
		    algorithm: hmac-sha512
		    secret: $(secret_of knot. keys)
		remote:
		  - id: primary
		    address: $out4@53
		    via: ${at[knot]}
		    key: knot.
		acl:
		  - id: notify
		    address: $out4
		    key: knot.
		    action: notify
		  - id: transfer
		    address: 198.18.0.0/24
		    action: transfer
		zone:
		  - domain: .
		    storage: $work/knot
		    master: primary
		    acl: [notify, transfer]
		    zonemd-verify: on
	TEXT
	nsd_start nsd $client "${at[nsd]}" <<-TEXT
		zone:
		    name: "."
		    request-xfr: $out6 NOKEY
		    allow-notify: $out6 NOKEY
		    allow-notify: $out4 NOKEY
		    outgoing-interface: ${at[nsd]}
		    provide-xfr: 2001:db8::/64 NOKEY
		    provide-xfr: 198.18.0.0/24 NOKEY
	TEXT
}

# serial_of WHO: what a secondary answers
serial_of() {
	ask +tries=1 +short "@${at[$1]}" . SOA | awk '{ print $3 }'
}
has() {
	[ "$(serial_of "$1")" = "$2" ]
}
# all_have SERIAL
all_have() {
	local who
	for who in "${!at[@]}"; do
		within 30 has "$who" "$1" || fail "$who has not $1 but $(serial_of "$who")"
	done
}
# transfer ADDRESS DIG-ARGUMENT...: AXFR, in transferred
transfer() {
	local address=$1
	shift
	at_client dig "@$address" +onesoa +nosplit +tries=1 "$@" . AXFR >transferred || true
}
# same_as SERIAL WHAT: what was transferred is that version
same_as() {
	same_form "$1.zone" >expected
	same_form transferred >got
	cmp -s expected got || fail "$2 differs: $(diff expected got | head -n 5)"
}
# says WORD KDIG-ARGUMENT...: what kdig prints, whatever its exit code, has that word
says() {
	local word=$1
	shift
	at_client kdig +retry=1 +timeout=2 "$@" >answer 2>&1 || true
	grep -q "$word" answer || fail "$*: $(cat answer)"
}
cd "$work"
world_make
for address in 198.18.0.12 198.18.0.13 $stranger; do ip -n $client addr add $address/24 dev vc; done
ip -n $client addr add 2001:db8::14/64 dev vc nodad
ip -n $server addr add $out4/24 dev vs
ip -n $server addr add $out6/64 dev vs nodad
versions_make
node_start 2026080100
secondaries_start
all_have 2026080100
[ "$(grep -c 'transfer done.* kind=axfr serial=2026080100' log)" -ge 4 ] || fail "AXFR"

# strangers, wrong keys, and who may not transfer but with a key
transfer $out4 -b $stranger
grep -q 'Transfer failed' transferred || fail "a stranger got it"
says REFUSED @$out4 -b $stranger . AXFR
ask @$out4 -b $stranger . SOA >answer
grep -q 'status: REFUSED' answer && grep -q 'EDE: 18' answer || fail "$(cat answer)"
transfer $out4 -b "${at[bind]}"
grep -q 'Transfer failed' transferred || fail "without its key"
ask @$out4 -y "hmac-sha256:bind.:$(secret_of knot. keys | cut -c1-40)AAA=" . SOA >answer 2>&1 || true
grep -q 'BADSIG' answer || fail "$(cat answer)"
ask @$out4 -y "hmac-sha256:nobody.:$(secret_of bind. keys)" . SOA >answer 2>&1 || true
grep -q 'BADKEY' answer || fail "$(cat answer)"
transfer $out4 -y "hmac-sha512:knot.:$(secret_of knot. keys)"
same_as 2026080100 "a signed AXFR"

for serial in 2026080101 2026080102; do
	publish $serial
	all_have $serial
	[ "$(grep -c "transfer done.* kind=ixfr serial=$serial" log)" = 4 ] ||
		fail "not by IXFR: $(grep 'transfer done' log)"
	transfer $out4 -b "${at[unbound]}"
	same_as $serial "AXFR"
	for who in bind knot nsd; do
		transfer "${at[$who]}"
		same_as $serial "$who's zone"
	done
done
report
[ "$(counted transfer_notify_acknowledged)" -ge 8 ] || fail "NOTIFY was not acknowledged"
# several versions at once, over TCP, and over UDP as far as it fits
for way in +tcp +notcp; do
	at_client dig @$out4 -b "${at[unbound]}" $way +tries=1 . IXFR=2026080101 >answer
	[ "$(grep -c '	SOA	' answer)" -ge 1 ] || fail "IXFR $way: $(cat answer)"
done
at_client dig @$out4 -b "${at[unbound]}" . IXFR=2026080100 >answer
[ "$(awk '$4 == "SOA"' answer | wc -l)" = 6 ] || fail "two steps: $(cat answer)"

# a NOTIFY from who may, from who may not, of another zone
says NOERROR @$out6 -b "${at[nsd]}" . NOTIFY=2026080103
says REFUSED @$out4 -b $stranger . NOTIFY=2026080103
says NOTAUTH @$out6 -b "${at[nsd]}" example. NOTIFY
grep -q 'notified zone=. serial=2026080103' log || fail "not told of a NOTIFY"
server_stop
# the first version was told to secondaries that were only starting
grep -E 'notify turned down|transfer aborted' log | grep -v 'notify turned down .*serial=2026080100 ' >warnings || true
[ ! -s warnings ] || fail "$(cat warnings)"
echo "Unbound, BIND, Knot and NSD follow three versions by NOTIFY and IXFR; strangers get nothing"
