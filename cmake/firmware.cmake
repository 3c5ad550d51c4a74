# SPDX-License-Identifier: Apache-2.0
# Target `tally_provision`: endpoint and credentials of one device, compiled in. A firmware is
# configured with -DTALLY_ENDPOINT=https://HOST[:PORT][/PATH] and -DTALLY_CERTS=DIR, which holds
# ca.pem, device.pem and device.key.
set(TALLY_ENDPOINT "" CACHE STRING "Where the device reports to: https://HOST[:PORT][/PATH]")
set(TALLY_CERTS "" CACHE PATH "Folder with ca.pem, device.pem and device.key")
set(TALLY_OPERATOR "operator" CACHE STRING "The tenant that the device reports to")
set(TALLY_HEARTBEAT_MS 60000 CACHE STRING "Time between two heartbeats of a session")
set(TALLY_UPLOAD_MS 300000 CACHE STRING "Time between two uploads")

if(NOT TALLY_ENDPOINT OR NOT TALLY_CERTS)
    message(FATAL_ERROR
        "firmware: say make firmware BOARD=${TALLY_BOARD} ENDPOINT=https://HOST:PORT/PATH CERTS=DIR")
endif()
foreach(file ca.pem device.pem device.key)
    if(NOT EXISTS "${TALLY_CERTS}/${file}")
        message(FATAL_ERROR "firmware: CERTS=${TALLY_CERTS} has no ${file}")
    endif()
    list(APPEND provision_files "${TALLY_CERTS}/${file}")
endforeach()

if(EXISTS "${TALLY_CERTS}/operator.pem") # who signs remote configuration
    list(APPEND provision_files "${TALLY_CERTS}/operator.pem")
endif()

set(provision_dir "${CMAKE_CURRENT_LIST_DIR}/../boards/provision")
set(provision_c "${CMAKE_BINARY_DIR}/provision.c")
add_custom_command(OUTPUT "${provision_c}"
    COMMAND /usr/bin/python3 "${provision_dir}/provision.py"
        --endpoint "${TALLY_ENDPOINT}" --certs "${TALLY_CERTS}" --operator "${TALLY_OPERATOR}"
        --heartbeat-ms "${TALLY_HEARTBEAT_MS}" --upload-ms "${TALLY_UPLOAD_MS}"
        --output "${provision_c}"
    DEPENDS "${provision_dir}/provision.py" ${provision_files}
    COMMENT "provision: ${TALLY_ENDPOINT}" VERBATIM)
add_library(tally_provision STATIC "${provision_c}")
target_include_directories(tally_provision PUBLIC "${provision_dir}")
target_link_libraries(tally_provision PRIVATE tally_warnings)
