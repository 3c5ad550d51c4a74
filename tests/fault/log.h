/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_LOG_H
#define TALLY_TESTS_FAULT_LOG_H
/* What was done to a part, in order, to be done again up to any point. */
#include <stdint.h>

enum op_kind {
    OP_PROGRAM,
    OP_ERASE,
    OP_SYNC,
    OP_POWER_UP, /* not asked for by a caller: a mount begins, */
    OP_RIPEN,    /* or bits turned soft (bytes: which range) because they were read */
};

typedef struct {
    uint8_t kind;
    uint32_t block;
    uint32_t offset;
    uint32_t bytes;
    uint32_t data_at; /* in the log's data */
} op_t;

typedef struct {
    op_t *ops;
    uint32_t count;
    uint32_t room;
    uint8_t *data;
    uint32_t data_bytes;
    uint32_t data_room;
} log_t;

const char *op_name(uint32_t kind);

void log_add(log_t *log, const op_t *op, const uint8_t *data);
const uint8_t *log_data(const log_t *log, const op_t *op);
/* Forgets all but keeps its memory. */
void log_clear(log_t *log);
void log_close(log_t *log);

#endif
