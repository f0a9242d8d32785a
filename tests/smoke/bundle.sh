#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# One file for an incident: unpacked, complete, without secrets or whole addresses, and what it says is
# what the server says. Without a server, a directory or room on the disk there is a reason and no file.
. "$(dirname "$0")/world.bash"
world_make
cd "$work"

# bundle CODE [ARGUMENT...]: output goes to "told"
bundle() {
	local code=$1 got=0
	shift
	ctl bundle "$@" >told 2>&1 || got=$?
	[ "$got" = "$code" ] || fail "bundle $*: exit code $got, not $code: $(cat told)"
}
has() {
	grep -q -- "$2" "$1" || fail "$1 has no \"$2\": $(head -n 50 "$1")"
}
nothing_left() {
	[ -z "$(find "$work" -name '*.tar.xz*')" ] || fail "something is left: $(ls "$work")"
}

# all secrets that a node can have
tsig=$(head -c 24 /dev/urandom | base64)
cookie=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
pseudonym=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
seed="seed$RANDOM$RANDOM$RANDOM"
(
	umask 077
	printf 'key "transfers.example." {\n\talgorithm hmac-sha256;\n\tsecret "%s";\n};\n' "$tsig" >keys
	echo "$cookie" >secrets
	echo "$pseudonym" >pseudonyms
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key \
		-out tls.pem -days 2 -subj /CN=bundle.example 2>/dev/null
)
mkdir cdns state rssac002
config_make <<TEXT
zones: [{origin: ., file: $ROOT_ZONE, anchors: $ROOT_ANCHORS, at: "$ROOT_AT"}]
identity: node 1/bundle.example
control: {socket: $work/control.sock}
state_directory: $work/state
tsig_keys: $work/keys
cookies: {secrets: $work/secrets}
transfer:
  addresses: [198.18.0.54]
  port: 5353
  tls: {port: 8853, certificate: $work/tls.pem, key: $work/tls.key}
  access: [{from: any, key: transfers.example., allow: [transfer]}]
statistics:
  rssac002: {directory: $work/rssac002, service: l.root-servers.net, seed: $seed}
audit: {one_in: 1}
limits: {mode: enforce, nxdomain_per_second: 100, answers_per_second: 50}
capture: {directory: $work/cdns, ipv4_prefix: 20, ipv6_prefix: 44, clients: pseudonyms, pseudonym_key: $work/pseudonyms}
TEXT
ip -n $server addr add 198.18.0.54/32 dev lo
bundle 3
has told 'No such file'
nothing_left
server_start

for i in $(seq 20); do
	ask @$addr4 "no-such-name-$i" A +dnssec >/dev/null
	ask @$addr6 com NS +dnssec >/dev/null
done
ctl filter add drop --prefix 192.0.2.0/24 >/dev/null
# the auditor takes its time to start
audits() {
	ask @$addr4 . SOA >dig
	report
	said 'audit: ok=[1-9]'
}
within 20 audits || fail "nothing is audited"
for i in $(seq 10); do
	ask @$addr4 "sample-$i.example" A +dnssec >/dev/null
	ask @$addr6 net NS >/dev/null
	# for whom a resolver asks
	ask @$addr4 org NS +subnet=203.0.113.77/32 >/dev/null
	ask @$addr6 org NS +subnet=203.0.113.77/32 >/dev/null
done
sleep 1

bundle 0
file=$(find . -maxdepth 1 -name 'mangrove-node_1_bundle.example-*Z.tar.xz')
[ -f "$file" ] || fail "no file: $(ls)"
has told "$(basename "$file"): [0-9]* files, $(stat -c %s "$file") octets"
[ "$(stat -c %a "$file")" = 600 ] || fail "mode $(stat -c %a "$file")"
mkdir unpacked
tar -xJf "$file" -C unpacked
[ "$(ls unpacked)" = "$(basename "$file" .tar.xz)" ] || fail "not in one folder of its name: $(ls unpacked)"
mv unpacked/* b
for name in README.txt status.txt health.txt zones.txt history.txt events.log config.yaml stats.txt heat.txt \
	flood.txt filters.txt observe.txt samples.pcap host/os-release host/process-status host/process-net-dev; do
	[ -s "b/$name" ] || fail "no $name"
	case $name in */* | README.txt) ;; *) has b/README.txt "$name" ;; esac
done
# what is not there is told with its reason
has b/README.txt '(no rssac047.txt: '
has b/status.txt 'node 1/bundle.example'
has b/filters.txt 'drop, from 192.0.2.0/24'
has b/events.log 'notice ready ready pid='
has b/events.log 'notice zone_accepted zone accepted zone=. serial=2026073102'
has b/events.log 'notice command command="filter add"'
has b/host/process-status 'Name:.*mangroved'
has b/history.txt '2026073102'
[ "$(find b -type f ! -perm 600)" = "" ] || fail "others may read: $(ls -l b)"
python3 - b "$work" <<'PYTHON' || fail "what is in the bundle is not what it should be"
import glob, json, sys
folder, work = sys.argv[1:]
read = {path: json.load(open(path)) for path in glob.glob(folder + '/*.json')}
assert len(read) >= 10 and all(reply.get('ok', True) for reply in read.values()), read.keys()
zone = read[folder + '/zones.json']['zones'][0]
assert zone['serial'] == 2026073102 and zone['taken_at'] > 0, zone
names = {metric['name'] for metric in read[folder + '/stats.json']['metrics']}
assert 'mangrove_queries_total' in names, names
assert read[folder + '/status.json']['build']['dpdk'].startswith('DPDK '), read
events = read[folder + '/events.json']['events']
assert [e['at'] * 1000 + e['milliseconds'] for e in events] == sorted(e['at'] * 1000 + e['milliseconds'] for e in events)
PYTHON
/usr/bin/python3 "$here/bundle_samples.py" b/samples.pcap || fail "samples.pcap"

# nothing secret, in no form
has b/config.yaml 'seed: (removed)'
has b/config.yaml "tsig_keys: $work/keys"
key=$(sed -n '2p' tls.key)
hex=$(printf %s "$tsig" | base64 -d | od -An -tx1 | tr -d ' \n')
for secret in "$tsig" "$cookie" "$pseudonym" "$seed" "$key" "$hex" 'PRIVATE KEY-----'; do
	# the search finds what is there
	echo "$secret" >probe
	grep -qiFf probe probe || fail "the search"
	! grep -raliFf probe b || fail "a secret is in the bundle"
done
# the configuration that is told is one, and says the same of itself
cp b/config.yaml told.yaml
server_stop
"$mangroved" --config told.yaml --check >check 2>&1 || fail "config.yaml: $(cat check)"
cp mangroved.yaml kept.yaml
cp told.yaml mangroved.yaml
server_start
ctl configuration | diff -u told.yaml - || fail "the configuration is another"

# an older file is replaced; what is no file is not; a failure leaves the old one alone, and nothing else
rm -rf "$file" b
bundle 0 --output "$work/one.tar.xz"
first=$(stat -c %i one.tar.xz)
bundle 0 --output "$work/one.tar.xz"
[ "$(stat -c %i one.tar.xz)" != "$first" ] || fail "written in place"
rm one.tar.xz
mkfifo fifo
bundle 1 --output "$work/fifo"
has told 'fifo: is not a regular file'
[ -p fifo ] || fail "the fifo is gone"
bundle 1 --output "$work/no-such-folder/one.tar.xz"
has told 'no-such-folder/one.tar.xz: No such file'
mkdir small
unshare -m bash -c "mount -t tmpfs -o size=4k none '$work/small' &&
	echo old >'$work/small/one.tar.xz' &&
	! '$mangrovectl' -s '$work/control.sock' bundle --output '$work/small/one.tar.xz' >'$work/told' 2>&1 &&
	[ \"\$(ls '$work/small')\" = one.tar.xz ] && [ \"\$(cat '$work/small/one.tar.xz')\" = old ]" ||
	fail "a full disk: $(cat told)"
has told 'one.tar.xz: No space left on device'
bundle 2 --json
bundle 2 too many
nothing_left

# sockets alone: no frames to show, all else is there
server_stop
device=
sed '/^ports:/,$d' kept.yaml >mangroved.yaml
server_start
bundle 0 --output "$work/two.tar.xz"
tar -xJf two.tar.xz
has mangrove-*/README.txt '(no samples.pcap: .*there are no ports)'
[ -s "$(echo mangrove-*/stats.json)" ] || fail "no stats.json"
server_stop
bundle 3 --output "$work/three.tar.xz"
[ ! -e three.tar.xz ] || fail "a bundle of no server"
echo "a bundle has all and no secrets; without server, directory or room there is a reason and no file"
