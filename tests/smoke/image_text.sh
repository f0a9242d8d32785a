#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From a zone to an image and back to text, and from that, and from the records as AXFR brings them,
# to the same image again, octet by octet; what does not fit has an exit code of its own.
. "$(dirname "$0")/world.bash"
golden=$(realpath "$here/../golden")
options=(--at 20260801000000 --anchors "$golden/golden.anchors")

build() {
	"$zone_tool" build "${options[@]}" --text-to 3 "$@" 2>"$work/report" 3>"$work/text"
}

build "$golden/golden.zone" >"$work/image" || fail "$(cat "$work/report")"
grep -q '"proven":[1-9]' "$work/report" || fail "$(cat "$work/report")"
cp "$work/text" "$work/zone"
[ "$("$zone_tool" print "$work/image" | cksum)" = "$(cksum <"$work/zone")" ] || fail "print is not what build wrote"
[ "$(wc -l <"$work/zone")" = "$(grep -c . "$golden/golden.zone")" ] || fail "records got lost"
build "$work/zone" >"$work/again" || fail "$(cat "$work/report")"
cmp "$work/image" "$work/again" || fail "the text makes another image"

# the records, and the SOA that closes a transfer
python3 - "$work" <<'PYTHON'
import struct
import sys

work = sys.argv[1]
with open(f'{work}/image', 'rb') as file:
    image = file.read()
# magic, version, byte order, size, digest, then offset and size of 13 sections; the last is it
header = struct.calcsize('=8sIIQ32s')
offset, size = struct.unpack_from('=II', image, header + 8 * 12)
records = image[offset:offset + size]
at = records.index(0) + 1
soa = records[:at + 10 + struct.unpack_from('>H', records, at + 8)[0]]
serial = soa[-20:-16]
new = soa[:-20] + bytes([serial[0], serial[1], serial[2], serial[3] ^ 1]) + soa[-16:]
with open(f'{work}/axfr', 'wb') as file:
    file.write(records + soa)
with open(f'{work}/misfit', 'wb') as file:
    file.write(records + soa + new + soa + soa)
with open(f'{work}/base_size', 'w', encoding='ascii') as file:
    file.write(str(len(records)))
PYTHON
build --base-size 0 primary <"$work/axfr" >"$work/again" || fail "$(cat "$work/report")"
cmp "$work/image" "$work/again" || fail "the records make another image"
rc=0
build --base-size "$(cat "$work/base_size")" primary <"$work/misfit" >"$work/again" || rc=$?
[ "$rc" = 3 ] || fail "differences that do not fit: exit code $rc, $(cat "$work/report")"
grep -q 'the differences do not fit' "$work/report" || fail "$(cat "$work/report")"
echo "image, text and records make the same image; differences that do not fit are told apart"
