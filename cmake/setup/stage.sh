#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stage.sh NAME LOG COMMAND...
#
# Runs one stage of a build with its output in LOG. A stage that works is worth
# one line; one that fails owes the reader everything needed to look into it.

set -uo pipefail

name=$1
log=$2
shift 2

mkdir -p "$(dirname "$log")"
"$@" >"$log" 2>&1 </dev/null
status=$?

if [ "$status" -eq 0 ]; then
	echo "stage $name ok (${SECONDS}s)"
	exit 0
fi

{
	tail -n 20 "$log"
	echo "stage $name failed (${SECONDS}s)"
	echo "expected: exit 0"
	echo "got: exit $status"
	echo "log: $log"
	echo "rerun:$(printf ' %q' "$@")"
} >&2
exit "$status"
