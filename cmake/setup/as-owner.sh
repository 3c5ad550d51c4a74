#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# as-owner.sh COMMAND...
#
# Runs COMMAND as the tree's owner, so that `sudo make demo` leaves no file
# behind which its owner cannot remove. For anybody but root it changes nothing.

set -euo pipefail

tree=$(cd "$(dirname "$0")/../.." && pwd)
owner=$(stat -c %u "$tree")
group=$(stat -c %g "$tree")

if [ "$(id -u)" -ne 0 ] || [ "$owner" -eq 0 ]; then
	exec "$@"
fi

become=(setpriv "--reuid=$owner" "--regid=$group" --clear-groups)

# In a user namespace the owner may be an id that cannot be taken, or one that
# may not write here; then root is the only one who can do the work.
if "${become[@]}" test -w "$tree" 2>/dev/null; then
	exec "${become[@]}" "$@"
fi
exec "$@"
