#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# record.sh FUZZ_TLS
#
# Writes tls13.flight and tls12.flight: what OpenSSL sends to the device that the program fuzz_tls
# is, and the credentials for it. Run it when fuzz_tls says that they do not fit any more. The keys
# of CA and server are thrown away.
set -eu

[ $# -eq 1 ] || { echo 'usage: record.sh FUZZ_TLS' >&2; exit 2; }
fuzz_tls=$(realpath "$1")
cd "$(dirname "$0")"

work=$(mktemp -d)
server=''
trap 'rm -rf "$work"; [ -z "$server" ] || kill "$server"' EXIT

# sign NAME EXTENSIONS
sign() {
    printf '%s\n' "$2" >"$work/extensions"
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
    openssl req -new -key "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -CA ca.pem -CAkey "$work/ca.key" -CAcreateserial \
        -extfile "$work/extensions" -days "$days" -out "$work/$1.pem"
}

days=$(($(date -d 2099-12-31 +%s) / 86400 - $(date +%s) / 86400))
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca \
    -keyout "$work/ca.key" -days "$days" -out ca.pem
sign server subjectAltName=DNS:fuzz.example
sign device extendedKeyUsage=clientAuth
cp "$work/device.pem" "$work/device.key" .
rm -f ca.srl

for version in 3 2; do
    openssl s_server -accept 127.0.0.1:0 -rev -cert "$work/server.pem" -key "$work/server.key" -CAfile ca.pem \
        -Verify 1 "-tls1_$version" >"$work/log" &
    server=$!
    until grep -q 'ACCEPT 127' "$work/log"; do sleep 0.1; done
    port=$(sed -n 's/.*ACCEPT 127.0.0.1:\([0-9]*\).*/\1/p' "$work/log")
    TALLY_RECORD=$port TALLY_FLIGHT=tls1$version.flight "$fuzz_tls"
    kill "$server"
    server=''
done
