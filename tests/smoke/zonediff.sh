#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mangrove-zone diff tells two versions apart in words, be they zone files or images.
. "$(dirname "$0")/world.bash"

"$zone_tool" make --tlds 50 --serial 7 --output "$work/one/" >"$work/out"
"$zone_tool" compile --anchors "$work/one/root.anchors" --output "$work/one/root.image" "$work/one/root.zone" >"$work/out"
"$zone_tool" diff "$work/one/root.zone" "$work/one/root.image" >"$work/out"
[ "$(cat "$work/out")" = "zone .: serial 7 to 7, 0 records removed, 0 added
signatures: 0 renewed, 0 removed, 0 added
nothing else changed" ] || fail "a zone and its image differ"

# a version by hand, which nothing could verify: one DS goes, one delegation comes
owner=$(awk '$4 == "DS" { print $1; exit }' "$work/one/root.zone")
awk -v owner="$owner" '
	$4 == "DS" && $1 == owner { next }
	$4 == "RRSIG" && $5 == "DS" && $1 == owner { next }
	{ print }' "$work/one/root.zone" >"$work/two.zone"
cat >>"$work/two.zone" <<TEXT
new-here.	172800	IN	NS	ns.new-here.
ns.new-here.	172800	IN	A	192.0.2.1
TEXT
"$zone_tool" diff "$work/one/root.image" "$work/two.zone" >"$work/out"
grep -qx "$owner: delegation changed" "$work/out" || fail "$owner has not changed"
grep -q '^  loses DS ' "$work/out" || fail "$owner lost no DS"
grep -qx 'new-here.: new delegation' "$work/out" || fail "no new delegation"
grep -qx '  gains glue ns.new-here. A 192.0.2.1' "$work/out" || fail "no glue"
grep -q 'signatures: 0 renewed, [1-9][0-9]* removed, 0 added' "$work/out" || fail "no signature went"
"$zone_tool" diff --json "$work/two.zone" "$work/one/root.image" >"$work/out"
python3 - "$work/out" "$owner" <<'TEXT' || fail "the other way round it is not the opposite"
import json, sys
with open(sys.argv[1], encoding='utf-8') as f:
    diff = json.load(f)
change = {d['name']: d['change'] for d in diff['delegations']}
sys.exit(bool(change != {sys.argv[2]: 'changed', 'new-here.': 'removed'} or diff['apex'] or diff['others']))
TEXT

! "$zone_tool" diff "$work/one/root.zone" "$work/nowhere" >"$work/out" 2>&1 || fail "a file that is not there is taken"
grep -q 'nowhere: No such file' "$work/out" || fail "$(cat "$work/out")"
printf 'mangrove and no more' >"$work/broken"
! "$zone_tool" diff "$work/one/root.zone" "$work/broken" >"$work/out" 2>&1 || fail "a broken file is taken"
grep -q '/broken:1: ' "$work/out" || fail "$(cat "$work/out")"
echo "a DS that went and a delegation that came are told, from zone files and images"
