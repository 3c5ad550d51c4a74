/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_LASTING_H
#define TALLY_TESTS_UNIT_LASTING_H
/*
 * A device whose spool and settings outlive its boots, and the server that it reports to: 3 blocks
 * for urgent records and 5 for the others.
 */
#include "device.h"
#include "tally/settings.h"

enum {
    LASTING_BOOTED_MS = 5000, /* what the clock says when a boot begins */
    LASTING_UPLOADS = 64,
    LASTING_KINDS = 1024,
};

/* What the server took. */
typedef struct {
    uint64_t boot;
    bool has_uptime;
    bool has_wall;
    char kinds[LASTING_KINDS]; /* of its records */
    uint32_t first_sequence;
} upload_t;

typedef struct {
    device_t device;
    fake_store_t settings_memory;
    tally_settings_t settings;
    uint32_t boots;
    uint32_t logged[32]; /* how often each line was logged in this boot, */
    int32_t last_value;  /* and the value of the last one */
    upload_t uploads[LASTING_UPLOADS];
    uint32_t upload_count;
    record_t last_boot_record; /* that the server took; its bytes stay */
    uint8_t last_boot_bytes[TALLY_RECORD_BYTES];
} lasting_t;

/* A device that was never started. Its options may still be changed, also between boots. */
void lasting_prepare(lasting_t *lasting);

/* Power comes; there was none before, whatever the device was doing. What tally_init() says. */
int32_t lasting_try_boot(lasting_t *lasting);

/* The same, and it must start. */
void lasting_boot(lasting_t *lasting);

/* The server is there, and takes what waits to the last record. */
void lasting_upload(lasting_t *lasting);

/* How many records of a kind the server took, of this boot (0: of all). */
uint32_t lasting_taken(const lasting_t *lasting, char kind, uint64_t boot);

#endif
