# SPDX-License-Identifier: Apache-2.0
# The project's own code is compiled with all of these; third-party code is not.
add_library(tally_warnings INTERFACE)
target_compile_options(tally_warnings INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wundef -Wvla -Werror
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>)

# Sanitizers cover the project's code and the libraries built with it.
if(TALLY_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()
