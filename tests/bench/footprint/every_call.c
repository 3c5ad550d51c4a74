/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A firmware that makes every call of the public interface, with arguments no compiler can know:
 * linked to be measured, never run.
 */
#include "tally/state.h"
#include "tally/tally.h"

extern tally_t agent;
extern tally_rtp_t rtp;
extern tally_ts_t ts;
extern tally_frames_t frames;
extern const tally_device_t sample;
extern tally_webrtc_t track;
extern const tally_options_t options;
extern const tally_port_t port;
extern const tally_transport_t transport;
extern const tally_store_t store;
extern volatile int32_t sink;
extern uint8_t packet[];

static void call_agent(void) {
    int64_t value = 0;
    tally_session_id_t sessions[TALLY_SESSIONS];
    sink = tally_init(&agent, &options, &port, &transport, &store);
    sink = (int32_t)tally_step(&agent);
    sink = tally_suspend(&agent);
    sink = tally_resume(&agent);
    sink = (int32_t)tally_sessions(&agent, sessions, TALLY_SESSIONS);
    sink = tally_query(&agent, (uint32_t)sink, (enum tally_metric)sink, &value);
    sink = tally_note(&agent, (enum tally_metric)sink, value);
    sink = (int32_t)tally_pending(&agent);
    sink = tally_device_sample(&agent, &sample);
    tally_flush(&agent);
    tally_reconnect(&agent);
}

static void call_hooks(void) {
    const tally_session_id_t session = (tally_session_id_t)sink;
    const enum tally_metric metric = (enum tally_metric)sink;
    sink = (int32_t)tally_hook_open(&agent);
    sink = (int32_t)tally_hook_open_publish(&agent);
    sink = (int32_t)tally_hook_zap(&agent, session);
    sink = (int32_t)tally_hook_open_at(&agent, (enum tally_session_kind)sink, (uint64_t)sink);
    sink = tally_hook_tell(&agent, session, (enum tally_hook)sink, sink, sink);
    sink = tally_hook_tell_at(&agent, session, (enum tally_hook)sink, sink, sink, (uint64_t)sink);
    sink = tally_hook_set(&agent, session, metric, sink);
    sink = tally_hook_add(&agent, session, metric, sink);
    sink = tally_hook_text(&agent, session, metric, (const char *)packet);
    sink = tally_attach_rtp(&agent, session, &rtp);
    sink = tally_attach_ts(&agent, session, &ts);
    sink = tally_attach_frames(&agent, session, &frames);
    sink = tally_detach(&agent, &rtp);
    sink = tally_attach_webrtc(&agent, session, &track);
    sink = tally_detach_webrtc(&agent, &track);
}

static void call_streams(void) {
    tally_rtp_header_t header;
    sink = tally_rtp_init(&rtp, (uint32_t)sink);
    sink = tally_rtp_parse(packet, (uint32_t)sink, &header);
    sink = tally_rtp_packet(&rtp, &header, (uint32_t)sink);
    sink = tally_rtp_recovered(&rtp, header.sequence);
    sink = tally_rtp_set_clock(&rtp, header.timestamp);
    tally_rtp_set_severe(&rtp, header.sequence, header.sequence);
    tally_rtp_discard(&rtp);
    tally_rtp_invalid(&rtp);
    tally_ts_init(&ts);
    sink = tally_ts_init_sized(&ts, (uint32_t)sink);
    sink = tally_ts_packets(&ts, packet, (uint32_t)sink, (uint32_t)sink);
    tally_frames_init(&frames);
    tally_frames_decoded(&frames, sink != 0);
    tally_frames_rendered(&frames, (uint64_t)sink);
    tally_frames_dropped(&frames, (uint32_t)sink);
    tally_frames_corrupted(&frames, (uint32_t)sink);
    tally_frames_lost(&frames, (uint32_t)sink);
    tally_frames_concealed(&frames, (uint32_t)sink);
    tally_frames_received(&frames, (uint32_t)sink);
    tally_frames_size(&frames, (uint16_t)sink, (uint16_t)sink);
    tally_frames_av_resync(&frames);
    tally_frames_av_offset(&frames, sink);
    sink = tally_frames_buffer(&frames, (enum tally_buffer)sink, (enum tally_buffer_state)sink,
                               (uint32_t)sink);
    tally_frames_hold(&frames, sink != 0, (uint32_t)sink);
    tally_frames_totals(&frames, (uint32_t)sink, (uint32_t)sink);
}

static void call_webrtc(void) {
    tally_webrtc_inbound_t received;
    tally_webrtc_outbound_t sent;
    tally_webrtc_pair_t pair;
    tally_webrtc_no_inbound(&received);
    tally_webrtc_no_outbound(&sent);
    tally_webrtc_no_pair(&pair);
    sink = tally_webrtc_init(&track, (enum tally_group)sink, (uint32_t)sink);
    sink = tally_webrtc_inbound(&track, &received, &pair, (uint32_t)sink);
    sink = tally_webrtc_outbound(&track, &sent, &pair, (uint32_t)sink);
}

int main(void) {
    call_agent();
    call_hooks();
    call_streams();
    call_webrtc();
    return 0;
}
