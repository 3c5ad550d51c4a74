# SPDX-License-Identifier: Apache-2.0
# Linux: the daemon tallyd and the tools tally-decode, tally-schema and tally-spool, all at the top
# of the build folder.
add_subdirectory(port/posix)
add_subdirectory(port/mbedtls)
add_subdirectory(port/ram)
add_subdirectory(port/client)
add_subdirectory(boards/receiver)
if(TALLY_GSTREAMER)
    add_subdirectory(port/gstreamer)
endif()

set(linux_dir "${CMAKE_CURRENT_LIST_DIR}")

add_executable(tallyd
    "${linux_dir}/answer.c"
    "${linux_dir}/channel.c"
    "${linux_dir}/check.c"
    "${linux_dir}/config.c"
    "${linux_dir}/config_value.c"
    "${linux_dir}/credentials.c"
    "${linux_dir}/device.c"
    "${linux_dir}/device_sample.c"
    "${linux_dir}/listener.c"
    "${linux_dir}/main.c"
    "${linux_dir}/notify.c"
    "${linux_dir}/pace.c"
    "${linux_dir}/players.c"
    "${linux_dir}/run.c"
    "${linux_dir}/say.c"
    "${linux_dir}/trim.c"
    "${linux_dir}/udp.c"
    "${linux_dir}/utf8.c")
# recvmmsg, accept4, epoll, signalfd and explicit_bzero lie beyond C11.
target_compile_definitions(tallyd PRIVATE _GNU_SOURCE)
target_link_libraries(tallyd PRIVATE
    tally_receiver tally_port_posix tally_port_mbedtls tally_port_ram tally_warnings)
target_link_options(tallyd PRIVATE -Wl,--gc-sections,-z,relro,-z,now)
# Where size counts: tables to unwind the stack by are a fifth of a small image, and nothing of this
# unwinds it. Debuggers have theirs in the debug information.
foreach(part tallyd tally_agent tally_mbedtls tally_port_posix tally_port_mbedtls tally_port_ram
        tally_receiver)
    target_compile_options(${part} PRIVATE -ffunction-sections -fdata-sections
        $<$<CONFIG:MinSizeRel>:-fno-asynchronous-unwind-tables>)
endforeach()

add_executable(tally-decode
    "${linux_dir}/tools/arrays.c"
    "${linux_dir}/tools/cbor_items.c"
    "${linux_dir}/tools/exports/appinsights.c"
    "${linux_dir}/tools/exports/datazoom.c"
    "${linux_dir}/tools/exports/export.c"
    "${linux_dir}/tools/exports/fold.c"
    "${linux_dir}/tools/exports/formula.c"
    "${linux_dir}/tools/exports/gather.c"
    "${linux_dir}/tools/exports/kaltura.c"
    "${linux_dir}/tools/exports/nanostream.c"
    "${linux_dir}/tools/exports/player_state.c"
    "${linux_dir}/tools/exports/theoplayer.c"
    "${linux_dir}/tools/exports/writer.c"
    "${linux_dir}/tools/input.c"
    "${linux_dir}/tools/json.c"
    "${linux_dir}/tools/names.c"
    "${linux_dir}/tools/record.c"
    "${linux_dir}/tools/record_read.c"
    "${linux_dir}/tools/tally-decode.c"
    "${linux_dir}/say.c"
    "${linux_dir}/utf8.c")
target_include_directories(tally-decode PRIVATE
    "${linux_dir}" "${linux_dir}/tools" "${PROJECT_SOURCE_DIR}/agent/include")
target_link_libraries(tally-decode PRIVATE tally_warnings m)

add_executable(tally-spool
    "${linux_dir}/tools/arrays.c"
    "${linux_dir}/tools/cbor_items.c"
    "${linux_dir}/tools/flash.c"
    "${linux_dir}/tools/input.c"
    "${linux_dir}/tools/json.c"
    "${linux_dir}/tools/names.c"
    "${linux_dir}/tools/record.c"
    "${linux_dir}/tools/record_read.c"
    "${linux_dir}/tools/settings_print.c"
    "${linux_dir}/tools/spool_entries.c"
    "${linux_dir}/tools/spool_print.c"
    "${linux_dir}/tools/spool_view.c"
    "${linux_dir}/tools/tally-spool.c"
    "${linux_dir}/say.c"
    "${linux_dir}/utf8.c")
target_include_directories(tally-spool PRIVATE
    "${linux_dir}" "${linux_dir}/tools" "${PROJECT_SOURCE_DIR}/agent/include")
target_link_libraries(tally-spool PRIVATE tally_warnings m)

# tally_schema_tool(NAME FOLDER): tally-schema of the registry as the board in FOLDER configures it.
function(tally_schema_tool name folder)
    add_executable(${name}
        "${linux_dir}/tools/cbor_items.c"
        "${linux_dir}/tools/cddl.c"
        "${linux_dir}/tools/json.c"
        "${linux_dir}/tools/ledger.c"
        "${linux_dir}/tools/names.c"
        "${linux_dir}/tools/reference.c"
        "${linux_dir}/tools/sql.c"
        "${linux_dir}/tools/tally-schema.c"
        "${linux_dir}/tools/telegraf.c"
        "${linux_dir}/say.c"
        "${linux_dir}/utf8.c")
    target_include_directories(${name} PRIVATE
        "${folder}" "${linux_dir}" "${PROJECT_SOURCE_DIR}/agent/include")
    target_link_libraries(${name} PRIVATE tally_warnings)
endfunction()
tally_schema_tool(tally-schema "${linux_dir}")

set_target_properties(tallyd tally-decode tally-schema tally-spool PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

include("${PROJECT_SOURCE_DIR}/cmake/sbom.cmake")
tally_sbom(tallyd tallyd.spdx.json)
include("${linux_dir}/install.cmake")
