#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# atomics.sh none|some FILE OBJDUMP: whether the code in FILE has atomic instructions of Arm or
# RISC-V, or calls of libatomic.
set -eu

code=$(mktemp)
trap 'rm -f "$code"' EXIT
"$3" -dr "$2" >"$code"
grep -q tally_hooks_put "$code" || {
	echo "$2 has no agent in it"
	exit 1
}
found=$(grep -cE '[[:space:]](ldrex|strex|lr\.|sc\.|amo)|<?__(atomic|sync)_' "$code" || true)
echo "$2: $found lines with atomics, expected $1"
case $1 in
none) [ "$found" -eq 0 ] ;;
some) [ "$found" -gt 0 ] ;;
*) exit 2 ;;
esac
