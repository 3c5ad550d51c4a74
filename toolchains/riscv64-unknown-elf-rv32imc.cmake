# SPDX-License-Identifier: Apache-2.0
# RISC-V with 32-bit words, multiplication and short instructions, without atomic ones, with GCC and
# picolibc; code of a firmware is optimised as a whole (LTO).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR rv32imc)

set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
# These two know LTO objects, the plain ones do not.
set(CMAKE_AR riscv64-unknown-elf-gcc-ar CACHE STRING "")
set(CMAKE_RANLIB riscv64-unknown-elf-gcc-ranlib CACHE STRING "")
# A program would need the board's linker script.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_C_FLAGS_INIT "-march=rv32imc -mabi=ilp32 --specs=picolibc.specs \
-flto=auto -ffunction-sections -fdata-sections -fno-common")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostartfiles -Wl,--gc-sections -Wl,--fatal-warnings")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
