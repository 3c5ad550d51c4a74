#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# schema.sh [--check] TALLY-SCHEMA [LEDGER]
#
# Writes agent/schema.cddl, agent/METRICS.md, agent/registry.ledger and
# tests/ingest/telegraf/input.conf anew with the program TALLY-SCHEMA; all of
# them or none. LEDGER is the ledger that the new one goes on from: the one of
# the last release, while the next one is in the making; agent/registry.ledger
# unless given. --check only says which of them are not what the program makes
# of the registry.

set -euo pipefail

main() {
	local check='' tool ledger made name stale=0

	if [ "${1:-}" = --check ]; then
		check=yes
		shift
	fi
	tool=$(realpath "$1")
	ledger=$(realpath "${2:-$(dirname "$0")/../agent/registry.ledger}")
	cd "$(dirname "$0")/.."
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	"$tool" cddl >"$work/schema.cddl"
	"$tool" reference >"$work/METRICS.md"
	"$tool" ledger "$ledger" >"$work/registry.ledger"
	"$tool" telegraf >"$work/input.conf"
	for name in agent/{schema.cddl,METRICS.md,registry.ledger} tests/ingest/telegraf/input.conf; do
		made=$work/${name##*/}
		if cmp -s "$made" "$name"; then
			continue
		elif [ -z "$check" ]; then
			cp "$made" "$name"
			echo "schema: $name written"
		else
			diff "$name" "$made" | head -n 10 >&2 || true
			echo "schema: $name is not what the registry says; run: make schema" >&2
			stale=1
		fi
	done
	return "$stale"
}

main "$@"
