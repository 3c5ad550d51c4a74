# SPDX-License-Identifier: Apache-2.0
# Arm MPS2 AN385 (Cortex-M3), in QEMU: the firmware tally.elf, at the top of the build folder.
include("${PROJECT_SOURCE_DIR}/cmake/firmware.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/bsp.cmake")
add_subdirectory(port/mbedtls)
add_subdirectory(port/ram)
add_subdirectory(boards/receiver)

add_executable(tally.elf
    "${CMAKE_CURRENT_LIST_DIR}/main.c"
    "${CMAKE_CURRENT_LIST_DIR}/memory_notes.c")
target_link_libraries(tally.elf PRIVATE
    tally_bsp tally_network tally_port_mbedtls tally_port_ram tally_provision tally_receiver
    tally_warnings)
