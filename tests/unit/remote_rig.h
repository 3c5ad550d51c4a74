/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_RIG_H
#define REMOTE_RIG_H
/*
 * Messages for tally_remote_read(), made by hand and signed by a fake: its signature is eight
 * hashes of what is signed. Every message lies in memory of its own size, so that the sanitizers
 * see what is read or written around it.
 */
#include "remote.h"

enum { MESSAGE_MOST = 2048, HEADS = 7, SIGNATURE = 64 };

/* The device: "stb-1" of operator "acme"; endpoints a.example, b.example and b.example again. */
extern tally_options_t remote_options;

/* What the fake was last asked to check, and how often it was. */
typedef struct {
    uint8_t message[MESSAGE_MOST];
    uint32_t bytes;
    uint32_t calls;
    int32_t says; /* the test sets: for a signature that is good */
} fake_verifier_t;
extern fake_verifier_t remote_verifier;

typedef struct {
    uint8_t bytes[MESSAGE_MOST];
    uint32_t size;
} message_t;

/* Everything as it was at first. */
void remote_rig_init(void);

/* The message of a payload: heads, payload and signature as SPEC.md has them. */
message_t remote_message(const char *payload, uint32_t size);

/* Reads a message. What it must leave as it was has been, whatever it says: the message and the
 * room before it; and `remote_read` unless it says 0. */
int32_t remote_read_message(const message_t *message);
extern tally_remote_t remote_read;

/* Both together. */
int32_t remote_read_payload(const char *payload, uint32_t size);

/* Whether two configurations are the same. */
void assert_same_remote(const tally_remote_t *one, const tally_remote_t *other);

#endif
