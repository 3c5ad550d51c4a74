# SPDX-License-Identifier: Apache-2.0
# What a distribution packages: the daemon with its units and its account, and a configuration to
# begin with, which an installation never puts over the one in use.
include(GNUInstallDirs)
configure_file("${CMAKE_CURRENT_LIST_DIR}/tallyd.service.in"
    "${CMAKE_BINARY_DIR}/systemd/tallyd.service" @ONLY)
install(TARGETS tallyd DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "${CMAKE_BINARY_DIR}/systemd/tallyd.service" "${CMAKE_CURRENT_LIST_DIR}/tallyd.socket"
    DESTINATION lib/systemd/system)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/sysusers.conf"
    DESTINATION lib/sysusers.d RENAME tally.conf)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/tallyd.conf"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/tally" RENAME tallyd.conf.example)
