# SPDX-License-Identifier: Apache-2.0
# The installation of what libraries.cmake builds: find_package(tally), and tally.pc. Nothing in it
# holds the place where it is, the folders lie to each other as in the repository, and the
# tally_config.h that the libraries were built with is one of its headers.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(tally_headers "${CMAKE_INSTALL_INCLUDEDIR}/tally")
set(tally_package "${CMAKE_INSTALL_LIBDIR}/cmake/tally")
set(tally_pkgconfig "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH tally_pc_prefix "/prefix/${tally_pkgconfig}" /prefix)
string(REGEX REPLACE "/$" "" tally_pc_prefix "${tally_pc_prefix}")

# tally_install(NAME TARGETS ... FOLDERS ...): archives, with the folders their users look for headers
# in, as the exported targets NAME.
function(tally_install name)
    cmake_parse_arguments(PARSE_ARGV 1 part "" "" "TARGETS;FOLDERS")
    list(TRANSFORM part_FOLDERS PREPEND "${tally_headers}/")
    install(TARGETS ${part_TARGETS} EXPORT ${name}
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tally-dev
        INCLUDES DESTINATION ${part_FOLDERS})
    install(EXPORT ${name} NAMESPACE tally:: FILE ${name}Targets.cmake
        DESTINATION "${tally_package}" COMPONENT tally-dev)
endfunction()

# tally_install_headers(FROM TO): those of a folder.
function(tally_install_headers from to)
    install(DIRECTORY "${from}/" DESTINATION "${tally_headers}/${to}" COMPONENT tally-dev
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def" PATTERN "*_internal.h" EXCLUDE)
endfunction()

set_target_properties(tally_agent PROPERTIES OUTPUT_NAME tally EXPORT_NAME agent)
tally_install(tally TARGETS tally_agent FOLDERS agent/include config)
tally_install_headers("${PROJECT_SOURCE_DIR}/agent/include" agent/include)
tally_install_headers("${PROJECT_SOURCE_DIR}/agent/src" agent/src)
install(FILES "${TALLY_CONFIG_DIR}/tally_config.h"
    DESTINATION "${tally_headers}/config" COMPONENT tally-dev)
install(FILES "${TALLY_CONFIG_DIR}/tally_metrics_user.def"
    DESTINATION "${tally_headers}/config" COMPONENT tally-dev OPTIONAL)
configure_file("${CMAKE_CURRENT_LIST_DIR}/tally.pc.in" tally.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/tally.pc"
    DESTINATION "${tally_pkgconfig}" COMPONENT tally-dev)

# Of each port: what pkg-config says beside its folder and its archive, and where the headers are of
# the library that it is for.
set(posix_libs "-ltally-port-posix")
set(ram_libs "-ltally-port-ram")
set(posix_libs_private "-pthread")
set(lwip_headers "${TALLY_LWIP_DIR}/src/include")
set(lwip_cflags "-DTALLY_LWIP_IPV6=0")
if(TALLY_LWIP_IPV6)
    set(lwip_cflags "-DTALLY_LWIP_IPV6=1")
endif()
set(lwip_libs "-ltally-port-lwip -ltally-lwip")
set(mbedtls_headers "${TALLY_MBEDTLS_DIR}/include")
# Each needs the other, and pkg-config says no archive twice.
set(mbedtls_libs "-Wl,--start-group -ltally-port-mbedtls -ltally-mbedtls -Wl,--end-group")

foreach(port ${TALLY_PORTS})
    set(targets tally_port_${port})
    set(folders port/${port})
    set(cflags "${${port}_cflags}")
    set_target_properties(tally_port_${port} PROPERTIES
        OUTPUT_NAME tally-port-${port} EXPORT_NAME port_${port})
    tally_install_headers("${PROJECT_SOURCE_DIR}/port/${port}" port/${port})
    if(TARGET tally_${port})
        list(APPEND targets tally_${port})
        list(APPEND folders ${port}/include config)
        string(PREPEND cflags "-I\${includedir}/${port}/include ")
        set_target_properties(tally_${port} PROPERTIES
            OUTPUT_NAME tally-${port} EXPORT_NAME ${port})
        tally_install_headers("${${port}_headers}" ${port}/include)
    endif()
    tally_install(tally-port-${port} TARGETS ${targets} FOLDERS ${folders})

    set(libs "${${port}_libs}")
    set(libs_private "${${port}_libs_private}")
    configure_file("${CMAKE_CURRENT_LIST_DIR}/tally-port.pc.in" tally-port-${port}.pc @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/tally-port-${port}.pc"
        DESTINATION "${tally_pkgconfig}" COMPONENT tally-dev)
endforeach()

# Mbed TLS reads these where nothing else is defined, and quotes do not pass through pkg-config and
# every shell.
if("mbedtls" IN_LIST TALLY_PORTS)
    install(FILES "${PROJECT_SOURCE_DIR}/port/mbedtls/tally_mbedtls_config.h" RENAME mbedtls_config.h
        DESTINATION "${tally_headers}/mbedtls/include/mbedtls" COMPONENT tally-dev)
    install(FILES "${PROJECT_SOURCE_DIR}/port/mbedtls/tally_psa_config.h" RENAME crypto_config.h
        DESTINATION "${tally_headers}/mbedtls/include/psa" COMPONENT tally-dev)
endif()

set(config_dir "${tally_headers}/config")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/tallyConfig.cmake.in" tallyConfig.cmake
    INSTALL_DESTINATION "${tally_package}" PATH_VARS config_dir)
# Before 1.0 a minor version may change everything.
write_basic_package_version_file(tallyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/tallyConfig.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/tallyConfigVersion.cmake"
    DESTINATION "${tally_package}" COMPONENT tally-dev)
