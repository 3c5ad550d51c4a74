# SPDX-License-Identifier: Apache-2.0
# Target `tally_lwip`: lwIP from TALLY_LWIP_DIR with the configuration of port/lwip. It is compiled with
# the board's compiler options, not with the project's warnings.
option(TALLY_LWIP_IPV6 "IPv6 besides IPv4" OFF)

function(tally_lwip_check dir)
    set(header "${dir}/src/include/lwip/init.h")
    set(got "no src/include/lwip/init.h")
    if(EXISTS "${header}")
        file(STRINGS "${header}" lines REGEX "define LWIP_VERSION_(MAJOR|MINOR|REVISION) ")
        string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
        string(REPLACE ";" "." got "${numbers}")
    endif()
    if(NOT got MATCHES "^2\\.2\\.")
        message(FATAL_ERROR "-DTALLY_LWIP_DIR=${dir} is not an lwIP 2.2.x tree\n"
            "  expected: version 2.2.x in src/include/lwip/init.h\n"
            "  got: ${got}\n"
            "  `make setup` brings the right one into .deps/lwip")
    endif()
endfunction()

tally_lwip_check("${TALLY_LWIP_DIR}")

# What the configuration leaves out compiles to nothing.
file(GLOB lwip_sources CONFIGURE_DEPENDS
    "${TALLY_LWIP_DIR}/src/core/*.c"
    "${TALLY_LWIP_DIR}/src/core/ipv4/*.c"
    "${TALLY_LWIP_DIR}/src/core/ipv6/*.c")
add_library(tally_lwip STATIC ${lwip_sources} "${TALLY_LWIP_DIR}/src/netif/ethernet.c")
target_include_directories(tally_lwip SYSTEM PUBLIC
    "$<BUILD_INTERFACE:${TALLY_LWIP_DIR}/src/include>")
target_include_directories(tally_lwip PUBLIC
    "$<BUILD_INTERFACE:${CMAKE_CURRENT_LIST_DIR}/../port/lwip>")
target_compile_definitions(tally_lwip PUBLIC TALLY_LWIP_IPV6=$<BOOL:${TALLY_LWIP_IPV6}>)
