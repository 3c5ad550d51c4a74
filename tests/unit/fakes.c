/* SPDX-License-Identifier: Apache-2.0 */
#include "fakes.h"

#include <string.h>

#include "test.h"

/* --- port ----------------------------------------------------------------------------------- */

static uint64_t port_monotonic_ms(void *ctx) {
    return ((fake_port_t *)ctx)->now_ms;
}

static void port_set_wall(void *ctx, int64_t unix_ms) {
    fake_port_t *const fake = ctx;
    fake->wall = (tally_wall_t){.unix_ms = unix_ms, .quality = TALLY_WALL_AUTHENTICATED};
    fake->walls_set++;
}

static tally_wall_t port_wall(void *ctx) {
    return ((fake_port_t *)ctx)->wall;
}

static int32_t port_random(void *ctx, uint8_t *out, uint32_t size) {
    const fake_port_t *const fake = ctx;
    if (fake->random_fails) {
        return TALLY_E_RANDOM;
    }
    for (uint32_t i = 0; i < size; i++) {
        out[i] = ((const uint8_t *)&fake->random)[i % sizeof fake->random];
    }
    return TALLY_OK;
}

static uint32_t port_critical_enter(void *ctx) {
    (void)ctx;
    return 0;
}

static void port_critical_leave(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
}

static void port_wake(void *ctx) {
    (void)ctx;
}

static void port_log(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                     int32_t value) {
    (void)ctx;
    (void)level;
    (void)id;
    (void)text;
    (void)value;
}

void fake_port_init(fake_port_t *fake) {
    memset(fake, 0, sizeof *fake);
    fake->port = (tally_port_t){
        .ctx = fake,
        .monotonic_ms = port_monotonic_ms,
        .wall = port_wall,
        .set_wall = port_set_wall,
        .random = port_random,
        .critical_enter = port_critical_enter,
        .critical_leave = port_critical_leave,
        .wake = port_wake,
        .log = port_log,
    };
}

/* --- store ---------------------------------------------------------------------------------- */

static void assert_inside(const fake_store_t *fake, uint32_t block, uint32_t offset,
                          uint32_t size) {
    assert_true(block < fake->store.blocks);
    assert_true(offset <= fake->store.block_bytes);
    assert_true(size <= fake->store.block_bytes - offset);
}

static uint8_t *memory_at(fake_store_t *fake, uint32_t block, uint32_t offset) {
    return fake->memory + (size_t)block * fake->store.block_bytes + offset;
}

/* Counts down to the call that is to fail, then those behind it that are to fail as well. */
static bool fails_now(uint32_t *fails_in, uint32_t *more) {
    if (*fails_in == 0) {
        return false;
    }
    (*fails_in)--;
    if (*fails_in > 0) {
        return false;
    }
    if (*more > 0) {
        (*more)--;
        *fails_in = 1;
    }
    return true;
}

static int32_t store_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    fake_store_t *const fake = ctx;
    assert_inside(fake, block, offset, size);
    fake->reads++;
    if (block + 1 == fake->dead_block || fails_now(&fake->read_fails_in, &fake->reads_fail_more)) {
        return TALLY_E_IO;
    }
    memcpy(out, memory_at(fake, block, offset), size);
    return TALLY_OK;
}

static int32_t store_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    fake_store_t *const fake = ctx;
    assert_inside(fake, block, offset, size);
    assert_int_equal(offset % fake->store.program_bytes, 0);
    assert_int_equal(size % fake->store.program_bytes, 0);
    uint8_t *const place = memory_at(fake, block, offset);
    bool is_erased = true;
    fake->programs++;
    for (uint32_t i = 0; i < size; i++) {
        assert_true(place[i] == 0xFF || data[i] == 0);
        is_erased = is_erased && place[i] == 0xFF;
    }
    if (!is_erased && fake->zeros_are_refused) {
        return TALLY_E_IO;
    }
    if (!fails_now(&fake->program_fails_in, &fake->programs_fail_more)) {
        memcpy(place, data, size);
        return TALLY_OK;
    }
    static const uint32_t halves[] = {[FAKE_NOTHING] = 0, [FAKE_HALF] = 1, [FAKE_ALL] = 2};
    memcpy(place, data, size * halves[fake->program_failure] / 2);
    return TALLY_E_IO;
}

static int32_t store_erase(void *ctx, uint32_t block) {
    fake_store_t *const fake = ctx;
    assert_inside(fake, block, 0, 0);
    fake->erases++;
    if (block + 1 == fake->worn_block ||
        fails_now(&fake->erase_fails_in, &fake->erases_fail_more)) {
        return TALLY_E_IO;
    }
    memset(memory_at(fake, block, 0), 0xFF, fake->store.block_bytes);
    return TALLY_OK;
}

static int32_t store_sync(void *ctx) {
    fake_store_t *const fake = ctx;
    return fails_now(&fake->sync_fails_in, &fake->syncs_fail_more) ? TALLY_E_IO : TALLY_OK;
}

void fake_store_init(fake_store_t *fake, uint32_t block_bytes, uint32_t blocks,
                     uint32_t program_bytes) {
    const size_t bytes = (size_t)block_bytes * blocks;
    memset(fake, 0, offsetof(fake_store_t, memory));
    fake->store = (tally_store_t){
        .ctx = fake,
        .block_bytes = block_bytes,
        .blocks = blocks,
        .program_bytes = program_bytes,
        .read = store_read,
        .program = store_program,
        .erase = store_erase,
        .sync = store_sync,
    };
    assert_in_range(bytes, 1, sizeof fake->memory);
    memset(fake->memory, 0xFF, bytes);
}
