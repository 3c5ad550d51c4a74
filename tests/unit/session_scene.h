/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_SESSION_SCENE_H
#define TALLY_TESTS_UNIT_SESSION_SCENE_H
/*
 * One session in front of a stop watch. After every event and every look the times in all states
 * must add up to the time on the watch, whatever the test is about.
 */
#include <stdbool.h>

#include "session.h"

typedef struct {
    tally_session_t session;
    tally_viewing_t viewing;
    uint64_t opened_ms;
    uint64_t now_ms;
    tally_outcome_t outcome; /* of the last event */
} scene_t;

/* A new session, one of a kind, and one whose first frame has just come on screen at once. */
scene_t scene_opened(void);
scene_t scene_opened_as(enum tally_session_kind kind);
scene_t scene_playing(void);

/* A session that has been joining for so long. */
scene_t scene_joining(uint32_t ms);

void scene_wait(scene_t *scene, uint32_t ms);

/* An event, whether it makes sense or not. */
void scene_try(scene_t *scene, enum tally_hook hook, int32_t code, int32_t detail);

/* An event that makes sense, one with its numbers, and one that does not. */
void scene_tell(scene_t *scene, enum tally_hook hook);
void scene_tell_code(scene_t *scene, enum tally_hook hook, int32_t code);
void scene_tell_both(scene_t *scene, enum tally_hook hook, int32_t code, int32_t detail);
void scene_tell_nonsense(scene_t *scene, enum tally_hook hook);

void scene_close(scene_t *scene, enum tally_stop reason);

void scene_set(scene_t *scene, enum tally_metric metric, int64_t value);

enum tally_state scene_state(const scene_t *scene);

/* A value of groups ADS, MEDIA, PLAYBACK as a heartbeat would tell it now, and whether it would. */
int64_t scene_value(const scene_t *scene, enum tally_metric metric);
bool scene_has(const scene_t *scene, enum tally_metric metric);

tally_level_t scene_level(const scene_t *scene, enum tally_metric metric);

/* A value of group SINCE now; SCENE_NEVER when it is absent. */
enum { SCENE_NEVER = -1 };
int64_t scene_since(const scene_t *scene, enum tally_metric metric);

/* A value of group VIEWING. */
int64_t scene_viewing(const scene_t *scene, enum tally_metric metric);

/* How many values a histogram of all sessions holds, and which they are. */
uint32_t scene_sampled(const scene_t *scene, enum tally_metric metric);
void scene_expect_samples(const scene_t *scene, enum tally_metric metric, const uint64_t *values,
                          uint32_t count);

/* The last event brought exactly this to be told at once; among others, this; nothing. */
void scene_expect_notice(const scene_t *scene, enum tally_event_type type, int32_t code);
void scene_expect_notice_at(const scene_t *scene, uint32_t at, enum tally_event_type type,
                            int32_t code);
void scene_expect_no_notice(const scene_t *scene);

#define VALUE(scene, metric) scene_value((scene), TALLY_M_##metric)
#define HAS(scene, metric)   scene_has((scene), TALLY_M_##metric)
#define LEVEL(scene, metric) scene_level((scene), TALLY_M_##metric)
#define LAST(scene, metric)  scene_since((scene), TALLY_M_##metric)
#define ALL(scene, metric)   scene_viewing((scene), TALLY_M_##metric)

#endif
