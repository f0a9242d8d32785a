#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Half a minute over memif while one version of a zone replaces the other: no query is lost, no reply is wrong by
# an octet, and memory does not grow. With MANGROVE_LONG: half an hour at 80 % of the highest rate without loss.
set -euo pipefail
: "${BUILD:?}"

if [ -n "${MANGROVE_LONG-}" ]; then
	exec "$(dirname "$0")/../bench/soak.py"
fi
# a rate that a busy machine bears; one that stops for long is no loss
exec "$(dirname "$0")/../bench/soak.py" --rate 20000 --seconds 30 --publish-each 5 --idle sleep --timeout 60
