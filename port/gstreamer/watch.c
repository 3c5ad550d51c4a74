/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include "element.h"

typedef struct {
    GstPad *pad;
    gulong probe;
} entry_t;

struct watch {
    gatomicrefcount references; /* one is the caller's, one for each probe and signal */
    GstElement *element;
    const watch_rules_t *rules;
    gpointer state;
    gulong added;
    gulong removed;
    GObject *object; /* of the signal; NULL: none */
    gulong signal;
    GMutex lock; /* of what is below */
    GArray *entries;
    gboolean ended;
};

static void release(gpointer data) {
    watch_t *const watch = data;
    if (!g_atomic_ref_count_dec(&watch->references)) {
        return;
    }
    watch->rules->destroy(watch->state);
    g_array_unref(watch->entries);
    g_mutex_clear(&watch->lock);
    g_free(watch);
}

static void release_closure(gpointer data, GClosure *closure) {
    (void)closure;
    release(data);
}

static watch_t *reference(watch_t *watch) {
    g_atomic_ref_count_inc(&watch->references);
    return watch;
}

static void show_list(const watch_t *watch, GstPad *pad, GstBufferList *list) {
    const guint length = gst_buffer_list_length(list);
    for (guint i = 0; i < length; i++) {
        watch->rules->buffer(watch->state, pad, gst_buffer_list_get(list, i));
    }
}

static GstPadProbeReturn on_probe(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    const watch_t *const watch = data;
    if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
        watch->rules->buffer(watch->state, pad, GST_PAD_PROBE_INFO_BUFFER(info));
    } else if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
        show_list(watch, pad, GST_PAD_PROBE_INFO_BUFFER_LIST(info));
    } else {
        watch->rules->event(watch->state, pad, GST_PAD_PROBE_INFO_EVENT(info));
    }
    return GST_PAD_PROBE_OK;
}

static gboolean on_sticky(GstPad *pad, GstEvent **event, gpointer data) {
    const watch_t *const watch = data;
    watch->rules->event(watch->state, pad, *event);
    return TRUE;
}

/* Where a pad pushes, lists go by as they are. */
static GstPadProbeType mask(const watch_rules_t *rules, GstPad *pad) {
    const GstPadProbeType events =
        GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH;
    const GstPadProbeType both = GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST;
    if (rules->buffer == NULL) {
        return events;
    }
    return events | (GST_PAD_IS_SRC(pad) ? both : element_probe_types(pad));
}

/* A pad can be seen twice: by its signal, and in the list of those there were. */
static gboolean is_known(const watch_t *watch, const GstPad *pad) {
    for (guint i = 0; i < watch->entries->len; i++) {
        if (g_array_index(watch->entries, entry_t, i).pad == pad) {
            return TRUE;
        }
    }
    return FALSE;
}

static void put_under_watch(watch_t *watch, GstPad *pad) {
    const GstPadDirection direction = watch->rules->direction;
    if (direction != GST_PAD_UNKNOWN && GST_PAD_DIRECTION(pad) != direction) {
        return;
    }
    g_mutex_lock(&watch->lock);
    const gboolean wanted = !watch->ended && !is_known(watch, pad);
    if (wanted) {
        const entry_t entry = {
            gst_object_ref(pad),
            gst_pad_add_probe(pad, mask(watch->rules, pad), on_probe, reference(watch), release)};
        g_array_append_val(watch->entries, entry);
    }
    g_mutex_unlock(&watch->lock);
    if (wanted) {
        gst_pad_sticky_events_foreach(pad, on_sticky, watch);
    }
}

static void on_added(GstElement *element, GstPad *pad, gpointer data) {
    (void)element;
    put_under_watch(data, pad);
}

static void on_removed(GstElement *element, GstPad *pad, gpointer data) {
    watch_t *const watch = data;
    entry_t found = {NULL, 0};
    (void)element;
    g_mutex_lock(&watch->lock);
    for (guint i = 0; i < watch->entries->len; i++) {
        if (g_array_index(watch->entries, entry_t, i).pad == pad) {
            found = g_array_index(watch->entries, entry_t, i);
            g_array_remove_index_fast(watch->entries, i);
            break;
        }
    }
    g_mutex_unlock(&watch->lock);
    if (found.pad == NULL) {
        return;
    }
    gst_pad_remove_probe(found.pad, found.probe);
    if (watch->rules->gone != NULL) {
        watch->rules->gone(watch->state, pad);
    }
    gst_object_unref(found.pad);
}

static gboolean on_existing(GstElement *element, GstPad *pad, gpointer data) {
    (void)element;
    put_under_watch(data, pad);
    return TRUE;
}

watch_t *watch_begin(GstElement *element, const watch_rules_t *rules, gpointer state) {
    watch_t *const watch = g_new0(watch_t, 1);
    g_atomic_ref_count_init(&watch->references);
    watch->element = element;
    watch->rules = rules;
    watch->state = state;
    g_mutex_init(&watch->lock);
    watch->entries = g_array_new(FALSE, FALSE, sizeof(entry_t));
    watch->added = g_signal_connect_data(element, "pad-added", G_CALLBACK(on_added),
                                         reference(watch), release_closure, (GConnectFlags)0);
    watch->removed = g_signal_connect_data(element, "pad-removed", G_CALLBACK(on_removed),
                                           reference(watch), release_closure, (GConnectFlags)0);
    gst_element_foreach_pad(element, on_existing, watch);
    return watch;
}

void watch_signal(watch_t *watch, gpointer object, const char *signal, GCallback callback) {
    watch->object = g_object_ref(object);
    watch->signal = g_signal_connect_data(object, signal, callback, reference(watch),
                                          release_closure, (GConnectFlags)0);
}

gpointer watch_state(const watch_t *watch) {
    return watch->state;
}

void watch_end(watch_t *watch) {
    if (watch->object != NULL) {
        g_signal_handler_disconnect(watch->object, watch->signal);
        g_object_unref(watch->object);
    }
    g_signal_handler_disconnect(watch->element, watch->added);
    g_signal_handler_disconnect(watch->element, watch->removed);
    g_mutex_lock(&watch->lock);
    GArray *const entries = g_array_ref(watch->entries);
    watch->ended = TRUE;
    g_mutex_unlock(&watch->lock);
    for (guint i = 0; i < entries->len; i++) {
        const entry_t *const entry = &g_array_index(entries, entry_t, i);
        gst_pad_remove_probe(entry->pad, entry->probe);
        gst_object_unref(entry->pad);
    }
    g_array_unref(entries);
    release(watch);
}
