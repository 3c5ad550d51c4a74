/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_ENUMS_H
#define TALLY_ENUMS_H
/*
 * The values of ENUM metrics, and record kinds. They are on the wire: a value is never reused.
 * X(symbol, value, name, meaning)
 */
/* clang-format off */

/* Exactly one at a time for each session; the times in them add up to the session's age. */
#define TALLY_STATES(X)                                                                            \
    X(IDLE, 0, "idle", "opened, play not asked for yet; may preload")                              \
    X(JOINING, 1, "joining", "play asked for, no frame of the content on screen yet")              \
    X(PLAYING, 2, "playing", "content advances on screen; a publisher sends")                      \
    X(PAUSED, 3, "paused", "paused by the user")                                                   \
    X(STALLED, 4, "stalled", "the buffer ran empty while playing")                                 \
    X(PAUSED_STALLED, 5, "paused_stalled", "paused by the user in a stall")                        \
    X(SEEKING, 6, "seeking", "from a seek until frames are on screen again")                       \
    X(AD_JOINING, 7, "ad_joining", "in an ad break, no frame of the ad on screen yet")             \
    X(AD_PLAYING, 8, "ad_playing", "an ad advances on screen")                                     \
    X(AD_STALLED, 9, "ad_stalled", "the buffer ran empty in an ad")                                \
    X(ENDED, 10, "ended", "the media came to its natural end")                                     \
    X(STOPPED, 11, "stopped", "by the user or the application")                                    \
    X(FAILED, 12, "failed", "by a fatal error")                                                    \
    X(AD_PAUSED, 13, "ad_paused", "paused by the user in an ad break")                             \
    X(ZAPPING, 14, "zapping", "joining after a change of channel")                                 \
    X(SUSPENDED, 15, "suspended", "standby, or put away by the system")

/* What a session is. */
#define TALLY_SESSION_KINDS(X)                                                                     \
    X(PLAYBACK, 0, "playback", "media is played")                                                  \
    X(ZAP, 1, "zap", "media is played after a change of channel")                                  \
    X(PUBLISH, 2, "publish", "media is captured, encoded and sent (ingest)")

/* Why a session ended. */
#define TALLY_STOPS(X)                                                                             \
    X(COMPLETED, 0, "completed", "natural end of the media")                                       \
    X(USER, 1, "user", "the viewer stopped or left")                                               \
    X(ERROR, 2, "error", "fatal error")                                                            \
    X(SOURCE_STOPPED, 3, "source_stopped", "the stream ceased at its source")                      \
    X(SHUTDOWN, 4, "shutdown", "player or device shut down in order")                              \
    X(ZAP, 5, "zap", "the viewer changed the channel")                                             \
    X(BUFFER, 6, "buffer", "given up because the buffer stayed empty")                             \
    X(CONNECTION_CLOSED, 7, "connection_closed", "the server closed the connection")               \
    X(SERVER_NOT_FOUND, 8, "server_not_found", "no server under that name or address")             \
    X(STREAM_NOT_FOUND, 9, "stream_not_found", "the server does not know the stream")              \
    X(INTERACTION_REQUIRED, 10, "interaction_required", "the platform wants a user's action first") \
    X(SUSPENDED, 11, "suspended", "the system suspended playback and did not resume it")           \
    X(RECONNECT, 12, "reconnect", "a new connection replaces this one at once")                    \
    X(DESTROYED, 13, "destroyed", "the application disposed of the player")                        \
    X(RESTARTED, 14, "restarted", "playback was started afresh in a new session")                  \
    X(HIDDEN, 15, "hidden", "the player was out of sight for too long")                            \
    X(NOT_ENOUGH_DATA, 16, "not_enough_data", "the stream carried no playable media")              \
    X(REFUSED, 17, "refused", "the viewer has no right to the content")                            \
    X(PLAYER_DIED, 18, "player_died", "the player's process ended without a word")

/* What an error is about; the thousands are nanoStream's ranges of codes. */
#define TALLY_ERROR_CLASSES(X)                                                                     \
    X(UNKNOWN, 0, "unknown", "the player did not say")                                             \
    X(PLAYER, 1, "player", "the player itself (1xxx)")                                             \
    X(STREAM, 2, "stream", "the stream: not there, ended, not allowed to start (2xxx)")            \
    X(MEDIA, 3, "media", "the media: container, codec, decoder (3xxx)")                            \
    X(NETWORK, 4, "network", "the network: name, connection, status, time-out (4xxx)")             \
    X(SETUP, 5, "setup", "the player's set-up or configuration (5xxx)")                            \
    X(DRM, 6, "drm", "content protection: licence, key, output")                                   \
    X(TUNER, 7, "tuner", "reception: no lock, no signal")

/* What an event record tells; code and detail are what `ec` and `ed` hold. */
#define TALLY_EVENT_TYPES(X)                                                                       \
    X(ERROR, 0, "error", "an error playback survives; code: the player's, detail: its class")      \
    X(FATAL, 1, "fatal", "an error that ends the session; code: the player's, detail: its class")  \
    X(STALL_BEGIN, 2, "stall_begin", "code: how many stalls so far; detail: 1 in an ad")           \
    X(STALL_END, 3, "stall_end", "code: its length in ms; detail: 1 in an ad")                     \
    X(FIRST_FRAME, 4, "first_frame", "first frame of the content on screen")                       \
    X(PAUSE, 5, "pause", "paused by the user")                                                     \
    X(RESUME, 6, "resume", "resumed by the user")                                                  \
    X(SEEK, 7, "seek", "seek asked for")                                                           \
    X(SEEKED, 8, "seeked", "frames of the seek's target on screen; code: how long it took in ms")  \
    X(LIVE_EDGE, 9, "live_edge", "the player itself jumped to the live edge")                      \
    X(ENDED, 10, "ended", "natural end of the media")                                              \
    X(REPLAY, 11, "replay", "played again from the start")                                         \
    X(MILESTONE, 12, "milestone", "code: percent of the media reached for the first time")         \
    X(RENDITION_AUTO, 13, "rendition_auto", "changed by the player; code: new kbit/s, detail: old") \
    X(RENDITION_USER, 14, "rendition_user", "changed by the user; code: new kbit/s, detail: old")  \
    X(AUDIO_TRACK, 15, "audio_track", "another audio track; code: the player's number for it")     \
    X(SUBTITLE, 16, "subtitle", "another subtitle track; code: the player's number, -1 off")       \
    X(QUALIFIED_VIEW, 17, "qualified_view", "the application counts this as a view; code: its trigger") \
    X(REFUSED, 18, "refused", "no right to the content; code: the player's")                       \
    X(SUSPEND, 19, "suspend", "standby begins")                                                    \
    X(WAKE, 20, "wake", "standby ends; code: how long it was in ms")                               \
    X(SOURCE_SWITCH, 21, "source_switch", "switch to another source; code: how it goes")           \
    X(CUSTOM, 22, "custom", "the application's own; code and detail are its")                      \
    X(AD_REQUEST, 23, "ad_request", "an ad asked for from the ad server")                          \
    X(AD_BREAK_BEGIN, 24, "ad_break_begin", "an ad break begins")                                  \
    X(AD_BREAK_END, 25, "ad_break_end", "back to the content")                                     \
    X(AD_LOADED, 26, "ad_loaded", "an ad's media is ready")                                        \
    X(AD_IMPRESSION, 27, "ad_impression", "the ad server counts an impression")                    \
    X(AD_START, 28, "ad_start", "first frame of an ad on screen")                                  \
    X(AD_MILESTONE, 29, "ad_milestone", "code: percent of the ad reached")                         \
    X(AD_CLICK, 30, "ad_click", "the viewer followed the ad")                                      \
    X(AD_END, 31, "ad_end", "an ad is over; code: how it ended")                                   \
    X(AD_ERROR, 32, "ad_error", "an ad failed; code: the player's (VAST)")

/* How a switch to another source goes. */
#define TALLY_SWITCHES(X)                                                                          \
    X(REQUESTED, 0, "requested", "asked for")                                                      \
    X(SUCCEEDED, 1, "succeeded", "the new source plays")                                           \
    X(FAILED, 2, "failed", "the new source does not play")                                         \
    X(ABORTED_EQUAL, 3, "aborted_equal", "it is the source that plays already")                    \
    X(ABORTED_SUPERSEDED, 4, "aborted_superseded", "a later request took its place")               \
    X(ABORTED_FREQUENCY, 5, "aborted_frequency", "too soon after the last one")

/* How an ad ended. */
#define TALLY_AD_ENDS(X)                                                                           \
    X(COMPLETED, 0, "completed", "played to its end")                                              \
    X(SKIPPED, 1, "skipped", "skipped by the viewer")                                              \
    X(FAILED, 2, "failed", "broken off")

/* Who chose a rendition. */
#define TALLY_CAUSES(X)                                                                            \
    X(AUTO, 0, "auto", "the player's adaptation")                                                  \
    X(USER, 1, "user", "the user")

#define TALLY_AD_POSITIONS(X)                                                                      \
    X(PREROLL, 0, "preroll", "before the content")                                                 \
    X(MIDROLL, 1, "midroll", "within the content")                                                 \
    X(POSTROLL, 2, "postroll", "after the content")

#define TALLY_RESETS(X)                                                                            \
    X(UNKNOWN, 0, "unknown", "not known")                                                          \
    X(POWER_ON, 1, "power_on", "power came")                                                       \
    X(SOFTWARE, 2, "software", "asked for by software")                                            \
    X(WATCHDOG, 3, "watchdog", "the watchdog was not fed")                                         \
    X(FAULT, 4, "fault", "a fault or panic")                                                       \
    X(PROCESS_START, 5, "process_start", "a daemon started; the device may have been up")

#define TALLY_DELIVERIES(X)                                                                        \
    X(FILE, 0, "file", "a file")                                                                   \
    X(HLS, 1, "hls", "HTTP Live Streaming (RFC 8216)")                                             \
    X(DASH, 2, "dash", "MPEG-DASH (ISO/IEC 23009-1)")                                              \
    X(RTP, 3, "rtp", "RTP, multicast or unicast (RFC 3550)")                                       \
    X(DVB, 4, "dvb", "DVB broadcast")                                                              \
    X(WEBRTC, 5, "webrtc", "WebRTC")                                                               \
    X(PROGRESSIVE, 6, "progressive", "one HTTP download")                                          \
    X(SMOOTH, 7, "smooth", "Smooth Streaming")                                                     \
    X(RTMP, 8, "rtmp", "RTMP")                                                                     \
    X(SRT, 9, "srt", "SRT")

#define TALLY_PLAYBACKS(X)                                                                         \
    X(VOD, 0, "vod", "on demand")                                                                  \
    X(LIVE, 1, "live", "live")                                                                     \
    X(DVR, 2, "dvr", "live with a window to seek in, or a recording")

#define TALLY_PROTECTIONS(X)                                                                       \
    X(NONE, 0, "none", "in the clear")                                                             \
    X(AES, 1, "aes", "encrypted with a clear key")                                                 \
    X(WIDEVINE, 2, "widevine", "Widevine")                                                         \
    X(PLAYREADY, 3, "playready", "PlayReady")                                                      \
    X(FAIRPLAY, 4, "fairplay", "FairPlay")                                                         \
    X(CAS, 5, "cas", "conditional access (broadcast)")                                             \
    X(OTHER, 6, "other", "another one")

#define TALLY_PRELOADS(X)                                                                          \
    X(NONE, 0, "none", "nothing is fetched before play")                                           \
    X(METADATA, 1, "metadata", "the manifest or header is")                                        \
    X(AUTO, 2, "auto", "media is")

#define TALLY_HDCPS(X)                                                                             \
    X(NONE, 0, "none", "no protected output")                                                      \
    X(V1, 1, "1.x", "HDCP 1.x")                                                                    \
    X(V2, 2, "2.x", "HDCP 2.x")

#define TALLY_CANDIDATES(X)                                                                        \
    X(HOST, 0, "host", "an address of the device")                                                 \
    X(SRFLX, 1, "srflx", "seen by a STUN server")                                                  \
    X(PRFLX, 2, "prflx", "seen by the peer")                                                       \
    X(RELAY, 3, "relay", "of a TURN server")

#define TALLY_LIMITATIONS(X)                                                                       \
    X(NONE, 0, "none", "the encoder reaches its target")                                           \
    X(CPU, 1, "cpu", "lacks processing time")                                                      \
    X(BANDWIDTH, 2, "bandwidth", "lacks bandwidth")                                                \
    X(OTHER, 3, "other", "something else")

#define TALLY_MEDIAS(X)                                                                            \
    X(AUDIO, 0, "audio", "audio")                                                                  \
    X(VIDEO, 1, "video", "video")

/* Units of numbers: X(symbol, name, largest value or 0 for no such bound). */
#define TALLY_UNITS(X) \
    X(BITS, "bits", 0) \
    X(BOOL, "0 or 1", 1) \
    X(BPS, "bit/s", 0) \
    X(BYTES, "bytes", 0) \
    X(CODE, "number", 0) \
    X(COUNT, "count", 0) \
    X(DBM, "dBm", 0) \
    X(HZ, "Hz", 0) \
    X(KBPS, "kbit/s", 0) \
    X(MILLICELSIUS, "0.001 degrees Celsius", 0) \
    X(MILLIDECIBEL, "0.001 dB", 0) \
    X(MILLIHERTZ, "0.001 Hz", 0) \
    X(MS, "ms", 0) \
    X(PERCENT, "percent", 100) \
    X(PERMILLE, "per mille", 0) \
    X(PIXELS, "pixels", 0) \
    X(PPB, "parts per billion", 0) \
    X(PPM, "parts per million", 0) \
    X(TEXT, "text", 0) \
    X(US, "us", 0)

/* Lists that ENUM metrics take their values from, as units: X(symbol, list). The values of each list
 * count from 0 without a gap. WALL (port.h) and STATUS (status.h) belong to others. */
#define TALLY_LISTS(X) \
    X(AD_POSITION, TALLY_AD_POSITIONS) \
    X(CANDIDATE, TALLY_CANDIDATES) \
    X(DELIVERY, TALLY_DELIVERIES) \
    X(ERROR, TALLY_ERROR_CLASSES) \
    X(EVENT, TALLY_EVENT_TYPES) \
    X(HDCP, TALLY_HDCPS) \
    X(LIMITATION, TALLY_LIMITATIONS) \
    X(MEDIA, TALLY_MEDIAS) \
    X(PLAYBACK, TALLY_PLAYBACKS) \
    X(PRELOAD, TALLY_PRELOADS) \
    X(PROTECTION, TALLY_PROTECTIONS) \
    X(RESET, TALLY_RESETS) \
    X(SESSION, TALLY_SESSION_KINDS) \
    X(STATE, TALLY_STATES) \
    X(STOP, TALLY_STOPS)

/* Kinds of records: the value is the letter under key `k`, then which groups it may hold, in their
 * order on the wire. */
#define TALLY_RECORDS(X)                                                                           \
    X(AGENT, 'a', "agent", "an", "the agent about itself")                                         \
    X(BOOT, 'b', "boot", "b", "first of each boot; ends all sessions of earlier boots")            \
    X(CLOCK, 'c', "clock", "", "wall time became known after boot")                                \
    X(DEVICE, 'd', "device", "v", "the device, sampled")                                           \
    X(EVENT, 'e', "event", "ey", "something happened in a session")                                \
    X(FRAMES, 'f', "frames", "f", "frames of a decoder and its sink so far")                       \
    X(HEARTBEAT, 'h', "heartbeat", "ilmpz", "a session so far")                                    \
    X(WEBRTC_INBOUND, 'j', "webrtc_inbound", "jx", "a received WebRTC track and its connection so far") \
    X(WEBRTC_OUTBOUND, 'o', "webrtc_outbound", "ox", "a sent WebRTC track and its connection so far") \
    X(RTP, 'r', "rtp", "r", "an RTP stream so far")                                                \
    X(START, 's', "start", "d", "a session begins")                                                \
    X(TS, 't', "ts", "t", "a transport stream so far")                                             \
    X(VIEWING, 'v', "viewing", "gh", "all sessions of this boot so far")                           \
    X(END, 'x', "end", "dilmpyz", "a session, complete")

/* clang-format on */
#define TALLY_ENUM_STATE(symbol, value, name, meaning)          TALLY_STATE_##symbol = (value),
#define TALLY_ENUM_SESSION(symbol, value, name, meaning)        TALLY_SESSION_##symbol = (value),
#define TALLY_ENUM_STOP(symbol, value, name, meaning)           TALLY_STOP_##symbol = (value),
#define TALLY_ENUM_ERROR(symbol, value, name, meaning)          TALLY_ERROR_##symbol = (value),
#define TALLY_ENUM_EVENT(symbol, value, name, meaning)          TALLY_EVENT_##symbol = (value),
#define TALLY_ENUM_SWITCH(symbol, value, name, meaning)         TALLY_SWITCH_##symbol = (value),
#define TALLY_ENUM_AD(symbol, value, name, meaning)             TALLY_AD_##symbol = (value),
#define TALLY_ENUM_CAUSE(symbol, value, name, meaning)          TALLY_CAUSE_##symbol = (value),
#define TALLY_ENUM_AD_POSITION(symbol, value, name, meaning)    TALLY_AD_POSITION_##symbol = (value),
#define TALLY_ENUM_RESET(symbol, value, name, meaning)          TALLY_RESET_##symbol = (value),
#define TALLY_ENUM_DELIVERY(symbol, value, name, meaning)       TALLY_DELIVERY_##symbol = (value),
#define TALLY_ENUM_PLAYBACK(symbol, value, name, meaning)       TALLY_PLAYBACK_##symbol = (value),
#define TALLY_ENUM_PROTECTION(symbol, value, name, meaning)     TALLY_PROTECTION_##symbol = (value),
#define TALLY_ENUM_PRELOAD(symbol, value, name, meaning)        TALLY_PRELOAD_##symbol = (value),
#define TALLY_ENUM_HDCP(symbol, value, name, meaning)           TALLY_HDCP_##symbol = (value),
#define TALLY_ENUM_CANDIDATE(symbol, value, name, meaning)      TALLY_CANDIDATE_##symbol = (value),
#define TALLY_ENUM_LIMITATION(symbol, value, name, meaning)     TALLY_LIMITATION_##symbol = (value),
#define TALLY_ENUM_MEDIA(symbol, value, name, meaning)          TALLY_MEDIA_##symbol = (value),
#define TALLY_ENUM_RECORD(symbol, value, name, groups, meaning) TALLY_RECORD_##symbol = (value),

enum tally_state { TALLY_STATES(TALLY_ENUM_STATE) };
enum tally_session_kind { TALLY_SESSION_KINDS(TALLY_ENUM_SESSION) };
enum tally_stop { TALLY_STOPS(TALLY_ENUM_STOP) };
enum tally_error_class { TALLY_ERROR_CLASSES(TALLY_ENUM_ERROR) };
enum tally_event_type { TALLY_EVENT_TYPES(TALLY_ENUM_EVENT) };
enum tally_switch { TALLY_SWITCHES(TALLY_ENUM_SWITCH) };
enum tally_ad_end { TALLY_AD_ENDS(TALLY_ENUM_AD) };
enum tally_cause { TALLY_CAUSES(TALLY_ENUM_CAUSE) };
enum tally_ad_position { TALLY_AD_POSITIONS(TALLY_ENUM_AD_POSITION) };
enum tally_reset { TALLY_RESETS(TALLY_ENUM_RESET) };
enum tally_delivery { TALLY_DELIVERIES(TALLY_ENUM_DELIVERY) };
enum tally_playback { TALLY_PLAYBACKS(TALLY_ENUM_PLAYBACK) };
enum tally_protection { TALLY_PROTECTIONS(TALLY_ENUM_PROTECTION) };
enum tally_preload { TALLY_PRELOADS(TALLY_ENUM_PRELOAD) };
enum tally_hdcp { TALLY_HDCPS(TALLY_ENUM_HDCP) };
enum tally_candidate { TALLY_CANDIDATES(TALLY_ENUM_CANDIDATE) };
enum tally_limitation { TALLY_LIMITATIONS(TALLY_ENUM_LIMITATION) };
enum tally_media { TALLY_MEDIAS(TALLY_ENUM_MEDIA) };
enum tally_record { TALLY_RECORDS(TALLY_ENUM_RECORD) };

#undef TALLY_ENUM_STATE
#undef TALLY_ENUM_SESSION
#undef TALLY_ENUM_STOP
#undef TALLY_ENUM_ERROR
#undef TALLY_ENUM_EVENT
#undef TALLY_ENUM_SWITCH
#undef TALLY_ENUM_AD
#undef TALLY_ENUM_CAUSE
#undef TALLY_ENUM_AD_POSITION
#undef TALLY_ENUM_RESET
#undef TALLY_ENUM_DELIVERY
#undef TALLY_ENUM_PLAYBACK
#undef TALLY_ENUM_PROTECTION
#undef TALLY_ENUM_PRELOAD
#undef TALLY_ENUM_HDCP
#undef TALLY_ENUM_CANDIDATE
#undef TALLY_ENUM_LIMITATION
#undef TALLY_ENUM_MEDIA
#undef TALLY_ENUM_RECORD

#endif
