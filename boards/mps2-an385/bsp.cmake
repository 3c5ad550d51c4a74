# SPDX-License-Identifier: Apache-2.0
# Targets `tally_bsp` and `tally_network`, see boards/box/bsp.cmake.
include("${CMAKE_CURRENT_LIST_DIR}/../box/bsp.cmake")
set(mps2_cortex_m_dir "${CMAKE_CURRENT_LIST_DIR}/../cortex-m")
tally_add_bsp("${CMAKE_CURRENT_LIST_DIR}/memory.ld"
    "${CMAKE_CURRENT_LIST_DIR}/board.c"
    "${CMAKE_CURRENT_LIST_DIR}/clock.c"
    "${CMAKE_CURRENT_LIST_DIR}/entropy_semihost.c"
    "${CMAKE_CURRENT_LIST_DIR}/startup.c"
    "${CMAKE_CURRENT_LIST_DIR}/stores.c"
    "${CMAKE_CURRENT_LIST_DIR}/uart.c"
    "${CMAKE_CURRENT_LIST_DIR}/watchdog.c"
    "${mps2_cortex_m_dir}/fault.c")
target_include_directories(tally_bsp PUBLIC "${mps2_cortex_m_dir}")
# The linker script and assembler name symbols in here, which LTO does not see.
set_source_files_properties(
    "${CMAKE_CURRENT_LIST_DIR}/startup.c" "${mps2_cortex_m_dir}/fault.c"
    PROPERTIES COMPILE_OPTIONS -fno-lto)
