# SPDX-License-Identifier: Apache-2.0
# The libraries for somebody else's project, as a subfolder of it or to be installed: tally::agent, and
# tally::port_NAME for each NAME of TALLY_PORTS. No board, no program, no test. boards/README.md, "Into
# your build", has the ways.
set(TALLY_PORTS "" CACHE STRING "What to build besides the agent, of: lwip, mbedtls, posix, ram")

foreach(port ${TALLY_PORTS})
    if(NOT port MATCHES "^(lwip|mbedtls|posix|ram)$")
        message(FATAL_ERROR "TALLY_PORTS: no port '${port}'; there are lwip, mbedtls, posix, ram")
    endif()
endforeach()

# Warnings, debug information and optimisation are those of the project.
add_library(tally_warnings INTERFACE)

# As a subfolder: what nobody links with is not built.
set(scope EXCLUDE_FROM_ALL)
if(PROJECT_IS_TOP_LEVEL)
    set(scope)
endif()
add_subdirectory(agent ${scope})
foreach(port ${TALLY_PORTS})
    add_subdirectory(port/${port} ${scope})
endforeach()

if(PROJECT_IS_TOP_LEVEL)
    include(cmake/install.cmake)
else()
    add_subdirectory(port/conformance EXCLUDE_FROM_ALL)
endif()
