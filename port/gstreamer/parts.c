/* SPDX-License-Identifier: Apache-2.0 */
/* Elements under instruments. */
#include "player_inside.h"

static void add(player_t *player, GstElement *element, const instrument_t *instrument) {
    void *const state = instrument->attach(player, element);
    if (state == NULL) {
        return;
    }
    part_t *const part = g_new0(part_t, 1);
    part->instrument = instrument;
    part->element = gst_object_ref(element);
    part->state = state;
    g_mutex_lock(&player->lock);
    player->parts = g_slist_append(player->parts, part);
    g_mutex_unlock(&player->lock);
}

void parts_add(player_t *player, GstElement *element) {
    for (uint32_t i = 0; instruments[i] != NULL; i++) {
        if (instruments[i]->takes(element)) {
            add(player, element, instruments[i]);
        }
    }
}

void parts_remove(player_t *player, const GstElement *element) {
    g_mutex_lock(&player->lock);
    for (GSList *at = player->parts; at != NULL; at = at->next) {
        part_t *const part = at->data;
        if (part->element == element) {
            g_atomic_int_set(&part->is_removed, 1);
        }
    }
    g_mutex_unlock(&player->lock);
}

/* Only the watcher takes parts out: what is in the list now stays valid for it. */
static GSList *list(player_t *player) {
    g_mutex_lock(&player->lock);
    GSList *const copy = g_slist_copy(player->parts);
    g_mutex_unlock(&player->lock);
    return copy;
}

static void begin(part_t *part, tally_session_id_t session) {
    if (!part->has_begun) {
        part->has_begun = true;
        part->was_told = true;
        part->instrument->begin(part->state, session);
    }
}

static void begin_if_there(part_t *part, tally_session_id_t session) {
    if (g_atomic_int_get(&part->is_removed) == 0) {
        begin(part, session);
    }
}

static void end(part_t *part, tally_session_id_t session) {
    if (part->has_begun) {
        part->has_begun = false;
        part->instrument->poll(part->state, session);
        part->instrument->end(part->state, session);
    }
}

void parts_begin(player_t *player) {
    GSList *const parts = list(player);
    for (GSList *at = parts; at != NULL; at = at->next) {
        begin_if_there(at->data, player->session);
    }
    g_slist_free(parts);
}

void parts_poll(player_t *player) {
    GSList *const parts = list(player);
    for (GSList *at = parts; at != NULL; at = at->next) {
        part_t *const part = at->data;
        begin_if_there(part, player->session);
        if (part->has_begun) {
            part->instrument->poll(part->state, player->session);
        }
    }
    g_slist_free(parts);
}

void parts_note_leave(player_t *player) {
    GSList *const parts = list(player);
    for (GSList *at = parts; at != NULL; at = at->next) {
        part_t *const part = at->data;
        part->has_left = g_atomic_int_get(&part->is_removed) != 0;
    }
    g_slist_free(parts);
}

/* What came since the last poll has its word, too, while there is a session for it, and be it gone
 * again. What goes with the pipeline was there to the end. */
void parts_end(player_t *player) {
    GSList *const parts = list(player);
    if (parts != NULL) {
        player_hold(player);
    }
    for (GSList *at = parts; at != NULL; at = at->next) {
        part_t *const part = at->data;
        if (!part->was_told) {
            begin(part, player->session);
        }
        begin_if_there(part, player->session);
        end(part, player->session);
    }
    player_let_go(player);
    g_slist_free(parts);
}

static void let_go(player_t *player, part_t *part) {
    g_mutex_lock(&player->lock);
    player->parts = g_slist_remove(player->parts, part);
    g_mutex_unlock(&player->lock);
    end(part, player->session);
    part->instrument->detach(part->state);
    gst_object_unref(part->element);
    g_free(part);
}

void parts_sweep(player_t *player, bool all) {
    GSList *const parts = list(player);
    for (GSList *at = parts; at != NULL; at = at->next) {
        part_t *const part = at->data;
        if (all || part->has_left) {
            let_go(player, part);
        }
    }
    g_slist_free(parts);
}
