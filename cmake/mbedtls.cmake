# SPDX-License-Identifier: Apache-2.0
# Target `tally_mbedtls`: Mbed TLS from TALLY_MBEDTLS_DIR with the configuration of port/mbedtls and
# the tally_config.h of TALLY_CONFIG_DIR. It is compiled with the board's compiler options, not with
# the project's warnings.

function(tally_mbedtls_check dir)
    set(header "${dir}/include/mbedtls/build_info.h")
    set(got "no include/mbedtls/build_info.h")
    if(EXISTS "${header}")
        file(STRINGS "${header}" line REGEX "define MBEDTLS_VERSION_STRING ")
        string(REGEX REPLACE ".*\"(.*)\".*" "\\1" got "${line}")
    endif()
    if(NOT got MATCHES "^3\\.6\\.")
        message(FATAL_ERROR "-DTALLY_MBEDTLS_DIR=${dir} is not an Mbed TLS 3.6.x tree\n"
            "  expected: version 3.6.x in include/mbedtls/build_info.h\n"
            "  got: ${got}\n"
            "  `make setup` brings the right one into .deps/mbedtls")
    endif()
    # A git checkout lacks the generated sources that a release archive has.
    foreach(file library/psa_crypto_driver_wrappers.h 3rdparty/p256-m/p256-m/p256-m.c)
        if(NOT EXISTS "${dir}/${file}")
            message(FATAL_ERROR "-DTALLY_MBEDTLS_DIR=${dir} is not an Mbed TLS 3.6.x tree\n"
                "  expected: ${file} of the release archive\n"
                "  got: version ${got} without it\n"
                "  `make setup` brings the right one into .deps/mbedtls")
        endif()
    endforeach()
endfunction()

tally_mbedtls_check("${TALLY_MBEDTLS_DIR}")

# All sources: what the configuration leaves out compiles to nothing, and a board that changes the
# configuration need not change this file.
function(tally_add_mbedtls target)
    file(GLOB mbedtls_sources "${TALLY_MBEDTLS_DIR}/library/*.c")
    add_library(${target} STATIC
        ${mbedtls_sources}
        "${TALLY_MBEDTLS_DIR}/3rdparty/p256-m/p256-m_driver_entrypoints.c"
        "${TALLY_MBEDTLS_DIR}/3rdparty/p256-m/p256-m/p256-m.c")
    target_include_directories(${target} SYSTEM PUBLIC
        "$<BUILD_INTERFACE:${TALLY_MBEDTLS_DIR}/include>")
    target_include_directories(${target} SYSTEM PRIVATE
        "${TALLY_MBEDTLS_DIR}/3rdparty/p256-m"
        "${TALLY_MBEDTLS_DIR}/3rdparty/p256-m/p256-m")
    target_include_directories(${target} PRIVATE "${TALLY_MBEDTLS_DIR}/library")
    target_include_directories(${target} PUBLIC
        "$<BUILD_INTERFACE:${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../port/mbedtls>"
        "$<BUILD_INTERFACE:${TALLY_CONFIG_DIR}>")
    target_compile_definitions(${target} PUBLIC
        MBEDTLS_CONFIG_FILE="tally_mbedtls_config.h"
        MBEDTLS_PSA_CRYPTO_CONFIG_FILE="tally_psa_config.h")
    target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections)

    # The buffer allocator hands its two functions to the platform layer. Here it hands them to
    # tally_tls_heap.c, which counts refused allocations and passes them on: Mbed TLS reports some
    # failed allocations as an untrusted certificate, and nothing else tells the two apart.
    set_source_files_properties("${TALLY_MBEDTLS_DIR}/library/memory_buffer_alloc.c" PROPERTIES
        COMPILE_DEFINITIONS mbedtls_platform_set_calloc_free=tally_tls_heap_adopt)

    # See there.
    set_source_files_properties("${TALLY_MBEDTLS_DIR}/library/ssl_tls12_client.c" PROPERTIES
        COMPILE_OPTIONS
        "-include;${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../port/mbedtls/tally_tls12_pss.h")
    # Every test that opens TLS would spend most of its time in the arithmetic of curves and RSA.
    # What p256-m does to keep a slow multiplication from telling secrets is of no use to a test.
    if(TALLY_SANITIZE)
        file(GLOB arithmetic "${TALLY_MBEDTLS_DIR}/library/bignum*.c"
            "${TALLY_MBEDTLS_DIR}/library/ecp*.c"
            "${TALLY_MBEDTLS_DIR}/3rdparty/p256-m/p256-m/p256-m.c")
        set_source_files_properties(${arithmetic} PROPERTIES
            COMPILE_OPTIONS "-O3;-fno-sanitize=all" COMPILE_DEFINITIONS MUL64_IS_CONSTANT_TIME)
    endif()
endfunction()

tally_add_mbedtls(tally_mbedtls)
