/* SPDX-License-Identifier: Apache-2.0 */
#include "receiver.h"

#include <stddef.h>

#include "rtcp.h"

#define RTP_CLOCK_HZ       90000u /* of MPEG-TS, RFC 3551 6 */
#define TS_SYNC_BYTE       0x47u  /* as the first byte of RTP it would be version 1 */
#define POSITION_PERIOD_US UINT64_C(1000000)

static const uint64_t NEVER_US = UINT64_MAX;

/* ---- hooks ---------------------------------------------------------------------------------- */

/* An event the agent cannot take is dropped and counted there; the picture goes on. */

static void tell_text(const receiver_t *receiver, enum tally_metric metric, const char *text) {
    if (text != NULL) {
        (void)tally_hook_text(receiver->tally, receiver->session, metric, text);
    }
}

static void tell_dimensions(const receiver_t *receiver) {
    tally_t *const tally = receiver->tally;
    const tally_session_id_t session = receiver->session;
    const receiver_config_t *const config = receiver->config;
    (void)tally_hook_set(tally, session, TALLY_M_DELIVERY, TALLY_DELIVERY_RTP);
    (void)tally_hook_set(tally, session, TALLY_M_PLAYBACK_TYPE, TALLY_PLAYBACK_LIVE);
    tell_text(receiver, TALLY_M_CONTENT_ID, config->content_id);
    tell_text(receiver, TALLY_M_CONTENT_TITLE, config->title);
    tell_text(receiver, TALLY_M_PLAYER_NAME, config->player_name);
    tell_text(receiver, TALLY_M_PLAYER_VERSION, config->player_version);
}

static void tell_change(receiver_t *receiver, enum playout_change change, uint64_t now_us) {
    tally_t *const tally = receiver->tally;
    const tally_session_id_t session = receiver->session;
    switch (change) {
    case PLAYOUT_SAME: break;
    case PLAYOUT_STARTED:
        (void)tally_hook_first_frame(tally, session);
        if (receiver->config->bitrate_kbps > 0) {
            (void)tally_hook_rendition(tally, session, receiver->config->bitrate_kbps,
                                       TALLY_CAUSE_AUTO);
        }
        receiver->position_due_us = now_us;
        break;
    case PLAYOUT_FROZE:
        /* What came before the source's farewell has been shown: not a stall but the end. */
        if (receiver->source_ended) {
            (void)tally_hook_end(tally, session);
            receiver_leave(receiver, TALLY_STOP_COMPLETED);
        } else {
            (void)tally_hook_buffering_begin(tally, session);
        }
        break;
    case PLAYOUT_MOVED: (void)tally_hook_buffering_end(tally, session); break;
    }
}

static void tell_position(receiver_t *receiver, uint64_t now_us) {
    const uint64_t position_ms = playout_position_ms(&receiver->playout, now_us);
    (void)tally_hook_set(receiver->tally, receiver->session, TALLY_M_POSITION,
                         (int64_t)position_ms);
    receiver->position_due_us = now_us + POSITION_PERIOD_US;
}

static void advance(receiver_t *receiver, uint64_t now_us) {
    receiver->now_us = now_us;
    tell_change(receiver, playout_advance(&receiver->playout, now_us), now_us);
}

void receiver_capabilities(const receiver_config_t *config, uint64_t groups[TALLY_GROUPS]) {
#define CAN(metric) TALLY_CAN(PLAYBACK, metric)
    groups[TALLY_G_PLAYBACK] =
        CAN(BUFFERING_TIME) | CAN(IDLE_TIME) | CAN(JOINING_TIME) | CAN(STALL_LONGEST) |
        CAN(PLAY_ATTEMPTS) | CAN(POSITION) | CAN(PLAY_TIME) | CAN(STALLS) | CAN(STALLED_TIME) |
        CAN(STATE) | CAN(STOP_REASON) | CAN(STARTUP_TIME) | CAN(TERMINAL_TIME) | CAN(ELAPSED_TIME) |
        CAN(EXITS_BEFORE_START) | CAN(FIRST_PICTURE_TIME) | CAN(FIRST_PLAYS);
    if (config->bitrate_kbps > 0) {
        groups[TALLY_G_PLAYBACK] |= CAN(BITRATE) | CAN(BITRATE_MEDIA) | CAN(BITRATE_TIME);
    }
#undef CAN
    groups[TALLY_G_DIMENSION] = TALLY_CAN(DIMENSION, DELIVERY) |
                                TALLY_CAN(DIMENSION, PLAYBACK_TYPE) |
                                TALLY_CAN(DIMENSION, SESSION_KIND);
    if (config->content_id != NULL) {
        groups[TALLY_G_DIMENSION] |= TALLY_CAN(DIMENSION, CONTENT_ID);
    }
    if (config->title != NULL) {
        groups[TALLY_G_DIMENSION] |= TALLY_CAN(DIMENSION, CONTENT_TITLE);
    }
    if (config->player_name != NULL) {
        groups[TALLY_G_DIMENSION] |= TALLY_CAN(DIMENSION, PLAYER_NAME);
    }
    if (config->player_version != NULL) {
        groups[TALLY_G_DIMENSION] |= TALLY_CAN(DIMENSION, PLAYER_VERSION);
    }
    groups[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT);
    groups[TALLY_G_VIEWING] =
        TALLY_CAN_ALL(VIEWING) & ~(TALLY_CAN(VIEWING, VIEWING_AD_PLAYS) |
                                   TALLY_CAN(VIEWING, VIEWING_LOADS) | TALLY_CAN(VIEWING, ZAPS));
    groups[TALLY_G_HISTOGRAM] =
        TALLY_CAN(HISTOGRAM, STARTUP_HISTOGRAM) | TALLY_CAN(HISTOGRAM, STALL_HISTOGRAM);
    /* Nothing here recovers a packet. */
    groups[TALLY_G_RTP] = TALLY_CAN_ALL(RTP) &
                          ~(TALLY_CAN(RTP, RTP_RECOVERED) | TALLY_CAN(RTP, RTP_LOSS_EVENTS_BEFORE));
    groups[TALLY_G_TS] = TALLY_CAN_ALL(TS);
}

/* ---- session -------------------------------------------------------------------------------- */

void receiver_init(receiver_t *receiver, tally_t *tally, const receiver_config_t *config) {
    *receiver = (receiver_t){.tally = tally, .config = config};
}

/* Of the session that has just been opened. */
static void begin(receiver_t *receiver) {
    receiver->source_believed = false;
    receiver->source_ended = false;
    receiver->picture_told = false;
    (void)tally_rtp_init(&receiver->rtp, RTP_CLOCK_HZ);
    tally_ts_init(&receiver->ts);
    demux_init(&receiver->demux);
    playout_init(&receiver->playout, receiver->config->start_buffer_ms,
                 receiver->config->resume_buffer_ms);
    receiver->last_data_us = NEVER_US;
    receiver->position_due_us = NEVER_US;
    tell_dimensions(receiver);
}

int32_t receiver_join(receiver_t *receiver) {
    if (receiver->session != 0) {
        return TALLY_E_STATE;
    }
    receiver->session = tally_hook_open(receiver->tally);
    if (receiver->session == 0) {
        return TALLY_E_FULL;
    }
    begin(receiver);
    (void)tally_hook_play(receiver->tally, receiver->session);
    return TALLY_OK;
}

bool receiver_joined(const receiver_t *receiver) {
    return receiver->session != 0;
}

/* The last that the session about to end is told. */
static void finish(receiver_t *receiver) {
    const bool has_started = receiver->position_due_us != NEVER_US;
    if (has_started) {
        tell_position(receiver, receiver->now_us);
    }
    if (receiver->rtp_attached) {
        (void)tally_detach(receiver->tally, &receiver->rtp);
    }
    if (receiver->ts_attached) {
        (void)tally_detach(receiver->tally, &receiver->ts);
    }
    receiver->rtp_attached = false;
    receiver->ts_attached = false;
}

void receiver_leave(receiver_t *receiver, enum tally_stop reason) {
    if (receiver->session == 0) {
        return;
    }
    finish(receiver);
    (void)tally_hook_close(receiver->tally, receiver->session, reason);
    receiver->session = 0;
}

int32_t receiver_zap(receiver_t *receiver) {
    const tally_session_id_t from = receiver->session;
    if (from != 0) {
        finish(receiver);
    }
    receiver->session = tally_hook_zap(receiver->tally, from);
    if (receiver->session == 0) {
        /* Whether that was still taken is not known; twice does no harm. */
        if (from != 0) {
            (void)tally_hook_close(receiver->tally, from, TALLY_STOP_ZAP);
        }
        return TALLY_E_FULL;
    }
    begin(receiver);
    return TALLY_OK;
}

/* ---- data ----------------------------------------------------------------------------------- */

/* Streams are put under measurement with their first datagram: a channel without RTP has no RTP
 * statistics rather than some that are all zero. */
static int32_t measure(receiver_t *receiver, bool is_rtp) {
    int32_t status = TALLY_OK;
    if (!receiver->ts_attached) {
        status = tally_attach_ts(receiver->tally, receiver->session, &receiver->ts);
        receiver->ts_attached = status == TALLY_OK;
    }
    if (is_rtp && !receiver->rtp_attached) {
        const int32_t rtp_status =
            tally_attach_rtp(receiver->tally, receiver->session, &receiver->rtp);
        receiver->rtp_attached = rtp_status == TALLY_OK;
        status = status == TALLY_OK ? rtp_status : status;
    }
    return status;
}

static void tell_picture(receiver_t *receiver) {
    if (!receiver->picture_told) {
        receiver->picture_told = true;
        (void)tally_hook_first_picture(receiver->tally, receiver->session);
    }
}

static void play(receiver_t *receiver, const uint8_t *data, uint32_t bytes, uint64_t now_us) {
    (void)tally_ts_packets(&receiver->ts, data, bytes, (uint32_t)now_us);
    for (uint32_t at = 0; at + DEMUX_PACKET_BYTES <= bytes; at += DEMUX_PACKET_BYTES) {
        const uint32_t found = demux_packet(&receiver->demux, data + at);
        if ((found & DEMUX_CLOCK) != 0) {
            playout_clock(&receiver->playout, receiver->demux.clock, now_us);
        }
        if ((found & DEMUX_PICTURE) != 0) {
            tell_picture(receiver);
            playout_picture(&receiver->playout);
        }
    }
}

static int32_t play_rtp(receiver_t *receiver, const uint8_t *data, uint32_t bytes,
                        uint64_t now_us) {
    tally_rtp_header_t header;
    const int32_t status = tally_rtp_parse(data, bytes, &header);
    if (status != TALLY_OK) {
        tally_rtp_invalid(&receiver->rtp);
        return status;
    }
    bool playable = false;
    switch (tally_rtp_packet(&receiver->rtp, &header, (uint32_t)now_us)) {
    case TALLY_RTP_NEXT:
        receiver->source_believed = true;
        playable = true;
        break;
    case TALLY_RTP_UNSURE:
        /* A channel's first packets often carry its tables and a picture: waiting for A.1 to
         * believe them would cost the viewer a second. Later on they may be a stranger's. */
        playable = !receiver->source_believed;
        break;
    default: tally_rtp_discard(&receiver->rtp); break;
    }
    if (playable) {
        receiver->source_ended = false;
        play(receiver, header.payload, header.payload_bytes, now_us);
    }
    return TALLY_OK;
}

int32_t receiver_datagram(receiver_t *receiver, const uint8_t *data, uint32_t bytes,
                          uint64_t now_us) {
    if (receiver->session == 0) {
        return TALLY_E_STATE;
    }
    /* What happened before this datagram came is told first. */
    advance(receiver, now_us);
    if (receiver->session == 0) {
        return TALLY_E_STATE;
    }
    if (rtcp_is_rtcp(data, bytes)) {
        receiver->source_ended =
            receiver->source_ended || rtcp_says_bye(data, bytes, receiver->rtp.ssrc);
        return TALLY_OK;
    }
    receiver->last_data_us = now_us;
    const bool is_rtp = bytes == 0 || data[0] != TS_SYNC_BYTE;
    const int32_t measured = measure(receiver, is_rtp);
    int32_t status = TALLY_OK;
    if (is_rtp) {
        status = play_rtp(receiver, data, bytes, now_us);
    } else {
        play(receiver, data, bytes, now_us);
    }
    advance(receiver, now_us);
    return status == TALLY_OK ? measured : status;
}

/* ---- time ----------------------------------------------------------------------------------- */

static uint64_t source_stopped_us(const receiver_t *receiver) {
    if (receiver->config->end_after_ms == 0 || receiver->last_data_us == NEVER_US) {
        return NEVER_US;
    }
    return receiver->last_data_us + receiver->config->end_after_ms * UINT64_C(1000);
}

static uint32_t ms_until(uint64_t due_us, uint64_t now_us, uint32_t most_ms) {
    if (due_us <= now_us) {
        return 0;
    }
    const uint64_t wait_us = due_us - now_us;
    return wait_us >= most_ms * UINT64_C(1000) ? most_ms : (uint32_t)((wait_us + 999) / 1000);
}

uint32_t receiver_tick(receiver_t *receiver, uint64_t now_us) {
    if (receiver->session == 0) {
        return RECEIVER_TICK_MS;
    }
    advance(receiver, now_us);
    if (receiver->session == 0) {
        return RECEIVER_TICK_MS;
    }
    if (now_us >= receiver->position_due_us) {
        tell_position(receiver, now_us);
    }
    if (now_us >= source_stopped_us(receiver)) {
        receiver_leave(receiver, TALLY_STOP_SOURCE_STOPPED);
        return RECEIVER_TICK_MS;
    }
    uint32_t wait_ms = ms_until(playout_due_us(&receiver->playout), now_us, RECEIVER_TICK_MS);
    wait_ms = ms_until(source_stopped_us(receiver), now_us, wait_ms);
    return ms_until(receiver->position_due_us, now_us, wait_ms);
}
