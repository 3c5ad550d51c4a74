#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh [--missing] [SET...]
#
# Brings the sources of Mbed TLS and lwIP into .deps/, as Debian publishes them
# in trixie: bookworm's are older than what tally is written for; and for the
# set `bench` TinyCBOR, to compare with. A private apt configuration borrows the machine's mirrors and keys, so that neither the
# machine's sources nor its lists change and no root is needed. --missing only
# names what is not there.
#
# Environment:
#   TALLY_MBEDTLS_DIR, TALLY_LWIP_DIR, TALLY_TINYCBOR_DIR
#       sources the caller has: not fetched

set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
deps=$(cd "$here/../.." && pwd)/.deps
versions=$deps/versions
log=$deps/fetch.log
# shellcheck source=cmake/setup/say.sh
. "$here/say.sh"

main() {
	local missing name

	if [ "${1:-}" = --missing ]; then
		missing_sources "${@:2}"
		return
	fi
	mkdir -p "$deps"
	# `make demo` and `make test` may both find them missing.
	exec 9>"$deps/lock"
	flock 9
	mapfile -t missing < <(missing_sources "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0

	# A run that was killed could not clean up.
	rm -rf "$deps"/fetch.??????
	: >"$log"
	work=$(mktemp -d "$deps/fetch.XXXXXX") ||
		die "cannot write to $deps; once that is mended, run: make setup"
	trap 'rm -rf "$work"' EXIT
	say "fetching the sources of ${missing[*]} from Debian trixie"
	download "${missing[@]}"
	for name in "${missing[@]}"; do
		accept "$name"
	done
}

# missing_sources [SET...]
missing_sources() {
	[ -n "${TALLY_MBEDTLS_DIR:-}" ] || is_here mbedtls || echo mbedtls
	[ -n "${TALLY_LWIP_DIR:-}" ] || is_here lwip || echo lwip
	[[ " $* " != *' bench '* ]] ||
		[ -n "${TALLY_TINYCBOR_DIR:-}" ] || is_here tinycbor || echo tinycbor
}

is_here() {
	[ -d "$deps/$1" ] && grep -qs "^$1 " "$versions"
}

# The release series tally is written for.
series_of() {
	case $1 in
	mbedtls) echo 3.6 ;;
	lwip) echo 2.2 ;;
	tinycbor) echo 0.6 ;;
	esac
}

# download NAME...: takes the first of the machine's mirrors that delivers.
download() {
	local mirror

	mkdir -p "$work"/{mirrors,lists,cache,get}
	write_mirrors
	for mirror in "$work"/mirrors/*.sources; do
		[ -e "$mirror" ] ||
			die "apt's sources name no Debian mirror with main; add one, then run: make setup"
		write_configuration "$mirror"
		if private_apt_get update --error-on=any &&
			(cd "$work/get" && private_apt_get source --download-only --tar-only "$@"); then
			return
		fi
	done
	fail_as_apt_says 'make setup'
}

write_mirrors() {
	local list='' parts='' file files=()

	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	for file in "$list" "$parts"/*.list "$parts"/*.sources; do
		[ ! -r "$file" ] || files+=("$file")
	done
	awk -v dir="$work/mirrors" -f "$here/mirror.awk" "${files[@]}" </dev/null
}

# The hooks of the machine's own updates tend caches that are not touched here.
# As root, apt would drop to a user who may not be able to enter this tree.
write_configuration() {
	cat >"$work/apt.conf" <<-EOF
		Dir::Etc::SourceList "$1";
		Dir::Etc::SourceParts "-";
		Dir::State::Lists "$work/lists";
		Dir::Cache "$work/cache";
		APT::Sandbox::User "root";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	EOF
}

private_apt_get() {
	apt-get -c "$work/apt.conf" -o DPkg::Lock::Timeout=300 "$@" \
		</dev/null >>"$log" 2>&1
}

# accept NAME: checks what came, and only then lets it into .deps/.
# apt has followed the archive's signature down to the tarball's checksum, which
# is in the index of sources.
accept() {
	local name=$1 series tarball version sha256
	series=$(series_of "$name")
	tarball=$(find "$work/get" -name "${name}_*" | grep -E '\.orig\.tar\.[a-z0-9]+$')
	version=${tarball##*/"$name"_}
	version=${version%.orig.tar.*}
	read -r sha256 _ < <(sha256sum "$tarball")

	[[ $version == "$series".* ]] ||
		die "trixie's $name is $version, and tally needs $series.x; set TALLY_${name^^}_DIR to its sources, then run: make setup"

	unpack "$name" "$tarball"
	record "$name" "$version sha256:$sha256"
	say "$name $version sha256:$sha256"
}

# Beside its place first, so that .deps/NAME is always whole or absent.
unpack() {
	mkdir "$work/$1"
	tar -xf "$2" -C "$work/$1" --strip-components=1 --no-same-owner 2>>"$log" ||
		fail_as_apt_says 'make setup'
	rm -rf "${deps:?}/$1"
	mv "$work/$1" "$deps/$1"
}

record() {
	{
		grep -sv "^$1 " "$versions" || true
		echo "$1 $2"
	} >"$work/versions"
	mv "$work/versions" "$versions"
}

main "$@"
