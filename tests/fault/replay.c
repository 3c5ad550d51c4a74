/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512u

/* Images stand in a line, each made of the one before: `lived` walks along the log of the life,
 * `cut` is that with a first cut, walking along the log of its recovery, `again` with a second. */
typedef struct {
    const life_t *life;
    sums_t *sums;
    nor_t lived;
    nor_t synced; /* what a file is sure to hold: `lived` at its last sync */
    nor_t cut;
    nor_t again;
    log_t life_log;
    log_t recovery_log;
    ledger_t life_ledger;
    ledger_t cut_ledger; /* as of the first cut, then lived on by its recovery */
    ledger_t again_ledger;
    uint32_t synced_ops; /* operations that `synced` has */
    bool failed;
} replay_t;

uint64_t seed_of(uint64_t seed, uint32_t a, uint32_t b) {
    uint64_t state = seed ^ (uint64_t)a << 32 ^ b;
    return nor_chance(&state);
}

void sums_add(sums_t *sums, const verdict_t *verdict) {
    sums->lost += verdict->lost;
    sums->corrupt += verdict->corrupt;
    sums->stuck += verdict->stuck;
    sums->refused += verdict->refused;
    sums->damaged += verdict->damaged;
}

void life_print(const life_t *life) {
    printf("granularity=%u block=%u blocks=%u urgent=%u workload=%s steps=%u seed=%llu",
           life->shape.granularity, life->shape.block_bytes, life->shape.blocks,
           life->shape.urgent_blocks, workload_name(life->workload), life->steps,
           (unsigned long long)life->seed);
    if (life->op != ANY) {
        printf(" op=%u cut=%u", life->op, life->cut);
    }
    if (life->op2 != ANY) {
        printf(" twice=1 op2=%u cut2=%u", life->op2, life->cut2);
    }
}

/* --- scenarios ------------------------------------------------------------------------------ */

typedef struct {
    uint32_t op;
    uint32_t cut;
    uint32_t op2;
    uint32_t cut2;
} where_t;

/* Whether nothing like it was shown yet. */
static bool is_news(sums_t *sums, const verdict_t *verdict, uint32_t mode) {
    char brief[SHOWN_BYTES];
    (void)snprintf(brief, sizeof brief, "%u %.32s", mode, verdict->what);
    for (uint32_t i = 0; i < sums->shown_count; i++) {
        if (strncmp(sums->shown[i], brief, 18) == 0) {
            return false;
        }
    }
    if (sums->shown_count == SHOWN_MOST) {
        return false;
    }
    memcpy(sums->shown[sums->shown_count++], brief, sizeof brief);
    return true;
}

static void show(replay_t *replay, const verdict_t *verdict, where_t where, uint32_t mode) {
    life_t shown = *replay->life;
    replay->failed = true;
    replay->sums->failures++;
    if (!is_news(replay->sums, verdict, mode)) {
        return;
    }
    shown.op = where.op;
    shown.cut = where.cut;
    shown.op2 = where.op2;
    shown.cut2 = where.cut2;
    printf(
        "FAILED after cut '%s': %s (lost %u, corrupt %u, stuck %u, refused %u)\n  fault_cuts life ",
        cut_name(mode), verdict->what, verdict->lost, verdict->corrupt, verdict->stuck,
        verdict->refused);
    life_print(&shown);
    printf("\n");
    fflush(stdout);
}

/* A device goes on from an image; `log` may be NULL. */
static void go_on(replay_t *replay, nor_t *nor, ledger_t *ledger, log_t *log, where_t where,
                  uint32_t mode) {
    verdict_t verdict = {0};
    driver_t driver;
    uint64_t chance = seed_of(replay->life->seed, where.op * 64 + where.cut,
                              where.op2 == ANY ? 0 : 1 + where.op2 * 64 + where.cut2);
    replay->sums->scenarios++;
    replay->sums->modes[mode]++;
    (void)seen_add(&replay->sums->seen,
                   nor_hash(nor) ^ seed_of(nor->bytes, nor->shape.granularity, nor->shape.blocks));
    nor->log = log;
    driver_init(&driver, nor, ledger, &verdict, &chance);
    workload_recover(&driver);
    nor->log = NULL;
    nor->watch = NULL;
    sums_add(replay->sums, &verdict);
    if (driver_is_wrong(&verdict)) {
        show(replay, &verdict, where, mode);
    }
}

static bool is_wanted(uint32_t only, uint32_t index) {
    return only == ANY || only == index;
}

/* Second cuts, in every operation of the recovery just written down. */
static void cut_again(replay_t *replay, where_t where) {
    const life_t *const life = replay->life;
    const log_t *const log = &replay->recovery_log;
    uint64_t chance = seed_of(life->seed, where.op, where.cut);
    cut_t cuts[CUTS_MOST];
    for (where.op2 = 0; where.op2 < log->count && !sums_are_done(replay->sums); where.op2++) {
        const op_t *const op = &log->ops[where.op2];
        const uint8_t *const data = log_data(log, op);
        const uint64_t seed = seed_of(life->seed, where.op * 64 + where.cut, ~where.op2);
        const uint32_t count = is_wanted(life->op2, where.op2) && op->kind < OP_POWER_UP
                                   ? cut_list(&replay->cut, op, seed, cuts)
                                   : 0;
        for (where.cut2 = 0; where.cut2 < count; where.cut2++) {
            if (life->cut2 == ANY ? nor_chance(&chance) % life->twice != 0
                                  : life->cut2 != where.cut2) {
                continue;
            }
            nor_follow(&replay->again, &replay->cut);
            cut_apply(&replay->again, op, data, cuts[where.cut2]);
            ledger_after_cut(&replay->again_ledger, &replay->cut_ledger, where.op2);
            go_on(replay, &replay->again, &replay->again_ledger, NULL, where,
                  cuts[where.cut2].mode);
        }
        nor_apply(&replay->cut, op, data);
    }
}

/* What the image `cut` leads to. */
static void follow_cut(replay_t *replay, where_t where, uint32_t mode) {
    ledger_after_cut(&replay->cut_ledger, &replay->life_ledger, where.op);
    if (replay->life->twice == 0) {
        go_on(replay, &replay->cut, &replay->cut_ledger, NULL, where, mode);
        return;
    }
    log_clear(&replay->recovery_log);
    nor_follow(&replay->again, &replay->cut);
    go_on(replay, &replay->again, &replay->cut_ledger, &replay->recovery_log, where, mode);
    cut_again(replay, where);
}

/* --- files ---------------------------------------------------------------------------------- */

static void take_back_sector(nor_t *nor, const nor_t *synced, uint32_t at) {
    memcpy(nor->data + at, synced->data + at, SECTOR);
    nor_touched(nor, at, SECTOR);
}

/* A file is erased where it reads 0xFF. */
static void forget_spent(nor_t *nor) {
    for (uint32_t at = 0; at < nor->bytes; at++) {
        if (nor->spent[at] != (nor->data[at] != 0xFF)) {
            nor->spent[at] = nor->data[at] != 0xFF;
            nor_touched(nor, at, 1);
        }
    }
}

/* Of each sector changed since the last sync, the medium has the old or the new. */
static void cut_sectors(replay_t *replay, where_t where, uint64_t chance) {
    nor_t *const nor = &replay->cut;
    const log_t *const log = &replay->life_log;
    nor_follow(nor, &replay->lived);
    nor_apply(nor, &log->ops[where.op], log_data(log, &log->ops[where.op]));
    for (uint32_t i = replay->synced_ops; i <= where.op; i++) {
        const op_t *const op = &log->ops[i];
        const uint32_t start = op->block * nor->shape.block_bytes + op->offset;
        const uint32_t bytes = op->kind == OP_ERASE ? nor->shape.block_bytes : op->bytes;
        for (uint32_t at = start / SECTOR * SECTOR; bytes > 0 && at < start + bytes; at += SECTOR) {
            if (nor_chance(&chance) % 2 == 0) {
                take_back_sector(nor, &replay->synced, at);
            }
        }
    }
    forget_spent(nor);
    follow_cut(replay, where, CUT_SECTORS);
}

static void sync_up_to(replay_t *replay, uint32_t op) {
    const log_t *const log = &replay->life_log;
    for (; replay->synced_ops <= op; replay->synced_ops++) {
        const op_t *const done = &log->ops[replay->synced_ops];
        nor_apply(&replay->synced, done, log_data(log, done));
    }
}

/* --- a life --------------------------------------------------------------------------------- */

static bool live(replay_t *replay) {
    const life_t *const life = replay->life;
    verdict_t verdict = {0};
    driver_t driver;
    uint64_t chance = life->seed;
    replay->lived.log = &replay->life_log;
    driver_init(&driver, &replay->lived, &replay->life_ledger, &verdict, &chance);
    workload_run(&driver, life->workload, life->steps);
    sums_add(replay->sums, &verdict);
    if (driver_is_wrong(&verdict)) {
        replay->failed = true;
        replay->sums->failures++;
        printf("FAILED without a cut: %s\n  fault_cuts life ", verdict.what);
        life_print(life);
        printf("\n");
    }
    replay->sums->ops += replay->life_log.count;
    nor_renew(&replay->lived);
    return !replay->failed;
}

static void cut_op(replay_t *replay, uint32_t index) {
    const life_t *const life = replay->life;
    const log_t *const log = &replay->life_log;
    const op_t *const op = &log->ops[index];
    where_t where = {.op = index, .op2 = ANY, .cut2 = ANY};
    cut_t cuts[CUTS_MOST];
    const uint64_t seed = seed_of(life->seed, index, 0);
    const uint32_t count = cut_list(&replay->lived, op, seed, cuts);
    for (; where.cut < count; where.cut++) {
        if (is_wanted(life->cut, where.cut)) {
            nor_follow(&replay->cut, &replay->lived);
            cut_apply(&replay->cut, op, log_data(log, op), cuts[where.cut]);
            follow_cut(replay, where, cuts[where.cut].mode);
        }
    }
    for (; where.cut < count + 2; where.cut++) {
        if (is_wanted(life->cut, where.cut)) {
            cut_sectors(replay, where, seed_of(life->seed, index, where.cut));
        }
    }
}

static void open_all(replay_t *replay, const life_t *life, sums_t *sums) {
    memset(replay, 0, sizeof *replay);
    replay->life = life;
    replay->sums = sums;
    nor_open(&replay->lived, life->shape);
    nor_open(&replay->synced, life->shape);
    nor_open(&replay->cut, life->shape);
    nor_open(&replay->again, life->shape);
}

static void close_all(replay_t *replay) {
    nor_close(&replay->lived);
    nor_close(&replay->synced);
    nor_close(&replay->cut);
    nor_close(&replay->again);
    log_close(&replay->life_log);
    log_close(&replay->recovery_log);
    ledger_close(&replay->life_ledger);
    ledger_close(&replay->cut_ledger);
    ledger_close(&replay->again_ledger);
}

bool replay_life(const life_t *life, sums_t *sums) {
    replay_t replay;
    open_all(&replay, life, sums);
    if (live(&replay)) {
        const log_t *const log = &replay.life_log;
        for (uint32_t i = 0; i < log->count && !sums_are_done(sums); i++) {
            if (is_wanted(life->op, i) && log->ops[i].kind < OP_POWER_UP) {
                cut_op(&replay, i);
            }
            nor_apply(&replay.lived, &log->ops[i], log_data(log, &log->ops[i]));
            if (log->ops[i].kind == OP_SYNC) {
                sync_up_to(&replay, i);
            }
        }
    }
    close_all(&replay);
    return !replay.failed;
}
