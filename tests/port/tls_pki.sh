#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tls_pki.sh DIR
#
# Mints what tests/certs has not: chains as public CAs issue them, and servers of which one thing is
# wrong. All servers are localhost and 127.0.0.1. NAME.pem, NAME.key; of a server NAME.pin, the
# SHA-256 of its SubjectPublicKeyInfo; of a chain NAME-chain.pem, the intermediates.
#
#   rsa-root, rsa-inter, rsa-server       4096, 2048 and 2048 bits, PKCS #1 v1.5 with SHA-256
#   pss-server                            signed by rsa-inter with PSS
#   p384-root, p384-inter, p384-server    ECDSA with SHA-384
#   rsa1024-server, sha1-server           by rsa-inter; the one short, the other signed with SHA-1
#   p224-inter, p224-server               P-256 signed by P-224 signed by p384-root
#   early-server                          by p384-root: valid from next year
#   long-server                           by p384-root, which it outlives
#   self-server, renewed-server           signed by themselves, the second an hour ago
#   factory-ca                            its key stays, to sign what a device makes itself
#
# Running it again is free, unless this file has changed.
set -eu
umask 077

fail() {
    echo "tls_pki.sh: $*" >&2
    exit 1
}

# openssl is chatty on success; its words matter only when it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }
}

write_config() {
    cat >"$work/openssl.cnf" <<CONFIG
[req]
distinguished_name = subject
[subject]
[ca]
default_ca = issuer
[issuer]
database = $work/index.txt
new_certs_dir = $work/issued
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
CONFIG
    mkdir "$work/issued"
    : >"$work/index.txt"
}

# key NAME KIND: rsa:BITS or a curve.
key() {
    case $2 in
    rsa:*) quietly openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa:}" \
        -out "$work/$1.key" ;;
    *) quietly openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$work/$1.key" ;;
    esac
    quietly openssl req -new -config "$work/openssl.cnf" -key "$work/$1.key" -subj "/CN=$1" \
        -out "$work/$1.csr"
}

# issue AUTHORITY NAME KIND ROLE HASH [OPTION...]; an authority of its own name signs itself.
issue() {
    authority=$1 name=$2 role=$4 hash=$5
    key "$2" "$3"
    shift 5
    if [ "$authority" = "$name" ]; then
        set -- -selfsign -keyfile "$work/$name.key" "$@"
    else
        set -- -cert "$work/$authority.pem" -keyfile "$work/$authority.key" "$@"
    fi
    quietly openssl ca -batch -notext -config "$work/openssl.cnf" -extensions "$role" -md "$hash" \
        -startdate "$begins" -enddate "$ends" -in "$work/$name.csr" -out "$work/$name.pem" "$@"
    if [ "$role" = server ]; then
        openssl x509 -in "$work/$name.pem" -noout -pubkey |
            openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary >"$work/$name.pin"
    fi
}

mint() {
    begins=$(date -u -d '-1 day' +%Y%m%d%H%M%SZ)
    ends=$(date -u -d '+10 years' +%Y%m%d%H%M%SZ)
    issue rsa-root rsa-root rsa:4096 authority sha256
    issue rsa-root rsa-inter rsa:2048 authority sha256
    issue rsa-inter rsa-server rsa:2048 server sha256
    issue rsa-inter pss-server rsa:2048 server sha256 \
        -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
    issue rsa-inter rsa1024-server rsa:1024 server sha256
    issue rsa-inter sha1-server rsa:2048 server sha1
    issue p384-root p384-root P-384 authority sha384
    issue p384-root p384-inter P-384 authority sha384
    issue p384-inter p384-server P-384 server sha384
    issue p384-root p224-inter P-224 authority sha384
    issue p224-inter p224-server P-256 server sha256
    issue self-server self-server P-256 server sha256
    issue factory-ca factory-ca P-256 authority sha256
    begins=$(date -u -d '+1 year' +%Y%m%d%H%M%SZ)
    issue p384-root early-server P-256 server sha384
    begins=$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)
    ends=$(date -u -d '+20 years' +%Y%m%d%H%M%SZ)
    issue p384-root long-server P-256 server sha384
    issue renewed-server renewed-server P-256 server sha256
    for chain in rsa pss rsa1024 sha1; do
        cp "$work/rsa-inter.pem" "$work/$chain-chain.pem"
    done
    cp "$work/p384-inter.pem" "$work/p384-chain.pem"
    cp "$work/p224-inter.pem" "$work/p224-chain.pem"
}

[ $# -eq 1 ] || fail 'usage: tls_pki.sh DIR'
mkdir -p "$1"
exec 9>"$1/.lock"
flock 9
if [ -n "$(find "$1/done.pem" -newer "$0" 2>/dev/null)" ] &&
    openssl x509 -in "$1/done.pem" -noout -checkend 86400 >/dev/null 2>&1; then
    exit 0
fi

work=$(mktemp -d "$1/.minting.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
write_config
mint
mv "$work"/*.pem "$work"/*.key "$work"/*.pin "$1/"
cp "$1/factory-ca.pem" "$1/done.pem"
