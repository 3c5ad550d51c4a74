# SPDX-License-Identifier: Apache-2.0
# Targets `tally_bsp`, the board without its program, and `tally_network`, its Ethernet with lwIP.
# What links with the first is a firmware.
option(TALLY_PRODUCT "Build for a product: refuses what is only fit for the bench" OFF)
set(TALLY_CORTEX_M_DIR "${CMAKE_CURRENT_LIST_DIR}/../cortex-m")

# OBJECT: nothing refers to the vector table, so an archive would leave it out.
add_library(tally_bsp OBJECT
    "${CMAKE_CURRENT_LIST_DIR}/board.c"
    "${CMAKE_CURRENT_LIST_DIR}/clock.c"
    "${CMAKE_CURRENT_LIST_DIR}/entropy_semihost.c"
    "${CMAKE_CURRENT_LIST_DIR}/startup.c"
    "${CMAKE_CURRENT_LIST_DIR}/uart.c"
    "${TALLY_CORTEX_M_DIR}/console.c"
    "${TALLY_CORTEX_M_DIR}/fault.c"
    "${TALLY_CORTEX_M_DIR}/semihost.c")
target_include_directories(tally_bsp PUBLIC "${CMAKE_CURRENT_LIST_DIR}" "${TALLY_CORTEX_M_DIR}")
target_compile_definitions(tally_bsp PRIVATE TALLY_PRODUCT=$<BOOL:${TALLY_PRODUCT}>)
target_link_libraries(tally_bsp PRIVATE tally_warnings PUBLIC tally_agent)
# The linker script and assembler name symbols in here, which LTO does not see.
set_source_files_properties(
    "${CMAKE_CURRENT_LIST_DIR}/startup.c" "${TALLY_CORTEX_M_DIR}/fault.c"
    PROPERTIES COMPILE_OPTIONS -fno-lto)
target_link_options(tally_bsp INTERFACE "-T${CMAKE_CURRENT_LIST_DIR}/memory.ld")

add_subdirectory("${CMAKE_CURRENT_LIST_DIR}/../../port/lwip" port/lwip)
add_subdirectory("${CMAKE_CURRENT_LIST_DIR}/../lan9118" boards/lan9118)
add_library(tally_network STATIC
    "${CMAKE_CURRENT_LIST_DIR}/network.c"
    "${CMAKE_CURRENT_LIST_DIR}/platform.c")
target_include_directories(tally_network PUBLIC
    "${CMAKE_CURRENT_LIST_DIR}" "${TALLY_CORTEX_M_DIR}")
target_link_libraries(tally_network
    PRIVATE tally_warnings PUBLIC tally_agent tally_port_lwip tally_lan9118)
