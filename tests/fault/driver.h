/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_DRIVER_H
#define TALLY_TESTS_FAULT_DRIVER_H
/*
 * A device's life with the spool: it boots, keeps records, uploads, idles. Everything it does is
 * entered in the ledger, and everything the spool delivers is judged by it. When power goes in a
 * call (nor->off) the rest of the call is nobody's business: callers see that it is gone and end.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"
#include "nor.h"
#include "spool.h"

/* What the spool did wrong, in records or calls; the first in words. */
typedef struct {
    uint32_t lost;    /* committed, and neither delivered nor accepted nor evicted */
    uint32_t corrupt; /* delivered, and never committed, or not like that, or already done with */
    uint32_t stuck;   /* would not go on */
    uint32_t refused; /* commits that failed although nothing was wrong with the part */
    uint32_t damaged; /* what the spool itself counts as damaged; nothing wrong in itself */
    char what[128];
} verdict_t;

typedef struct {
    nor_t *nor;
    ledger_t *ledger;
    verdict_t *verdict;
    uint64_t *chance;
    tally_spool_t spool;
    tally_batch_t batch;
    uint32_t writing;                    /* the record being committed; NEVER */
    uint32_t accepted[TALLY_CLASSES];    /* in this boot: number of the ring's last, plus one */
    uint32_t written_end[TALLY_CLASSES]; /* of what this boot wrote to the ring; 0: nothing */
    uint32_t erased_must;                /* by the call under way: records that stood, */
    uint32_t erased_may;                 /* and that may have been there */
    bool excused; /* the part has flaws: commits may fail, notes of what was accepted be lost */
} driver_t;

void driver_init(driver_t *driver, nor_t *nor, ledger_t *ledger, verdict_t *verdict,
                 uint64_t *chance);

uint32_t driver_roll(driver_t *driver, uint32_t sides);
bool driver_is_wrong(const verdict_t *verdict);

/* Power comes up and a new boot mounts the spool. */
void driver_boot(driver_t *driver);
void driver_keep(driver_t *driver, enum tally_class class, uint8_t kind, uint32_t bytes);
/* One batch is read, judged and perhaps accepted; whether there was one. */
bool driver_upload(driver_t *driver, uint32_t bytes_most, bool accepts);
/* Uploads until nothing waits: all that must be there has come. */
void driver_drain(driver_t *driver);
bool driver_prepare(driver_t *driver);

/* judge.c: reads the planned batch through and judges it; false if it cannot be accepted. */
bool judge_batch(driver_t *driver);
/* Nothing that must have been delivered is left. */
void judge_drained(driver_t *driver);
/* What was accepted is noted at once in a ring that has room where this boot wrote before. */
void judge_accept(driver_t *driver, const uint32_t written_end[TALLY_CLASSES]);
void judge_call(driver_t *driver, const uint32_t dropped_before);
void judge_say(verdict_t *verdict, uint32_t *count, const char *what, uint64_t number);

#endif
