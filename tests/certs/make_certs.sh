#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make_certs.sh DIR [DEVICE_ID [MORE_IDS...]]
#
# Mints the certificates the tests live on: one CA, the collector's server
# certificate, one device certificate, and the bad relations a device or a
# collector has to refuse. All keys are P-256, PKCS#8 PEM without a passphrase.
#
#   ca.pem                       the CA both sides trust
#   server.pem, .key             the collector: localhost, 127.0.0.1, 10.0.2.2
#   device.pem, .key             the device: CN = DEVICE_ID
#   foreign-device.pem, .key     another device of the same CA
#   ID.pem, .key                 one for each of MORE_IDS, as good as the device's
#   wrongname-server.pem, .key   same CA, but valid for wrong.example only
#   expired-server.pem, .key     same CA and names, ended a year ago
#   other-ca.pem                 a CA nobody trusts ...
#   other-server.pem, .key       ... and the right names signed by it
#
# TALLY_SERVER_NAMES in the environment names the collector's machine in further
# ways, as openssl writes them: IP:192.0.2.1,DNS:bench.example
#
# Running it again is free: a complete, still valid set for the same device ids
# is left alone, whatever it names. The CAs' keys are thrown away, so a set never changes in part.
set -eu
umask 077

foreign_id=foreign-device
local_names='DNS:localhost,IP:127.0.0.1,IP:10.0.2.2'  # 10.0.2.2: the host, as a QEMU guest sees it
local_names=$local_names${TALLY_SERVER_NAMES:+,$TALLY_SERVER_NAMES}
leaves='server device foreign-device wrongname-server expired-server other-server'
lasting='ca other-ca server device foreign-device wrongname-server other-server'

fail() {
    echo "make_certs.sh: $*" >&2
    exit 1
}

# openssl is chatty on success; its words matter only when it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }
}

utc() {
    date -u -d "$1" +%Y%m%d%H%M%SZ
}

is_complete() {
    [ "$(cat "$dir/device-id" 2>/dev/null)" = "$device_ids" ] || return 1
    for leaf in $leaves $more_ids; do
        [ -s "$dir/$leaf.pem" ] && [ -s "$dir/$leaf.key" ] || return 1
    done
    for cert in $lasting; do
        openssl x509 -in "$dir/$cert.pem" -noout -checkend 86400 >/dev/null 2>&1 || return 1
    done
}

write_config() {
    cat >"$work/openssl.cnf" <<CONFIG
[req]
distinguished_name = subject
[subject]
[ca]
default_ca = issuer
[issuer]
dir = \$ENV::ISSUER
database = \$dir/index.txt
new_certs_dir = \$dir
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = \$ENV::NAMES
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[device]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CONFIG
}

# key_and_request NAME CN
key_and_request() {
    quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
    quietly openssl req -new -config "$work/openssl.cnf" -key "$work/$1.key" \
        -subj "/CN=$2" -out "$work/$1.csr"
}

# authority NAME CN: a self-signed CA, dated like everything it will sign.
authority() {
    key_and_request "$1" "$2"
    mkdir "$work/$1"
    : >"$work/$1/index.txt"
    ISSUER="$work/$1"
    quietly openssl ca -batch -notext -config "$work/openssl.cnf" -selfsign \
        -keyfile "$work/$1.key" -extensions authority \
        -startdate "$begins" -enddate "$ends" -in "$work/$1.csr" -out "$work/$1.pem"
}

# leaf AUTHORITY NAME CN ROLE
leaf() {
    key_and_request "$2" "$3"
    ISSUER="$work/$1"
    quietly openssl ca -batch -notext -config "$work/openssl.cnf" \
        -cert "$work/$1.pem" -keyfile "$work/$1.key" -extensions "$4" \
        -startdate "$begins" -enddate "$ends" -in "$work/$2.csr" -out "$work/$2.pem"
}

mint() {
    begins=$(utc '-1 day')
    ends=$(utc '+10 years')
    NAMES=$local_names
    authority ca 'tally test CA'
    authority other-ca 'tally other CA'
    leaf ca server localhost server
    leaf other-ca other-server localhost server
    leaf ca device "$device_id" device
    leaf ca foreign-device "$foreign_id" device
    for id in $more_ids; do
        leaf ca "$id" "$id" device
    done
    NAMES=DNS:wrong.example
    leaf ca wrongname-server wrong.example server
    NAMES=$local_names
    begins=$(utc '-2 years')
    ends=$(utc '-1 year')
    leaf ca expired-server localhost server
}

# device-id goes away first and comes back last: a set without it is not
# complete, so a run that dies in between is simply repeated.
install_set() {
    old_ids=$(sed 's/^[^ ]*//' "$dir/device-id" 2>/dev/null || true)
    for id in $old_ids; do
        rm -f "$dir/$id.pem" "$dir/$id.key"
    done
    rm -f "$dir/device-id"
    mv "$work/ca.pem" "$work/other-ca.pem" "$dir/"
    for leaf in $leaves $more_ids; do
        mv "$work/$leaf.key" "$work/$leaf.pem" "$dir/"
    done
    echo "$device_ids" >"$work/device-id"
    mv "$work/device-id" "$dir/"
}

check_id() {
    case $1 in
    '' | *[!A-Za-z0-9._:-]*) fail "device id '$1' has characters a CN should not need" ;;
    "$foreign_id") fail "'$foreign_id' is the name of the other device" ;;
    esac
    [ ${#1} -le 64 ] || fail 'a CN holds 64 characters at most'
}

# check_more ID: its files stand beside those of the set, and of the others.
check_more() {
    check_id "$1"
    for name in $lasting expired-server $more_ids; do
        [ "$1" != "$name" ] || fail "there is a '$1' already"
    done
}

[ $# -ge 1 ] || fail 'usage: make_certs.sh DIR [DEVICE_ID [MORE_IDS...]]'
dir=$1
device_id=${2-stb-0001}
check_id "$device_id"
shift $(($# < 2 ? $# : 2))
more_ids=
for id; do
    check_more "$id"
    more_ids="$more_ids $id"
done
device_ids=$device_id$more_ids

mkdir -p "$dir"
exec 9>"$dir/.lock"
flock 9  # two test programs may ask for the same set at once
is_complete && exit 0

work=$(mktemp -d "$dir/.minting.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export ISSUER='' NAMES=''
write_config
mint
install_set
