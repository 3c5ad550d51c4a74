/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <string.h>

/* Frames late by less than this are nobody's business. */
#define DOUBT_MS 60u

static uint64_t later_of(uint64_t one_ms, uint64_t other_ms) {
    return one_ms > other_ms ? one_ms : other_ms;
}

static void tell_more(const judge_t *judge, enum tally_hook hook, int32_t code, int32_t detail,
                      uint64_t at_ms) {
    if (judge->course.is_open) {
        judge->out->tell(judge->out->ctx, hook, code, detail, at_ms);
    }
}

static void tell(const judge_t *judge, enum tally_hook hook, uint64_t at_ms) {
    tell_more(judge, hook, 0, 0, at_ms);
}

void judge_init(judge_t *judge, const judge_out_t *out) {
    memset(judge, 0, sizeof *judge);
    judge->out = out;
    judge->target = RUNG_NULL;
    judge->state = RUNG_NULL;
}

/* ---- begin ---------------------------------------------------------------------------------- */

static bool is_over(const judge_t *judge) {
    return judge->course.has_ended || judge->course.has_failed;
}

static bool is_playback(const judge_t *judge, bool ends) {
    if ((judge->roles & ROLE_VIEWED) != 0) {
        return true;
    }
    return judge->course.is_asked && (judge->roles == ROLE_TIMED || (judge->roles == 0 && ends));
}

/* What was asked for is on screen. */
static void arrive(judge_t *judge, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    if (!course->is_open || !course->is_asked || is_over(judge)) {
        return;
    }
    if (course->is_seeking) {
        course->is_seeking = false;
        tell(judge, TALLY_HOOK_SEEK_END, at_ms);
    }
    if (!course->has_started) {
        course->has_started = true;
        tell(judge, TALLY_HOOK_FIRST_FRAME, at_ms);
    }
}

/* In a pause by the viewer the frame that waits is what was asked for. */
static void arrive_at_rest(judge_t *judge, uint64_t at_ms) {
    const judge_course_t *const course = &judge->course;
    if (course->is_asked && !course->is_wanted && course->is_shown) {
        arrive(judge, later_of(at_ms, course->shown_ms));
    }
}

static void say_playing(judge_t *judge, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    if (course->is_open && course->is_asked && !course->has_played && !is_over(judge) &&
        judge->state == RUNG_PLAYING) {
        course->has_played = true;
        tell(judge, TALLY_HOOK_PLAYING, later_of(at_ms, course->asked_ms));
    }
}

/* Opens the session once it is one. `ends`: it is now or never. */
static void consider(judge_t *judge, uint64_t at_ms, bool ends) {
    judge_course_t *const course = &judge->course;
    const bool publishes = judge->publishes && course->is_asked;
    if (course->is_open || !course->has_begun || !(publishes || is_playback(judge, ends))) {
        return;
    }
    judge->out->open(judge->out->ctx, publishes ? TALLY_SESSION_PUBLISH : TALLY_SESSION_PLAYBACK,
                     course->began_ms);
    course->is_open = true;
    tell(judge, TALLY_HOOK_SOURCE, course->began_ms);
    if (course->is_asked) {
        tell(judge, TALLY_HOOK_PLAY, course->asked_ms);
    }
    say_playing(judge, at_ms);
}

static void ask(judge_t *judge, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    course->is_asked = true;
    course->is_wanted = true;
    course->asked_ms = at_ms;
    tell(judge, TALLY_HOOK_PLAY, at_ms);
    consider(judge, at_ms, false);
    say_playing(judge, at_ms);
}

/* ---- stalls --------------------------------------------------------------------------------- */

static bool may_stall(const judge_t *judge) {
    const judge_course_t *const course = &judge->course;
    return course->has_started && !course->is_seeking && !is_over(judge) && !judge->publishes;
}

static void begin_stall(judge_t *judge, uint64_t at_ms) {
    if (!judge->course.is_stalled) {
        judge->course.is_stalled = true;
        tell(judge, TALLY_HOOK_BUFFERING_BEGIN, at_ms);
    }
}

static void end_stall(judge_t *judge, uint64_t at_ms) {
    judge->course.is_in_gap = false;
    if (judge->course.is_stalled) {
        judge->course.is_stalled = false;
        tell(judge, TALLY_HOOK_BUFFERING_END, at_ms);
    }
}

/* In a pause to buffer: it is a stall if it has lasted, or turns out to have. */
static void judge_gap(judge_t *judge, uint64_t until_ms) {
    const judge_course_t *const course = &judge->course;
    if (course->is_in_gap && until_ms >= course->gap_ms + HELD_LEAST_MS && may_stall(judge)) {
        begin_stall(judge, course->gap_ms);
    }
}

/* Nobody pauses, and nothing arrives. */
static void judge_hunger(judge_t *judge, uint64_t until_ms) {
    const judge_course_t *const course = &judge->course;
    if (course->has_frame && course->is_wanted && !course->is_held &&
        judge->target == RUNG_PLAYING && until_ms >= course->over_ms + STARVED_LEAST_MS &&
        may_stall(judge)) {
        begin_stall(judge, course->over_ms);
    }
}

/* ---- pause and resume ------------------------------------------------------------------------ */

/* Behind a pause: the last frame is on screen as long as it would have been anyway. Sound stops at
 * once, so a picture that lasts is no excuse for more than nobody would notice. */
static uint64_t still_from(const judge_course_t *course, uint64_t at_ms) {
    const bool is_brief = course->has_frame && course->over_ms <= at_ms + HELD_LEAST_MS;
    return is_brief ? later_of(at_ms, course->over_ms) : at_ms;
}

/* The application may act on a percentage that has been followed by 100 meanwhile. */
static bool is_to_buffer(const judge_course_t *course, uint64_t at_ms) {
    return course->is_buffering
               ? at_ms <= course->buffering_ms + PAUSE_TO_BUFFER_MS
               : course->was_buffering && at_ms <= course->filled_ms + PAUSE_TO_BUFFER_MS;
}

static void pause(judge_t *judge, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    judge_hunger(judge, at_ms);
    const uint64_t still_ms = still_from(course, at_ms);
    course->has_frame = false;
    if (is_to_buffer(course, at_ms)) {
        course->is_held = true;
        course->full_ms = course->is_buffering ? 0 : at_ms;
        if (!course->is_in_gap && may_stall(judge)) {
            course->is_in_gap = true;
            course->gap_ms = still_ms;
        }
        return;
    }
    if (course->is_wanted && !is_over(judge)) {
        course->is_wanted = false;
        tell(judge, TALLY_HOOK_PAUSE, at_ms);
        arrive_at_rest(judge, at_ms);
    }
}

static void resume(judge_t *judge, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    if (course->is_held) {
        course->is_held = false;
        course->released_ms = at_ms;
    } else if (!course->is_wanted && !is_over(judge)) {
        course->is_wanted = true;
        tell(judge, TALLY_HOOK_RESUME, at_ms);
    }
}

/* The buffer was filled, and yet nobody went on: it was the viewer who wanted the pause. */
static void judge_rest(judge_t *judge, uint64_t now_ms) {
    judge_course_t *const course = &judge->course;
    if (!course->is_held || course->full_ms == 0 || now_ms < course->full_ms + RESUME_MS) {
        return;
    }
    judge_gap(judge, course->full_ms);
    end_stall(judge, course->full_ms);
    course->is_held = false;
    course->is_wanted = false;
    course->released_ms = course->full_ms;
    if (!is_over(judge)) {
        tell(judge, TALLY_HOOK_PAUSE, course->full_ms);
        arrive_at_rest(judge, course->full_ms);
    }
}

static void take_buffering(judge_t *judge, int32_t percent, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    if (percent < 100) {
        if (!course->is_buffering) {
            course->buffering_ms = at_ms;
        }
        course->is_buffering = true;
        course->full_ms = 0;
        return;
    }
    course->filled_ms = course->is_buffering ? at_ms : course->filled_ms;
    course->was_buffering = course->was_buffering || course->is_buffering;
    course->is_buffering = false;
    if (course->is_held) {
        course->full_ms = at_ms;
    } else if (!course->is_wanted) {
        end_stall(judge, at_ms);
    }
}

/* ---- frames and seeks ------------------------------------------------------------------------ */

static void take_frame(judge_t *judge, const fact_t *fact) {
    judge_course_t *const course = &judge->course;
    if (!course->is_open || course->is_held || is_over(judge)) {
        return;
    }
    arrive(judge, later_of(fact->at_ms, later_of(course->asked_ms, course->released_ms)));
    judge_hunger(judge, fact->arrived_ms);
    judge_gap(judge, fact->at_ms);
    end_stall(judge, fact->at_ms);
    const uint64_t over_ms = fact->at_ms + fact->length_ms;
    course->over_ms = course->has_frame ? later_of(course->over_ms, over_ms) : over_ms;
    course->has_frame = true;
}

static void take_shown(judge_t *judge, uint64_t at_ms) {
    judge->course.is_shown = true;
    judge->course.shown_ms = at_ms;
    if (judge->publishes) {
        arrive(judge, later_of(at_ms, judge->course.asked_ms));
    }
    arrive_at_rest(judge, at_ms);
}

static void replay(judge_t *judge, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    course->has_ended = false;
    course->is_wanted = true;
    tell(judge, TALLY_HOOK_REPLAY, at_ms);
    if (judge->target < RUNG_PLAYING && !course->is_held) {
        course->is_wanted = false;
        tell(judge, TALLY_HOOK_PAUSE, at_ms);
    }
}

static void end(judge_t *judge, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    if (!course->is_asked || is_over(judge)) {
        return;
    }
    end_stall(judge, at_ms);
    course->is_seeking = false;
    course->has_frame = false;
    course->has_ended = true;
    tell(judge, TALLY_HOOK_END, at_ms);
}

static void take_seek(judge_t *judge, const fact_t *fact) {
    judge_course_t *const course = &judge->course;
    if (course->is_looping && fact->detail == 0 && course->has_started && !is_over(judge)) {
        end(judge, fact->at_ms);
        replay(judge, fact->at_ms);
        tell(judge, TALLY_HOOK_SEEK_END, fact->at_ms);
    }
    course->is_looping = false;
    if (fact->detail == 0 || (course->seek == fact->value && fact->value != 0)) {
        return;
    }
    course->seek = fact->value;
    course->seek_ms = fact->at_ms;
    course->is_asked_to_seek = true;
}

static void take_flush(judge_t *judge, const fact_t *fact) {
    judge_course_t *const course = &judge->course;
    if (course->flush == fact->value && fact->value != 0) {
        return;
    }
    const bool was_asked =
        course->is_asked_to_seek && fact->at_ms <= course->seek_ms + SEEK_MOST_MS;
    const uint64_t at_ms = was_asked ? course->seek_ms : fact->at_ms;
    course->flush = fact->value;
    course->is_asked_to_seek = false;
    course->is_shown = false;
    course->has_frame = false;
    if (!course->is_asked || course->has_failed || judge->publishes) {
        return;
    }
    end_stall(judge, at_ms);
    course->is_seeking = true;
    if (course->has_ended) {
        replay(judge, at_ms);
    } else {
        tell(judge, TALLY_HOOK_SEEK_BEGIN, at_ms);
    }
}

/* ---- the end -------------------------------------------------------------------------------- */

static void finish(judge_t *judge, enum tally_stop reason, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    consider(judge, at_ms, true);
    judge_gap(judge, at_ms);
    if (course->is_open) {
        judge->out->close(judge->out->ctx,
                          course->has_failed  ? TALLY_STOP_ERROR
                          : course->has_ended ? TALLY_STOP_COMPLETED
                                              : reason,
                          at_ms);
    }
    memset(course, 0, sizeof *course);
}

static void take_error(judge_t *judge, const fact_t *fact) {
    const bool is_fatal = fact->kind == FACT_FATAL;
    if (is_over(judge)) {
        return;
    }
    consider(judge, fact->at_ms, is_fatal);
    if (is_fatal && judge->course.is_open && !judge->course.is_asked) {
        ask(judge, judge->course.began_ms);
    }
    tell_more(judge, is_fatal ? TALLY_HOOK_FATAL : TALLY_HOOK_ERROR, fact->value, fact->detail,
              fact->at_ms);
    judge->course.has_failed = is_fatal;
}

/* The next of a list plays: for who watches it is another session. */
static void take_next(judge_t *judge, uint64_t at_ms) {
    if (!judge->course.has_started) {
        return;
    }
    end(judge, at_ms);
    finish(judge, TALLY_STOP_COMPLETED, at_ms);
    judge->course.has_begun = true;
    judge->course.began_ms = at_ms;
    ask(judge, at_ms);
}

static void take_target(judge_t *judge, int32_t rung, uint64_t at_ms) {
    judge_course_t *const course = &judge->course;
    const int32_t before = judge->target;
    judge->target = rung;
    if (rung <= RUNG_READY) {
        judge->state = rung;
        finish(judge, TALLY_STOP_USER, at_ms);
        return;
    }
    if (!course->has_begun) {
        course->has_begun = true;
        course->began_ms = at_ms;
        consider(judge, at_ms, false);
    }
    if (rung == RUNG_PLAYING && !course->is_asked) {
        ask(judge, at_ms);
    } else if (rung == RUNG_PLAYING) {
        resume(judge, at_ms);
    } else if (before == RUNG_PLAYING && course->is_asked) {
        pause(judge, at_ms);
    }
}

/* ---- in ------------------------------------------------------------------------------------- */

void judge_take(judge_t *judge, const fact_t *fact) {
    const uint64_t at_ms = fact->at_ms;
    switch (fact->kind) {
    case FACT_TARGET: take_target(judge, fact->value, at_ms); break;
    case FACT_STATE:
        judge->state = fact->value;
        say_playing(judge, at_ms);
        break;
    case FACT_SINK:
        judge->roles |= (uint32_t)fact->value;
        consider(judge, at_ms, false);
        break;
    case FACT_BUFFERING: take_buffering(judge, fact->value, at_ms); break;
    case FACT_SEEK: take_seek(judge, fact); break;
    case FACT_FLUSH: take_flush(judge, fact); break;
    case FACT_SHOWN: take_shown(judge, at_ms); break;
    case FACT_FRAME: take_frame(judge, fact); break;
    case FACT_SEGMENT_DONE: judge->course.is_looping = true; break;
    case FACT_END: end(judge, at_ms); break;
    case FACT_NEXT: take_next(judge, at_ms); break;
    case FACT_ERROR:
    case FACT_FATAL: take_error(judge, fact); break;
    case FACT_PUBLISHES:
        judge->publishes = true;
        consider(judge, at_ms, false);
        break;
    case FACT_SENT: take_shown(judge, at_ms); break;
    case FACT_STREAM:
    case FACT_DROPPED: break;
    case FACT_GONE:
        finish(judge, judge->target <= RUNG_READY ? TALLY_STOP_USER : TALLY_STOP_DESTROYED, at_ms);
        break;
    }
}

void judge_tick(judge_t *judge, uint64_t now_ms, bool at_hand) {
    judge_rest(judge, now_ms);
    if (judge->course.full_ms == 0) {
        judge_gap(judge, now_ms);
    }
    if (!at_hand) {
        judge_hunger(judge, now_ms);
    }
}

/* ---- out ------------------------------------------------------------------------------------ */

bool judge_is_settled(const judge_t *judge, uint64_t now_ms) {
    const judge_course_t *const course = &judge->course;
    const bool may_rest = course->is_held && course->full_ms != 0;
    const bool may_seek = course->is_asked_to_seek && now_ms <= course->seek_ms + SEEK_MOST_MS;
    const bool may_starve =
        course->has_frame && judge_is_advancing(judge) && now_ms >= course->over_ms + DOUBT_MS;
    return !may_rest && !may_seek && (course->is_stalled || (!course->is_in_gap && !may_starve));
}

bool judge_is_advancing(const judge_t *judge) {
    const judge_course_t *const course = &judge->course;
    return course->is_wanted && !course->is_held && judge->target == RUNG_PLAYING &&
           judge->state == RUNG_PLAYING && may_stall(judge);
}
