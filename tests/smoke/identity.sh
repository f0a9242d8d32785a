#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Who the node is, and cookies: told when asked for; a secret is rolled over without losing a query,
# and two nodes with one secret take each other's cookies.
. "$(dirname "$0")/world.bash"

secret_a=000102030405060708090a0b0c0d0e0f secret_b=f0e0d0c0b0a090807060504030201000

# secrets FIRST [SECOND]
secrets() {
	install -m 600 /dev/null "$work/secrets"
	printf '%s\n' "$@" >"$work/secrets"
}
# node NAME POLICY: one that says it is NAME
node() {
	config_write
	config_add "identity: $1.example" "version: Mangrove-$1" "nsid: nsid-of-$1" \
		"cookies: {secrets: $work/secrets, policy: $2}"
	server_start
}
# cookie ADDRESS [COOKIE]: what dig is given for the next time; dig says whether it is well-formed
cookie() {
	ask "@$1" "+cookie${2:+=$2}" . SOA | sed -n 's/^; COOKIE: \([0-9a-f]*\) (good)$/\1/p'
}
# rcode_of COOKIE: of a query with it that is not tried again
rcode_of() {
	ask @$addr4 "+cookie=$1" +nobadcookie . SOA | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'
}

world_make
secrets $secret_a
node a answer
for address in $addr4 $addr6; do
	for name in id.server hostname.bind; do
		says '"a\.example"' @$address ch $name TXT
	done
	for name in version.server version.bind; do
		says '"Mangrove-a"' @$address ch $name TXT
	done
	says '^; NSID: .*\("nsid-of-a"\)' @$address +nsid . SOA
	says 'status: REFUSED' @$address ch authors.bind TXT
	says 'COOKIE: [0-9a-f]{48} \(good\)' @$address +cookie . SOA
	# dig of Debian 12 has no +zoneversion: option 19, seen as octets
	serial=$(printf '%08x' "$(ask @$address +short . SOA | cut -d ' ' -f 3)")
	says "OPT=19: 00 00 ${serial:0:2} ${serial:2:2} ${serial:4:2} ${serial:6:2} " \
		@$address +ednsopt=19 . SOA
done
# the same cookie comes back while it is young, and only to the address that it was made for
first=$(cookie $addr4)
[ ${#first} = 48 ] || fail "no cookie: $first"
[ "$(cookie $addr4 "$first")" = "$first" ] || fail "a young cookie is not kept"
[ "$(cookie $addr6 "$first")" != "$first" ] || fail "a cookie is taken from another address"
server_stop

# the other node, with the same secret, demands one and takes the first node's
node b demand
says '"b\.example"' @$addr4 ch id.server TXT
[ "$(rcode_of "$first")" = NOERROR ] || fail "node b does not take the cookie of node a"
[ "$(rcode_of 0011223344556677)" = BADCOOKIE ] || fail "no cookie of ours, and no BADCOOKIE"
# the last digit, and any other
for digit in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do
	[ "${first:47}" = $digit ] || [ "$(rcode_of "${first:0:47}$digit")" = BADCOOKIE ] || fail "a forged cookie is taken"
done
says 'status: NOERROR' @$addr4 +nocookie . SOA
# dig tries again with the cookie that BADCOOKIE brought
says 'BADCOOKIE, retrying' @$addr4 +cookie . SOA
says 'status: NOERROR' @$addr4 +cookie . SOA

# rolling over (RFC 9018 5): known, then used, then the old one forgotten; under load
for _ in $(seq 100); do echo 'www.example.com A'; done >"$work/queries"
load_start load $addr4 -l 60 -Q 1000 -q 50
secrets $secret_a $secret_b
reload
[ "$(cookie $addr4 "$first")" = "$first" ] || fail "a secret more changes cookies"
secrets $secret_b $secret_a
reload
[ "$(rcode_of "$first")" = NOERROR ] || fail "the old secret's cookie is not taken"
second=$(cookie $addr4 "$first")
[ "$second" != "$first" ] && [ "${second:0:16}" = "${first:0:16}" ] || fail "no cookie of the new secret"
secrets $secret_b
reload
[ "$(rcode_of "$first")" = BADCOOKIE ] || fail "a forgotten secret's cookie is taken"
[ "$(rcode_of "$second")" = NOERROR ] || fail "the new secret's cookie is not taken"
echo nonsense >"$work/secrets"
reload
said 'cookies: the old secrets stay: .*secrets:1:' || fail "a bad secrets file is not named"
[ "$(rcode_of "$second")" = NOERROR ] || fail "a bad secrets file changed the secrets"
kill -INT "${process[load]}"
load_ended load
! grep -E "nonsense|$secret_a|$secret_b" "$work/log" || fail "the log tells secrets"
echo "identity, NSID and ZONEVERSION told; cookies shared by two nodes, rolled over, no query lost"
