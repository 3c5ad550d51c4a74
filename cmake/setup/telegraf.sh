# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by fetch.sh: builds Telegraf into .deps/telegraf, of the modules in
# telegraf.pin, which go brings as it is set up on this machine. The compiler is
# among them, for machines whose own is older; a go from 1.21 on that is older
# brings it only if it may ask its checksum database. Needs say.sh, fetch.sh's
# record, $here, $deps, $work and $log.
#
# shellcheck disable=SC2154 # these are the sourcing script's

# VERSION and a sum over all of the pin: another set of plugins is another build.
pinned_telegraf() {
	local sum
	read -r sum _ < <(sed 's/ *#.*//' "$here/telegraf.pin" | sha256sum)
	echo "$(sed -n 's/^github.*@v\([^ ]*\) .*/\1/p' "$here/telegraf.pin") pin:${sum:0:16}"
}

install_telegraf() {
	local source compiler plugins

	[ "$(uname -m)" = x86_64 ] ||
		die "telegraf.pin has a compiler for x86_64 only; build Telegraf with the plugins in it yourself and set TALLY_TELEGRAF_DIR to its folder"
	say "building Telegraf; that takes minutes and 4 GB while it lasts"
	compiler=go
	is_go_new_enough || {
		compiler=$(bring golang.org/toolchain) || exit 1
		unseal "$compiler"
		compiler=$compiler/bin/go
	}
	source=$(bring github.com/influxdata/telegraf) || exit 1
	plugins=$(sed -n 's/^plugin \([^ ]*\).*/\1/p' "$here/telegraf.pin" | paste -sd ,)
	mkdir "$work/telegraf"
	(cd "$source" && with_go "$compiler" build -modcacherw -trimpath \
		-tags "custom,$plugins" -ldflags '-s -w' -o "$work/telegraf/telegraf" ./cmd/telegraf) \
		</dev/null >>"$log" 2>&1 || fail_as_go_says "$(again)"
	rm -rf "${deps:?}/telegraf"
	mv "$work/telegraf" "$deps/telegraf"
	record telegraf "$(pinned_telegraf)"
	say "telegraf $(pinned_telegraf)"
}

is_go_new_enough() {
	local wanted have

	wanted=$(sed -n 's/^golang.*-go\([0-9.]*\)\.linux-.*/\1/p' "$here/telegraf.pin")
	have=$(with_go go version | sed -n 's/^go version go\([0-9.]*\).*/\1/p')
	[ -n "$have" ] && printf '%s\n' "$wanted" "$have" | sort -CV
}

again() {
	echo "make setup SETS=ingest"
}

# with_go GO...: nothing of the caller's caches is touched. go.sum and the pin
# say what is right, so that no other server needs to be asked.
with_go() {
	GOROOT='' GOPATH=$work/go GOMODCACHE=$work/go/mod GOCACHE=$work/go/cache GOSUMDB=off \
		GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0 "$@"
}

# bring MODULE: the folder it is in now.
bring() {
	local module version sum came

	read -r module sum < <(grep "^$1@" "$here/telegraf.pin")
	version=${module#*@}
	mkdir -p "$work/go/here"
	came=$(cd "$work/go/here" && with_go go mod download -modcacherw -json "$module" \
		2>>"$log" </dev/null) || {
		echo "$came" >>"$log"
		fail_as_go_says "$(again)"
	}
	grep -qF "\"Sum\": \"$sum\"" <<<"$came" ||
		die "what came as $1 $version is not what telegraf.pin says (log: $log); once go's proxy is mended, run: $(again)"
	sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$came"
}

# unseal FOLDER: a module's files lose their modes on the way, and no module may
# have another within.
unseal() {
	local name
	chmod +x "$1"/bin/* "$1"/pkg/tool/*/*
	while read -r name; do
		mv "$name" "${name%_go.mod}go.mod"
	done < <(find "$1/src" -name _go.mod)
}

# fail_as_go_says COMMAND: ends with the cause go gave.
fail_as_go_says() {
	local cause why

	if why=$(last_in_log 'no space left'); then
		cause="no disk space ($why); free some, then"
	elif why=$(last_in_log 'no such host|dial tcp|connection refused|timeout|unreachable'); then
		cause="offline, go reaches no proxy (log: $log); once connected,"
	else
		why=$(last_in_log '^go: |error|failed') || why='no reason given'
		cause="go failed ($why; log: $log); once mended,"
	fi
	die "$cause run: $1"
}
