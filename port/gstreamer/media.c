/* SPDX-License-Identifier: Apache-2.0 */
#include "media.h"

#include <string.h>

#define MOST_NOTES 64
#define MOST_TEXT  96

typedef struct {
    const void *owner; /* NULL: free */
    unsigned rank;
    uint32_t order; /* of noting */
    enum tally_metric metric;
    gboolean is_text;
    int64_t number;
    char text[MOST_TEXT];
    tally_session_id_t told; /* to whom */
} note_t;

struct media {
    gatomicrefcount references;
    unsigned members; /* instruments at work; under `gathering` */
    player_t *player;
    renditions_t *renditions;
    stored_t *stored;
    GMutex lock; /* of what is below */
    uint32_t order;
    note_t notes[MOST_NOTES];
};

static GMutex gathering;
static GSList *gathered; /* of players that are measured now */

static media_t *find_media(const player_t *player) {
    for (const GSList *at = gathered; at != NULL; at = at->next) {
        media_t *const media = at->data;
        if (media->player == player) {
            return media;
        }
    }
    return NULL;
}

static media_t *make(player_t *player) {
    media_t *const media = g_new0(media_t, 1);
    g_atomic_ref_count_init(&media->references);
    g_mutex_init(&media->lock);
    media->player = player;
    media->renditions = renditions_new();
    media->stored = stored_new();
    gathered = g_slist_prepend(gathered, media);
    return media;
}

media_t *media_join(player_t *player) {
    g_mutex_lock(&gathering);
    media_t *media = find_media(player);
    if (media == NULL) {
        media = make(player);
    } else {
        g_atomic_ref_count_inc(&media->references);
    }
    media->members++;
    g_mutex_unlock(&gathering);
    return media;
}

static void forget(media_t *media, const void *owner) {
    g_mutex_lock(&media->lock);
    for (unsigned i = 0; i < MOST_NOTES; i++) {
        if (media->notes[i].owner == owner) {
            media->notes[i].owner = NULL;
        }
    }
    g_mutex_unlock(&media->lock);
}

void media_leave(media_t *media, const void *owner) {
    forget(media, owner);
    g_mutex_lock(&gathering);
    media->members--;
    if (media->members == 0) {
        gathered = g_slist_remove(gathered, media);
    }
    g_mutex_unlock(&gathering);
}

void media_release(media_t *media) {
    if (g_atomic_ref_count_dec(&media->references)) {
        renditions_free(media->renditions);
        stored_free(media->stored);
        g_mutex_clear(&media->lock);
        g_free(media);
    }
}

player_t *media_player(const media_t *media) {
    return media->player;
}

renditions_t *media_renditions(media_t *media) {
    return media->renditions;
}

stored_t *media_stored(media_t *media) {
    return media->stored;
}

/* The owner's note of this metric, or a free one; NULL if there is none left. */
static note_t *note_for(media_t *media, const void *owner, enum tally_metric metric) {
    note_t *unused = NULL;
    for (unsigned i = 0; i < MOST_NOTES; i++) {
        note_t *const note = &media->notes[i];
        if (note->owner == owner && note->metric == metric) {
            return note;
        }
        if (note->owner == NULL && unused == NULL) {
            unused = note;
        }
    }
    return unused;
}

static gboolean holds(const note_t *note, const void *owner, const char *text, int64_t number) {
    return note->owner == owner && note->is_text == (text != NULL) && note->number == number &&
           (text == NULL || strncmp(note->text, text, MOST_TEXT - 1) == 0);
}

static void put(media_t *media, const void *owner, unsigned rank, enum tally_metric metric,
                const char *text, int64_t number) {
    g_mutex_lock(&media->lock);
    note_t *const note = note_for(media, owner, metric);
    if (note != NULL && !holds(note, owner, text, number)) {
        media->order++;
        *note = (note_t){.owner = owner,
                         .rank = rank,
                         .order = media->order,
                         .metric = metric,
                         .is_text = text != NULL,
                         .number = number};
        g_strlcpy(note->text, text == NULL ? "" : text, MOST_TEXT);
    }
    g_mutex_unlock(&media->lock);
}

void media_text(media_t *media, const void *owner, unsigned rank, enum tally_metric metric,
                const char *text) {
    if (text != NULL && text[0] != '\0' && g_utf8_validate(text, -1, NULL)) {
        put(media, owner, rank, metric, text, 0);
    }
}

void media_number(media_t *media, const void *owner, unsigned rank, enum tally_metric metric,
                  int64_t value) {
    put(media, owner, rank, metric, NULL, value);
}

static gboolean is_better(const note_t *note, const note_t *than) {
    return note->rank > than->rank || (note->rank == than->rank && note->order > than->order);
}

/* Of all that is noted about a metric; NULL: nothing. */
static note_t *best(media_t *media, enum tally_metric metric) {
    note_t *found = NULL;
    for (unsigned i = 0; i < MOST_NOTES; i++) {
        note_t *const note = &media->notes[i];
        if (note->owner != NULL && note->metric == metric &&
            (found == NULL || is_better(note, found))) {
            found = note;
        }
    }
    return found;
}

static note_t copy_of_best(media_t *media, enum tally_metric metric) {
    g_mutex_lock(&media->lock);
    const note_t *const note = best(media, metric);
    note_t copy = {.owner = NULL};
    if (note != NULL) {
        copy = *note;
    }
    g_mutex_unlock(&media->lock);
    return copy;
}

int64_t media_noted(media_t *media, enum tally_metric metric) {
    const note_t note = copy_of_best(media, metric);
    return note.owner == NULL || note.is_text ? -1 : note.number;
}

gboolean media_has_text(media_t *media, enum tally_metric metric) {
    return copy_of_best(media, metric).is_text;
}

/* Only the last one told counts as told: one that takes its place, and gives it back, is told anew.
 * FALSE: it says what the last one said. */
static gboolean mark(media_t *media, note_t *told, tally_session_id_t session) {
    gboolean is_new = TRUE;
    for (unsigned i = 0; i < MOST_NOTES; i++) {
        note_t *const note = &media->notes[i];
        if (note->metric == told->metric && note->told == session) {
            is_new = note->is_text != told->is_text || note->number != told->number ||
                     strcmp(note->text, told->text) != 0;
            note->told = 0;
        }
    }
    told->told = session;
    return is_new;
}

/* The next that the session has not been told, as a copy. */
static gboolean take_news(media_t *media, tally_session_id_t session, note_t *news) {
    gboolean found = FALSE;
    g_mutex_lock(&media->lock);
    for (unsigned i = 0; i < MOST_NOTES && !found; i++) {
        note_t *const note = &media->notes[i];
        found = note->owner != NULL && note->told != session && best(media, note->metric) == note &&
                mark(media, note, session);
        if (found) {
            *news = *note;
        }
    }
    g_mutex_unlock(&media->lock);
    return found;
}

void media_tell(media_t *media, tally_session_id_t session) {
    tally_t *const tally = player_tally(media->player);
    note_t news;
    for (unsigned i = 0; i < MOST_NOTES && take_news(media, session, &news); i++) {
        if (news.is_text) {
            (void)tally_hook_text(tally, session, news.metric, news.text);
        } else if (news.metric == TALLY_M_DELIVERY) {
            player_delivery(media->player, (enum tally_delivery)news.number);
        } else {
            (void)tally_hook_set(tally, session, news.metric, news.number);
        }
    }
    renditions_tell(media->renditions, media->player, session);
}
