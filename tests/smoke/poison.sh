#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Versions that are wrong in one way each are offered to a mangroved, one after the other. None is served, each
# refusal says why, and the version before stays. Then a storm of NOTIFY, and a good version.
. "$(dirname "$0")/world.bash"
. "$here/peers.bash"
knot=198.18.0.61 bad=198.18.0.64 notify=198.18.0.54

cd "$work"
world_make
ip -n $server addr add $notify/24 dev vs
for address in $knot $bad; do
	ip -n $client addr add $address/24 dev vc
done
mkdir state
"$zone_tool" make --tlds 40 --output "$work/made/" >/dev/null
# REFRESH is long: rounds are those that are asked for
unsigned made/root.zone | awk '$4 == "SOA" { $7 = "SERIAL"; $8 = 86400 } { print }' >plain
for kind in own alien; do
	for flag in '-k ' ''; do
		# shellcheck disable=SC2086 # a flag, or none
		ldns-keygen $flag-a ECDSAP256SHA256 .
	done >$kind.keys
done
cp "$(head -n 1 own.keys).key" anchors

# sign SERIAL FILE INCEPTION EXPIRATION [KEYS [OPTION...]]: what is in plain.now
sign() {
	local serial=$1 file=$2 inception=$3 expiration=$4 keys=${5:-own.keys}
	shift $(($# < 5 ? 4 : 5))
	sed "s/ SERIAL / $serial /" plain.now >unsigned
	# shellcheck disable=SC2046 # names of key files
	ldns-signzone "${@:--zsha384}" -i "$(day "$inception")" -e "$(day "$expiration")" -o . -f "$file" unsigned \
		$(tac "$keys")
}
# right SERIAL: to start from
right() {
	sign "$1" zone '-1 day' '+9 days'
}

# ---- the ways to be wrong: each makes `zone` of a serial ----
tld=$(awk '$4 == "DS" { print $1; exit }' plain)
# without SERIAL CONDITION: what is right, less the records of which that is true
without() {
	right "$1"
	awk -v tld="$tld" "!($2)" zone >z && mv z zone
}
wrong_zonemd() {
	printf '. 86400 IN ZONEMD %s 1 1 %s\n' "$1" "$(printf '%096d' 7)" >>plain.now
	sign "$1" zone '-1 day' '+9 days' own.keys -b
}
glue_altered() {
	right "$1"
	awk '$4 == "A" && !done { $5 = "198.18.9.9"; done = 1 } { print }' OFS='\t' zone >z && mv z zone
}
rrsig_missing() {
	without "$1" '$1 == tld && $4 == "RRSIG" && $5 == "DS"'
}
# rrsig_of FILE FIELD: the signature over a DS is that of this file, from this field on
rrsig_of() {
	awk -v tld="$tld" -v field="$2" '
		function is_it() { return $1 == tld && $4 == "RRSIG" && $5 == "DS" }
		NR == FNR { if (is_it()) for (i = field; i <= NF; i++) theirs[i] = $i; next }
		is_it() { for (i = field; i <= NF; i++) $i = theirs[i] }
		{ print }' OFS='\t' "$1" zone >z && mv z zone
}
rrsig_expired() {
	sign "$1" other '-9 days' '-1 day'
	right "$1"
	rrsig_of other 5
}
rrsig_future() {
	sign "$1" other '+1 day' '+9 days'
	right "$1"
	rrsig_of other 5
}
# made by another key, and says that it is by ours
rrsig_alien() {
	sign "$1" other '-1 day' '+9 days' alien.keys
	right "$1"
	rrsig_of other 13
}
all_expired() {
	sign "$1" zone '-9 days' '-1 day'
}
# all of it is signed, by keys that nobody trusts
keys_alien() {
	sign "$1" zone '-1 day' '+9 days' alien.keys
}
record_added() {
	right "$1"
	printf 'poison. 172800 IN NS ns.poison.\nns.poison. 172800 IN A 198.18.9.9\n' >>zone
}
record_removed() {
	without "$1" '$1 == tld && $4 == "DS"'
}
rrset_removed() {
	without "$1" '$1 == tld && ($4 == "DS" || ($4 == "RRSIG" && $5 == "DS"))'
}
record_altered() {
	right "$1"
	awk -v tld="$tld" '$1 == tld && $4 == "DS" { $5 = ($5 + 1) % 65536 } { print }' OFS='\t' zone >z && mv z zone
}
# a delegation goes, with all that is its own; the NSEC before it still leads to it
nsec_gap() {
	without "$1" '$1 == tld || substr($1, length($1) - length(tld)) == "." tld'
}
nsec_skips() {
	without "$1" '$1 == tld && ($4 == "NSEC" || ($4 == "RRSIG" && $5 == "NSEC"))'
}

# ---- who serves it ----
cp plain plain.now
serial=2026080100
right $serial
echo good >told
knot_open $knot@53 "$work/zone"
misbehaving $client --upstream $knot@53 --told "$work/told" $bad told@53 wrong-tsig@5301

# ---- who is offered it ----
tsig-keygen -a hmac-sha256 transfers. >keys
chmod 600 keys
device=
config_make <<TEXT
state_directory: $work/state
tsig_keys: $work/keys
primaries:
  - {name: poison, address: $bad}
  - {name: forger, address: $bad, port: 5301, key: transfers.}
fetch: {progress_timeout_ms: 1000, size_mib: 4}
zones:
  - {origin: ., primaries: [poison, forger], anchors: $work/anchors}
transfer: {addresses: [$notify]}
control: {socket: $work/control.sock}
health: {refresh_wait_seconds: 20}
TEXT
server_start
# served SERIAL: that version, with its signatures
served() {
	ask @$addr4 +dnssec . SOA >reply
	grep -q "SOA.* $1 86400 " reply && grep -q 'RRSIG.*SOA' reply
}
served $serial || fail "the first version is not served"

# offer WHAT BEHAVIOUR REASON [SERIAL]: what is in `zone`, by a primary that behaves so
offer() {
	local what=$1 behaviour=$2 reason_wanted=$3 said
	knot_tell zone-reload . || fail "$what: $(cat knotc.out)"
	echo "$behaviour ${4-}" >told
	said=$(wc -l <log)
	! ctl zone refresh . >ctl.out 2>&1 || fail "$what was taken"
	tail -n +$((said + 1)) log >new
	grep -E '(zone refused|primary (failed|lagging)).*poison' new | grep -E "$reason_wanted" >why ||
		fail "$what: not \"$reason_wanted\" but $(cat new)"
	served $serial || fail "$what: not $serial is served but $(cat reply)"
	ctl health >health.out || true
	grep -qE 'version_refused|primary=poison' health.out || fail "$what: health does not tell"
	printf '%-34s %s\n' "$what" "$(grep -oE "$reason_wanted" why | head -n 1)"
	passed=$((passed + 1))
}
next=$serial
# version HOW: the next serial, made wrong in that way
version() {
	next=$((next + 1))
	cp plain plain.now
	"$1" $next
}
while IFS='|' read -r what how reason_wanted; do
	version "$how"
	offer "$what" good "$reason_wanted"
done <<'TABLE'
wrong ZONEMD|wrong_zonemd|ZONEMD: the digest is not that of the zone
a glue record altered|glue_altered|ZONEMD: the digest is not that of the zone
an RRSIG missing|rrsig_missing|DS: not signed
an RRSIG expired|rrsig_expired|RRSIG: over DS: expired at the time of verification
an RRSIG of the future|rrsig_future|RRSIG: over DS: not yet valid at the time of verification
an RRSIG of another key|rrsig_alien|RRSIG: over DS: the signature is wrong
all RRSIGs expired|all_expired|expired at the time of verification
all RRSIGs of keys not trusted|keys_alien|no key matches a trust anchor
a record added|record_added|NSEC: the next name should be poison
a record removed|record_removed|RRSIG: it covers DS, which is not there
a record removed with its RRSIG|rrset_removed|NSEC: its bitmap is not the types at this name
a record altered|record_altered|RRSIG: over DS: the signature is wrong
NSEC chain with a gap|nsec_gap|NSEC: the next name should be
a name without NSEC|nsec_skips|NSEC: missing from the chain
TABLE
# what comes instead of the differences is judged as well
version glue_altered
offer 'IXFR that does not fit' misfit-ixfr 'ZONEMD: the digest is not that of the zone'
grep -q 'differences do not fit, asking for the zone: .*it is not there' new || fail "IXFR: $(cat new)"
version right
while IFS='|' read -r what behaviour reason_wanted as; do
	offer "$what" "$behaviour" "$reason_wanted" "$as"
done <<TABLE
AXFR cut short|cut|cut short after [0-9]* records
AXFR with two SOAs|two-soas|the SOA that closes it .* is not the one that opened it
the serial goes backwards|good|has serial [0-9]*, older than ours|$((serial - 1))
another serial than was signed|good|RRSIG: over SOA: the signature is wrong|$((next + 5))
AXFR without an end|endless|more than 4194304 octets
AXFR of an octet a second|slow|too slow: [0-9] octets in 1000 ms
an answer to another's question|wrong-id|an answer with ID
garbage|garbage|an answer with ID
TABLE
# who signs with another's MAC was asked each time, and never believed
[ "$(grep -c 'primary failed .*primary=forger: .*BADSIG' log)" -ge $passed ] || fail "TSIG is not told"

# a storm: each is answered, as far as the limit of datagrams goes, and few questions come of it
asked() {
	grep -c 'request type=6 ' bad.out || true
}
echo "good $serial" >told
before=$(asked)
began=$SECONDS
at_client python3 "$here/notify_storm.py" $bad $notify 53 $((next + 100)) 20000 >storm
grep -q 'rcode0=[0-9][0-9]' storm && ! grep -q 'rcode[1-9]' storm || fail "NOTIFY: $(cat storm)"
served $serial || fail "$(cat reply)"
rounds=$(($(asked) - before))
[ $rounds -ge 1 ] && [ $rounds -le $((2 * (SECONDS - began) + 4)) ] ||
	fail "$rounds questions came of $(cat storm) in $((SECONDS - began)) s"
at_client python3 "$here/notify_storm.py" 198.18.0.1 $notify 53 $((next + 100)) 1000 >stranger
grep -q 'rcode5=' stranger && ! grep -q 'rcode0' stranger || fail "a stranger's NOTIFY: $(cat stranger)"

# none of it hinders a version that is good, in which a key comes that may be trusted one day (RFC 5011)
head -n 1 alien.keys | cat - own.keys >both.keys
key_comes() {
	sign "$1" zone '-1 day' '+9 days' both.keys
}
version key_comes
echo good >told
knot_tell zone-reload . || fail "$(cat knotc.out)"
ctl zone refresh . >ctl.out 2>&1 || fail "the good version: $(cat ctl.out)"
served $next || fail "the good version $next is not served: $(cat reply)"
# tag_of KEYS: of its key-signing key
tag_of() {
	head -n 1 "$1.keys" | sed 's/.*+0*//'
}
ctl zone status . >status.out || fail "$(cat status.out)"
grep -q "key  *$(tag_of own): trusted, seen since" status.out || fail "the old key: $(cat status.out)"
grep -q "key  *$(tag_of alien): not among the trust anchors, seen since" status.out || fail "the new key: $(cat status.out)"
grep -q 'hold-down ends' status.out || fail "$(cat status.out)"
ctl --json zone status . >before.json
server_stop
server_start
ctl --json zone status . >after.json
python3 -c 'import json, sys
before, after = ([(k["tag"], k["seen_at"], k["hold_down_until"]) for k in json.load(open(name))["zones"][0]["keys"]]
                 for name in sys.argv[1:])
assert before == after and len(after) == 2, (before, after)' before.json after.json || fail "keys over a restart"
echo "$(cat storm): $rounds questions to the primary"
server_stop
echo "$passed versions refused, each for its own reason; the one before was served all the time"
