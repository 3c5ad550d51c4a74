# SPDX-License-Identifier: Apache-2.0
"""What is in an image, as SPDX 2.3: written behind each link, from what the linker took.

The linker's map names objects and members of libraries, the compilation database the sources of
those that were built here, dpkg the packages of those that came with the toolchain. What was not
linked in is not listed; nor is the device's own part, its endpoint and credentials.
"""
import argparse
import collections
import datetime
import hashlib
import json
import os
import pathlib
import re
import shlex

import sbom_packages

MEMBER = re.compile(r"^(\S.*\.a)\(([^()]+)\)$")
LOADED = re.compile(r"^LOAD (.+)$")
BUILD_TIME = re.compile(r"TALLY_BUILD_UNIX_S (\d+)u")
NO_ASSERTION = "NOASSERTION"


def linked(text):
    """The objects and (library, member) that the linker took, as its map names them. Its list of
    loaded files has all libraries, needed or not."""
    objects, members = set(), set()
    for line in text.splitlines():
        member, loaded = MEMBER.match(line), LOADED.match(line)
        if member:
            members.add(member.groups())
        elif loaded and loaded[1].endswith((".o", ".obj")) and ".ltrans" not in loaded[1] \
                and ".debug.temp." not in loaded[1]:
            objects.add(loaded[1])
    return objects, members


def output_of(entry):
    words = shlex.split(entry["command"])
    return words[words.index("-o") + 1]


def sources(build, objects, members):
    """The sources among them, and the libraries and objects that were not built here."""
    database = json.loads((build / "compile_commands.json").read_text())
    by_output = {output_of(entry): pathlib.Path(os.path.normpath(entry["file"]))
                 for entry in database}
    by_member = collections.defaultdict(set)
    for output, source in by_output.items():
        folder, _, inside = output.partition("CMakeFiles/")
        target = inside.partition(".dir/")[0]
        by_member[f"{folder}lib{target}.a", output.rpartition("/")[2]].add(source)
    found = {by_output[name] for name in objects if name in by_output}
    found |= {source for member in members for source in by_member.get(member, ())}
    foreign = {pathlib.Path(name) for name in objects - by_output.keys()}
    foreign |= {pathlib.Path(name) for name, member in members
                if (name, member) not in by_member}
    return found, foreign


def sums(path):
    data = path.read_bytes()
    return {name: hashlib.new(name.lower(), data).hexdigest() for name in ("SHA1", "SHA256")}


def checksums(of):
    return [{"algorithm": name, "checksumValue": value} for name, value in sorted(of.items())]


class Document:
    """Collects packages, files and how they hang together."""

    def __init__(self):
        self.packages, self.files, self.relationships, self.licences = [], [], [], {}

    def relate(self, one, kind, other):
        self.relationships.append({"spdxElementId": one, "relationshipType": kind,
                                   "relatedSpdxElement": other})

    def add_files(self, part):
        """The files of a part; answers their identifiers and SHA-1s."""
        added = []
        for path in sorted(part.files):
            summed = sums(path)
            name = f"./{part.key}/{path.relative_to(part.folder)}"
            identifier = f"SPDXRef-File-{len(self.files) + 1}"
            licence = part.licence_of(path)
            self.files.append({
                "SPDXID": identifier, "fileName": name, "checksums": checksums(summed),
                "fileTypes": ["SOURCE" if path.suffix in (".c", ".S") else "BINARY"],
                "licenseConcluded": licence, "licenseInfoInFiles": [licence],
                "copyrightText": NO_ASSERTION})
            added.append((identifier, summed["SHA1"], licence))
        return added

    def add_part(self, part, image):
        identifier = f"SPDXRef-{part.key}"
        added = self.add_files(part)
        together = "".join(sorted(sha1 for _, sha1, _ in added))
        licence = conjunction(licence for _, _, licence in added)
        self.licences |= part.extracted
        self.packages.append({
            "SPDXID": identifier, "name": part.name, "versionInfo": part.version,
            "supplier": part.supplier, "downloadLocation": NO_ASSERTION, "filesAnalyzed": True,
            "packageVerificationCode": {
                "packageVerificationCodeValue": hashlib.sha1(together.encode()).hexdigest()},
            "licenseConcluded": licence, "licenseDeclared": licence,
            "licenseInfoFromFiles": sorted({licence for _, _, licence in added}),
            "copyrightText": NO_ASSERTION, "comment": "Listed are the files that were linked in.",
            **part.more})
        for file, _, _ in added:
            self.relate(identifier, "CONTAINS", file)
        self.relate(image, "GENERATED_FROM" if part.is_own else "CONTAINS", identifier)
        if not part.is_own:
            self.relate(image, "STATIC_LINK", identifier)
        return licence

    def add_image(self, options, licence):
        self.packages.insert(0, {
            "SPDXID": "SPDXRef-Image", "name": options.name, "versionInfo": options.version,
            "supplier": NO_ASSERTION, "packageFileName": options.image.name,
            "downloadLocation": NO_ASSERTION, "filesAnalyzed": False,
            "checksums": checksums(sums(options.image)), "licenseConcluded": licence,
            "licenseDeclared": licence, "copyrightText": NO_ASSERTION,
            "primaryPackagePurpose":
                "FIRMWARE" if options.image.suffix == ".elf" else "APPLICATION"})

    def render(self, options, created):
        whole = sums(options.image)["SHA256"]
        return {
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": options.name,
            "documentNamespace": f"https://spdx.org/spdxdocs/{options.name}-{whole}",
            "creationInfo": {"created": created, "creators": ["Tool: tally-sbom"]},
            "documentDescribes": ["SPDXRef-Image"], "packages": self.packages, "files": self.files,
            "relationships": self.relationships,
            "hasExtractedLicensingInfos": [
                {"licenseId": name, "name": name, "extractedText": text}
                for name, text in sorted(self.licences.items())]}


def conjunction(licences):
    """All of them hold."""
    terms = sorted({term for licence in licences for term in licence.split(" AND ")})
    if NO_ASSERTION in terms:
        return NO_ASSERTION
    if len(terms) == 1:
        return terms[0]
    return " AND ".join(f"({term})" if " OR " in term and term[0] != "(" else term
                        for term in terms)


def describe(options):
    header = options.build / "port/mbedtls/generated/tally_build_time.h"
    moment = int(BUILD_TIME.search(header.read_text())[1])
    objects, members = linked(options.map.read_text())
    found, foreign = sources(options.build, objects, members)
    document = Document()
    licences = [document.add_part(part, "SPDXRef-Image")
                for part in sbom_packages.parts(options, found, foreign)]
    document.add_image(options, conjunction(licences))
    document.relate("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image")
    created = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    return document.render(options, created.strftime("%Y-%m-%dT%H:%M:%SZ"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="of the image")
    parser.add_argument("--version", required=True, help="of the image and of tally")
    for name, what in (("image", "that was linked"), ("map", "of the linker"),
                       ("build", "the build folder"), ("root", "tally's sources"),
                       ("mbedtls", "sources of Mbed TLS"), ("lwip", "sources of lwIP"),
                       ("output", "to write")):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path, help=what)
    options = parser.parse_args()
    options.output.write_text(json.dumps(describe(options), indent=1) + "\n")


if __name__ == "__main__":
    main()
