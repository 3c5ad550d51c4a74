/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMUX_H
#define DEMUX_H
/*
 * Finds in an MPEG transport stream (ISO/IEC 13818-1) what playout needs: the clock of the first
 * programme, and the first of its pictures that decodes by itself.
 *
 * Of a table that continues in a further packet the first part is read; that a programme names its
 * video behind dozens of other streams does not happen. Of programmes without video no picture is
 * ever found.
 */
#include <stdbool.h>
#include <stdint.h>

#define DEMUX_PACKET_BYTES 188u
#define DEMUX_NO_PID       0x1FFFu /* the null packets' */

/* What demux_packet() found, or-ed. */
#define DEMUX_CLOCK   1u /* demux_t.clock is new */
#define DEMUX_PICTURE 2u /* a picture that decodes by itself begins or goes on here */

typedef struct {
    uint64_t clock;          /* base of the last PCR, 33 bits of 90 kHz */
    uint32_t scan;           /* the last four bytes of video, the latest lowest */
    uint32_t tables_refused; /* sections whose lengths contradict their packet or themselves */
    uint16_t program;        /* of the first programme in the PAT; 0 none yet */
    uint16_t pmt_pid;
    uint16_t pcr_pid;
    uint16_t video_pid;
    uint8_t video_type; /* stream_type of the PMT */
    bool picture_found; /* the video needs no scanning any more */
} demux_t;

void demux_init(demux_t *demux);

/* Reads one packet of DEMUX_PACKET_BYTES of any content. Returns what was found, or 0. */
uint32_t demux_packet(demux_t *demux, const uint8_t *packet);

#endif
