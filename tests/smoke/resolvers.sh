#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Real resolvers with this root: Unbound and BIND validate from its keys down to names of signed zones
# that Knot serves, prove what does not exist, and spare the root by aggressive NSEC; dig, kdig, drill,
# dnsperf and kxdpgun read its answers. One zone is signed wrongly on purpose: only that is bogus.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"
tlds=$tag-t
namespaces+=($tlds)

# sign ZONE FILE: FILE.signed and the zone's DS and keys
sign() {
	local zsk ksk
	zsk=$(ldns-keygen -a ECDSAP256SHA256 "$1")
	ksk=$(ldns-keygen -k -a ECDSAP256SHA256 "$1")
	ldns-signzone -z sha384 -o "$1" -f "$2.signed" "$2" "$zsk" "$ksk"
	cp "$ksk.ds" "$2.ds"
	cp "$ksk.key" "$2.anchors"
}
# tld NAME: a zone of two names
tld() {
	cat >"$1" <<-TEXT
		$1. 3600 IN SOA ns.$1. nstld.example. 1 1800 900 604800 3600
		$1. 3600 IN NS ns.$1.
		ns.$1. 3600 IN A 198.18.1.53
		www.$1. 3600 IN A 192.0.2.80
	TEXT
}
# The root-like zone without what was signed, all of its servers this one, and three TLDs more.
root_make() {
	"$zone_tool" make --tlds 200 --output "$work/plain/" >/dev/null
	unsigned "$work/plain/root.zone" | awk '
		$1 ~ /^.\.root-servers\.net\.$/ && $4 == "A" { $5 = "'$addr4'" }
		$1 ~ /^.\.root-servers\.net\.$/ && $4 == "AAAA" { $5 = "'$addr6'" }
		{ print }' >root
	for name in secure insecure broken; do
		printf '%s. 172800 IN NS ns.%s.\nns.%s. 172800 IN A 198.18.1.53\n' $name $name $name >>root
	done
	cat secure.ds >>root
	# a digest of nothing
	awk '{ gsub(/[0-9a-f]/, "0", $NF); print }' broken.ds >>root
	sign . root
}
tlds_serve() {
	ip netns add $tlds
	ip -n $tlds link add ts type veth peer name tc netns $client
	ip -n $tlds addr add 198.18.1.53/24 dev ts
	ip -n $client addr add 198.18.1.1/24 dev tc
	ip -n $tlds link set lo up
	ip -n $tlds link set ts up
	ip -n $client link set tc up
	knot_start knot $tlds 198.18.1.53@53 <<-TEXT
		zone:
		  - domain: secure.
		    file: $work/secure.signed
		  - domain: broken.
		    file: $work/broken.signed
		  - domain: insecure.
		    file: $work/insecure
	TEXT
	speaks knot @198.18.1.53 insecure SOA
}
resolvers_start() {
	unbound_start unbound $client 127.0.0.1@5301 <<-TEXT
		server:
		    val-log-level: 2
		    root-hints: "$work/hints"
		    trust-anchor-file: "$work/root.anchors"
		    module-config: "validator iterator"
		    aggressive-nsec: yes
	TEXT
	bind_start bind $client 'listen-on port 5302 { 127.0.0.1; }' 'recursion yes' 'dnssec-validation yes' \
		'synth-from-dnssec yes' <<-TEXT
		zone "." { type hint; file "hints"; };
		$(static_anchors root.anchors)
	TEXT
}
# resolve PORT DIG-ARGUMENT...: what a resolver says, in $work/reply
resolve() {
	local port=$1
	shift
	at_client dig @127.0.0.1 -p "$port" +dnssec +tries=2 +time=8 "$@" >reply || true
}
knows_root() {
	resolve "$1" . SOA
	grep -q 'status: NOERROR' reply
}
# resolves PORT STATUS FLAGS DIG-ARGUMENT...: it says that; FLAGS "ad" or "-"
resolves() {
	local port=$1 status=$2 flag=$3
	shift 3
	resolve "$port" "$@"
	grep -q "status: $status," reply || fail "port $port, $*: $(cat reply unbound.out bind.out)"
	if [ "$flag" = ad ]; then
		grep -q 'flags:.* ad[ ;]' reply || fail "port $port, $*: not validated: $(cat reply)"
	else
		! grep -q 'flags:.* ad[ ;]' reply || fail "port $port, $*: validated: $(cat reply)"
	fi
}
# received: queries that reached us so far
received() {
	report
	counted received
}
# spares PORT: far fewer queries of ours than of its client's, for names that do not exist
spares() {
	local before after
	before=$(received)
	at_client dnsperf -s 127.0.0.1 -p "$1" -d absent -n 1 -q 10 -t 8 >dnsperf 2>&1 || true
	after=$(received)
	grep -qE 'NXDOMAIN 1000 \(100' dnsperf || fail "port $1: $(cat dnsperf)"
	echo "port $1: 1000 names that do not exist cost $((after - before)) queries"
	[ $((after - before)) -le 300 ] || fail "port $1: aggressive NSEC spares nothing"
}

cd "$work"
world_make
for name in secure broken insecure; do tld $name; done
sign secure. secure
sign broken. broken
root_make
ROOT_ZONE=$work/root.signed ROOT_ANCHORS=$work/root.anchors ROOT_AT=$(day now)
config_write
server_start
tlds_serve
printf '. 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A %s\n' $addr4 >hints
printf 'a.root-servers.net. 3600000 AAAA %s\n' $addr6 >>hints
resolvers_start
for _ in $(seq 1000); do echo "no-such-$RANDOM-$RANDOM-$RANDOM A"; done |
	awk '{ print substr("abcdefghijklmnopqrstuvwxyz", NR % 26 + 1, 1) "q" $0 }' >absent
for port in 5301 5302; do
	within 20 knows_root $port || fail "port $port does not resolve"
	resolves $port NOERROR ad . SOA
	resolves $port NOERROR ad . NS
	resolves $port NOERROR ad . DNSKEY
	resolves $port NOERROR ad www.secure A
	resolves $port NOERROR ad secure DS
	resolves $port NXDOMAIN ad nothing.secure A
	resolves $port NOERROR ad www.secure AAAA
	resolves $port NOERROR - www.insecure A
	resolves $port NOERROR ad insecure DS
	resolves $port NXDOMAIN ad no-such-tld A
	resolves $port NXDOMAIN ad www.no-such-tld-either TXT
	awk '$4 == "DS" && $1 != "broken." { print $1 }' root | sort -u | head -n 40 >signed
	while read -r name; do
		resolves $port NOERROR ad "$name" DS
	done <signed
	resolves $port SERVFAIL - www.broken A
	spares $port
done
# what they found wrong is what is wrong
grep -q 'validation failure <www.broken' unbound.out || fail "Unbound does not say what is wrong"
! grep -i 'validation failure\|bogus' unbound.out | grep -v broken || fail "Unbound found more wrong"
grep -q 'broken.*\(no valid\|broken trust chain\)' bind.out || fail "BIND does not say what is wrong"
! grep -iE 'no valid|broken trust|bogus|not insecure|verify failed' bind.out |
	grep -v "broken/\|'broken\|broken\.\|/broken" || fail "BIND found more wrong"

# tools
at_client kdig +dnssec @$addr6 no-such-tld. A | grep -q 'NXDOMAIN' || fail "kdig"
at_client drill -D @$addr4 . SOA | grep -q 'RRSIG' || fail "drill -D"
at_client drill -T -D -k root.anchors -r hints www.secure A >drill 2>&1 ||
	fail "drill -T: $(cat drill)"
grep -q '^\[T\] www.secure' drill || fail "drill -T does not trust: $(cat drill)"
at_client dnsperf -s $addr4 -d absent -l 2 -Q 2000 -q 50 -D >dnsperf 2>&1 || fail "dnsperf"
grep -q 'Queries lost: *0 ' dnsperf || fail "$(cat dnsperf)"
at_client kxdpgun -t 2 -Q 1000 -i absent -p 53 $addr4 >kxdpgun 2>&1 || fail "$(cat kxdpgun)"
grep -q '(100%)' kxdpgun || fail "$(cat kxdpgun)"
echo "Unbound and BIND validate from the root down; nothing is bogus but what was made so"
