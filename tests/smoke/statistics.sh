#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Known queries over all four ways; the control socket, /metrics, RSSAC002's files and what was sent
# say the same. Prometheus scrapes; junk, slow and many clients over HTTP harm nobody.
. "$(dirname "$0")/world.bash"

metrics() {
	at_server curl -sf --max-time 10 http://127.0.0.1:9153/metrics >"$work/metrics" ||
		fail "no /metrics"
}
# value NAME-WITH-LABELS: as /metrics says, 0 if it does not
value() {
	awk -v name="$1" '$1 == name { found = $2 } END { print found + 0 }' "$work/metrics"
}

world_make
config_write
cat >>"$work/mangroved.yaml" <<TEXT
control: {socket: $work/control.sock}
statistics:
  http: {}
  rssac002: {directory: $work/node1, service: l.root-servers.net, seed: a secret}
TEXT
server_start

for i in $(seq 2 9); do
	ip -n $client addr add 198.18.0.$i/24 dev vc
	ip -n $client addr add 2001:db8::$i/64 dev vc nodad
done
# what is sent, by the script that then knows what every figure has to be
at_client python3 "$here/statistics_ask.py" send $addr4 $addr6 >"$work/sent" || fail "$(cat "$work/sent")"
told() {
	metrics
	python3 "$here/statistics_ask.py" check-metrics "$work/sent" "$work/metrics" >"$work/differences" 2>&1
}
# /metrics may be a moment old
within 10 told || fail "$(cat "$work/metrics" "$work/differences")"
ctl --json stats >"$work/json"
python3 "$here/statistics_ask.py" check-json "$work/sent" "$work/json" "$work/metrics" || fail "the control socket differs"
ctl stats >"$work/words"
grep -qx '  qtype=DNSKEY  *[0-9]*' "$work/words" || fail "$(cat "$work/words")"
promtool check metrics <"$work/metrics" >"$work/promtool" 2>&1 || fail "$(cat "$work/promtool")"
[ ! -s "$work/promtool" ] || fail "$(cat "$work/promtool")"

ctl stats zone_serial >"$work/words"
[ "$(head -n 1 "$work/words")" = 'mangrove_zone_serial (serial)' ] && [ "$(wc -l <"$work/words")" = 2 ] ||
	fail "$(cat "$work/words")"
! ctl stats zone_seriel >"$work/words" 2>&1 && grep -qx 'mangrovectl: no metric has zone_seriel in its name' "$work/words" ||
	fail "$(cat "$work/words")"
python3 "$here/statistics_ask.py" check-telemetry "/var/run/dpdk/$tag/dpdk_telemetry.v2" "$work/metrics" ||
	fail "telemetry differs"

# clients of HTTP that mean no good, while queries are answered
python3 "$here/statistics_ask.py" queries | head -n 200 >"$work/queries"
load_start load $addr4 -l 60 -Q 500
at_server python3 "$here/http_junk.py" 9153 || fail "HTTP"
kill -INT "${process[load]}"
load_ended load
metrics

# Debian's Prometheus
cat >"$work/prometheus.yml" <<TEXT
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: mangrove
    static_configs: [{targets: ["127.0.0.1:9153"]}]
TEXT
behind prometheus $server prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
	--web.listen-address=127.0.0.1:9090
scraped() {
	at_server curl -s 'http://127.0.0.1:9090/api/v1/query?query=mangrove_queries_total' >"$work/scraped" &&
		grep -q '"family":"ipv6"' "$work/scraped"
}
within 30 scraped || fail "Prometheus has nothing: $(cat "$work/scraped")"
kill -TERM "${process[prometheus]}"
succeeds prometheus

# a restart goes on with the day; midnight is the unit tests'
metrics
before=$(value 'mangrove_queries_total{transport="udp",family="ipv4"}')
server_stop
[ -s "$work/node1/state" ] || fail "nothing is kept of the day"
server_start
ask @$addr4 . SOA >"$work/reply" || fail "no answer after the restart"
server_stop
python3 "$here/statistics_ask.py" check-state "$work/node1/state" $((before + 1)) || fail "the day did not go on"

# yesterday's files, as midnight would have written them, read by another library and merged
python3 "$here/statistics_ask.py" age-state "$work/node1/state"
server_start
server_stop
python3 "$here/statistics_ask.py" check-files "$work/sent" "$work/node1" $((before + 1)) || fail "files of RSSAC002"
date=$(basename "$(ls "$work"/node1/*/*/rcode-volume/*)" | sed 's/l-root-\([0-9]*\)-.*/\1/')
cp -r "$work/node1" "$work/node2"
ctl rssac002 merge --date "$date" --service l.root-servers.net --output "$work/all" \
	"$work/node1" "$work/node2" || fail "merge"
python3 "$here/statistics_ask.py" check-merged "$work/node1" "$work/all" || fail "merged files"
echo "every figure as sent: /metrics, control socket, RSSAC002; Prometheus scrapes, junk does no harm"
