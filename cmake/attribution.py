# SPDX-License-Identifier: Apache-2.0
"""Which component the bytes of a linked image belong to.

Code: by the line table, address by address, so that a function inlined into another component's
under link-time optimisation still counts for its own. Data: by the file that the debug information
of the variable names. What has neither is the C library's.
"""
import bisect
import os
import re
import subprocess

from elftools.elf.elffile import ELFFile

ROW = re.compile(r"^\S+\s+(\d+|-)\s+0x([0-9a-f]+)")
SYMBOL = re.compile(r"^([0-9a-f]+) ([0-9a-f]+) (\w) (\S+)$")
DATA = set("bBdDrRsSgGvV")
RAM = set("bBdDsSgG")
INITIALISED = set("dDgG")
# Objects of a board's main program that another component works in.
OWNERS = {"agent": "agent", "tls": "port", "tls_heap": "mbedtls"}


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True,
                          text=True).stdout


def line_ranges(image):
    """Sorted (address, source file or None where a sequence ends)."""
    rows, path = {}, None
    for line in run("readelf", "--debug-dump=decodedline", "--wide", image).splitlines():
        row = ROW.match(line)
        if row:
            rows[int(row.group(2), 16)] = None if row.group(1) == "-" else path
        elif line.rstrip().endswith((":", ":[++]")):
            path = line.strip().removeprefix("CU: ").removesuffix("[++]").removesuffix(":")
    return sorted(rows.items())


def declaring_file(die):
    """The source file of a variable, followed to where link-time optimisation left it."""
    for link in ("DW_AT_abstract_origin", "DW_AT_specification"):
        if "DW_AT_decl_file" not in die.attributes and link in die.attributes:
            die = die.get_DIE_from_attribute(link)
    if "DW_AT_decl_file" not in die.attributes:
        return None
    lines = die.dwarfinfo.line_program_for_CU(die.cu).header
    index = die.attributes["DW_AT_decl_file"].value
    entry = lines.file_entry[index if lines.version >= 5 else index - 1]
    folders = lines.include_directory
    folder = folders[entry.dir_index if lines.version >= 5 else entry.dir_index - 1]
    top = die.cu.get_top_DIE().attributes["DW_AT_comp_dir"].value
    return os.path.normpath(os.path.join(top, folder, entry.name).decode())


def variables(image):
    """Address -> source file of every variable that has one."""
    files = {}
    with open(image, "rb") as binary:
        elf = ELFFile(binary)
        address_bytes = elf.elfclass // 8
        for unit in elf.get_dwarf_info().iter_CUs():
            for die in unit.iter_DIEs():
                location = die.attributes.get("DW_AT_location")
                if die.tag != "DW_TAG_variable" or location is None \
                        or not isinstance(location.value, list) \
                        or len(location.value) != 1 + address_bytes or location.value[0] != 0x03:
                    continue  # not at one fixed address (DW_OP_addr)
                address = int.from_bytes(bytes(location.value[1:]), "little")
                files[address] = declaring_file(die)
    return files


def plain(name):
    """The name in the source of a symbol that the compiler has told apart."""
    return re.split(r"\.(lto_priv|constprop|isra|part|cold|\d)", name)[0]


def attribute(tools, image, component):
    """Component -> {"flash", "ram"} of all bytes that a line or a symbol covers."""
    parts = {}

    def add(name, where, size):
        parts.setdefault(name, {"flash": 0, "ram": 0})[where] += size

    ranges = line_ranges(image)
    for (begin, path), (end, _) in zip(ranges, ranges[1:]):
        if path is not None:
            add(component(path), "flash", end - begin)
    begins = [begin for begin, _ in ranges]
    homes = variables(image)
    for line in run(tools + "nm", "-S", "--defined-only", image).splitlines():
        match = SYMBOL.match(line)
        if not match:
            continue
        address, size, kind = int(match[1], 16), int(match[2], 16), match[3]
        name = plain(match[4])
        if kind not in DATA:
            at = bisect.bisect(begins, address & ~1) - 1
            if at < 0 or ranges[at][1] is None:
                add("libc", "flash", size)
            continue
        home = OWNERS.get(name) or component(homes.get(address))
        if kind in RAM:
            add(home, "ram", size)
        if kind not in RAM or kind in INITIALISED:
            add(home, "flash", size)
    return parts
