/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_WEBRTC_H
#define TALLY_WEBRTC_H
/*
 * Statistics of WebRTC tracks. The player polls its stack (getStats(), webrtcbin) as often as it
 * likes, some 100 ms apart at the least, and hands on what the stack says of a track: cumulative
 * values as they are, seconds as integers in the unit of the member's name. Rates, losses of an
 * interval and restarts of counters are worked out here.
 *
 *     tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, 64);
 *     tally_attach_webrtc(&agent, session, &track);
 *     each poll:  tally_webrtc_no_inbound(&stats);      then the members that the stack has
 *                 tally_webrtc_no_pair(&pair);
 *                 tally_webrtc_inbound(&track, &stats, &pair, now_ms);
 *     until 0:    tally_detach_webrtc(&agent, &track);
 *
 * The player owns each track and is its only writer. No call here blocks, allocates or reads a
 * clock. For threads; an update takes about 500 bytes of stack.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/enums.h"
#include "tally/metrics.h"
#include "tally/status.h"

/* The value of a member that the stack does not have, or not yet. */
#define TALLY_WEBRTC_ABSENT INT64_MIN

/* The longest texts, in bytes with their NUL. A trackIdentifier is a UUID as a rule, but RFC 8830
 * allows 64 characters. */
#define TALLY_WEBRTC_MIME_BYTES  32u
#define TALLY_WEBRTC_MID_BYTES   32u
#define TALLY_WEBRTC_TRACK_BYTES 64u

#ifdef __cplusplus
extern "C" {
#endif

/* --- what the stack says -------------------------------------------------------------------- */

/* clang-format off */

/* Members of inbound-rtp: X(member, metric). The metric's meaning has the name of W3C webrtc-stats.
 * First come those that are cumulative in the stack; packets lead, their restart is that of all. */
#define TALLY_WEBRTC_INBOUND_SUMS(X)                       \
    X(packets_received, IN_PACKETS)                        \
    X(packets_lost, IN_LOST) /* may be negative */         \
    X(bytes_received, IN_BYTES)                            \
    X(packets_discarded, IN_DISCARDED)                     \
    X(retransmitted_packets, IN_RETRANSMITTED)             \
    X(fec_packets, IN_FEC_PACKETS)                         \
    X(nacks, IN_NACKS)                                     \
    X(plis, IN_PLIS)                                       \
    X(firs, IN_FIRS)                                       \
    X(jitter_buffer_delay_ms, IN_BUFFER_DELAY)             \
    X(jitter_buffer_target_delay_ms, IN_BUFFER_TARGET)     \
    X(jitter_buffer_emitted, IN_BUFFER_EMITTED)            \
    X(samples_received, IN_SAMPLES)                        \
    X(samples_concealed, IN_CONCEALED_SAMPLES)             \
    X(concealments, IN_CONCEALMENTS)                       \
    X(frames_received, IN_FRAMES_RECEIVED)                 \
    X(frames_decoded, IN_FRAMES_DECODED)                   \
    X(key_frames_decoded, IN_KEY_FRAMES)                   \
    X(frames_rendered, IN_FRAMES_RENDERED)                 \
    X(frames_dropped, IN_FRAMES_DROPPED)                   \
    X(decode_time_ms, IN_DECODE_TIME)                      \
    X(freezes, IN_FREEZES)                                 \
    X(freeze_time_ms, IN_FREEZE_TIME)                      \
    X(pauses, IN_PAUSES)                                   \
    X(pause_time_ms, IN_PAUSE_TIME)
#define TALLY_WEBRTC_INBOUND_GAUGES(X)                     \
    X(media, IN_MEDIA) /* enum tally_media */              \
    X(jitter_us, IN_JITTER)                                \
    X(frame_width, IN_WIDTH)                               \
    X(frame_height, IN_HEIGHT)                             \
    X(frame_rate_mhz, IN_FRAME_RATE)

/* Members of outbound-rtp, and of remote-inbound-rtp, which is what the receiver says of it. */
#define TALLY_WEBRTC_OUTBOUND_SUMS(X)                      \
    X(packets_sent, OUT_PACKETS)                           \
    X(remote_packets_lost, OUT_REMOTE_LOST) /* may be negative */ \
    X(bytes_sent, OUT_BYTES)                               \
    X(retransmitted_packets, OUT_RETRANSMITTED)            \
    X(retransmitted_bytes, OUT_RETRANSMITTED_BYTES)        \
    X(frames_encoded, OUT_FRAMES_ENCODED)                  \
    X(frames_sent, OUT_FRAMES)                             \
    X(send_delay_ms, OUT_SEND_DELAY)                       \
    X(limited_by_cpu_ms, OUT_LIMITED_CPU)                  \
    X(limited_by_bandwidth_ms, OUT_LIMITED_BANDWIDTH)      \
    X(limited_by_other_ms, OUT_LIMITED_OTHER)
#define TALLY_WEBRTC_OUTBOUND_GAUGES(X)                    \
    X(media, OUT_MEDIA)           /* enum tally_media */   \
    X(limitation, OUT_LIMITATION) /* enum tally_limitation */ \
    X(target_bitrate_bps, OUT_TARGET_BITRATE)              \
    X(frame_width, OUT_WIDTH)                              \
    X(frame_height, OUT_HEIGHT)                            \
    X(frame_rate_mhz, OUT_FRAME_RATE)                      \
    X(remote_jitter_us, OUT_REMOTE_JITTER)                 \
    X(remote_loss_ppm, OUT_REMOTE_LOSS)                    \
    X(remote_round_trip_us, OUT_ROUND_TRIP)

/* Members of the nominated candidate-pair, and of its local candidate. */
#define TALLY_WEBRTC_PAIR_SUMS(X)                          \
    X(bytes_received, PAIR_BYTES_RECEIVED)                 \
    X(bytes_sent, PAIR_BYTES_SENT)                         \
    X(responses_received, PAIR_RESPONSES)                  \
    X(total_round_trip_us, PAIR_ROUND_TRIPS)
#define TALLY_WEBRTC_PAIR_GAUGES(X)                        \
    X(candidate, PAIR_CANDIDATE) /* enum tally_candidate */ \
    X(round_trip_us, PAIR_ROUND_TRIP)                      \
    X(available_outgoing_bps, PAIR_AVAILABLE_BITRATE)

/* clang-format on */

#define TALLY_WEBRTC_MEMBER(member, metric) int64_t member;

typedef struct {
    TALLY_WEBRTC_INBOUND_SUMS(TALLY_WEBRTC_MEMBER)
    TALLY_WEBRTC_INBOUND_GAUGES(TALLY_WEBRTC_MEMBER)
    const char *mime_type; /* of the codec */
    const char *mid;
    const char *track_identifier;
} tally_webrtc_inbound_t;

typedef struct {
    TALLY_WEBRTC_OUTBOUND_SUMS(TALLY_WEBRTC_MEMBER)
    TALLY_WEBRTC_OUTBOUND_GAUGES(TALLY_WEBRTC_MEMBER)
    const char *mime_type; /* of the codec */
    const char *mid;
} tally_webrtc_outbound_t;

typedef struct {
    TALLY_WEBRTC_PAIR_SUMS(TALLY_WEBRTC_MEMBER)
    TALLY_WEBRTC_PAIR_GAUGES(TALLY_WEBRTC_MEMBER)
} tally_webrtc_pair_t;

#undef TALLY_WEBRTC_MEMBER

/* All members absent. */
void tally_webrtc_no_inbound(tally_webrtc_inbound_t *stats);
void tally_webrtc_no_outbound(tally_webrtc_outbound_t *stats);
void tally_webrtc_no_pair(tally_webrtc_pair_t *pair);

/* --- a track -------------------------------------------------------------------------------- */

/* How many cumulative members there are: TALLY_WEBRTC_NTH_IN_BYTES is the place of one. */
#define TALLY_WEBRTC_NTH(member, metric) TALLY_WEBRTC_NTH_##metric,
enum { TALLY_WEBRTC_INBOUND_SUMS(TALLY_WEBRTC_NTH) TALLY_WEBRTC_SUMS_INBOUND };
enum { TALLY_WEBRTC_OUTBOUND_SUMS(TALLY_WEBRTC_NTH) TALLY_WEBRTC_SUMS_OUTBOUND };
enum { TALLY_WEBRTC_PAIR_SUMS(TALLY_WEBRTC_NTH) TALLY_WEBRTC_SUMS_PAIR };
#undef TALLY_WEBRTC_NTH

/* What the agent reads, in words: two sets of values, which of them there are, texts. */
#define TALLY_WEBRTC_WORDS                                                                         \
    (2u * (2u + (unsigned)TALLY_WEBRTC_INBOUND_METRICS + (unsigned)TALLY_WEBRTC_PAIR_METRICS) +    \
     (TALLY_WEBRTC_MIME_BYTES + TALLY_WEBRTC_MID_BYTES + TALLY_WEBRTC_TRACK_BYTES) / 4u)

typedef struct {
    /* read by the agent */
    uint32_t version;
    uint32_t group;
    uint32_t words[TALLY_WEBRTC_WORDS];
    /* the writer's own */
    int64_t last[TALLY_WEBRTC_SUMS_INBOUND]; /* what the stack said last */
    int64_t last_of_pair[TALLY_WEBRTC_SUMS_PAIR];
    int64_t interval_bytes;    /* totals when the interval of the next rates began */
    uint32_t interval_packets; /* (the last 32 bits: no interval has more) */
    uint32_t interval_lost;
    uint32_t interval_ms; /* when that was */
    bool has_interval;
    bool is_32_bits;
} tally_webrtc_t;

/* Empties the track. `group`: TALLY_G_WEBRTC_INBOUND or TALLY_G_WEBRTC_OUTBOUND. `counter_bits`:
 * 64, or 32 for a stack whose counters wrap there. TALLY_E_ARGUMENT for others. */
int32_t tally_webrtc_init(tally_webrtc_t *track, enum tally_group group, uint32_t counter_bits);

/*
 * Takes what the stack says at `time_ms`, a monotonic clock that may wrap. `pair` may be NULL. What
 * is absent stands as it was. Totals count from the stack's first value and never fall
 * (but packets lost): a cumulative value below its last one has restarted, or wrapped at 32 bits,
 * and counts on top.
 * Rates are of the time since the last update; one at the same time leaves them, one at an earlier
 * time ends them.
 *
 * Refused as a whole: TALLY_E_ARGUMENT for a value that is negative (but packets lost), above 2^53
 * or no such enum, TALLY_E_TOO_BIG and TALLY_E_TEXT for a text, TALLY_E_STATE for a track of the
 * other direction.
 */
int32_t tally_webrtc_inbound(tally_webrtc_t *track, const tally_webrtc_inbound_t *stats,
                             const tally_webrtc_pair_t *pair, uint32_t time_ms);
int32_t tally_webrtc_outbound(tally_webrtc_t *track, const tally_webrtc_outbound_t *stats,
                              const tally_webrtc_pair_t *pair, uint32_t time_ms);

#ifdef __cplusplus
}
#endif

#endif
