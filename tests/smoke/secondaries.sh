#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Real secondaries of ours: Unbound (checks ZONEMD), BIND (a mirror, checks DNSSEC), Knot (checks ZONEMD)
# and NSD fetch the zone by AXFR, are notified of the next versions and fetch these by IXFR; two of them
# sign what they ask. Strangers get nothing.
. "$(dirname "$0")/world.bash"
zone_tool=$(realpath "$BUILD/app/mangrove-zone/mangrove-zone")
# where zones are handed out: no service addresses
out4=198.18.0.54 out6=2001:db8::54
# Unbound transfers from whatever address the kernel takes
declare -A at=([unbound]=198.18.0.1 [bind]=198.18.0.12 [knot]=198.18.0.13 [nsd]=2001:db8::14)
stranger=198.18.0.99
children=()

secondaries_end() {
	for child in ${children[@]+"${children[@]}"}; do
		kill -KILL "$child" 2>/dev/null || true
	done
	world_end
}
trap secondaries_end EXIT

# complain WHAT: with what everybody said
complain() {
	reason=$*
	tail -n 40 log unbound.log named.log knot.log nsd.log 2>/dev/null || true
	exit 1
}

# version SERIAL: the zone SERIAL.zone, signed. Signatures of what stays are the same, so
# that differences are small.
version() {
	sed "1s/ [0-9]* 1800 / $1 1800 /" plain >"$1"
	ldns-signzone -z sha384 -i "$inception" -e "$expiration" -o . -f "$1.zone" "$1" "$zsk" "$ksk"
}
versions_make() {
	"$zone_tool" make --tlds 100 --output "$work/made/" >/dev/null
	awk '$4 !~ /^(RRSIG|NSEC|DNSKEY|ZONEMD)$/' made/root.zone | tr '\t' ' ' >plain
	ksk=$(ldns-keygen -k -a RSASHA256 -b 1024 .)
	zsk=$(ldns-keygen -a RSASHA256 -b 1024 .)
	inception=$(date -u -d '-1 day' +%Y%m%d%H%M%S) expiration=$(date -u -d '+9 days' +%Y%m%d%H%M%S)
	version 2026080100
	printf 'comes. 172800 IN NS ns.comes.\nns.comes. 172800 IN A 198.18.1.53\n' >>plain
	version 2026080101
	sed -i 's/^ns.comes. 172800 IN A .*/ns.comes. 172800 IN A 198.18.1.54/' plain
	version 2026080102
}

secret_of() {
	sed -n "/key \"$1\"/,/};/ s/.*secret \"\(.*\)\";/\1/p" keys
}
node_start() {
	tsig-keygen -a hmac-sha256 bind. >keys
	tsig-keygen -a hmac-sha512 knot. >>keys
	chmod 600 keys
	cat >mangroved.yaml <<-TEXT
		addresses: [$addr4, "$addr6"]
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
	kill -HUP "$pid"
}

unbound_start() {
	cat >unbound.conf <<-TEXT
		server:
		    interface: ${at[unbound]}
		    outgoing-interface: ${at[unbound]}
		    access-control: 198.18.0.0/24 allow
		    do-daemonize: no
		    username: ""
		    chroot: ""
		    directory: "$work"
		    pidfile: ""
		    use-syslog: no
		    logfile: ""
		    verbosity: 2
		    trust-anchor-file: "$work/$ksk.key"
		    num-threads: 1
		auth-zone:
		    name: "."
		    primary: $out4
		    allow-notify: $out4
		    zonemd-check: yes
		    zonemd-reject-absence: yes
		    for-downstream: yes
		    zonefile: "$work/unbound.zone"
		remote-control:
		    control-enable: no
	TEXT
	ip netns exec $client unbound -c unbound.conf >unbound.log 2>&1 &
	children+=($!)
}
bind_start() {
	cat >named.conf <<-TEXT
		key "bind." { algorithm hmac-sha256; secret "$(secret_of bind.)"; };
		options {
		    directory "$work";
		    listen-on { ${at[bind]}; };
		    listen-on-v6 { none; };
		    pid-file none;
		    session-keyfile none;
		    recursion yes;
		    transfer-source ${at[bind]};
		    min-refresh-time 300;
		    provide-ixfr yes;
		};
		controls { };
		zone "." { type mirror; primaries { $out4 key "bind."; }; file "bind.zone"; allow-transfer { any; }; };
		trust-anchors { "." static-key $(sed -n 's/.*DNSKEY[ \t]*\([0-9]* [0-9]* [0-9]*\) \([^ \t]*\).*/\1 "\2"/p' "$ksk.key"); };
	TEXT
	ip netns exec $client named -g -n 1 -c named.conf >named.log 2>&1 &
	children+=($!)
}
knot_start() {
	mkdir knot
	cat >knot.conf <<-TEXT
		server:
		    listen: ${at[knot]}@53
		    rundir: $work/knot
		database:
		    storage: $work/knot
		log:
		  - target: stdout
		    any: info
		key:
		  - id: knot.
		    algorithm: hmac-sha512
		    secret: $(secret_of knot.)
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
	ip netns exec $client knotd -c knot.conf >knot.log 2>&1 &
	children+=($!)
}
nsd_start() {
	mkdir nsd
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
		    verbosity: 2
		remote-control:
		    control-enable: no
		zone:
		    name: "."
		    request-xfr: $out6 NOKEY
		    allow-notify: $out6 NOKEY
		    allow-notify: $out4 NOKEY
		    outgoing-interface: ${at[nsd]}
		    provide-xfr: 2001:db8::/64 NOKEY
		    provide-xfr: 198.18.0.0/24 NOKEY
	TEXT
	ip netns exec $client nsd -d -c nsd.conf >nsd.log 2>&1 &
	children+=($!)
}

# serial_of WHO: what a secondary answers
serial_of() {
	ip netns exec $client dig +tries=1 +time=1 +short "@${at[$1]}" . SOA | awk '{ print $3 }'
}
# all_have SERIAL
all_have() {
	for who in "${!at[@]}"; do
		for _ in $(seq 300); do
			[ "$(serial_of "$who")" != "$1" ] || continue 2
			sleep 0.1
		done
		complain "$who has not $1 but $(serial_of "$who")"
	done
}
# plain_of FILE: its records in one order and one form
plain_of() {
	grep -v '[[:space:]]TSIG[[:space:]]' "$1" | ldns-read-zone -c /dev/stdin | sed 's/[ \t]*;.*//' | tr -s '\t' ' ' | tr A-Z a-z | sort
}
# transfer ADDRESS DIG-ARGUMENT...: AXFR, in transferred
transfer() {
	local address=$1
	shift
	ip netns exec $client dig "@$address" +onesoa +nosplit +tries=1 "$@" . AXFR >transferred || true
}
# same_as SERIAL WHAT: what was transferred is that version
same_as() {
	plain_of "$1.zone" >expected
	plain_of transferred >got
	cmp -s expected got || complain "$2 differs: $(diff expected got | head -n 5)"
}
# says WORD KDIG-ARGUMENT...: what kdig prints, whatever its exit code, has that word
says() {
	local word=$1
	shift
	ip netns exec $client kdig +retry=1 +timeout=2 "$@" >answer 2>&1 || true
	grep -q "$word" answer || complain "$*: $(cat answer)"
}
# counted NAME: how many of those
counted() {
	kill -USR1 "$pid"
	for _ in $(seq 50); do
		! grep -q "count transfer_$1=" log || break
		sleep 0.1
	done
	grep "count transfer_$1=" log | tail -n 1 | sed 's/.*=//'
}

cd "$work"
world_make
for address in 198.18.0.12 198.18.0.13 $stranger; do ip -n $client addr add $address/24 dev vc; done
ip -n $client addr add 2001:db8::14/64 dev vc nodad
ip -n $server addr add $out4/24 dev vs
ip -n $server addr add $out6/64 dev vs nodad
versions_make
node_start 2026080100
unbound_start
bind_start
knot_start
nsd_start
all_have 2026080100
[ "$(grep -c 'transfer done.* kind=axfr serial=2026080100' log)" -ge 4 ] || complain "AXFR"

# strangers, wrong keys, and who may not transfer but with a key
transfer $out4 -b $stranger
grep -q 'Transfer failed' transferred || complain "a stranger got it"
says REFUSED @$out4 -b $stranger . AXFR
ask @$out4 -b $stranger . SOA >answer
grep -q 'status: REFUSED' answer && grep -q 'EDE: 18' answer || complain "$(cat answer)"
transfer $out4 -b "${at[bind]}"
grep -q 'Transfer failed' transferred || complain "without its key"
ask @$out4 -y "hmac-sha256:bind.:$(secret_of knot. | cut -c1-40)AAA=" . SOA >answer 2>&1 || true
grep -q 'BADSIG' answer || complain "$(cat answer)"
ask @$out4 -y "hmac-sha256:nobody.:$(secret_of bind.)" . SOA >answer 2>&1 || true
grep -q 'BADKEY' answer || complain "$(cat answer)"
transfer $out4 -y "hmac-sha512:knot.:$(secret_of knot.)"
same_as 2026080100 "a signed AXFR"

for serial in 2026080101 2026080102; do
	publish $serial
	all_have $serial
	[ "$(grep -c "transfer done.* kind=ixfr serial=$serial" log)" = 4 ] ||
		complain "not by IXFR: $(grep 'transfer done' log)"
	transfer $out4 -b "${at[unbound]}"
	same_as $serial "AXFR"
	for who in bind knot nsd; do
		transfer "${at[$who]}"
		same_as $serial "$who's zone"
	done
done
[ "$(counted notify_acknowledged)" -ge 8 ] || complain "NOTIFY was not acknowledged"
# several versions at once, over TCP, and over UDP as far as it fits
for way in +tcp +notcp; do
	ip netns exec $client dig @$out4 -b "${at[unbound]}" $way +tries=1 . IXFR=2026080101 >answer
	[ "$(grep -c '	SOA	' answer)" -ge 1 ] || complain "IXFR $way: $(cat answer)"
done
ip netns exec $client dig @$out4 -b "${at[unbound]}" . IXFR=2026080100 >answer
[ "$(awk '$4 == "SOA"' answer | wc -l)" = 6 ] || complain "two steps: $(cat answer)"

# a NOTIFY from who may, from who may not, of another zone
says NOERROR @$out6 -b "${at[nsd]}" . NOTIFY=2026080103
says REFUSED @$out4 -b $stranger . NOTIFY=2026080103
says NOTAUTH @$out6 -b "${at[nsd]}" example. NOTIFY
grep -q 'notified zone=. serial=2026080103' log || complain "not told of a NOTIFY"
server_stop
# the first version was told to secondaries that were only starting
grep -E 'notify turned down|transfer aborted' log | grep -v 'notify turned down .*serial=2026080100 ' >warnings || true
[ ! -s warnings ] || complain "$(cat warnings)"
echo "Unbound, BIND, Knot and NSD follow three versions by NOTIFY and IXFR; strangers get nothing"
