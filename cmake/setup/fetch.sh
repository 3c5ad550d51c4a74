#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh [--missing] [SET...]
#
# Brings sources into .deps/, as Debian publishes them: Mbed TLS and lwIP of
# trixie, because bookworm's are older than what tally is written for; for the
# set `test` cmocka of bookworm, the host's own, to be built for targets for
# which no package has it; for the set `bench` TinyCBOR, to compare with. A
# private apt configuration borrows the machine's mirrors and keys, so that
# neither the machine's sources nor its lists change and no root is needed.
# For the set `test` also zcbor and spdx-tools, which Debian does not have: from
# PyPI, as pip is set up on this machine, in the one version and with the checksum
# of zcbor.pin and spdx.pin; and for the sets `live`, `fleet` and `test` uPlot, from
# npm's registry as npm is set up here, likewise by uplot.pin; and for the set `ingest` Telegraf, built
# of what go brings, by telegraf.pin. --missing only names what is not there.
#
# Environment:
#   TALLY_MBEDTLS_DIR, TALLY_LWIP_DIR, TALLY_CMOCKA_DIR, TALLY_TINYCBOR_DIR,
#   TALLY_ZCBOR_DIR, TALLY_SPDX_DIR, TALLY_UPLOT_DIR, TALLY_TELEGRAF_DIR
#                   what the caller has: not fetched
#   TALLY_PYTHON    the interpreter whose pip it is (the tests set it)

set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
deps=$(cd "$here/../.." && pwd)/.deps
versions=$deps/versions
log=$deps/fetch.log
# shellcheck source=cmake/setup/say.sh
. "$here/say.sh"
# shellcheck source=cmake/setup/telegraf.sh
. "$here/telegraf.sh"

main() {
	local missing sources name

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
	mapfile -t sources < <(printf '%s\n' "${missing[@]}" | grep -vxE 'zcbor|spdx|uplot|telegraf')
	if [ "${#sources[@]}" -gt 0 ]; then
		say "fetching the sources of ${sources[*]} from Debian"
		download "${sources[@]}"
		for name in "${sources[@]}"; do
			accept "$name"
		done
	fi
	for name in zcbor spdx; do
		! is_among "$name" "${missing[@]}" || install_wheels "$name"
	done
	if is_among uplot "${missing[@]}"; then
		install_uplot
	fi
	if is_among telegraf "${missing[@]}"; then
		install_telegraf
	fi
}

# is_among WORD [WORD...]
is_among() {
	[[ " ${*:2} " == *" $1 "* ]]
}

# missing_sources [SET...]
missing_sources() {
	[ -n "${TALLY_MBEDTLS_DIR:-}" ] || is_here mbedtls || echo mbedtls
	[ -n "${TALLY_LWIP_DIR:-}" ] || is_here lwip || echo lwip
	! is_among test "$@" ||
		[ -n "${TALLY_CMOCKA_DIR:-}" ] || is_here cmocka || echo cmocka
	! is_among bench "$@" ||
		[ -n "${TALLY_TINYCBOR_DIR:-}" ] || is_here tinycbor || echo tinycbor
	! is_among test "$@" ||
		[ -n "${TALLY_ZCBOR_DIR:-}" ] || is_pinned_here zcbor || echo zcbor
	! is_among test "$@" ||
		[ -n "${TALLY_SPDX_DIR:-}" ] || is_pinned_here spdx || echo spdx
	! { is_among live "$@" || is_among fleet "$@" || is_among test "$@"; } ||
		[ -n "${TALLY_UPLOT_DIR:-}" ] || is_pinned_here uplot || echo uplot
	! is_among ingest "$@" ||
		[ -n "${TALLY_TELEGRAF_DIR:-}" ] || is_pinned_here telegraf || echo telegraf
}

pinned_zcbor() {
	pinned_wheels zcbor
}

pinned_spdx() {
	pinned_wheels spdx
}

# Version and checksum of each.
pinned_wheels() {
	sed -n 's/^[a-z-]*==\([^ ]*\) --hash=\(sha256:.*\)/\1 \2/p' "$here/$1.pin" | xargs
}

# VERSION INTEGRITY, the latter as npm writes it: base64 of the SHA-512.
pinned_uplot() {
	sed -n 's/^uplot@\([^ ]*\) \(sha512-.*\)/\1 \2/p' "$here/uplot.pin"
}

is_pinned_here() {
	[ -d "$deps/$1" ] && grep -qsxF "$1 $("pinned_$1")" "$versions"
}

is_here() {
	[ -d "$deps/$1" ] && grep -qs "^$1 " "$versions"
}

# The release series tally is written for.
series_of() {
	case $1 in
	mbedtls) echo 3.6 ;;
	lwip) echo 2.2 ;;
	cmocka) echo 1.1 ;;
	tinycbor) echo 0.6 ;;
	esac
}

suite_of() {
	case $1 in
	cmocka) echo bookworm ;;
	*) echo trixie ;;
	esac
}

# download NAME...: takes the first of the machine's mirrors that delivers.
download() {
	local mirror name wanted=()

	for name; do
		wanted+=("$name/$(suite_of "$name")")
	done
	mkdir -p "$work"/{mirrors,lists,cache,get}
	write_mirrors "$(printf '%s\n' "${wanted[@]#*/}" | sort -u | xargs)"
	for mirror in "$work"/mirrors/*.sources; do
		[ -e "$mirror" ] ||
			die "apt's sources name no Debian mirror with main; add one, then run: make setup"
		write_configuration "$mirror"
		if private_apt_get update --error-on=any &&
			(cd "$work/get" && private_apt_get source --download-only --tar-only "${wanted[@]}"); then
			return
		fi
	done
	fail_as_apt_says 'make setup'
}

# write_mirrors SUITES
write_mirrors() {
	local list='' parts='' file files=()

	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	for file in "$list" "$parts"/*.list "$parts"/*.sources; do
		[ ! -r "$file" ] || files+=("$file")
	done
	awk -v dir="$work/mirrors" -v suites="$1" -f "$here/mirror.awk" "${files[@]}" </dev/null
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
		die "$(suite_of "$name")'s $name is $version, and tally needs $series.x; set TALLY_${name^^}_DIR to its sources, then run: make setup"

	unpack "$name" "$tarball"
	record "$name" "$version sha256:$sha256"
	say "$name $version sha256:$sha256"
}

# install_wheels NAME: pip checks what came against NAME.pin. What that needs beside
# are Debian packages.
install_wheels() {
	say "fetching $1 from PyPI"
	"${TALLY_PYTHON:-/usr/bin/python3}" -m pip --no-input --disable-pip-version-check install \
		--no-deps --no-compile --only-binary :all: --require-hashes \
		--requirement "$here/$1.pin" --target "$work/$1" </dev/null >>"$log" 2>&1 ||
		fail_as_pip_says 'make setup' "$1.pin"
	rm -rf "${deps:?}/$1"
	mv "$work/$1" "$deps/$1"
	record "$1" "$("pinned_$1")"
	say "$1 $("pinned_$1")"
}

# Of a package nothing is run. npm checks what came against what the registry says
# of it; uplot.pin says what that has to be.
install_uplot() {
	local version integrity
	read -r version integrity < <(pinned_uplot)
	say "fetching uPlot from npm's registry"
	mkdir "$work/npm"
	npm_config_cache=$work/npm-cache npm pack "uplot@$version" --ignore-scripts \
		--no-update-notifier --pack-destination "$work/npm" </dev/null >>"$log" 2>&1 ||
		fail_as_npm_says 'make setup'
	[ "$(integrity_of "$work/npm/uplot-$version.tgz")" = "$integrity" ] ||
		die "what came is not what uplot.pin says (log: $log); once npm's registry is mended, run: make setup"
	unpack uplot "$work/npm/uplot-$version.tgz"
	record uplot "$version $integrity"
	say "uplot $version $integrity"
}

integrity_of() {
	local sum
	read -r sum _ < <(sha512sum "$1")
	echo "sha512-$(basenc --base16 -d <<<"${sum^^}" | base64 -w 0)"
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
