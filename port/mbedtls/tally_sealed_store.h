/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SEALED_STORE_H
#define TALLY_SEALED_STORE_H
/*
 * Encryption at rest: a tally_store_t over another one. What is programmed through it lies there
 * as ciphertext with an authentication tag, by any AEAD that PSA has a key for.
 *
 *     block  | data . . . . . . . . . . . . . . . . | slot 0 | slot 1 | . . .  |
 *            0                        block_bytes of this store     of the lower one
 *
 * Data lies where the caller put it; ciphertext is as long as plaintext. Each call of program takes
 * the next slot of the table at the block's end, TALLY_SEALED_SLOT_BYTES, written after the data:
 *
 *     | offset:3 | length:2 | nonce:11 | tag:16 |      little endian
 *
 * The tag is over the data, and the block's number, offset and length. It is all that makes a slot
 * sound: a torn slot and one whose data is torn, changed, or moved from elsewhere are alike, and
 * cover nothing. So there is no checksum.
 *
 * Reading. What a sound slot covers is plaintext. Elsewhere a byte that reads 0xFF in the lower
 * store is 0xFF, and any other is 0: a place where writing began does not look erased, zeros are
 * zeros, and nobody without the key can have the caller read bytes of his choice but 0 and 0xFF.
 *
 * Zeros. Data of nothing but zeros, which port.h lets tally program over anything, goes to the
 * lower store as it is and takes no slot. Where it meets an entry, all of the entry is gone.
 *
 * Nonces. 8 random bytes, drawn at init, and the number of the call of program in 24 bits, drawn
 * anew should it wrap (and one byte that is always 0 and not stored). Within one draw the number
 * tells nonces apart. Two draws are the same with a probability of 2^-64; of n draws in the life of
 * a key any two are with less than n^2 / 2^65: 1 in 37 million for a device that boots a million
 * times. A call that fails, or that a power cut ends, has used up its nonce: none is tried twice.
 * This holds for one key in one store: no two devices nor stores may share a key.
 *
 * Power cuts. What a cut tore may read erased today and not tomorrow, so no slot is programmed
 * where one may have been torn. Before the first program in a block that this boot has not erased,
 * zeros go to the last slot that shows, if it is not sound, and then to the one behind it, which a
 * cut may have torn without a trace; that costs a slot. Should a cut tear the zeros, the next boot
 * writes them again: no slot is used before all in front of it are for good what they seem.
 *
 * What this does not do: keep somebody who can write to the medium from erasing entries, or from
 * putting back what lay in the same place before; hide how many entries there are, how long and
 * when they were written; wipe the plaintext of the last entry read from the caller's buffer.
 */
#include <psa/crypto.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/config.h"
#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TALLY_SEALED_SLOT_BYTES = 32, /* what each call of program costs, but for zeros */
    TALLY_SEALED_TAG_BYTES = 16,
    TALLY_SEALED_DRAW_BYTES = 8,
    TALLY_SEALED_KNOWN_BLOCKS = 4, /* two rings, each with a block erased ahead */
    /* A buffer for the spool: the largest record, its header and padding (SPEC.md), a tag. */
    TALLY_SEALED_BUFFER_BYTES = TALLY_RECORD_BYTES + 8 + 15 + TALLY_SEALED_TAG_BYTES,
};

/* A block that this boot has erased or written to: it holds no slot that a cut has torn. */
typedef struct {
    uint32_t block;
    uint32_t next_slot;
} tally_sealed_block_t;

typedef struct {
    tally_store_t store;
    const tally_store_t *lower;
    psa_key_id_t key;
    psa_algorithm_t algorithm;
    uint32_t slots;  /* in each block */
    uint8_t *buffer; /* the entry being programmed, then the last one read */
    uint32_t buffer_bytes;
    uint32_t open_block; /* the entry whose plaintext is in the buffer */
    uint32_t open_offset;
    uint32_t open_bytes;   /* 0: none */
    uint32_t nonces;       /* used of this draw */
    uint32_t known_oldest; /* index of the block to forget next */
    tally_sealed_block_t known[TALLY_SEALED_KNOWN_BLOCKS];
    uint8_t draw[TALLY_SEALED_DRAW_BYTES];
} tally_sealed_store_t;

/*
 * Makes a store over `lower`, whose blocks it exposes less a table of `slots` slots. Writes
 * nothing; what earlier boots wrote with the same key and the same `slots` is still there.
 *
 * key           an AEAD key of full tag length (16 B) that permits encrypting and decrypting with
 *               one algorithm: ChaCha20-Poly1305, AES-GCM or AES-CCM, if compiled in. Only for this
 *               store, and the same at each boot: kept by a secure element, derived from a secret
 *               of the device, or from PSA's key storage. Another key finds an empty store.
 * slots         how many programs a block takes. When they are used up program returns TALLY_E_IO,
 *               and the spool goes on in its next block. With records of r bytes in the mean,
 *               2 + block_bytes of the lower store / (r + 40) uses a block to its end.
 * buffer        holds the largest program and its tag: TALLY_SEALED_BUFFER_BYTES. A larger program
 *               returns TALLY_E_IO, and entries that do not fit read as what no slot covers.
 *
 * TALLY_E_ARGUMENT for a NULL, no slots, fewer than 256 B left in a block, or no room in the
 * buffer; TALLY_E_STATE before psa_crypto_init(), which tally_tls_init() calls; TALLY_E_CONFIG for
 * a key that is not there or not as above; TALLY_E_RANDOM; TALLY_E_TLS_MEMORY.
 *
 * Agent task or before it, after tally_tls_init(). Does not block. `sealed` must not move; it,
 * `lower`, `buffer` and the key live as long as the agent.
 */
int32_t tally_sealed_store_init(tally_sealed_store_t *sealed, const tally_store_t *lower,
                                psa_key_id_t key, uint32_t slots, uint8_t *buffer,
                                uint32_t buffer_bytes);

/*
 * The store for tally_init(). Valid as long as `sealed`. Agent task.
 *
 *   read     takes from the lower store the range, the block's table, and each entry that the range
 *            touches, which is decrypted whole; the last one stays in the buffer, so that reading
 *            on in it costs no more than a memcpy.
 *   program  encrypts; two programs of the lower store. TALLY_E_IO also when the block's slots are
 *            used up, PSA fails or gives no random numbers.
 */
const tally_store_t *tally_sealed_store(const tally_sealed_store_t *sealed);

#ifdef __cplusplus
}
#endif

#endif
