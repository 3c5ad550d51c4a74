/* SPDX-License-Identifier: Apache-2.0 */
#include "player_inside.h"

#include <time.h>

#include "sink.h"

uint64_t player_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* ---- life ----------------------------------------------------------------------------------- */

player_t *player_ref(player_t *player) {
    g_atomic_int_inc(&player->references);
    return player;
}

void player_unref(gpointer data) {
    player_t *const player = data;
    if (!g_atomic_int_dec_and_test(&player->references)) {
        return;
    }
    fact_free_all(inbox_take(&player->inbox));
    g_weak_ref_clear(&player->weak);
    g_weak_ref_clear(&player->sender);
    g_weak_ref_clear(&player->bus);
    g_mutex_clear(&player->lock);
    g_free(player->uri);
    g_free(player);
}

/* One that was never watched has nobody else to let go of what it holds. */
static void leave(player_t *player) {
    player_note(player, FACT_GONE, 0, 0, NULL);
    if (g_atomic_int_compare_and_exchange(&player->is_watched, 0, 1)) {
        parts_sweep(player, true);
        player_sweep_sinks(player, true);
    } else {
        watcher_wake();
    }
    player_unref(player);
}

/* Runs when the last reference to the pipeline goes, of which the struct is still there. */
static void on_gone(gpointer data, GObject *pipeline) {
    player_t *const player = data;
    if (g_atomic_int_get(&player->is_watched) != 0) {
        player_look_at_target(player, (GstElement *)pipeline);
    }
    leave(player);
}

static void look_for_screen(player_t *player, GstElement *element) {
    if (sink_is_player(element)) {
        player_note(player, FACT_SINK, ROLE_VIEWED, 0, NULL);
    }
}

player_t *player_new(GstElement *pipeline) {
    player_t *const player = g_new0(player_t, 1);
    player->references = 1;
    player->target = RUNG_NULL;
    player->out = telling_of(player);
    g_weak_ref_init(&player->weak, pipeline);
    g_weak_ref_init(&player->sender, NULL);
    g_weak_ref_init(&player->bus, NULL);
    g_mutex_init(&player->lock);
    judge_init(&player->judge, &player->out);
    look_for_screen(player, pipeline);
    g_object_weak_ref(G_OBJECT(pipeline), on_gone, player_ref(player));
    return player;
}

void player_retire(player_t *player, GstElement *pipeline) {
    g_object_weak_unref(G_OBJECT(pipeline), on_gone, player);
    leave(player);
}

/* ---- in ------------------------------------------------------------------------------------- */

void player_note(player_t *player, enum fact_kind kind, int32_t value, int32_t detail,
                 const char *text) {
    const fact_t fact = {.kind = kind, .at_ms = player_now_ms(), .value = value, .detail = detail};
    inbox_note(&player->inbox, &fact, text);
}

void player_wake(player_t *player) {
    if (g_atomic_int_compare_and_exchange(&player->is_watched, 0, 1)) {
        watcher_add(player);
    }
    watcher_wake();
}

void player_look_at_target(player_t *player, GstElement *pipeline) {
    g_mutex_lock(&player->lock); /* or two who look could note what they saw the other way round */
    const gint target = (gint)GST_STATE_TARGET(pipeline);
    const bool is_new = target >= RUNG_NULL && player->target != target;
    if (is_new) {
        player->target = target;
        player_note(player, FACT_TARGET, target, 0, NULL);
    }
    g_mutex_unlock(&player->lock);
    if (is_new) {
        player_wake(player);
    }
}

static bool is_sender(GstElement *element) {
    const GstElementFactory *const factory = gst_element_get_factory(element);
    return factory != NULL && g_strcmp0(GST_OBJECT_NAME(factory), "webrtcbin") == 0;
}

void player_add(player_t *player, GstElement *element) {
    sink_t *const sink = sink_new(player, element);
    if (sink != NULL) {
        g_mutex_lock(&player->lock);
        player->sinks = g_slist_append(player->sinks, sink);
        g_mutex_unlock(&player->lock);
    }
    look_for_screen(player, element);
    if (is_sender(element)) {
        g_weak_ref_set(&player->sender, element);
    }
    parts_add(player, element);
}

void player_remove(player_t *player, GstElement *element) {
    g_mutex_lock(&player->lock);
    for (GSList *at = player->sinks; at != NULL; at = at->next) {
        if (sink_is_of(at->data, element)) {
            sink_remove(at->data);
        }
    }
    g_mutex_unlock(&player->lock);
    parts_remove(player, element);
}

void player_plays(player_t *player) {
    g_mutex_lock(&player->lock);
    for (GSList *at = player->sinks; at != NULL; at = at->next) {
        sink_plays(at->data);
    }
    g_mutex_unlock(&player->lock);
}

void player_publishes(player_t *player) {
    if (g_atomic_int_compare_and_exchange(&player->publishes, 0, 1)) {
        player_note(player, FACT_PUBLISHES, 0, 0, NULL);
    }
}

void player_sends(player_t *player, uint64_t at_ms) {
    const fact_t fact = {.kind = FACT_SENT, .at_ms = at_ms};
    inbox_note(&player->inbox, &fact, NULL);
}

/* ---- out ------------------------------------------------------------------------------------ */

tally_t *player_tally(const player_t *player) {
    (void)player;
    return watcher_tally();
}

tally_session_id_t player_session(const player_t *player) {
    return player->session;
}

GstElement *player_pipeline(const player_t *player) {
    return player->pipeline;
}

void player_rendition(player_t *player, uint32_t kbps) {
    if (player->session != 0 && kbps > 0 && kbps <= INT32_MAX && player->kbps != (int32_t)kbps) {
        player->kbps = (int32_t)kbps;
        (void)tally_hook_rendition(watcher_tally(), player->session, player->kbps,
                                   TALLY_CAUSE_AUTO);
    }
}

void player_delivery(player_t *player, enum tally_delivery delivery) {
    if (player->session != 0) {
        (void)tally_hook_set(watcher_tally(), player->session, TALLY_M_DELIVERY, (int64_t)delivery);
    }
}

void player_hold(player_t *player) {
    player->pipeline = g_weak_ref_get(&player->weak);
}

void player_let_go(player_t *player) {
    gst_clear_object(&player->pipeline);
}
