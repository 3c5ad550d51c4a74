/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <stdlib.h>
#include <string.h>

/* At least `wanted` elements; tests end when memory does. */
static void *grown(void *memory, uint32_t wanted, uint32_t *room, size_t size) {
    if (wanted <= *room) {
        return memory;
    }
    *room = wanted < 512 ? 1024 : 2 * wanted;
    memory = realloc(memory, *room * size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

const char *op_name(uint32_t kind) {
    static const char *const names[] = {"program", "erase", "sync", "power-up", "ripen"};
    return names[kind];
}

void log_add(log_t *log, const op_t *op, const uint8_t *data) {
    log->ops = grown(log->ops, log->count + 1, &log->room, sizeof *log->ops);
    op_t *const added = &log->ops[log->count++];
    *added = *op;
    added->data_at = log->data_bytes;
    if (data != NULL) {
        log->data = grown(log->data, log->data_bytes + op->bytes, &log->data_room, 1);
        memcpy(log->data + log->data_bytes, data, op->bytes);
        log->data_bytes += op->bytes;
    }
}

const uint8_t *log_data(const log_t *log, const op_t *op) {
    return op->kind == OP_PROGRAM ? log->data + op->data_at : NULL;
}

void log_clear(log_t *log) {
    log->count = 0;
    log->data_bytes = 0;
}

void log_close(log_t *log) {
    free(log->ops);
    free(log->data);
    memset(log, 0, sizeof *log);
}
