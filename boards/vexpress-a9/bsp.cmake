# SPDX-License-Identifier: Apache-2.0
# Targets `tally_bsp` and `tally_network`, see boards/box/bsp.cmake.
include("${CMAKE_CURRENT_LIST_DIR}/../box/bsp.cmake")
option(TALLY_LWIP_IPV6 "IPv6 besides IPv4" ON)
set(vexpress_cortex_a_dir "${CMAKE_CURRENT_LIST_DIR}/../cortex-a")
tally_add_bsp("${CMAKE_CURRENT_LIST_DIR}/memory.ld"
    "${CMAKE_CURRENT_LIST_DIR}/board.c"
    "${CMAKE_CURRENT_LIST_DIR}/clock.c"
    "${CMAKE_CURRENT_LIST_DIR}/entropy_virtio.c"
    "${CMAKE_CURRENT_LIST_DIR}/startup.c"
    "${CMAKE_CURRENT_LIST_DIR}/stores.c"
    "${CMAKE_CURRENT_LIST_DIR}/uart.c"
    "${CMAKE_CURRENT_LIST_DIR}/watchdog.c"
    "${vexpress_cortex_a_dir}/fault.c"
    "${vexpress_cortex_a_dir}/gic.c"
    "${vexpress_cortex_a_dir}/mmu.c"
    "${vexpress_cortex_a_dir}/vectors.c")
target_include_directories(tally_bsp PUBLIC "${vexpress_cortex_a_dir}")
add_subdirectory("${CMAKE_CURRENT_LIST_DIR}/../cfi-nor" boards/cfi-nor)
target_link_libraries(tally_bsp PUBLIC tally_cfi_nor)
# Whole segments of Ethernet; what is sent and received at once is more than one TLS record.
target_compile_definitions(tally_lwip PUBLIC
    TALLY_LWIP_SEGMENT_BYTES=1440 TALLY_LWIP_HEAP_BYTES=8192 TALLY_LWIP_RECEIVE_BYTES=17280)
# The linker script, assembler and the compiler's library name symbols in here, which LTO does not
# see.
set_source_files_properties(
    "${CMAKE_CURRENT_LIST_DIR}/startup.c" "${vexpress_cortex_a_dir}/fault.c"
    "${vexpress_cortex_a_dir}/vectors.c"
    PROPERTIES COMPILE_OPTIONS -fno-lto)
