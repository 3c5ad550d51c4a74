# SPDX-License-Identifier: Apache-2.0
# Target `cmocka`: cmocka from TALLY_CMOCKA_DIR for a target for which no package has it. Its answers
# to configure are those of every Linux target, and of every one with picolibc. No project warnings.

function(tally_cmocka_check dir)
    set(got "no CMakeLists.txt")
    if(EXISTS "${dir}/CMakeLists.txt")
        file(STRINGS "${dir}/CMakeLists.txt" line REGEX "^project\\(cmocka VERSION ")
        string(REGEX REPLACE ".* VERSION ([0-9.]+).*" "\\1" got "${line}")
    endif()
    if(NOT got MATCHES "^1\\.1\\.")
        message(FATAL_ERROR "-DTALLY_CMOCKA_DIR=${dir} is not a cmocka 1.1.x tree\n"
            "  expected: version 1.1.x in CMakeLists.txt\n"
            "  got: ${got}\n"
            "  `make setup` brings the right one into .deps/cmocka")
    endif()
endfunction()

tally_cmocka_check("${TALLY_CMOCKA_DIR}")

add_library(cmocka STATIC "${TALLY_CMOCKA_DIR}/src/cmocka.c")
target_include_directories(cmocka SYSTEM PUBLIC "${TALLY_CMOCKA_DIR}/include")
target_compile_definitions(cmocka PRIVATE
    _GNU_SOURCE
    HAVE_INTTYPES_H=1
    HAVE_MALLOC_H=1
    HAVE_SIGNAL_H=1
    HAVE_SNPRINTF=1
    HAVE_STRINGS_H=1
    HAVE_VSNPRINTF=1
    WORDS_SIZEOF_VOID_P=__SIZEOF_POINTER__)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_compile_definitions(cmocka PRIVATE
        HAVE_CLOCK_REALTIME=1
        HAVE_GCC_THREAD_LOCAL_STORAGE=1
        HAVE_SIGLONGJMP=1
        HAVE_STRSIGNAL=1
        HAVE_STRUCT_TIMESPEC=1)
endif()
if(CMAKE_C_BYTE_ORDER STREQUAL "BIG_ENDIAN")
    target_compile_definitions(cmocka PRIVATE WORDS_BIGENDIAN=1)
endif()
