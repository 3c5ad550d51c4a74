# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by setup.sh and fetch.sh: how set-up speaks, and how it explains what
# apt, pip and npm wrote into their $log. Whatever goes wrong becomes one line on stderr.
#
# shellcheck disable=SC2154 # log is the sourcing script's

say() {
	echo "setup: $*"
}

die() {
	say "$*" >&2
	exit 1
}

# fail_as_apt_says COMMAND: ends with the cause apt gave, in the reader's terms,
# and the COMMAND that tries again.
fail_as_apt_says() {
	local cause why

	if why=$(last_in_log 'no space left|enough free space'); then
		cause="no disk space ($why); free some, then"
	elif why=$(last_in_log 'could not get lock'); then
		cause="another apt is at work ($why); once it is done,"
	elif why=$(last_in_log 'resolv|(could not|unable to) connect|unreachable|timed out'); then
		cause="offline, apt reaches no mirror ($why); once connected,"
	else
		why=$(last_in_log '^E: ') || why='no reason given'
		cause="apt failed ($why; log: $log); once mended,"
	fi
	die "$cause run: $1"
}

# fail_as_pip_says COMMAND PIN: likewise for pip, which ends with what is wrong.
fail_as_pip_says() {
	local cause why

	if why=$(last_in_log 'no space left'); then
		cause="no disk space ($why); free some, then"
	elif why=$(last_in_log 'do not match the hashes'); then
		cause="what came is not what $2 says (log: $log); once its index is mended,"
	elif why=$(last_in_log 'resolv|connection (refused|error|broken)|unreachable|timed out'); then
		cause="offline, pip reaches no index (log: $log); once connected,"
	else
		why=$(last_in_log '^ERROR: ') || why='no reason given'
		cause="pip failed (${why#ERROR: }; log: $log); once mended,"
	fi
	die "$cause run: $1"
}

# fail_as_npm_says COMMAND: likewise for npm.
fail_as_npm_says() {
	local cause why

	if why=$(last_in_log 'no space left|ENOSPC'); then
		cause="no disk space ($why); free some, then"
	elif why=$(last_in_log 'EINTEGRITY'); then
		cause="what came is not what npm's registry says (log: $log); once that is mended,"
	elif why=$(last_in_log 'ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|network'); then
		cause="offline, npm reaches no registry (log: $log); once connected,"
	else
		why=$(last_in_log '^npm (ERR!|error)') || why='no reason given'
		cause="npm failed (${why#npm }; log: $log); once mended,"
	fi
	die "$cause run: $1"
}

last_in_log() {
	grep -iE "$1" "$log" | tail -n 1 | sed -E 's/^ *([EW]: )?//' | grep .
}
