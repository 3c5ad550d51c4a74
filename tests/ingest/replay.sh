#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# replay.sh JOURNAL SOCKET [MINUTES]
#
# Hands Telegraf at SOCKET the uploads in nginx's JOURNAL anew, those of the last
# MINUTES or all: what Telegraf held when it died is among them, and what the
# database has already it knows by its key. Run it once Telegraf is back.

set -euo pipefail

journal=$1
socket=$2
age=()
[ -z "${3:-}" ] || age=(-mmin "-$3")

count=0
while read -r upload; do
	status=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' \
		--unix-socket "$socket" --header "X-Tally-Device: $(basename "$(dirname "$upload")")" \
		--header 'Content-Type: application/cbor' --data-binary "@$upload" \
		http://telegraf/v1/records)
	case $status in
	204 | 400) count=$((count + 1)) ;; # 400: refused when it came, too
	*)
		echo "replay: $upload: status $status; run it again" >&2
		exit 1
		;;
	esac
done < <(find "$journal" -type f -name '*.cbor' "${age[@]}" | sort)
echo "replay: $count uploads"
