# SPDX-License-Identifier: Apache-2.0
#
# awk -v dir=DIR -v suites=SUITES -f mirror.awk FILE...
#
# Reads apt's sources (one-line .list, deb822 .sources) and writes, for every
# Debian mirror they name, DIR/NN.sources: the source packages of SUITES from
# that mirror, trusted through the same key. The order of the files is kept.

# A file may end without the blank line that ends a stanza.
FNR == 1       { end_stanza(); deb822 = (FILENAME ~ /\.sources$/) }
END            { end_stanza() }

/^[ \t]*#/     { next }
deb822         { read_deb822($0); next }
/^[ \t]*deb/   { read_line($0) }

# deb [signed-by=KEY arch=...] URI SUITE COMPONENT...
function read_line(line,    key, n, word, i, components) {
	key = ""
	if (match(line, /\[[^]]*\]/) && line ~ /^[ \t]*deb(-src)?[ \t]+\[/) {
		key = substr(line, RSTART + 1, RLENGTH - 2)
		line = substr(line, 1, RSTART - 1) " " substr(line, RSTART + RLENGTH)
		if (match(key, /signed-by=[^ \t]+/))
			key = substr(key, RSTART + 10, RLENGTH - 10)
		else
			key = ""
	}
	sub(/#.*/, "", line)
	n = split(line, word)
	for (i = 4; i <= n; i++)
		components = components " " word[i]
	offer(word[2], word[3], components, key)
}

# Field names ignore case; a line that starts with a blank continues a field,
# as an embedded key does.
function read_deb822(line,    name) {
	if (line ~ /^[ \t]*$/) {
		end_stanza()
	} else if (line ~ /^[ \t]/) {
		stanza[field] = stanza[field] "\n" line
	} else {
		name = line
		sub(/:.*/, "", name)
		field = tolower(name)
		sub(/^[^:]*:[ \t]*/, "", line)
		stanza[field] = line
	}
}

function end_stanza() {
	if (tolower(stanza["enabled"]) !~ /^(no|false|0)/)
		offer(stanza["uris"], stanza["suites"], stanza["components"],
		      stanza["signed-by"])
	split("", stanza)
}

# A vendor's repository has suites of its own, and security's mirrors carry
# only updates: neither has the sources wanted.
function offer(uris, named, components, key,    n, uri, i) {
	if (!has(named, "(oldstable|stable|bookworm|trixie)(-updates)?") ||
	    !has(components, "main"))
		return
	n = split(uris, uri)
	for (i = 1; i <= n; i++)
		if (uri[i] !~ /security|^cdrom:/ && !seen[uri[i], key]++)
			write(uri[i], key)
}

function has(list, pattern,    n, word, i) {
	n = split(list, word)
	for (i = 1; i <= n; i++)
		if (word[i] ~ ("^(" pattern ")$"))
			return 1
	return 0
}

function write(uri, key,    file) {
	file = sprintf("%s/%02d.sources", dir, ++count)
	print "Types: deb-src\nURIs: " uri "\nSuites: " suites "\nComponents: main" > file
	if (key != "")
		print "Signed-By: " key > file
	close(file)
}
