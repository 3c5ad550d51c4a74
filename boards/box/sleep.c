/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "board.h"

static volatile bool awake;

void board_wake(void) {
    awake = true;
}

/* A wake between the look at `awake` and the wait is not missed: while masked, its interrupt stays
 * pending and the wait returns at once; the interrupt runs when the mask is lifted. */
void board_sleep(uint64_t deadline_ms) {
    bool done = false;
    while (!done) {
        const uint32_t mask = board_mask();
        done = awake || board_now_ms() >= deadline_ms;
        if (done) {
            awake = false;
        } else {
            board_wait_for_interrupt();
        }
        board_unmask(mask);
    }
}
