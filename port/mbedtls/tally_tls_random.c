/* SPDX-License-Identifier: Apache-2.0 */
#include <psa/crypto.h>

#include "tally_tls_internal.h"

/* Global, as Mbed TLS calls for random numbers without a context. */
static struct {
    const tally_port_t *port;
    bool failed;
} source;

void tally_tls_random_use(const tally_port_t *port) {
    source.port = port;
    source.failed = false;
}

bool tally_tls_random_failed(void) {
    return source.failed;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *output, size_t output_size,
                                             size_t *output_length) {
    (void)context;
    const tally_port_t *port = source.port;
    source.failed =
        port == NULL || port->random(port->ctx, output, (uint32_t)output_size) != TALLY_OK;
    if (source.failed) {
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    }
    *output_length = output_size;
    return PSA_SUCCESS;
}
