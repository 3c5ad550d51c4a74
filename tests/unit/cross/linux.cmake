# SPDX-License-Identifier: Apache-2.0
# A processor under Linux, of which the emulator of the toolchain file plays the user's part.
find_package(Threads REQUIRED)
set(machine_sources machine_linux.c)
set(machine_libraries Threads::Threads)
set(machine_has_threads ON)

function(tally_machine_program program folder)
endfunction()
