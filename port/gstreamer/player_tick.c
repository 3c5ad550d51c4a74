/* SPDX-License-Identifier: Apache-2.0 */
/* What the watcher does with a player, again and again. */
#include <string.h>

#include "player_inside.h"
#include "sink.h"

#define POLL_MS 1000u

/* How long a loudspeaker waits before it stands for the whole: for a picture that may be added, and
 * for one whose sink is there. */
#define PICTURE_ADDED_MS 300u
#define PICTURE_SHOWN_MS 2000u

/* The end of the media is said at once, unless it is kept from us. */
#define SAID_LATE_MS 2000u

/* An error may still be on its way to the bus when the application has given up already. */
#define ERROR_LATE_MS 20u

/* After the last thing noted, a pipeline that does not play is looked at so long as if it did. */
#define STIRRED_MS 10000u

/* ---- sinks, as the watcher sees them --------------------------------------------------------- */

static GSList *list_sinks(player_t *player) {
    g_mutex_lock(&player->lock);
    GSList *const copy = g_slist_copy(player->sinks);
    g_mutex_unlock(&player->lock);
    return copy;
}

void player_sweep_sinks(player_t *player, bool all) {
    GSList *const sinks = list_sinks(player);
    for (GSList *at = sinks; at != NULL; at = at->next) {
        sink_t *const sink = at->data;
        if (!all && !sink_has_left(sink)) {
            continue;
        }
        g_mutex_lock(&player->lock);
        player->sinks = g_slist_remove(player->sinks, sink);
        g_mutex_unlock(&player->lock);
        player->leader = player->leader == sink ? NULL : player->leader;
        sink_end(sink, player->until_ms, false);
        sink_free(sink);
    }
    g_slist_free(sinks);
}

void player_end_sinks(player_t *player) {
    GSList *const sinks = list_sinks(player);
    for (GSList *at = sinks; at != NULL; at = at->next) {
        sink_end(at->data, player->until_ms, player->judge.target > RUNG_READY);
    }
    g_slist_free(sinks);
}

/* A picture leads; sound alone after a while in which no picture came, or if none will. */
static void choose_leader(player_t *player, GSList *sinks, uint64_t now_ms, bool is_left) {
    sink_t *picture = NULL;
    sink_t *sound = NULL;
    for (GSList *at = sinks; at != NULL; at = at->next) {
        sink_t *const sink = at->data;
        const uint32_t rank = sink_rank(sink);
        if (rank >= SINK_PICTURE && rank > (picture != NULL ? sink_rank(picture) : 0)) {
            picture = sink;
        } else if (rank > 0 && rank < SINK_PICTURE && sink_shown_ms(sink) != 0) {
            sound = sink;
        }
    }
    const bool is_seen =
        picture != NULL && (sink_shown_ms(picture) != 0 || sink_is_at_hand(picture));
    const uint64_t wait_ms = picture != NULL ? PICTURE_SHOWN_MS : is_left ? 0 : PICTURE_ADDED_MS;
    const bool is_heard = sound != NULL && now_ms >= sink_shown_ms(sound) + wait_ms;
    player->leader = is_seen || !is_heard ? picture : sound;
    player->is_waiting = sound != NULL && !is_seen && !is_heard;
}

/* ---- facts ---------------------------------------------------------------------------------- */

/* The link to the first fact by which it stops playing, or to the NULL at the end; `plays`: whether
 * it does up to there. */
static fact_t **find_stop(const player_t *player, fact_t **link, bool *plays) {
    *plays = player->judge.target == RUNG_PLAYING;
    for (; *link != NULL; link = &(*link)->next) {
        const bool is_target = (*link)->kind == FACT_TARGET;
        if (is_target && *plays && (*link)->value < RUNG_PLAYING) {
            break;
        }
        *plays = is_target ? (*link)->value == RUNG_PLAYING : *plays;
    }
    return link;
}

/* What was noted and what was shown, in order. A frame that was due in the very millisecond of the
 * stop was shown before it. */
static fact_t *merge(const player_t *player, fact_t *facts, fact_t *frames) {
    bool plays = false;
    fact_t **const link = find_stop(player, &facts, &plays);
    fact_t *const rest = *link;
    *link = NULL;
    fact_t *merged = fact_merge(facts, frames);
    fact_t **end = &merged;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = rest;
    return merged;
}

static void note_pause(player_t *player, const fact_t *facts) {
    int32_t target = player->judge.target;
    for (const fact_t *fact = facts; fact != NULL; fact = fact->next) {
        if (fact->kind == FACT_TARGET) {
            player->paused_ms =
                target == RUNG_PLAYING && fact->value < target ? fact->at_ms : player->paused_ms;
            target = fact->value;
        }
    }
}

static bool is_leave(const fact_t *fact) {
    return fact->kind == FACT_TARGET && fact->value <= RUNG_READY;
}

static bool is_fatal(const fact_t *fact) {
    return fact->kind == FACT_FATAL;
}

/* The first fact that leads down again. Most applications ask for READY on their way up. */
static fact_t *find_leave(const player_t *player, fact_t *facts) {
    int32_t target = player->judge.target;
    while (facts != NULL && !(is_leave(facts) && target > RUNG_READY)) {
        target = facts->kind == FACT_TARGET ? facts->value : target;
        facts = facts->next;
    }
    return facts;
}

/* Behind the leave, before the next way up: the link to an error that led to it. */
static fact_t **find_late_error(fact_t *leave) {
    for (fact_t **link = &leave->next; *link != NULL; link = &(*link)->next) {
        const fact_t *const fact = *link;
        if ((fact->kind == FACT_TARGET && !is_leave(fact)) ||
            fact->at_ms > leave->at_ms + ERROR_LATE_MS) {
            break;
        }
        if (is_fatal(fact)) {
            return link;
        }
    }
    return NULL;
}

/* Whether it played until the leave, or failed. */
static bool is_explained(const fact_t *facts, const fact_t *leave) {
    bool is_shown = false;
    bool is_playing = false;
    bool has_failed = false;
    for (const fact_t *fact = facts; fact != leave; fact = fact->next) {
        is_shown = is_shown || fact->kind == FACT_SHOWN;
        is_playing = is_playing || (fact->kind == FACT_STATE && fact->value == RUNG_PLAYING);
        has_failed = has_failed || is_fatal(fact);
    }
    return has_failed || (is_shown && is_playing);
}

static fact_t *put_in_front(fact_t *facts, fact_t *leave, fact_t **late) {
    fact_t **link = &facts;
    fact_t *const error = *late;
    *late = error->next;
    while (*link != leave) {
        link = &(*link)->next;
    }
    error->at_ms = MIN(error->at_ms, leave->at_ms);
    error->next = leave;
    *link = error;
    return facts;
}

/* What was noted. Who leaves before the first frame may do so for an error that is not heard
 * yet, or was heard just then: it is waited for, and comes first. */
static fact_t *take_facts(player_t *player) {
    fact_t *facts = inbox_take(&player->inbox);
    fact_t *const leave = find_leave(player, facts);
    if (leave == NULL || player->judge.course.has_started || is_explained(facts, leave)) {
        return facts;
    }
    fact_t **late = find_late_error(leave);
    if (late == NULL) {
        g_usleep((gulong)ERROR_LATE_MS * 1000u);
        facts = fact_merge(facts, inbox_take(&player->inbox));
        late = find_late_error(leave);
    }
    return late != NULL ? put_in_front(facts, leave, late) : facts;
}

static bool is_for_judge(const player_t *player, const fact_t *fact) {
    const bool is_of_leader =
        fact->kind == FACT_FLUSH || fact->kind == FACT_SHOWN || fact->kind == FACT_FRAME;
    return !is_of_leader || (player->leader != NULL && sink_saw(player->leader, fact));
}

/* Other media in the place of what played: a list goes on. */
static void look_for_next(player_t *player, const fact_t *fact) {
    player_hold(player);
    gchar *const uri = player->pipeline != NULL ? polling_uri(player->pipeline) : NULL;
    player_let_go(player);
    if (uri != NULL && player->uri != NULL && strcmp(uri, player->uri) != 0) {
        const fact_t next = {.kind = FACT_NEXT, .at_ms = fact->at_ms};
        judge_take(&player->judge, &next);
    }
    g_free(uri);
}

static void count_dropped(player_t *player, int32_t dropped) {
    if (player->leader != NULL && dropped > player->dropped) {
        sink_drop(player->leader, (uint32_t)(dropped - player->dropped));
    }
    player->dropped = dropped;
}

static void take_own(player_t *player, const fact_t *fact) {
    if (fact->kind == FACT_STREAM && player->session != 0) {
        look_for_next(player, fact);
    } else if (fact->kind == FACT_DROPPED) {
        count_dropped(player, fact->value);
    } else if (fact->kind == FACT_GONE) {
        player->is_over = true;
    }
}

/* What an application keeps from its bus is seen here. */
static void look_unheard(player_t *player, uint64_t now_ms) {
    GstElement *const pipeline = g_weak_ref_get(&player->weak);
    if (pipeline == NULL) {
        return;
    }
    const int32_t state = (int32_t)GST_STATE(pipeline);
    const bool has_failed = GST_STATE_RETURN(pipeline) == GST_STATE_CHANGE_FAILURE;
    player_look_at_target(player, pipeline);
    if (state != player->state) {
        const fact_t fact = {.kind = FACT_STATE, .at_ms = now_ms, .value = state};
        player->state = state;
        inbox_note(&player->inbox, &fact, NULL);
    }
    if (g_atomic_int_get(&player->is_heard) == 0 && has_failed && !player->has_failed) {
        player_note(player, FACT_FATAL, 0, TALLY_ERROR_UNKNOWN, NULL);
    }
    player->has_failed = has_failed;
    gst_object_unref(pipeline);
}

/* Since when no sink has anything left. */
static void look_for_end(player_t *player, GSList *sinks, uint64_t now_ms) {
    bool is_drained = player->leader != NULL;
    for (GSList *at = sinks; at != NULL; at = at->next) {
        is_drained = is_drained && sink_is_drained(at->data);
    }
    if (!is_drained) {
        player->drained_ms = 0;
    } else if (player->drained_ms == 0) {
        player->drained_ms = now_ms;
    }
}

/* The end of the media, if nobody says so: all has been shown. */
static void say_end(player_t *player, uint64_t at_ms) {
    const uint32_t wait_ms = g_atomic_int_get(&player->is_heard) != 0 ? SAID_LATE_MS : 0;
    if (player->drained_ms != 0 && at_ms >= player->drained_ms + wait_ms &&
        !player->judge.course.has_ended) {
        const fact_t fact = {.kind = FACT_END, .at_ms = player->drained_ms};
        judge_take(&player->judge, &fact);
    }
}

static void feed(player_t *player, fact_t *facts) {
    for (const fact_t *fact = facts; fact != NULL; fact = fact->next) {
        if (is_leave(fact)) {
            say_end(player, fact->at_ms);
        }
        if (is_for_judge(player, fact)) {
            player->fact = fact;
            judge_take(&player->judge, fact);
        }
        take_own(player, fact);
    }
    player->fact = NULL;
    fact_free_all(facts);
}

/* ---- the tick ------------------------------------------------------------------------------- */

static void count_frames(player_t *player, GSList *sinks, uint64_t until_ms) {
    const bool advances = judge_is_advancing(&player->judge);
    for (GSList *at = sinks; at != NULL; at = at->next) {
        if (player->session != 0 && player->has_begun) {
            sink_begin(at->data, player->session);
        }
        sink_count(at->data, until_ms, advances);
    }
}

static void poll(player_t *player, uint64_t now_ms) {
    GstElement *sender = g_weak_ref_get(&player->sender);
    if (sender != NULL) {
        if (player->session == 0 && player->judge.course.is_asked &&
            (player->judge.roles & ROLE_VIEWED) == 0 && sender->numsinkpads > 0) {
            player_publishes(player);
        }
        gst_object_unref(sender);
    }
    player->polled_ms = now_ms;
    player_hold(player);
    if (player->session != 0 && player->pipeline != NULL) {
        polling_poll(player, now_ms);
        parts_poll(player);
    }
    player_let_go(player);
}

/* What is noted, what is shown, what follows from both. */
static void look(player_t *player, GSList *sinks, uint64_t now_ms) {
    look_unheard(player, now_ms);
    fact_t *facts = take_facts(player);
    if (facts != NULL) {
        player->stirred_ms = now_ms;
    }
    note_pause(player, facts);
    for (GSList *at = sinks; at != NULL; at = at->next) {
        sink_look(at->data, player->paused_ms);
    }
    choose_leader(player, sinks, now_ms, find_leave(player, facts) != NULL);
    for (GSList *at = sinks; at != NULL; at = at->next) {
        if (player->leader != NULL && player->leader != at->data) {
            sink_pass(at->data);
        }
    }
    /* Frames that were due were shown until it was paused. */
    bool plays = false;
    const fact_t *const stop = *find_stop(player, &facts, &plays);
    const uint64_t until_ms = !plays ? 0 : stop != NULL ? stop->at_ms : now_ms;
    player->until_ms = until_ms;
    fact_t *const frames = player->leader != NULL && !player->is_waiting
                               ? sink_frames(player->leader, until_ms)
                               : NULL;
    look_for_end(player, sinks, until_ms != 0 ? until_ms : now_ms);
    feed(player, merge(player, facts, frames));
    say_end(player, now_ms);
    judge_tick(&player->judge, now_ms, player->leader == NULL || sink_is_at_hand(player->leader));
}

static enum pace pace_of(const player_t *player, uint64_t now_ms) {
    const bool is_up = player->judge.target > RUNG_READY;
    const bool is_busy = is_up && (player->session != 0 || player->judge.course.is_asked);
    if (is_busy || now_ms < player->stirred_ms + STIRRED_MS) {
        return PACE_PLAYING;
    }
    return is_up || player->state > RUNG_NULL ? PACE_RESTING : PACE_NONE;
}

enum pace player_tick(player_t *player, uint64_t now_ms) {
    GSList *const sinks = list_sinks(player);
    for (GSList *at = sinks; at != NULL; at = at->next) {
        sink_note_leave(at->data);
    }
    parts_note_leave(player);
    look(player, sinks, now_ms);
    const bool is_settled = judge_is_settled(&player->judge, now_ms) && !player->is_waiting;
    if (is_settled) {
        telling_begin(player);
    }
    count_frames(player, sinks, player->until_ms);
    g_slist_free(sinks);
    if (is_settled && now_ms >= player->polled_ms + POLL_MS) {
        poll(player, now_ms);
    }
    player_sweep_sinks(player, player->is_over);
    parts_sweep(player, player->is_over);
    return pace_of(player, now_ms);
}

void player_shut(player_t *player) {
    (void)player_tick(player, player_now_ms());
    if (player->session != 0) {
        telling_close(player, TALLY_STOP_SHUTDOWN, player_now_ms());
    }
}
