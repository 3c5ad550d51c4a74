#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# schema.sh [--check] TALLY-SCHEMA [LEDGER]
#
# Writes agent/schema.cddl, agent/METRICS.md and agent/registry.ledger anew with
# the program TALLY-SCHEMA; all of them or none. LEDGER is the ledger that the
# new one goes on from: the one of the last release, while the next one is in
# the making; agent/registry.ledger unless given. --check only says which of
# them are not what the program makes of the registry.

set -euo pipefail

main() {
	local check='' tool ledger name stale=0

	if [ "${1:-}" = --check ]; then
		check=yes
		shift
	fi
	tool=$(realpath "$1")
	ledger=$(realpath "${2:-$(dirname "$0")/../agent/registry.ledger}")
	cd "$(dirname "$0")/../agent"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	"$tool" cddl >"$work/schema.cddl"
	"$tool" reference >"$work/METRICS.md"
	"$tool" ledger "$ledger" >"$work/registry.ledger"
	for name in schema.cddl METRICS.md registry.ledger; do
		if cmp -s "$work/$name" "$name"; then
			continue
		elif [ -z "$check" ]; then
			cp "$work/$name" "$name"
			echo "schema: agent/$name written"
		else
			diff "$name" "$work/$name" | head -n 10 >&2 || true
			echo "schema: agent/$name is not what the registry says; run: make schema" >&2
			stale=1
		fi
	done
	return "$stale"
}

main "$@"
