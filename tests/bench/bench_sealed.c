/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench_sealed NAME COUNT: as tally_bench, for the store that encrypts and the RAM store that
 * it lies on. tally_bench_sealed bytes: prints what a record takes more.
 */
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally_ram_store.h"
#include "tally_sealed_store.h"
#include "tally_tls_heap.h"
#include "tally_tls_internal.h"

enum { RECORD = 300, BLOCK_BYTES = 4096, BLOCKS = 3, SLOTS = 12 };

static uint8_t memory[BLOCK_BYTES * BLOCKS];
static uint8_t buffer[TALLY_SEALED_BUFFER_BYTES];
static _Alignas(8) uint8_t heap[8192];
static tally_ram_store_t ram;
static tally_sealed_store_t sealed;

static int32_t random_bytes(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    memset(out, 0x5A, size);
    return TALLY_OK;
}

static const tally_port_t port = {.random = random_bytes};

static psa_key_id_t make_key(void) {
    static const uint8_t bytes[32] = {1};
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_CHACHA20);
    psa_set_key_algorithm(&attributes, PSA_ALG_CHACHA20_POLY1305);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
    tally_tls_random_use(&port);
    if (!tally_tls_heap_take(heap, sizeof heap) || psa_crypto_init() != PSA_SUCCESS ||
        psa_import_key(&attributes, bytes, sizeof bytes, &key) != PSA_SUCCESS) {
        exit(3);
    }
    return key;
}

/* Fills blocks one after the other, each as full as the slots allow. */
static void program(const tally_store_t *store, uint32_t count) {
    static const uint8_t record[RECORD] = {1};
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t block = i / SLOTS % BLOCKS;
        if (i % SLOTS == 0) {
            (void)store->erase(store->ctx, block);
        }
        if (store->program(store->ctx, block, i % SLOTS * RECORD, record, RECORD) != TALLY_OK) {
            exit(4);
        }
    }
}

/* Each of a block's records in turn, so that none is open already. */
static void read(const tally_store_t *store, uint32_t count) {
    uint8_t record[RECORD];
    program(store, SLOTS);
    for (uint32_t i = 0; i < count; i++) {
        if (store->read(store->ctx, 0, i % SLOTS * RECORD, record, RECORD) != TALLY_OK) {
            exit(4);
        }
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        const tally_store_t *store;
        void (*run)(const tally_store_t *store, uint32_t count);
    } benches[] = {
        {"sealed.program300", &sealed.store, program},
        {"sealed.program300.ram", &ram.store, program},
        {"sealed.read300", &sealed.store, read},
        {"sealed.read300.ram", &ram.store, read},
    };
    (void)tally_ram_store_init(&ram, memory, BLOCK_BYTES, BLOCKS, 1);
    if (tally_sealed_store_init(&sealed, tally_ram_store(&ram), make_key(), SLOTS, buffer,
                                sizeof buffer) != TALLY_OK) {
        return 3;
    }
    if (argc == 2 && strcmp(argv[1], "bytes") == 0) {
        printf("sealed.record_overhead.bytes %u\n",
               (unsigned)((BLOCK_BYTES - tally_sealed_store(&sealed)->block_bytes) / SLOTS));
        return 0;
    }
    for (uint32_t i = 0; argc == 3 && i < sizeof benches / sizeof benches[0]; i++) {
        if (strcmp(argv[1], benches[i].name) == 0) {
            benches[i].run(benches[i].store, (uint32_t)strtoul(argv[2], NULL, 10));
            return 0;
        }
    }
    return 2;
}
