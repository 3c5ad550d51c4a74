/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_ENUMS_H
#define TALLY_ENUMS_H
/*
 * The values of ENUM metrics, and record kinds. They are on the wire: a value is never reused.
 * X(symbol, value, name)
 */

/* Exactly one at a time for each session; the times in them add up to the session's age. */
#define TALLY_STATES(X)                                                                            \
    X(IDLE, 0, "idle")       /* opened, play not asked for yet */                                  \
    X(JOINING, 1, "joining") /* play asked for, no frame on screen yet */                          \
    X(PLAYING, 2, "playing")                                                                       \
    X(PAUSED, 3, "paused")                 /* by the user */                                       \
    X(STALLED, 4, "stalled")               /* buffer ran empty while playing */                    \
    X(PAUSED_STALLED, 5, "paused_stalled") /* paused by the user in a stall */                     \
    X(SEEKING, 6, "seeking")               /* from a seek until frames render again */             \
    X(ENDED, 10, "ended")                  /* media came to its natural end */                     \
    X(STOPPED, 11, "stopped")              /* by the user or the application */                    \
    X(FAILED, 12, "failed")                /* by a fatal error */

/* Why a session ended. */
#define TALLY_STOPS(X)                                                                             \
    X(COMPLETED, 0, "completed")           /* natural end of the media */                          \
    X(USER, 1, "user")                     /* the viewer stopped or left */                        \
    X(ERROR, 2, "error")                   /* fatal error */                                       \
    X(SOURCE_STOPPED, 3, "source_stopped") /* the stream ceased */                                 \
    X(SHUTDOWN, 4, "shutdown")             /* player or device shut down */

/* What an event record tells. */
#define TALLY_EVENT_TYPES(X)                                                                       \
    X(ERROR, 0, "error")             /* non-fatal; code: the player's */                           \
    X(FATAL, 1, "fatal")             /* ends the session; code: the player's */                    \
    X(STALL_BEGIN, 2, "stall_begin") /* code: how many stalls so far */                            \
    X(STALL_END, 3, "stall_end")     /* code: its length in ms */

#define TALLY_RESETS(X)                                                                            \
    X(UNKNOWN, 0, "unknown")                                                                       \
    X(POWER_ON, 1, "power_on")                                                                     \
    X(SOFTWARE, 2, "software")                                                                     \
    X(WATCHDOG, 3, "watchdog")                                                                     \
    X(FAULT, 4, "fault")                                                                           \
    X(PROCESS_START, 5, "process_start") /* a daemon started; the device may have been up */

#define TALLY_DELIVERIES(X)                                                                        \
    X(FILE, 0, "file")                                                                             \
    X(HLS, 1, "hls")                                                                               \
    X(DASH, 2, "dash")                                                                             \
    X(RTP, 3, "rtp")                                                                               \
    X(DVB, 4, "dvb")                                                                               \
    X(WEBRTC, 5, "webrtc")

#define TALLY_PLAYBACKS(X)                                                                         \
    X(VOD, 0, "vod")                                                                               \
    X(LIVE, 1, "live")                                                                             \
    X(DVR, 2, "dvr")

/* Kinds of records; the value is the letter under key `k`. */
#define TALLY_RECORDS(X)                                                                           \
    X(AGENT, 'a', "agent")                                                                         \
    X(BOOT, 'b', "boot")                                                                           \
    X(CLOCK, 'c', "clock")                                                                         \
    X(EVENT, 'e', "event")                                                                         \
    X(FRAMES, 'f', "frames")                                                                       \
    X(HEARTBEAT, 'h', "heartbeat")                                                                 \
    X(RTP, 'r', "rtp")                                                                             \
    X(START, 's', "start")                                                                         \
    X(TS, 't', "ts")                                                                               \
    X(END, 'x', "end")

#define TALLY_ENUM_STATE(symbol, value, name)    TALLY_STATE_##symbol = (value),
#define TALLY_ENUM_STOP(symbol, value, name)     TALLY_STOP_##symbol = (value),
#define TALLY_ENUM_EVENT(symbol, value, name)    TALLY_EVENT_##symbol = (value),
#define TALLY_ENUM_RESET(symbol, value, name)    TALLY_RESET_##symbol = (value),
#define TALLY_ENUM_DELIVERY(symbol, value, name) TALLY_DELIVERY_##symbol = (value),
#define TALLY_ENUM_PLAYBACK(symbol, value, name) TALLY_PLAYBACK_##symbol = (value),
#define TALLY_ENUM_RECORD(symbol, value, name)   TALLY_RECORD_##symbol = (value),

enum tally_state { TALLY_STATES(TALLY_ENUM_STATE) };
enum tally_stop { TALLY_STOPS(TALLY_ENUM_STOP) };
enum tally_event_type { TALLY_EVENT_TYPES(TALLY_ENUM_EVENT) };
enum tally_reset { TALLY_RESETS(TALLY_ENUM_RESET) };
enum tally_delivery { TALLY_DELIVERIES(TALLY_ENUM_DELIVERY) };
enum tally_playback { TALLY_PLAYBACKS(TALLY_ENUM_PLAYBACK) };
enum tally_record { TALLY_RECORDS(TALLY_ENUM_RECORD) };

#undef TALLY_ENUM_STATE
#undef TALLY_ENUM_STOP
#undef TALLY_ENUM_EVENT
#undef TALLY_ENUM_RESET
#undef TALLY_ENUM_DELIVERY
#undef TALLY_ENUM_PLAYBACK
#undef TALLY_ENUM_RECORD

#endif
