#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tree.sh DIR COMMIT
#
# Makes of DIR a bare Debian 12 with git, make and a C compiler, and in its /srv/tally a clone of this
# repository at COMMIT. How packages are reached is this machine's business: its mirrors, keys, proxies,
# certificates and registries are lent to DIR, which nobody but root may read.

set -euo pipefail
export LC_ALL=C
umask 022

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=$1
commit=$2

# The machine's own settings of pip, npm, Go and those that all of them ask.
settings=(/etc/hosts /etc/resolv.conf /etc/apt/auth.conf /etc/apt/auth.conf.d /etc/pip.conf /etc/npmrc
	/usr/local/share/ca-certificates "$HOME"/.netrc "$HOME"/.npmrc "$HOME"/.pip
	"$HOME"/.config/pip "$HOME"/.config/go/env)

main() {
	mkdir -p "$dir"
	chmod 700 "$dir"
	write_sources
	debootstrap --variant=minbase --include=git,make,gcc \
		"${keyring[@]}" bookworm "$dir/tree" "$mirror"
	lend_apt
	lend_settings
	git clone --quiet --no-hardlinks "$root" "$dir/tree/srv/tally"
	git -C "$dir/tree/srv/tally" checkout --quiet --detach "$commit"
}

# The first of the machine's Debian mirrors, as set-up finds them.
write_sources() {
	local list='' parts='' file files=()

	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	for file in "$list" "$parts"/*.list "$parts"/*.sources; do
		[ ! -r "$file" ] || files+=("$file")
	done
	mkdir -p "$dir/mirrors"
	awk -v dir="$dir/mirrors" -v suites="bookworm bookworm-updates" \
		-f "$root/cmake/setup/mirror.awk" "${files[@]}" </dev/null
	sources=$dir/mirrors/01.sources
	[ -e "$sources" ] || die "apt's sources name no Debian mirror with main"
	sed -i 's/^Types: deb-src$/Types: deb/' "$sources"
	mirror=$(sed -n 's/^URIs: //p' "$sources")
	key=$(sed -n 's/^Signed-By: //p' "$sources")
	keyring=()
	[ ! -f "$key" ] || keyring=("--keyring=$key")
}

# Of the machine's apt only how it gets files: its hooks look after things that are not in the tree.
lend_apt() {
	local etc=$dir/tree/etc/apt

	rm -f "$etc/sources.list"
	cp "$sources" "$etc/sources.list.d/debian.sources"
	apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' >"$etc/apt.conf.d/lent"
	[ ! -f "$key" ] || lend "$key"
	[ ! -d /etc/apt/trusted.gpg.d ] || lend /etc/apt/trusted.gpg.d
}

# Settings are files, and variables that may name files.
lend_settings() {
	local path value

	for path in "${settings[@]}"; do
		[ ! -e "$path" ] || lend "$path"
	done
	"$here/lent.sh" | while IFS= read -r -d '' _ && IFS= read -r -d '' value; do
		[[ $value != /* ]] || [ ! -e "$value" ] || lend "$value"
	done
}

# lend PATH: the same path in the tree.
lend() {
	mkdir -p "$dir/tree$(dirname "$1")"
	cp --recursive --dereference --no-target-directory "$1" "$dir/tree$1"
}

die() {
	echo "fresh: $*" >&2
	exit 1
}

main
