# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by setup.sh: installing packages with the machine's own apt, hence
# with its own mirrors, proxy and credentials. Needs say.sh and $log.
#
# shellcheck disable=SC2154 # log is the sourcing script's

# The script Debian asks before it starts a service.
policy=${TALLY_POLICY_RC:-/usr/sbin/policy-rc.d}
policy_kept=$policy.before-tally
policy_mark='# Put here by tally while it installs packages.'

apt_get() {
	DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get \
		-o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confdef \
		-o Dpkg::Options::=--force-confold \
		"$@" </dev/null >>"$log" 2>&1
}

# Set-up only ever adds: should a package be in the way, apt is to fail.
apt_install() {
	apt_get install --yes --no-install-recommends --no-remove "$@"
}

# install_packages COMMAND PACKAGE...
install_packages() {
	local command=$1
	shift

	planned "$@" || { refresh_lists && planned "$@"; } ||
		fail_as_apt_says "$command"
	announce "$@"
	# A mirror forgets the old version as soon as it has a new one, so a
	# failed download is worth one look at fresh lists.
	apt_install --download-only "$@" ||
		{ refresh_lists && apt_install --download-only "$@"; } ||
		fail_as_apt_says "$command"
	with_services_held apt_install "$@" || fail_as_apt_says "$command"
}

# Not --simulate, which is silent about sizes.
planned() {
	plan_starts=$(($(wc -l <"$log") + 1))
	apt_install --print-uris "$@"
}

refresh_lists() {
	[ -z "${lists_are_fresh:-}" ] || return 1
	lists_are_fresh=yes
	say "refreshing apt's package lists"
	apt_get update
}

# Says what comes, in apt's own numbers.
announce() {
	local plan count download disk
	plan=$(tail -n "+$plan_starts" "$log")
	count=$(sed -nE 's/^([0-9]+) upgraded, ([0-9]+) newly.*/\1 + \2/p' <<<"$plan")
	download=$(sed -nE 's/^Need to get (.*) of archives\.$/\1/p' <<<"$plan")
	disk=$(sed -nE 's/^After this operation, (.*) of additional.*/\1/p' <<<"$plan")

	say "missing packages: $*"
	say "packages to install in all: $((count));" \
		"to download: ${download:-nothing}; on disk: ${disk:-nothing} (log: $log)"
}

# with_services_held COMMAND...: no installation starts a service meanwhile.
# A signal waits for COMMAND, since bash runs a trap once its child has ended:
# that is wanted, because dpkg may still start services until then.
with_services_held() {
	local status=0

	restore_policy
	trap restore_policy EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	hold_services || die "cannot hold services back through $policy; as root, run: make setup"
	"$@" || status=$?
	restore_policy
	trap - EXIT HUP INT TERM
	return "$status"
}

hold_services() {
	if [ -e "$policy" ] || [ -L "$policy" ]; then
		mv "$policy" "$policy_kept" || return
	fi
	printf '%s\n' '#!/bin/sh' "$policy_mark" 'exit 101' >"$policy" &&
		chmod 755 "$policy"
}

# Also mends what an earlier run left that was killed outright.
restore_policy() {
	if [ -e "$policy_kept" ] || [ -L "$policy_kept" ]; then
		mv -f "$policy_kept" "$policy"
	elif grep -qsxF "$policy_mark" "$policy"; then
		rm -f "$policy"
	fi
}
