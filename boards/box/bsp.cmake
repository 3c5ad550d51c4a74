# SPDX-License-Identifier: Apache-2.0
# What the boards of box.c share below it.
option(TALLY_PRODUCT "Build for a product: refuses what is only fit for the bench" OFF)
set(tally_boards_dir "${CMAKE_CURRENT_LIST_DIR}/..")

# tally_add_bsp(SCRIPT FILES...): targets `tally_bsp`, the board without its program, of FILES and
# linker script SCRIPT, and `tally_network`, its Ethernet with lwIP. What links with the first is a
# firmware.
function(tally_add_bsp script)
    # OBJECT: nothing refers to the vector table, so an archive would leave it out.
    add_library(tally_bsp OBJECT ${ARGN}
        "${tally_boards_dir}/box/console.c"
        "${tally_boards_dir}/box/restart_note.c"
        "${tally_boards_dir}/box/semihost.c"
        "${tally_boards_dir}/box/sleep.c")
    target_include_directories(tally_bsp PUBLIC "${tally_boards_dir}/box")
    target_compile_definitions(tally_bsp PRIVATE TALLY_PRODUCT=$<BOOL:${TALLY_PRODUCT}>)
    target_link_libraries(tally_bsp PRIVATE tally_warnings PUBLIC tally_agent tally_port_ram)
    target_link_options(tally_bsp INTERFACE "-T${script}")
    set_target_properties(tally_bsp PROPERTIES INTERFACE_LINK_DEPENDS "${script}")
    add_subdirectory("${tally_boards_dir}/../port/ram" port/ram)

    add_subdirectory("${tally_boards_dir}/../port/lwip" port/lwip)
    add_subdirectory("${tally_boards_dir}/lan9118" boards/lan9118)
    add_library(tally_network STATIC
        "${tally_boards_dir}/box/network.c"
        "${tally_boards_dir}/box/platform.c")
    target_include_directories(tally_network PUBLIC "${tally_boards_dir}/box")
    target_link_libraries(tally_network
        PRIVATE tally_warnings PUBLIC tally_agent tally_port_lwip tally_lan9118)
endfunction()
