/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_HOOK_H
#define TALLY_HOOK_H
/*
 * What a player tells tally. Every event goes as one cell of 24 bytes into a bounded lock-free
 * ring, stamped with the time of the call; the agent task takes it from there. A call never waits:
 * if the ring is full the event is dropped and counted (metric `ae`).
 *
 * Unless said otherwise: any thread and ISR; returns 0, or TALLY_E_FULL when dropped. Events of one
 * thread keep their order. An event for a session that is not open counts as stray (`ay`), one
 * that makes no sense in the session's state as illegal (`ai`); neither has any other effect.
 *
 *   open -> play -> first_frame -> (pause resume | buffering_begin buffering_end |
 *                                   seek_begin seek_end | rendition | error ...) -> close
 */
#include <stdint.h>

#include "tally/enums.h"
#include "tally/metrics.h"
#include "tally/stats.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally tally_t;

/* The number of a session within this boot; 0 is none. It is `s` in the session's records. */
typedef uint32_t tally_session_id_t;

enum tally_hook {
    TALLY_HOOK_OPEN,
    TALLY_HOOK_PLAY,
    TALLY_HOOK_FIRST_PICTURE,
    TALLY_HOOK_FIRST_FRAME,
    TALLY_HOOK_PAUSE,
    TALLY_HOOK_RESUME,
    TALLY_HOOK_BUFFERING_BEGIN,
    TALLY_HOOK_BUFFERING_END,
    TALLY_HOOK_SEEK_BEGIN,
    TALLY_HOOK_SEEK_END,
    TALLY_HOOK_ERROR,     /* code: the player's */
    TALLY_HOOK_FATAL,     /* code: the player's */
    TALLY_HOOK_RENDITION, /* code: declared bitrate in kbit/s */
    TALLY_HOOK_END,
    TALLY_HOOK_CLOSE, /* code: enum tally_stop */
    TALLY_HOOK_SET,   /* a gauge or dimension of the registry */
    TALLY_HOOK_TEXT,  /* a text dimension of the registry */
};

/* Opens a session. The number to use from now on, or 0 when the event was dropped. If all
 * TALLY_SESSIONS are taken the session is refused later, and counted (`us`). */
tally_session_id_t tally_hook_open(tally_t *tally);

/* The general form behind the calls below. `code` means what enum tally_hook says. TALLY_E_ARGUMENT
 * for session 0 and for hooks that have a call of their own (OPEN, SET, TEXT). */
int32_t tally_hook_event(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                         int32_t code);

/* Sets a gauge, enum or signed metric of the groups DIMENSION or PLAYBACK that has no hook of its
 * own (TALLY_M_POSITION, TALLY_M_DELIVERY, ...). `value`: -2^53 to 2^53. TALLY_E_ARGUMENT for other
 * metrics and values. */
int32_t tally_hook_set(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t value);

/* Sets a text of group DIMENSION; `text` is copied. Threads, and ISRs where the port's critical
 * section masks interrupts. TALLY_E_ARGUMENT for another metric, TALLY_E_TOO_BIG from
 * TALLY_TEXT_BYTES on, TALLY_E_TEXT if it is not UTF-8, TALLY_E_FULL if all text slots are in use;
 * each is counted (`ax`). */
int32_t tally_hook_text(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                        const char *text);

/* Puts a stream under measurement: its statistics are reported with those of the session until
 * detach. The struct must stay valid and initialised that long. Takes the port's critical section
 * for some hundred cycles; threads, and ISRs as tally_hook_text(). TALLY_E_FULL when TALLY_STREAMS
 * are attached. */
int32_t tally_attach_rtp(tally_t *tally, tally_session_id_t session, const tally_rtp_t *rtp);
int32_t tally_attach_ts(tally_t *tally, tally_session_id_t session, const tally_ts_t *ts);
int32_t tally_attach_frames(tally_t *tally, tally_session_id_t session,
                            const tally_frames_t *frames);

/* Takes the last snapshot and forgets the stream; after the return it is not read again. Its final
 * statistics are still reported. Call before closing the session, with the writer at rest. Threads,
 * and ISRs as tally_hook_text(). TALLY_E_EMPTY if it is not attached. */
int32_t tally_detach(tally_t *tally, const void *stream);

/* The viewer or the application asks for play; time to the first frame is joining. */
static inline int32_t tally_hook_play(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_PLAY, 0);
}

/* The first intra picture of the content has been received; it is not on screen yet. At most once
 * for each session, before the first frame. */
static inline int32_t tally_hook_first_picture(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_FIRST_PICTURE, 0);
}

/* The first frame of the content is on screen. Once for each session. */
static inline int32_t tally_hook_first_frame(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_FIRST_FRAME, 0);
}

/* Pause and resume by the user; a player that pauses to buffer says buffering_begin instead. */
static inline int32_t tally_hook_pause(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_PAUSE, 0);
}
static inline int32_t tally_hook_resume(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_RESUME, 0);
}

/* The buffer has run empty; media plays again. While joining or seeking this is not a stall. */
static inline int32_t tally_hook_buffering_begin(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_BUFFERING_BEGIN, 0);
}
static inline int32_t tally_hook_buffering_end(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_BUFFERING_END, 0);
}

/* A seek has been asked for; frames of its target are on screen. */
static inline int32_t tally_hook_seek_begin(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_SEEK_BEGIN, 0);
}
static inline int32_t tally_hook_seek_end(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_SEEK_END, 0);
}

/* An error that playback survives (a failed download that is tried again is none), and one that
 * ends it. `code` is the player's own. */
static inline int32_t tally_hook_error(tally_t *tally, tally_session_id_t session, int32_t code) {
    return tally_hook_event(tally, session, TALLY_HOOK_ERROR, code);
}
static inline int32_t tally_hook_fatal(tally_t *tally, tally_session_id_t session, int32_t code) {
    return tally_hook_event(tally, session, TALLY_HOOK_FATAL, code);
}

/* The rendition on screen has this declared bitrate, 1 to 2^31 - 1 kbit/s. */
static inline int32_t tally_hook_rendition(tally_t *tally, tally_session_id_t session,
                                           int32_t bitrate_kbps) {
    return tally_hook_event(tally, session, TALLY_HOOK_RENDITION, bitrate_kbps);
}

/* The media has come to its natural end. */
static inline int32_t tally_hook_end(tally_t *tally, tally_session_id_t session) {
    return tally_hook_event(tally, session, TALLY_HOOK_END, 0);
}

/* The session is over: its end record is made and its number becomes unknown. */
static inline int32_t tally_hook_close(tally_t *tally, tally_session_id_t session,
                                       enum tally_stop reason) {
    return tally_hook_event(tally, session, TALLY_HOOK_CLOSE, (int32_t)reason);
}

#ifdef __cplusplus
}
#endif

#endif
