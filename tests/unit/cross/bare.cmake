# SPDX-License-Identifier: Apache-2.0
# A processor without an operating system, in a machine of QEMU that has it: picolibc's own startup,
# and its console and files through semihosting. Memory is where the machine has it.
set(machine_cortex-m3 mps2-an385)
set(code_cortex-m3 0x00000000 4M)
set(data_cortex-m3 0x21000000 16M)
set(machine_cortex-a9 vexpress-a9)
set(code_cortex-a9 0x60000000 8M)
set(data_cortex-a9 0x60800000 24M)
set(machine_rv32imc virt)
set(code_rv32imc 0x80000000 8M)
set(data_rv32imc 0x80800000 24M)

set(machine ${machine_${CMAKE_SYSTEM_PROCESSOR}})
if(NOT machine)
    message(FATAL_ERROR "${CMAKE_CURRENT_LIST_FILE} knows no machine with a ${CMAKE_SYSTEM_PROCESSOR}")
endif()
list(GET code_${CMAKE_SYSTEM_PROCESSOR} 0 code_begin)
list(GET code_${CMAKE_SYSTEM_PROCESSOR} 1 code_bytes)
list(GET data_${CMAKE_SYSTEM_PROCESSOR} 0 data_begin)
list(GET data_${CMAKE_SYSTEM_PROCESSOR} 1 data_bytes)

set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/emulate.sh" ${machine})
set(machine_sources machine_bare.c)
set_source_files_properties(machine_bare.c PROPERTIES COMPILE_DEFINITIONS _GNU_SOURCE) # putenv()
set(machine_libraries m)
set(machine_has_threads OFF)

string(REPLACE "-nostartfiles" "--crt0=semihost --oslib=semihost"
    CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS}")

# machine_bare.c has unaligned words trapped. The C library of the specs, made for size, has none.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^cortex")
    add_compile_options(-mno-unaligned-access)
endif()

function(tally_machine_program program folder)
    set(suites_bss "")
    foreach(suite IN LISTS ARGN)
        string(APPEND suites_bss
            "        .${suite} { *test_${suite}.c.*(.sbss .sbss.* .bss .bss.* COMMON) }\n")
    endforeach()
    configure_file(bare.ld.in "${folder}/bare.ld" @ONLY)
    target_link_options(${program} PRIVATE "-T${folder}/bare.ld")
    set_target_properties(${program} PROPERTIES LINK_DEPENDS "${folder}/bare.ld")
endfunction()
