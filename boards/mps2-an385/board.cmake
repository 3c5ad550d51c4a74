# SPDX-License-Identifier: Apache-2.0
# Arm MPS2 AN385 (Cortex-M3), in QEMU: the firmware tally.elf, at the top of the build folder.
include("${CMAKE_CURRENT_LIST_DIR}/../box/box.cmake")
