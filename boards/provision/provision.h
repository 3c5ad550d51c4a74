/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVISION_H
#define PROVISION_H
/*
 * What makes one device of a firmware: where it reports to, and as whom. provision.py writes it
 * when the firmware is built; a product has it in protected memory, written in its factory.
 */
#include <stdint.h>

typedef struct {
    const char *host;
    const char *path;
    const char *device_id; /* the common name of the certificate */
    const char *operator_id;
    uint32_t heartbeat_ms;
    uint32_t upload_ms;
    uint16_t port;
    const uint8_t *ca; /* these three: DER */
    uint32_t ca_bytes;
    const uint8_t *certificate;
    uint32_t certificate_bytes;
    const uint8_t *key;
    uint32_t key_bytes;
    const uint8_t *config_key; /* that signs remote configuration: 65 bytes; NULL: none is taken */
} provision_t;

extern const provision_t provision;

#endif
