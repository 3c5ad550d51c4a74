# SPDX-License-Identifier: Apache-2.0
# What is flashed or installed is the same to the byte wherever it was built: debug information and
# __FILE__ name no folder of this machine, but /tally, /mbedtls, /lwip and /tally-build. A debugger
# finds the sources with `set substitute-path /tally FOLDER`. A Debug build is for here: it names them.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    return()
endif()

# Of two that fit GCC takes the later one, and all others may lie within the first.
foreach(pair "tally=${PROJECT_SOURCE_DIR}" "mbedtls=${TALLY_MBEDTLS_DIR}" "lwip=${TALLY_LWIP_DIR}"
        "tally-build=${CMAKE_BINARY_DIR}")
    string(REGEX MATCH "^([^=]*)=(.*)$" pair "${pair}")
    # GCC names some headers as they are called, others as they lie behind links.
    file(REAL_PATH "${CMAKE_MATCH_2}" real)
    foreach(folder "${real}" "${CMAKE_MATCH_2}")
        # The linker compiles what link-time optimisation has left to it.
        add_compile_options("-ffile-prefix-map=${folder}=/${CMAKE_MATCH_1}")
        add_link_options("-ffile-prefix-map=${folder}=/${CMAKE_MATCH_1}")
    endforeach()
endforeach()
# Where a program in the build folder looks for libraries beside it.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
