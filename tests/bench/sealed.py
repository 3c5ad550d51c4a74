# SPDX-License-Identifier: Apache-2.0
"""The store that encrypts: instructions beside the RAM store below it, flash, bytes a record."""
import os

import footprint
import instructions

SOURCE = footprint.ROOT / "port" / "mbedtls" / "tally_sealed_store.c"
COUNT = 600  # an operation is thousands of instructions; whole blocks


def code_bytes(run, build):
    """Code and constants of the one file; what it calls of Mbed TLS is there for TLS already."""
    mbedtls = os.path.abspath(os.environ.get("TALLY_MBEDTLS_DIR") or
                              footprint.ROOT / ".deps" / "mbedtls")
    target = build / "footprint" / "sealed.o"
    target.parent.mkdir(parents=True, exist_ok=True)
    run(*footprint.COMPILE, "--specs=picolibc.specs", f"-I{SOURCE.parent}", "-isystem",
        f"{mbedtls}/include", '-DMBEDTLS_CONFIG_FILE="tally_mbedtls_config.h"',
        '-DMBEDTLS_PSA_CRYPTO_CONFIG_FILE="tally_psa_config.h"', "-c", SOURCE, "-o", target)
    return int(run("arm-none-eabi-size", target).splitlines()[1].split()[0])


def figures(run, program, build):
    for name in ("sealed.program300", "sealed.program300.ram", "sealed.read300",
                 "sealed.read300.ram"):
        cost = instructions.cost(run, program, name, COUNT)
        yield f"{name}.instructions", cost, "instructions"
    yield "sealed.code.bytes", code_bytes(run, build), "bytes"
    for line in run(program, "bytes").splitlines():
        name, value = line.split()
        yield name, int(value), "bytes"
