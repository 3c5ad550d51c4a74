# SPDX-License-Identifier: Apache-2.0
"""Whose the files of an image are: name, version, supplier and licence of each part, read from the
part itself, from what set-up wrote down, or from dpkg."""
import collections
import dataclasses
import pathlib
import re
import subprocess
import urllib.parse

TAG = re.compile(r"SPDX-License-Identifier: ([^*\n]+)")
NO_ASSERTION = "NOASSERTION"
# GCC's start-up code and libgcc, whose sources say so and whose Debian package does not.
GCC_RUNTIME = "GPL-3.0-or-later WITH GCC-exception-3.1"
RECIPIENTS = {
    "mbedtls": ("Mbed TLS", "Organization: Trusted Firmware", "arm:mbed_tls",
                "include/mbedtls/build_info.h", r'MBEDTLS_VERSION_STRING +"(.*)"'),
    "lwip": ("lwIP", "Organization: lwIP developers", "lwip_project:lwip",
             "src/include/lwip/init.h", r"LWIP_VERSION_(?:MAJOR|MINOR|REVISION) +(\d+)"),
}


@dataclasses.dataclass
class Part:
    """A package of the document, with the folder that its files' names begin in."""

    key: str
    name: str
    version: str
    supplier: str
    folder: pathlib.Path
    files: set
    licence: str = ""
    extracted: dict = dataclasses.field(default_factory=dict)
    more: dict = dataclasses.field(default_factory=dict)
    is_own: bool = False

    def licence_of(self, path):
        return self.licence or licence_in(path.read_text(errors="replace"))


def licence_in(text):
    """The licence that a source names, or that the text of lwIP's sources is."""
    tag = TAG.search(text)
    if tag:
        return tag[1].strip()
    words = " ".join(text.replace("*", " ").split())
    if "Redistribution and use in source and binary forms, with or without modification" in words \
            and re.search("may not be used to endorse or promote|Neither the name", words):
        return "BSD-3-Clause"
    return NO_ASSERTION


def reference(kind, locator):
    return {"referenceCategory": "SECURITY" if kind == "cpe23Type" else "PACKAGE-MANAGER",
            "referenceType": kind, "referenceLocator": locator}


def debian(name, version, of_source=""):
    return reference("purl", f"pkg:deb/debian/{name}@{urllib.parse.quote(version)}{of_source}")


def fetched(root, key, folder):
    """Version and checksum of the archive that set-up unpacked, if it is the one."""
    notes = root / ".deps" / "versions"
    if not notes.exists() or folder.resolve() != (root / ".deps" / key).resolve():
        return "", ""
    for line in notes.read_text().splitlines():
        name, version, checksum, *_ = line.split()
        if name == key:
            return version, checksum.removeprefix("sha256:")
    return "", ""


def library(root, key, folder, files):
    """A library whose sources are compiled into the image."""
    name, supplier, product, header, pattern = RECIPIENTS[key]
    version = ".".join(re.findall(pattern, (folder / header).read_text()))
    of_archive, sha256 = fetched(root, key, folder)
    references = [reference("cpe23Type", f"cpe:2.3:a:{product}:{version}:*:*:*:*:*:*:*")]
    more = {"externalRefs": references}
    if sha256:
        references.append(debian(key, of_archive, "?arch=source"))
        more["checksums"] = [{"algorithm": "SHA256", "checksumValue": sha256}]
        more["sourceInfo"] = f"upstream's archive {of_archive}, as Debian publishes it"
    return Part(key, name, version, supplier, folder, files, more=more)


def own(options, files):
    """Tally itself, and the commit it was built of if there is a repository."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=options.root, check=True,
                                capture_output=True, text=True).stdout.strip()
        more = {"sourceInfo": f"commit {commit}"}
    except (OSError, subprocess.CalledProcessError):
        more = {}
    return Part("tally", "tally", options.version, "Organization: tally", options.root, files,
                more=more, is_own=True)


def packages_of(paths):
    """(package, version) of files that dpkg knows; the others' is ("", "")."""
    found = collections.defaultdict(set)
    for path in paths:
        try:
            owner = subprocess.run(["dpkg-query", "-S", path.resolve()], check=True,
                                   capture_output=True, text=True).stdout.partition(": ")[0]
            version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", owner], check=True,
                                     capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            owner = version = ""
        found[owner.partition(":")[0], version].add(path.resolve())
    return found


def toolchain(package, version, files):
    """What came with the compiler, as Debian packages it or from elsewhere."""
    folder = pathlib.Path("/")
    if not package:
        return Part("toolchain", "toolchain", NO_ASSERTION, NO_ASSERTION, folder, files,
                    licence=NO_ASSERTION)
    part = Part(package, package, version, "Organization: Debian", folder, files,
                more={"externalRefs": [debian(package, version)]})
    terms = pathlib.Path("/usr/share/doc") / package / "copyright"
    if all("gcc" in path.parts for path in files):
        part.licence = GCC_RUNTIME
    elif terms.exists():
        part.licence = f"LicenseRef-{package}"
        part.extracted = {part.licence: terms.read_text(errors="replace")}
    else:
        part.licence = NO_ASSERTION
    return part


def home_of(source, folders):
    for key, folder in folders.items():
        if source.is_relative_to(folder):
            return key
    raise SystemExit(f"sbom: {source} is in none of {', '.join(map(str, folders.values()))}")


def parts(options, sources, foreign):
    """The parts that the files of an image are of, tally first."""
    folders = {"mbedtls": options.mbedtls, "lwip": options.lwip, "build": options.build,
               "tally": options.root}
    homes = collections.defaultdict(set)
    for source in sources:
        homes[home_of(source, folders)].add(source)
    found = [own(options, homes["tally"])]
    found += [library(options.root, key, folders[key], homes[key])
              for key in ("mbedtls", "lwip") if homes[key]]
    found += [toolchain(*package, files)
              for package, files in sorted(packages_of(foreign).items())]
    return found
