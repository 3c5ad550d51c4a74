#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# setup.sh [--check] SET...
#
# Brings what this machine lacks of the SETs of packages (packages.SET beside
# this script) and of what fetch.sh fetches. With nothing missing it needs
# neither root nor a network. --check only says what is missing.
#
# Environment:
#   TALLY_POLICY_RC    the policy-rc.d to hold services with (the tests set it)
#   and what fetch.sh reads

set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
log=$tree/.deps/setup.log
# shellcheck source=cmake/setup/say.sh
. "$here/say.sh"
# shellcheck source=cmake/setup/apt.sh
. "$here/apt.sh"

main() {
	local check='' packages sources missing

	if [ "${1:-}" = --check ]; then
		check=yes
		shift
	fi
	refuse_unknown_sets "$@"
	command -v dpkg-query >/dev/null ||
		die "no dpkg-query here; set-up needs Debian 12: install $(packages_of "$@" | xargs)"

	mapfile -t packages < <(missing_packages "$@")
	mapfile -t sources < <("$here/fetch.sh" --missing "$@")

	missing=("${packages[@]}" "${sources[@]}")

	if [ "${#missing[@]}" -eq 0 ]; then
		say "nothing missing for $*"
		return
	fi
	if [ -n "$check" ]; then
		die "missing: ${missing[*]}; run: $(command_for "$@")"
	fi
	if [ "${#packages[@]}" -gt 0 ]; then
		[ "$(id -u)" -eq 0 ] ||
			die "not root, which missing packages need: ${packages[*]}; run: $(command_for "$@")"
		open_log
		install_packages "$(command_for "$@")" "${packages[@]}"
	fi
	"$here/as-owner.sh" "$here/fetch.sh" "$@"
}

refuse_unknown_sets() {
	local set

	[ $# -gt 0 ] || die "no set named; the sets are: $(known_sets)"
	for set; do
		[ -f "$here/packages.$set" ] ||
			die "no set '$set'; the sets are: $(known_sets)"
	done
}

known_sets() {
	(cd "$here" && printf '%s\n' packages.*) | sed 's/packages\.//' | xargs
}

# A line is: PACKAGE [COMMAND] # why; the brackets are there, and where the
# command is, the package is not needed: it may have come another way.
packages_of() {
	local package command

	cat "${@/#/$here/packages.}" | sed 's/#.*//' | while read -r package command; do
		[ -z "$package" ] || is_command "$command" || echo "$package"
	done | sort -u
}

# is_command [NAME], with the brackets
is_command() {
	[ -n "$1" ] && command -v "${1:1:-1}" >/dev/null
}

missing_packages() {
	comm -23 <(packages_of "$@") <(installed_packages)
}

installed_packages() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
		sed -n 's/^installed //p' | sort -u
}

# The command that brings these sets, as this user would type it.
command_for() {
	local make='make setup' set

	for set; do
		case $set in
		demo | linux | test) ;;
		*) make="make setup SETS='$*'" ;;
		esac
	done
	if [ "$(id -u)" -eq 0 ]; then
		echo "$make"
	elif command -v sudo >/dev/null; then
		echo "sudo $make"
	else
		echo "su -c \"$make\""
	fi
}

# Made by the tree's owner, so that it stays the owner's when root appends.
open_log() {
	"$here/as-owner.sh" mkdir -p "$(dirname "$log")"
	"$here/as-owner.sh" cp /dev/null "$log"
}

main "$@"
