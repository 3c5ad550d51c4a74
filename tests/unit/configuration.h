/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_CONFIGURATION_H
#define TALLY_TESTS_UNIT_CONFIGURATION_H
/*
 * Remote configuration as an operator makes it, signed with a toy: what it proves is that the agent
 * asks the verifier about the right bytes, and how often.
 */
#include <stdbool.h>
#include <stdint.h>

#include "remote.h"

enum { CONFIGURATION_ITEMS = 16 };

typedef struct {
    char key;
    int64_t number;
    const char *text; /* NULL: the number */
} configuration_item_t;

typedef struct {
    configuration_item_t items[CONFIGURATION_ITEMS];
    uint32_t count;
    struct {
        const char *key;
        uint32_t rise;
    } thresholds[TALLY_REMOTE_THRESHOLDS + 1];
    uint32_t threshold_count;
    uint8_t bytes[TALLY_REMOTE_ROOM + TALLY_REMOTE_MESSAGE_MOST + 64];
    uint32_t size; /* of the message, which begins behind the room */
} configuration_t;

/* For the operator of device.c's devices. */
configuration_t configuration(uint32_t version);

/* Keys in any order; another value for a key that is there. */
void configuration_number(configuration_t *made, char key, int64_t number);
void configuration_text(configuration_t *made, char key, const char *text);
void configuration_threshold(configuration_t *made, const char *key, uint32_t rise);

/* The message, signed. */
uint8_t *configuration_message(configuration_t *made);

typedef struct {
    tally_verifier_t verifier;
    uint32_t asked; /* so many times */
} signer_t;

void signer_init(signer_t *fake);

#endif
