/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_HOOK_H
#define TALLY_HOOK_H
/*
 * What a player tells tally. Every event goes as one cell of 24 bytes into a bounded lock-free
 * ring, stamped with the time of the call; the agent task takes it from there. A call never waits:
 * if the ring is full the event is dropped and counted (metric `ae`).
 *
 * Unless said otherwise: any thread and ISR; returns 0, TALLY_E_FULL when dropped, or
 * TALLY_E_ARGUMENT for session 0 and for codes out of range. Events of one thread keep their
 * order. An event for a session that is not open counts as stray (`ay`), one that makes no sense in
 * the session's state, or repeats what holds already, as illegal (`ai`); neither has any other
 * effect. A time before the last event's counts as that.
 *
 *   open -> (source -> playable) -> play -> first_frame -> (pause resume | seek_begin seek_end |
 *           buffering_begin buffering_end | rendition | error | ad_break_begin (ad_start ad_end)
 *           ad_break_end ...) -> end -> close
 */
#include <stdint.h>

#include "tally/enums.h"
#include "tally/metrics.h"
#include "tally/stats.h"
#include "tally/webrtc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally tally_t;

/* The number of a session within this boot; 0 is none. It is `s` in the session's records. */
typedef uint32_t tally_session_id_t;

/* What the two numbers of an event mean; 0 where nothing is said. */
enum tally_hook {
    TALLY_HOOK_OPEN, /* code: enum tally_session_kind */
    TALLY_HOOK_LOADED,
    TALLY_HOOK_SOURCE,
    TALLY_HOOK_CONNECTED,
    TALLY_HOOK_FIRST_DATA,
    TALLY_HOOK_PLAYABLE,
    TALLY_HOOK_PLAY,
    TALLY_HOOK_FIRST_PICTURE,
    TALLY_HOOK_FIRST_FRAME,
    TALLY_HOOK_PLAYING,
    TALLY_HOOK_PAUSE,
    TALLY_HOOK_RESUME,
    TALLY_HOOK_BUFFERING_BEGIN,
    TALLY_HOOK_BUFFERING_END,
    TALLY_HOOK_SEEK_BEGIN,
    TALLY_HOOK_SEEK_END,
    TALLY_HOOK_LIVE_EDGE,
    TALLY_HOOK_REPLAY,
    TALLY_HOOK_ERROR,       /* code: the player's; detail: enum tally_error_class */
    TALLY_HOOK_FATAL,       /* code: the player's; detail: enum tally_error_class */
    TALLY_HOOK_REFUSED,     /* code: the player's */
    TALLY_HOOK_RENDITION,   /* code: declared bitrate in kbit/s; detail: enum tally_cause */
    TALLY_HOOK_AUDIO_TRACK, /* code: the player's number for it */
    TALLY_HOOK_SUBTITLE,    /* code: the player's number for it, -1 for none */
    TALLY_HOOK_SWITCH,      /* code: enum tally_switch */
    TALLY_HOOK_QUALIFIED,   /* code: the application's number for what made it a view */
    TALLY_HOOK_CUSTOM,      /* code and detail: the application's */
    TALLY_HOOK_SUSPEND,
    TALLY_HOOK_WAKE,
    TALLY_HOOK_AD_REQUEST,
    TALLY_HOOK_AD_LOADED,
    TALLY_HOOK_AD_BREAK_BEGIN,
    TALLY_HOOK_AD_IMPRESSION,
    TALLY_HOOK_AD_START,
    TALLY_HOOK_AD_MILESTONE, /* code: percent of the ad */
    TALLY_HOOK_AD_CLICK,
    TALLY_HOOK_AD_ERROR, /* code: the player's (VAST) */
    TALLY_HOOK_AD_END,   /* code: enum tally_ad_end */
    TALLY_HOOK_AD_BREAK_END,
    TALLY_HOOK_END,
    TALLY_HOOK_CLOSE, /* code: enum tally_stop */
    TALLY_HOOK_SET,   /* a gauge, level or dimension of the registry */
    TALLY_HOOK_ADD,   /* to a counter of the registry */
    TALLY_HOOK_TEXT,  /* a text dimension of the registry */
};

/* --- sessions ----------------------------------------------------------------------------------
 */

/* Opens a session. The number to use from now on, or 0 when the event was dropped. If all
 * TALLY_SESSIONS are taken the session is refused later, and counted (`us`). What is fetched before
 * play is asked for is preloading and part of no startup time. */
tally_session_id_t tally_hook_open(tally_t *tally);

/* A session of `kind` (not ZAP) that began at `at_ms`, which turns out only now: as
 * tally_hook_open(), its time as with tally_hook_tell_at(). 0 for another kind. */
tally_session_id_t tally_hook_open_at(tally_t *tally, enum tally_session_kind kind, uint64_t at_ms);

/* As tally_hook_open(), for a session that sends media: playing then means sending. */
tally_session_id_t tally_hook_open_publish(tally_t *tally);

/* The viewer changes the channel: closes session `from` (0: there is none) and opens the next, with
 * play asked for. Its joining is zapping; if it ends within 5 s without a fatal error it gets no
 * records of its own, nor do its streams, but is folded into those of all sessions (group VIEWING).
 * 0 when one of the two events was dropped; if that was the first, `from` is open still. */
tally_session_id_t tally_hook_zap(tally_t *tally, tally_session_id_t from);

/* The general form behind the calls below; enum tally_hook says what the numbers mean.
 * TALLY_E_ARGUMENT also for hooks that have a call of their own (OPEN, SET, ADD, TEXT). */
int32_t tally_hook_tell(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                        int32_t code, int32_t detail);

/* tally_hook_tell() for what is known only now and was at `at_ms` of the port's monotonic clock. A
 * time before the session's last event counts as that, one more than 10 s before its last heartbeat
 * (of a player's half: snapshot) as these 10 s, one ahead of the clock as now. */
int32_t tally_hook_tell_at(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                           int32_t code, int32_t detail, uint64_t at_ms);

/* tally_hook_tell() without detail. */
static inline int32_t tally_hook_event(tally_t *tally, tally_session_id_t session,
                                       enum tally_hook hook, int32_t code) {
    return tally_hook_tell(tally, session, hook, code, 0);
}

/* The session is over: its end record is made and its number becomes unknown. */
static inline int32_t tally_hook_close(tally_t *tally, tally_session_id_t session,
                                       enum tally_stop reason) {
    return tally_hook_tell(tally, session, TALLY_HOOK_CLOSE, (int32_t)reason, 0);
}

/* --- values ------------------------------------------------------------------------------------
 */

/* Sets what no event tells: a number of group DIMENSION, a gauge of MEDIA, a LEVEL, the POSITION, a
 * gauge or signed value of USER. Gauges are not negative, enums within their list, dimensions and
 * levels within 32 bits, all within 2^53; TALLY_E_ARGUMENT for other values and metrics. Tell
 * the position once a second or so while media plays: milestones and unique play time come of it.
 */
int32_t tally_hook_set(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t value);

/* Adds to DOWNLOADS, DOWNLOADS_FAILED, VIDEO_DOWNLOADS_FAILED, DOWNLOAD_BYTES or DOWNLOAD_TIME, or
 * to a counter or duration of USER. `amount`: 0 to 2^53. TALLY_E_ARGUMENT for others. */
int32_t tally_hook_add(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t amount);

/* Sets a text of group DIMENSION; `text` is copied. Threads, and ISRs where the port's critical
 * section masks interrupts. TALLY_E_ARGUMENT for another metric, TALLY_E_TOO_BIG from
 * TALLY_TEXT_BYTES on, TALLY_E_TEXT if it is not UTF-8, TALLY_E_FULL if all text slots are in use;
 * each is counted (`ax`). */
int32_t tally_hook_text(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                        const char *text);

/* --- streams -----------------------------------------------------------------------------------
 */

/* Puts a stream under measurement: its statistics since its init are reported with those of the
 * session until detach, under a number (`sn`) that no other stream of the session has. The struct
 * must stay valid and initialised that long. Takes the port's critical section for some hundred
 * cycles; threads, and ISRs as tally_hook_text(). TALLY_E_FULL when TALLY_STREAMS are attached. */
int32_t tally_attach_rtp(tally_t *tally, tally_session_id_t session, const tally_rtp_t *rtp);
int32_t tally_attach_ts(tally_t *tally, tally_session_id_t session, const tally_ts_t *ts);
int32_t tally_attach_frames(tally_t *tally, tally_session_id_t session,
                            const tally_frames_t *frames);

/* Takes the last snapshot and forgets the stream; after the return it is not read again. Its final
 * statistics are still reported. Call before closing the session, with the writer at rest. Threads,
 * and ISRs as tally_hook_text(). TALLY_E_EMPTY if it is not attached. */
int32_t tally_detach(tally_t *tally, const void *stream);

#if TALLY_WEBRTC_TRACKS > 0
/* Puts a WebRTC track under measurement until detach or the end of the session, each of which
 * reports it once more. TALLY_E_FULL when TALLY_WEBRTC_TRACKS are attached, else as above. */
int32_t tally_attach_webrtc(tally_t *tally, tally_session_id_t session,
                            const tally_webrtc_t *track);

/* Has the next tally_step() report the track once more and forget it. 1 while the agent may still
 * read the track, which must stay valid and at rest; 0 once it is the caller's again, or if it is
 * not attached. Call it until 0. */
int32_t tally_detach_webrtc(tally_t *tally, const tally_webrtc_t *track);
#endif

/* --- start -------------------------------------------------------------------------------------
 */
/* The player is loaded and can be told what to play. */
static inline int32_t tally_hook_loaded(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_LOADED, 0, 0);
}

/* A source is set: loading begins. Enough is buffered to play. Between them lies load_time. */
static inline int32_t tally_hook_source(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_SOURCE, 0, 0);
}
static inline int32_t tally_hook_playable(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_PLAYABLE, 0, 0);
}

/* The viewer or the application asks for play; time to the first frame is joining. */
static inline int32_t tally_hook_play(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_PLAY, 0, 0);
}

/* On the way from play to the first frame, at most once for each session: connected to the source;
 * the first fragment is here; the first intra picture is here, not on screen yet. */
static inline int32_t tally_hook_connected(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_CONNECTED, 0, 0);
}
static inline int32_t tally_hook_first_data(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_FIRST_DATA, 0, 0);
}
static inline int32_t tally_hook_first_picture(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_FIRST_PICTURE, 0, 0);
}

/* The first frame of the content is on screen (of an ad: ad_start); and the player says that it
 * plays, before or after that. Each once for each session. */
static inline int32_t tally_hook_first_frame(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_FIRST_FRAME, 0, 0);
}
static inline int32_t tally_hook_playing(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_PLAYING, 0, 0);
}

/* --- playback ----------------------------------------------------------------------------------
 */

/* Pause and resume by the user; a player that pauses to buffer says buffering_begin instead. */
static inline int32_t tally_hook_pause(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_PAUSE, 0, 0);
}
static inline int32_t tally_hook_resume(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_RESUME, 0, 0);
}

/* The buffer has run empty; media plays again. While joining or seeking this is not a stall. */
static inline int32_t tally_hook_buffering_begin(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_BUFFERING_BEGIN, 0, 0);
}
static inline int32_t tally_hook_buffering_end(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_BUFFERING_END, 0, 0);
}

/* A seek has been asked for; frames of its target are on screen. */
static inline int32_t tally_hook_seek_begin(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_SEEK_BEGIN, 0, 0);
}
static inline int32_t tally_hook_seek_end(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_SEEK_END, 0, 0);
}

/* The player itself has jumped to the live edge: not a seek. */
static inline int32_t tally_hook_live_edge(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_LIVE_EDGE, 0, 0);
}

/* The media has come to its natural end; it plays again from its start, until seek_end says that
 * its frames are on screen. */
static inline int32_t tally_hook_end(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_END, 0, 0);
}
static inline int32_t tally_hook_replay(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_REPLAY, 0, 0);
}

/* Standby, or the system puts the application away; and back. For the whole device:
 * tally_suspend() in tally/tally.h. */
static inline int32_t tally_hook_suspend(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_SUSPEND, 0, 0);
}
static inline int32_t tally_hook_wake(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_WAKE, 0, 0);
}

/* --- errors ------------------------------------------------------------------------------------
 */

/* An error that playback survives (a failed download that is tried again is none, see
 * DOWNLOADS_FAILED), and one that ends it. `code` is the player's own. A player that tries again
 * in the same session says error, not fatal. */
static inline int32_t tally_hook_error(tally_t *tally, tally_session_id_t session, int32_t code,
                                       enum tally_error_class class_) {
    return tally_hook_tell(tally, session, TALLY_HOOK_ERROR, code, (int32_t)class_);
}
static inline int32_t tally_hook_fatal(tally_t *tally, tally_session_id_t session, int32_t code,
                                       enum tally_error_class class_) {
    return tally_hook_tell(tally, session, TALLY_HOOK_FATAL, code, (int32_t)class_);
}

/* The viewer has no right to the content: ends playback, and is no failure. */
static inline int32_t tally_hook_refused(tally_t *tally, tally_session_id_t session, int32_t code) {
    return tally_hook_tell(tally, session, TALLY_HOOK_REFUSED, code, 0);
}

/* --- choices -----------------------------------------------------------------------------------
 */

/* The rendition on screen has this declared bitrate, 1 to 2^31 - 1 kbit/s; who chose it. */
static inline int32_t tally_hook_rendition(tally_t *tally, tally_session_id_t session,
                                           int32_t bitrate_kbps, enum tally_cause cause) {
    return tally_hook_tell(tally, session, TALLY_HOOK_RENDITION, bitrate_kbps, (int32_t)cause);
}

/* Another audio or subtitle track, by the player's own numbers. */
static inline int32_t tally_hook_audio_track(tally_t *tally, tally_session_id_t session,
                                             int32_t track) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AUDIO_TRACK, track, 0);
}
static inline int32_t tally_hook_subtitle(tally_t *tally, tally_session_id_t session,
                                          int32_t track) {
    return tally_hook_tell(tally, session, TALLY_HOOK_SUBTITLE, track, 0);
}

/* How a switch to another source of the same content goes. */
static inline int32_t tally_hook_switch(tally_t *tally, tally_session_id_t session,
                                        enum tally_switch how) {
    return tally_hook_tell(tally, session, TALLY_HOOK_SWITCH, (int32_t)how, 0);
}

/* The application counts this as a view, and why; and whatever else it wants told. */
static inline int32_t tally_hook_qualified_view(tally_t *tally, tally_session_id_t session,
                                                int32_t trigger) {
    return tally_hook_tell(tally, session, TALLY_HOOK_QUALIFIED, trigger, 0);
}
static inline int32_t tally_hook_custom(tally_t *tally, tally_session_id_t session, int32_t code,
                                        int32_t detail) {
    return tally_hook_tell(tally, session, TALLY_HOOK_CUSTOM, code, detail);
}

/* --- advertisements ----------------------------------------------------------------------------
 */

/* An ad is asked for from an ad server; its media is ready; the server counts an impression; the
 * viewer follows it; it failed. */
static inline int32_t tally_hook_ad_request(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_REQUEST, 0, 0);
}
static inline int32_t tally_hook_ad_loaded(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_LOADED, 0, 0);
}
static inline int32_t tally_hook_ad_impression(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_IMPRESSION, 0, 0);
}
static inline int32_t tally_hook_ad_click(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_CLICK, 0, 0);
}
static inline int32_t tally_hook_ad_error(tally_t *tally, tally_session_id_t session,
                                          int32_t code) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_ERROR, code, 0);
}

/* The content gives way to ads, and is back. In between each ad starts, with its first frame on
 * screen, and ends. ad_start without a break begins one. Pause, resume and buffering in a break are
 * the ad's. */
static inline int32_t tally_hook_ad_break_begin(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_BREAK_BEGIN, 0, 0);
}
static inline int32_t tally_hook_ad_break_end(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_BREAK_END, 0, 0);
}
static inline int32_t tally_hook_ad_start(tally_t *tally, tally_session_id_t session) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_START, 0, 0);
}
static inline int32_t tally_hook_ad_end(tally_t *tally, tally_session_id_t session,
                                        enum tally_ad_end how) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_END, (int32_t)how, 0);
}

/* This much of the ad has been shown, 0 to 100 percent. */
static inline int32_t tally_hook_ad_milestone(tally_t *tally, tally_session_id_t session,
                                              int32_t percent) {
    return tally_hook_tell(tally, session, TALLY_HOOK_AD_MILESTONE, percent, 0);
}

#ifdef __cplusplus
}
#endif

#endif
