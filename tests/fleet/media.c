/* SPDX-License-Identifier: Apache-2.0 */
#include "media.h"

#include <string.h>

enum { PACKET_BYTES = 188, DATAGRAM_PACKETS = 7, KEY_FRAME_EACH = 25 };
enum { PAT, PMT, VIDEO };
enum { PAT_PID = 0, PMT_PID = 0x100, VIDEO_PID = 0x101 };
enum { UNIT_BEGINS = 0x40, HAS_PAYLOAD = 0x10, HAS_FIELD = 0x20 };
enum { RTP_CLOCK_HZ = 90000, JITTER_US = 1500, JITTER_STEPS = 3, SSRC = 0x7A11 };

static const uint16_t pids[MEDIA_PIDS] = {PAT_PID, PMT_PID, VIDEO_PID};

/* One programme, its map in PMT_PID; and that map: H.264 in VIDEO_PID, which has the PCR too. */
static const uint8_t pat_section[] = {0x00, 0xB0, 13,   0,    7,    0xC1, 0,    0,
                                      0,    1,    0xE1, 0x00, 0x35, 0xFC, 0x89, 0x76};
static const uint8_t pmt_section[] = {0x02, 0xB0, 18,   0,    1,    0xC1, 0,
                                      0,    0xE1, 0x01, 0xF0, 0,    0x1B, 0xE1,
                                      0x01, 0xF0, 0,    0x4F, 0xC4, 0x3D, 0x1B};

void media_init(media_t *media) {
    memset(media, 0, sizeof *media);
    (void)tally_rtp_init(&media->rtp, RTP_CLOCK_HZ);
    tally_ts_init(&media->ts);
    tally_frames_init(&media->frames);
}

/* --- transport stream ---------------------------------------------------------------------- */

/* A packet stuffed with 0xFF; returns where its payload begins. */
static uint8_t *begin_packet(media_t *media, uint8_t *packet, uint32_t of, uint8_t flags) {
    memset(packet, 0xFF, PACKET_BYTES);
    packet[0] = 0x47;
    packet[1] = (uint8_t)((flags & UNIT_BEGINS) | pids[of] >> 8);
    packet[2] = (uint8_t)pids[of];
    packet[3] = (uint8_t)((flags & (HAS_PAYLOAD | HAS_FIELD)) | media->continuity[of]);
    media->continuity[of] = (media->continuity[of] + 1) & 0x0F;
    return packet + 4;
}

static void write_table(media_t *media, uint8_t *packet, uint32_t of, const uint8_t *section,
                        uint32_t bytes) {
    uint8_t *const payload = begin_packet(media, packet, of, UNIT_BEGINS | HAS_PAYLOAD);
    payload[0] = 0; /* the section begins at once */
    memcpy(payload + 1, section, bytes);
}

/* The first packet of a picture: PCR, and a PES header with a PTS. */
static void write_picture(media_t *media, uint8_t *packet, uint64_t clock) {
    uint8_t *at = begin_packet(media, packet, VIDEO, UNIT_BEGINS | HAS_PAYLOAD | HAS_FIELD);
    const uint8_t field[] = {7,
                             0x10,
                             (uint8_t)(clock >> 25),
                             (uint8_t)(clock >> 17),
                             (uint8_t)(clock >> 9),
                             (uint8_t)(clock >> 1),
                             (uint8_t)((clock & 1) << 7 | 0x7E),
                             0};
    memcpy(at, field, sizeof field);
    at += sizeof field;
    const uint8_t header[] = {0,
                              0,
                              1,
                              0xE0,
                              0,
                              0,
                              0x80,
                              0x80,
                              5,
                              (uint8_t)(0x21 | (clock >> 29 & 0x0E)),
                              (uint8_t)(clock >> 22),
                              (uint8_t)(0x01 | (clock >> 14 & 0xFE)),
                              (uint8_t)(clock >> 7),
                              (uint8_t)(0x01 | (clock << 1 & 0xFE))};
    memcpy(at, header, sizeof header);
}

static void write_datagram(media_t *media, uint8_t *datagram, uint32_t sent_us) {
    const uint64_t clock = (uint64_t)sent_us * 9 / 100; /* 90 kHz */
    write_table(media, datagram, PAT, pat_section, sizeof pat_section);
    write_table(media, datagram + PACKET_BYTES, PMT, pmt_section, sizeof pmt_section);
    write_picture(media, datagram + 2 * PACKET_BYTES, clock);
    for (uint32_t i = 3; i < DATAGRAM_PACKETS; i++) {
        (void)begin_packet(media, datagram + i * PACKET_BYTES, VIDEO, HAS_PAYLOAD);
    }
}

/* --- datagrams and frames ------------------------------------------------------------------- */

void media_receive(media_t *media, uint32_t begin_us, uint32_t length_us, uint32_t sent,
                   uint32_t lost) {
    const uint32_t first_lost = (sent - lost) / 2;
    for (uint32_t i = 0; i < sent; i++) {
        uint8_t datagram[DATAGRAM_PACKETS * PACKET_BYTES];
        const uint32_t sent_us = begin_us + (uint32_t)((uint64_t)length_us * i / sent);
        const uint32_t arrival_us = sent_us + i % JITTER_STEPS * JITTER_US;
        write_datagram(media, datagram, sent_us);
        const tally_rtp_header_t header = {
            .timestamp = (uint32_t)((uint64_t)sent_us * 9 / 100),
            .ssrc = SSRC,
            .sequence = media->sequence++,
            .payload_type = 33,
            .payload = datagram,
            .payload_bytes = sizeof datagram,
        };
        if (i >= first_lost && i < first_lost + lost) {
            continue;
        }
        (void)tally_rtp_packet(&media->rtp, &header, arrival_us);
        (void)tally_ts_packets(&media->ts, datagram, sizeof datagram, arrival_us);
    }
}

void media_show(media_t *media, uint32_t begin_us, uint32_t length_us, uint32_t decoded,
                uint32_t dropped) {
    const uint32_t first_dropped = (decoded - dropped) / 2;
    tally_frames_received(&media->frames, decoded);
    tally_frames_dropped(&media->frames, dropped);
    for (uint32_t i = 0; i < decoded; i++) {
        tally_frames_decoded(&media->frames, i % KEY_FRAME_EACH == 0);
        if (i < first_dropped || i >= first_dropped + dropped) {
            tally_frames_rendered(&media->frames,
                                  begin_us + (uint32_t)((uint64_t)length_us * i / decoded));
        }
    }
}
