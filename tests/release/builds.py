# SPDX-License-Identifier: Apache-2.0
"""Two builds of one source, made as differently as two people would, and what tells them apart."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
sys.path.insert(0, str(TESTS / "e2e"))
import scenario  # noqa: E402

LIBRARIES = {"mbedtls": ("include", "library", "3rdparty"), "lwip": ("src",)}
# Some second of 2023.
EPOCH = "1700000000"


@contextlib.contextmanager
def date(epoch):
    """What is built meanwhile is of this date."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = epoch
    try:
        yield
    finally:
        os.environ.pop("SOURCE_DATE_EPOCH")
        if before is not None:
            os.environ["SOURCE_DATE_EPOCH"] = before


def library_folder(name):
    """Where the source of a library is, as make and CTest hand it on."""
    return pathlib.Path(os.environ.get(f"TALLY_{name.upper()}_DIR") or ROOT / ".deps" / name)


def copy_tree(target):
    """The sources and their libraries somewhere else, with other dates of files."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
            shutil.copymode(ROOT / name, target / name)
    for name, folders in LIBRARIES.items():
        for folder in folders:
            shutil.copytree(library_folder(name) / folder, target / ".deps" / name / folder,
                            copy_function=shutil.copyfile)
    shutil.copy(ROOT / ".deps" / "versions", target / ".deps")
    return target


def build_host(source, build, log, *targets):
    """Programs of this machine as `make linux` builds them."""
    scenario.check_run("build", log, "cmake", "-S", source, "-B", build, "-G", "Ninja",
                       "-DTALLY_BOARD=linux", "-DTALLY_GSTREAMER=ON",
                       "-DCMAKE_BUILD_TYPE=MinSizeRel")
    scenario.check_run("build", log, "cmake", "--build", build, "-j2", "--target", *targets)


def difference(one, other):
    """The first byte that differs, in words; empty if none does."""
    first, second = one.read_bytes(), other.read_bytes()
    if first == second:
        return ""
    at = next((n for n, (a, b) in enumerate(zip(first, second)) if a != b),
              min(len(first), len(second)))
    return (f"{one.name}, byte {at} of {len(first)} and {len(second)}: "
            f"{first[max(0, at - 16):at + 32]!r} and {second[max(0, at - 16):at + 32]!r}")
