#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Several zones: the deepest answers, DS of an apex comes from its parent; SIGHUP replaces those that
# are good and keeps the one that is not; without the root all else is refused.
. "$(dirname "$0")/world.bash"

# zones_make SERIAL: all three, as the next SIGHUP finds them; their anchors stay valid
zones_make() {
	"$zone_tool" make --tlds 50 --serial "$1" --output "$work/new/" >/dev/null
	"$tools/make-company" --serial "$1" "$work/new/root.zone" "$ROOT_AT" "$work/new"
	cat "$work/new/root.anchors" >>"$work/root.anchors"
	cat "$work/new/arpa.anchors" >>"$work/arpa.anchors"
	mv "$work/new/"*.zone "$work/"
}
# beside FILE KEY...: one more zone in the configuration
beside() {
	local text="  - file: $work/$1"
	shift
	for key; do text+="\n    $key"; done
	sed -i "/^ports:/i \\$text" "$work/mangroved.yaml"
}
arpa_beside() {
	beside arpa.zone "anchors: $work/arpa.anchors" "at: \"$ROOT_AT\""
}
servers_beside() {
	beside root-servers.net.zone 'dnssec: off' 'zonemd: off'
}
serials() {
	echo "$(serial .) $(serial arpa) $(serial root-servers.net)"
}
serials_are() {
	[ "$(serials)" = "$1" ]
}
# serials_become "A B C"
serials_become() {
	within 10 serials_are "$1" || fail "serials $(serials), not $1"
}
# priming_sizes: all 26 addresses or as many as fit, never TC
priming_sizes() {
	local size option address
	for option in +noedns:508 +edns:811 +dnssec:1097; do
		for address in $addr4 $addr6; do
			ask @$address "${option%:*}" +nocookie +ignore . NS >"$work/reply"
			grep -q 'flags: qr aa;' "$work/reply" || fail "priming ${option%:*}: $(cat "$work/reply")"
			size=$(sed -n 's/^;; MSG SIZE *rcvd: //p' "$work/reply")
			[ "$size" = "${option#*:}" ] || fail "priming ${option%:*}: $size octets, not ${option#*:}"
		done
	done
}
world_make
ROOT_AT=$(date -u +%Y%m%d%H%M%S) ROOT_ANCHORS=$work/root.anchors
mkdir "$work/new"
zones_make 1

# the root alone
config_write "$work/root.zone"
server_start
priming_sizes
says 'flags: qr;.*AUTHORITY: 13' @$addr4 a.root-servers.net A
says 'flags: qr;' @$addr4 arpa SOA
server_stop

# in company
arpa_beside
servers_beside
server_start
priming_sizes
serials_are '1 1 1' || fail "serials $(serials)"
says 'flags: qr aa;' @$addr4 a.root-servers.net A
says 'status: NXDOMAIN' @$addr4 nothing.root-servers.net A
says 'flags: qr aa;.*ANSWER: 2' @$addr4 +dnssec arpa DS
says '^arpa\..*RRSIG[[:space:]]DS 8 1 86400 .* \. ' @$addr4 +dnssec arpa DS
says '^arpa\..*RRSIG[[:space:]]NS 13 1' @$addr4 +dnssec arpa NS
says 'flags: qr;.*AUTHORITY: 13' @$addr4 root-servers.net DS # its parent is net, and not here
says 'status: NXDOMAIN' @$addr4 +dnssec nothing.arpa A
says '^arpa\..*IN[[:space:]]SOA' @$addr4 nothing.arpa A
says 'flags: qr;' @$addr4 1.0.0.127.in-addr.arpa PTR
says 'flags: qr aa;' @$addr4 deep.arpa A

# one of three is refused
zones_make 2
sed -i 's/plain.arpa.\t3600\tIN\tA\t192.0.2.1/plain.arpa.\t3600\tIN\tA\t192.0.2.2/' "$work/arpa.zone"
kill -HUP "$pid"
serials_become '2 1 2'
said 'zone refused, the old one stays:.*arpa' || fail "the refusal is not said"
says '192\.0\.2\.1$' @$addr4 plain.arpa A
zones_make 3
kill -HUP "$pid"
serials_become '3 3 3'
# all of them
for zone in root arpa root-servers.net; do : >"$work/$zone.zone"; done
kill -HUP "$pid"
within 10 says_more_often 'zone refused.*no SOA' 2 || fail "three empty files are not three refusals"
serials_are '3 3 3' || fail "serials $(serials) after three refusals"
server_stop

# without the root
zones_make 4
config_write "$work/arpa.zone"
sed -i "s#anchors: .*#anchors: $work/arpa.anchors#" "$work/mangroved.yaml"
server_start
says 'status: NOERROR' @$addr4 arpa SOA
says 'flags: qr aa;' @$addr4 +dnssec arpa DS
for name in . com a.root-servers.net arpax; do
	says 'status: REFUSED' @$addr4 +edns $name SOA
	says 'EDE: 20' @$addr4 +edns $name SOA
done
server_stop

# two of one name
config_write "$work/root.zone"
beside root.zone "anchors: $work/root.anchors" "at: \"$ROOT_AT\""
code=0
at_server "$mangroved" --config "$work/mangroved.yaml" >"$work/log" 2>&1 || code=$?
[ $code = 1 ] || fail "two zones of one name: exit code $code"
said 'zones\[[01]\] is the zone \. already' || fail "two zones of one name are not named"
echo "three zones answer, each replaced alone; refused outside; priming has 508, 811 and 1097 octets"
