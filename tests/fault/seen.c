/* SPDX-License-Identifier: Apache-2.0 */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

static bool put(uint64_t *slots, uint64_t room, uint64_t hash) {
    uint64_t at = hash & (room - 1);
    while (slots[at] != 0 && slots[at] != hash) {
        at = (at + 1) & (room - 1);
    }
    const bool is_new = slots[at] == 0;
    slots[at] = hash;
    return is_new;
}

static void grow(seen_t *seen) {
    const uint64_t room = seen->room == 0 ? 65536 : 2 * seen->room;
    uint64_t *const slots = calloc(room, sizeof *slots);
    if (slots == NULL) {
        abort();
    }
    for (uint64_t i = 0; i < seen->room; i++) {
        if (seen->slots[i] != 0) {
            (void)put(slots, room, seen->slots[i]);
        }
    }
    free(seen->slots);
    seen->slots = slots;
    seen->room = room;
}

bool seen_add(seen_t *seen, uint64_t hash) {
    if (2 * seen->count >= seen->room) {
        grow(seen);
    }
    const bool is_new = put(seen->slots, seen->room, hash == 0 ? 1 : hash);
    seen->count += is_new;
    return is_new;
}

void seen_close(seen_t *seen) {
    free(seen->slots);
    memset(seen, 0, sizeof *seen);
}
