# SPDX-License-Identifier: Apache-2.0
# The firmware tally.elf, at the top of the build folder, of a board that has a bsp.cmake.
include("${PROJECT_SOURCE_DIR}/cmake/firmware.cmake")
include("${TALLY_BOARD_DIR}/bsp.cmake")
add_subdirectory(port/mbedtls)
add_subdirectory(boards/receiver)

add_executable(tally.elf
    "${CMAKE_CURRENT_LIST_DIR}/box.c"
    "${CMAKE_CURRENT_LIST_DIR}/command.c"
    "${CMAKE_CURRENT_LIST_DIR}/memory_notes.c")
target_compile_definitions(tally.elf PRIVATE TALLY_PRODUCT=$<BOOL:${TALLY_PRODUCT}>)
target_link_libraries(tally.elf PRIVATE
    tally_bsp tally_network tally_port_mbedtls tally_provision tally_receiver tally_warnings)

include("${PROJECT_SOURCE_DIR}/cmake/sbom.cmake")
tally_sbom(tally.elf tally.spdx.json)
