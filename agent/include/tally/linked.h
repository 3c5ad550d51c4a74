/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_LINKED_H
#define TALLY_LINKED_H
/*
 * The caller has the memory of a tally_t and the library fills it, so both must have been compiled
 * with the same sizes. The calls that empty one are therefore linked by a name that tells them:
 *
 *     undefined reference to `tally_init__by_tally_config_h__registry_5_sessions_2_text_...'
 *
 * means that the library was built with another tally_config.h than this caller; what it was built
 * with stands in its own symbol (nm). Such names are longer than the 31 characters that C11
 * (5.2.4.1) promises: a linker that looks at no more finds no difference.
 */
#include "tally/metrics.h"

#define TALLY_LINKED(name)                                                                         \
    TALLY_LINKED_BY(name, TALLY_REGISTRY_VERSION, TALLY_METRICS_USER, TALLY_SESSIONS,              \
                    TALLY_SESSION_TEXT_BYTES, TALLY_EVENTS, TALLY_TEXT_SLOTS, TALLY_TEXT_BYTES,    \
                    TALLY_STREAMS, TALLY_DEVICE, TALLY_WEBRTC_TRACKS, TALLY_PLAYER_HALF,           \
                    TALLY_PLAYERS, TALLY_PLAYER_STREAM_BYTES, TALLY_RECORD_BYTES, TALLY_TX_BYTES)

/* Once more, so that the sizes are put in before they are pasted. */
#define TALLY_LINKED_BY(...) TALLY_LINKED_NAME(__VA_ARGS__)

/* clang-format off */
#define TALLY_LINKED_NAME(name, registry, user, sessions, text, events, slots, slot, streams,      \
                          device, tracks, half, players, told, record, tx)                         \
    name##__by_tally_config_h__registry_##registry##_user_##user##_sessions_##sessions             \
        ##_text_##text##_events_##events##_slots_##slots##x##slot##_streams_##streams              \
        ##_device_##device##_tracks_##tracks##_half_##half##_players_##players##x##told            \
        ##_record_##record##_tx_##tx
/* clang-format on */

#endif
