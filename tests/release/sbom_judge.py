# SPDX-License-Identifier: Apache-2.0
"""What is wrong with an SPDX document: by spdx-tools, which is not ours, and by what it speaks of."""
import functools
import os
import pathlib
import re
import subprocess
import sys

import builds

sys.path.insert(0, str(builds.ROOT / "cmake"))
sys.path.insert(0, os.environ.get("TALLY_SPDX_DIR") or str(builds.ROOT / ".deps" / "spdx"))

from spdx_tools.spdx.parser.error import SPDXParsingError  # noqa: E402
from spdx_tools.spdx.parser.jsonlikedict import json_like_dict_parser  # noqa: E402
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document  # noqa: E402

import attribution  # noqa: E402

UNSAID = ("", "NOASSERTION", "NONE")
# Parts of the sources by the names that debug information has for their folders.
SOURCES = re.compile(r"^/(tally|mbedtls|lwip)/(.*\.(?:c|S))$")


def invalid(document):
    """What a stranger says."""
    try:
        parsed = json_like_dict_parser.JsonLikeDictParser().parse(document)
    except SPDXParsingError as error:
        return error.get_messages()
    return [message.validation_message for message in validate_full_spdx_document(parsed)]


def sums(command, paths):
    """Path -> sum, by the machine's own program."""
    lines = subprocess.run([command, "--", *map(str, paths)], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return {path: line.split()[0].lstrip("\\") for path, line in zip(paths, lines)}


def checksum(element, algorithm):
    return next((one["checksumValue"] for one in element.get("checksums", ())
                 if one["algorithm"] == algorithm), None)


def place(file):
    """Where the file that an element speaks of is."""
    part, _, name = file["fileName"].removeprefix("./").partition("/")
    if part in builds.LIBRARIES:
        return builds.library_folder(part) / name
    return builds.ROOT / name if part == "tally" else pathlib.Path("/") / name


def wrong_sums(document, image):
    places = {file["SPDXID"]: place(file) for file in document["files"]}
    for algorithm in ("SHA1", "SHA256"):
        real = sums(f"{algorithm.lower()}sum", [*places.values(), image])
        for file in document["files"]:
            if checksum(file, algorithm) != real[places[file["SPDXID"]]]:
                yield f"{file['fileName']}: {algorithm}"
        if checksum(document["packages"][0], algorithm) != real[image]:
            yield f"the image: {algorithm}"


def silences(document):
    """Licences and origins that nobody states. An image's supplier is who ships it."""
    for element in document["packages"] + document["files"]:
        if element.get("licenseConcluded", "") in UNSAID:
            yield f"{element['SPDXID']}: licence"
    for package in document["packages"][1:]:
        for field in ("supplier", "versionInfo", "licenseDeclared"):
            if package.get(field, "") in UNSAID:
                yield f"{package['name']}: {field}"


def versions(document):
    """Against what set-up wrote down, and dpkg."""
    notes = dict(line.split(maxsplit=1) for line in
                 (builds.ROOT / ".deps" / "versions").read_text().splitlines())
    for package in document["packages"][1:]:
        key = package["SPDXID"].removeprefix("SPDXRef-")
        if key in notes:
            version, sha256 = notes[key].split()
            if not re.match(rf"{re.escape(package['versionInfo'])}(\+|$)", version) \
                    or f"sha256:{checksum(package, 'SHA256')}" != sha256:
                yield f"{package['name']}: not what set-up fetched, {notes[key]}"
        elif package["name"] != "tally":
            real = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package["name"]],
                                  check=False, capture_output=True, text=True).stdout
            if package["versionInfo"] != real:
                yield f"{package['name']}: {package['versionInfo']}, installed {real}"


@functools.cache
def sources_of(image):
    """Part and name of the sources that debug information knows code of."""
    paths = {os.path.normpath(path) for _, path in attribution.line_ranges(image) if path}
    return {match.groups() for match in map(SOURCES.match, paths) if match}


def unlisted(document, image):
    """Sources with code in the image."""
    listed = {file["fileName"] for file in document["files"]}
    for part, name in sorted(sources_of(image)):
        if f"./{part}/{name}" not in listed:
            yield f"not listed: /{part}/{name}"


def strangers(document, image):
    """Sources that are listed, of a part that has no code in the image."""
    there = {part for part, _ in sources_of(image)}
    for file in document["files"]:
        part = file["fileName"].split("/")[1]
        if part in (*builds.LIBRARIES, "tally") and part not in there:
            yield f"not in the image: {file['fileName']}"


def faults(document, image):
    """All that is wrong, in words."""
    found = list(invalid(document))
    if found:
        return found
    for rule in (wrong_sums, unlisted, strangers):
        found += rule(document, image)
    for rule in (silences, versions):
        found += rule(document)
    return found
