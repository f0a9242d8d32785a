#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Self-audit: what is right is found right; a bit that flips in an image is found and told; an
# auditor that dies is started again, and nobody who asks notices any of that.
. "$(dirname "$0")/world.bash"

# audited WORD: the latest count of the audit
audited() {
	report
	grep 'audit: ok=' "$work/log" | tail -n 1 | sed "s/.* $1=\([0-9]*\).*/\1/"
}
is_more() {
	load
	[ "$(audited "$2")" -gt "$1" ]
}
# more_than COUNT WORD: it is counted further, while queries come
more_than() {
	within 60 is_more "$@" || fail "audit: $2=$(audited "$2"), not more than $1"
}
load() {
	load_start load $addr4 -n 2 -q 20 -t 5 "$@"
	load_ended load
}
# wrong_asked: for what is wrong
wrong_asked() {
	at_client dnsperf -s $addr4 -d "$work/wrong" -e -n 1 -q 100 -t 1 >"$work/dnsperf" 2>&1 || true
}
# differs: whether the node fails for what the audit found
differs() {
	ctl health >"$work/health" || fail "$(cat "$work/health")"
	grep -q audit_difference "$work/health"
}

world_make
cp "$ROOT_ZONE" "$work/root.zone"
config_write "$work/root.zone"
config_add 'audit: {one_in: 7}' "control: {socket: $work/control.sock}"
for i in $(seq 100); do
	printf '%s\n' '. NS' '. SOA' '. DNSKEY' 'www.example.com A' 'com DS' "no-such-$i-$RANDOM A" \
		"host.no-such-$RANDOM-$i AAAA" '. A' 'arpa NS' '. ANY'
done >"$work/queries"
server_start
load
load -D
load -e
for _ in $(seq 20); do
	ask @$addr4 +cookie +nsid +ednsopt=19 +bufsize=512 +dnssec . DNSKEY >"$work/reply"
	ask @$addr6 ch id.server TXT >"$work/reply"
	ask @$addr6 +opcode=status . SOA >"$work/reply"
done
more_than 300 ok
[ "$(audited wrong)" = 0 ] || fail "a right answer is found wrong"
[ "$(audited restarts)" = 0 ] || fail "the auditor was started again"

# one bit of a key, in the image of a running server
key=$(ask @$addr4 +short . DNSKEY | sed -n '1s/^[0-9]* [0-9]* [0-9]* //p' | tr -d ' ' | base64 -d |
	od -An -v -tx1 | tr -d ' \n')
found=$(python3 "$here/flip_bit.py" "$pid" "${key:8:128}") || fail "the key is not in the server's memory"
began=$SECONDS
# a body's checksum is made in advance, so clients see no wrong answer, but none
for _ in $(seq 100); do echo '. DNSKEY'; done >"$work/wrong"
for _ in 1 2 3 4 5; do
	wrong_asked
done
until_said 'audit: wrong answer query=[0-9a-f]* answer=[0-9a-f]* right=[0-9a-f]* event=audit_difference$'
[ "$(audited wrong)" -gt 10 ] || fail "few wrong answers are counted"
[ "$(grep -c 'audit: wrong' "$work/log")" -le $((SECONDS - began + 2)) ] || fail "more than a line a second"

within 10 differs || fail "a wrong answer does not withdraw: $(cat "$work/health")"
# an operator's word ends that, until the next one is found
ctl clear >"$work/health" || fail "$(cat "$work/health")"
within 10 not differs || fail "an operator's word is not taken: $(cat "$work/health")"
wrong_asked
wrong_asked
within 10 differs || fail "a wrong answer does not withdraw: $(cat "$work/health")"

# a new image is right again
reload
within 10 not differs || fail "a new image does not heal: $(cat "$work/health")"
wrong=$(audited wrong)
more_than "$(audited ok)" ok
[ "$(audited wrong)" = "$wrong" ] || fail "wrong after a new image"

# an auditor that dies
kill -KILL "$(pgrep -P "$pid" -f 'mangrove-zone audit')"
until_said 'audit: the auditor has died'
more_than "$(audited ok)" ok
if [ -n "${MANGROVE_LONG-}" ]; then
	kill -STOP "$(pgrep -P "$pid" -f 'mangrove-zone audit')"
	load
	until_said 'audit: the auditor hangs'
	more_than "$(audited ok)" ok
fi

# a file that is not what is served: what is audited is what is served
sed -i 's/172800/172801/' "$work/root.zone"
kill -HUP "$pid"
until_said 'zone refused, the old one stays'
more_than "$(audited ok)" ok
[ "$(audited wrong)" = "$wrong" ] || fail "a refused file makes right answers wrong"
echo "right answers found right, a bit flipped at $found places found, the auditor replaced"
