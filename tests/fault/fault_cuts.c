/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cuts, all of them:
 *
 *     fault_cuts quick 1|2                  for make test: half of it
 *     fault_cuts few                        for sanitizers
 *     fault_cuts hunt                       for broken spools: up to the first failure
 *     fault_cuts once|twice|rows SECONDS    new seeds for so long: a cut, two, 1,000 in a row
 *     fault_cuts life|row NAME=VALUE...     one life, one scenario of it or one row of cuts, as
 *                                           printed on failure
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay.h"
#include "trace.h"

#define ROW 1000u

static const nor_shape_t shapes[] = {
    {4096, 7, 1, 3},  {4096, 8, 4, 3},   {4096, 7, 16, 4}, {4096, 4, 4, 4},
    {65536, 6, 1, 3}, {65536, 6, 16, 3}, {2304, 6, 8, 3},
};

#define SHAPES (sizeof shapes / sizeof *shapes)

static int report(const sums_t *sums, const struct timespec *begun) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const double seconds =
        (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
    const bool passed = sums->lost + sums->corrupt + sums->stuck + sums->refused == 0;
    for (uint32_t mode = 0; mode < CUT_MODES; mode++) {
        printf("cut %-12s %llu\n", cut_name(mode), (unsigned long long)sums->modes[mode]);
    }
    printf("spool.cuts.scenarios %llu\nspool.cuts.lost %llu\nspool.cuts.corrupt %llu\n"
           "spool.cuts.stuck %llu\nspool.cuts.refused %llu\n",
           (unsigned long long)sums->seen.count, (unsigned long long)sums->lost,
           (unsigned long long)sums->corrupt, (unsigned long long)sums->stuck,
           (unsigned long long)sums->refused);
    printf("{\"played\": %llu, \"scenarios\": %llu, \"lost\": %llu, \"corrupt\": %llu, "
           "\"stuck\": %llu, \"refused\": %llu, \"damaged\": %llu, \"operations\": %llu, "
           "\"seconds\": %.1f}\n",
           (unsigned long long)sums->scenarios, (unsigned long long)sums->seen.count,
           (unsigned long long)sums->lost, (unsigned long long)sums->corrupt,
           (unsigned long long)sums->stuck, (unsigned long long)sums->refused,
           (unsigned long long)sums->damaged, (unsigned long long)sums->ops, seconds);
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* One life of each workload on a shape. */
static void all_workloads(sums_t *sums, uint32_t shape, uint64_t seed, uint32_t steps,
                          uint32_t twice) {
    for (uint32_t workload = 0; workload < WORKLOADS && !sums_are_done(sums); workload++) {
        const uint32_t share = shapes[shape].block_bytes > 4096 ? 4 : 1;
        const life_t life = {.shape = shapes[shape],
                             .workload = workload,
                             .steps = steps / share,
                             .seed = seed_of(seed, shape, workload),
                             .twice = twice,
                             .op = ANY,
                             .cut = ANY,
                             .op2 = ANY,
                             .cut2 = ANY};
        (void)replay_life(&life, sums);
    }
}

static void all_shapes(sums_t *sums, uint64_t seed, uint32_t steps, uint32_t twice) {
    for (uint32_t shape = 0; shape < SHAPES; shape++) {
        all_workloads(sums, shape, seed, steps, twice);
    }
}

/* Two parts, for two cores. Large blocks take their time: one cut each. */
static void quick(sums_t *sums, uint32_t part) {
    static const uint8_t parts[SHAPES] = {1, 2, 2, 1, 2, 1, 2};
    for (uint32_t shape = 0; shape < SHAPES; shape++) {
        if (parts[shape] != part) {
            continue;
        }
        const bool is_large = shapes[shape].block_bytes > 4096;
        all_workloads(sums, shape, 1, is_large ? 20 : 60, 0);
        if (!is_large) {
            all_workloads(sums, shape, 2, 5, 40);
            (void)row_of_cuts(shapes[shape], 3, ROW / 4, sums);
        }
    }
}

/* The shapes that take the least time, of three granules. */
static const uint8_t swift[] = {1, 6, 2, 3};

/* For broken spools: ends at the first failure. */
static void hunt(sums_t *sums) {
    sums->first_only = true;
    for (uint32_t i = 0; i < sizeof swift; i++) {
        all_workloads(sums, swift[i], 6, 60, 0);
    }
    for (uint32_t i = 0; i < 64 && !sums_are_done(sums); i++) {
        (void)row_of_cuts(shapes[swift[i % sizeof swift]], 7 + i, ROW, sums);
    }
}

/* For sanitizers, which make all of it slow. */
static void few(sums_t *sums) {
    for (uint32_t i = 0; i < sizeof swift; i++) {
        all_workloads(sums, swift[i], 4, 4, 0);
    }
    (void)row_of_cuts(shapes[1], 5, 20, sums);
}

static void rows(sums_t *sums, uint64_t seed, uint32_t cuts) {
    for (uint32_t i = 0; i < SHAPES; i++) {
        (void)row_of_cuts(shapes[i], seed_of(seed, i, 0), cuts, sums);
    }
}

static void for_seconds(sums_t *sums, const char *what, uint32_t seconds) {
    const time_t end = time(NULL) + (time_t)seconds;
    uint64_t seed = (uint64_t)time(NULL);
    while (time(NULL) < end && sums->failures == 0) {
        if (strcmp(what, "rows") == 0) {
            rows(sums, seed++, ROW);
        } else {
            const bool twice = strcmp(what, "twice") == 0;
            all_shapes(sums, seed++, twice ? 40 : 150, twice ? 6 : 0);
        }
    }
}

static uint32_t workload_of(const char *name) {
    for (uint32_t workload = 0; workload < WORKLOADS; workload++) {
        if (strcmp(name, workload_name(workload)) == 0) {
            return workload;
        }
    }
    return (uint32_t)strtoul(name, NULL, 10);
}

static bool set(life_t *life, const char *argument) {
    const struct {
        const char *name;
        uint32_t *value;
    } numbers[] = {{"granularity=", &life->shape.granularity},
                   {"block=", &life->shape.block_bytes},
                   {"blocks=", &life->shape.blocks},
                   {"urgent=", &life->shape.urgent_blocks},
                   {"steps=", &life->steps},
                   {"twice=", &life->twice},
                   {"op=", &life->op},
                   {"cut=", &life->cut},
                   {"op2=", &life->op2},
                   {"cut2=", &life->cut2}};
    for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const size_t length = strlen(numbers[i].name);
        if (strncmp(argument, numbers[i].name, length) == 0) {
            *numbers[i].value = (uint32_t)strtoul(argument + length, NULL, 10);
            return true;
        }
    }
    if (strcmp(argument, "trace") == 0) {
        trace_is_on = true;
        return true;
    }
    if (strncmp(argument, "workload=", 9) == 0) {
        life->workload = workload_of(argument + 9);
        return true;
    }
    if (strncmp(argument, "seed=", 5) == 0) {
        life->seed = strtoull(argument + 5, NULL, 10);
        return true;
    }
    return false;
}

int main(int argc, char **argv) {
    const char *const what = argc > 1 ? argv[1] : "";
    static sums_t sums;
    struct timespec begun;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    if (strcmp(what, "quick") == 0 && argc == 3) {
        quick(&sums, (uint32_t)strtoul(argv[2], NULL, 10));
    } else if (strcmp(what, "hunt") == 0) {
        hunt(&sums);
    } else if (strcmp(what, "few") == 0) {
        few(&sums);
    } else if ((strcmp(what, "once") == 0 || strcmp(what, "twice") == 0 ||
                strcmp(what, "rows") == 0) &&
               argc == 3) {
        for_seconds(&sums, what, (uint32_t)strtoul(argv[2], NULL, 10));
    } else if (strcmp(what, "life") == 0 || strcmp(what, "row") == 0) {
        life_t life = {
            .shape = shapes[0], .steps = 100, .op = ANY, .cut = ANY, .op2 = ANY, .cut2 = ANY};
        for (int i = 2; i < argc; i++) {
            if (!set(&life, argv[i])) {
                fprintf(stderr, "fault_cuts: no such value: %s\n", argv[i]);
                return 2;
            }
        }
        (void)(what[0] == 'l' ? replay_life(&life, &sums)
                              : row_of_cuts(life.shape, life.seed, ROW, &sums));
    } else {
        fprintf(
            stderr,
            "usage: fault_cuts quick 1|2 | few | hunt | once|twice|rows SECONDS | life|row ...\n");
        return 2;
    }
    const int status = report(&sums, &begun);
    seen_close(&sums.seen);
    return status;
}
