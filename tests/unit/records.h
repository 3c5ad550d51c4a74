/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_RECORDS_H
#define TALLY_TESTS_UNIT_RECORDS_H
/*
 * Reads records back, with a CBOR reader of its own that fails the test at anything the wire
 * format forbids: heads that are not the shortest, keys out of order or twice, integers beyond
 * 2^53, anything but integers, texts, maps and arrays of integers.
 */
#include <stdbool.h>
#include <stdint.h>

#include "spool.h"

typedef struct {
    const uint8_t *bytes;
    uint32_t size;
} record_t;

/* The record at the beginning of `bytes`, checked from its first byte to its last. */
record_t record_read(const uint8_t *bytes, uint32_t size);

char record_kind(record_t record);

/* By path: "u", "p.pt". */
bool record_has(record_t record, const char *path);
int64_t record_number(record_t record, const char *path);
void record_expect_text(record_t record, const char *path, const char *text);

/* Whether both have the same at `path`, byte for byte, or both have nothing there. */
bool record_agrees(record_t one, record_t other, const char *path);

/* The array at `path`, whole. */
void record_expect_integers(record_t record, const char *path, const int64_t *items,
                            uint32_t count);

/* How many keys the map at `path` has, "" being the record itself. */
uint32_t record_keys(record_t record, const char *path);

enum { RECORDS_MOST = 256 };

typedef struct {
    uint8_t bytes[48 * 1024];
    record_t list[RECORDS_MOST];
    uint32_t count;
} records_t;

/* All that wait in a spool, urgent ones first if they have a ring of their own. They stay there. */
void records_load(records_t *records, tally_spool_t *spool);

/* Their kinds, in order: "bshx". */
void records_expect_kinds(const records_t *records, const char *kinds);

/* How many there are of a kind; and of these, with this number at `path`. */
uint32_t records_count(const records_t *records, char kind);
uint32_t records_count_with(const records_t *records, char kind, const char *path, int64_t number);

/* The last of a kind, which must be there. */
record_t records_last(const records_t *records, char kind);

#endif
