# SPDX-License-Identifier: Apache-2.0
# tally_sbom(TARGET FILE): behind each link of TARGET, what is in it, as SPDX in FILE of the build folder.
function(tally_sbom target file)
    get_filename_component(name "${file}" NAME_WE)
    target_link_options(${target} PRIVATE "-Wl,-Map=${CMAKE_BINARY_DIR}/${name}.map")
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND /usr/bin/python3 "${PROJECT_SOURCE_DIR}/cmake/sbom.py"
            --name "${name}-${TALLY_BOARD}" --version "${PROJECT_VERSION}"
            --image "$<TARGET_FILE:${target}>" --map "${CMAKE_BINARY_DIR}/${name}.map"
            --build "${CMAKE_BINARY_DIR}" --root "${PROJECT_SOURCE_DIR}"
            --mbedtls "${TALLY_MBEDTLS_DIR}" --lwip "${TALLY_LWIP_DIR}"
            --output "${CMAKE_BINARY_DIR}/${file}"
        BYPRODUCTS "${file}" "${name}.map" VERBATIM)
endfunction()
