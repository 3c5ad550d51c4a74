# SPDX-License-Identifier: Apache-2.0
# Arm Versatile Express with a Cortex-A9, in QEMU: the firmware tally.elf, at the top of the build
# folder.
include("${CMAKE_CURRENT_LIST_DIR}/../box/box.cmake")
