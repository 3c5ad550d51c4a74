/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPOOL_PRINT_H
#define SPOOL_PRINT_H
/* What a spool holds, as text. */
#include <stdio.h>

#include "spool_view.h"

/* One line a block, with `has_items` a line for each thing in it, and a summary of each ring. */
void spool_print_blocks(FILE *out, const spool_view_t *view, bool has_items);

/* What waits, in the order of delivery: a line each with ring, block, offset, boot, kind, bytes and
 * q, `-` where the record cannot be read; */
void spool_print_waiting(FILE *out, const spool_view_t *view);

/* the same of every record there, ring by ring in the order they were put there, with `waits` or
 * `gone` behind: accepted, or given up; */
void spool_print_all(FILE *out, const spool_view_t *view);

/* what waits as lines of JSON, see record.h; */
void spool_print_records(FILE *out, const spool_view_t *view);

/* or as it is. */
void spool_write_records(FILE *out, const spool_view_t *view);

/* Waiting records that are none, or not of the kind that their entry says. */
uint32_t spool_unreadable(const spool_view_t *view);

#endif
