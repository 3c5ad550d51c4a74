/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORD_H
#define RECORD_H
/* Records and upload bodies as lines of JSON. */
#include <stdbool.h>
#include <stdio.h>

#include "cbor_items.h"
#include "record_read.h"

/*
 * Prints every record of the next upload body or bare record, one line each, and none that is not
 * good to its end. False with the reader's error.
 *
 * A line has, where known: device, boot (hexadecimal), seq, kind, session, stream, uptime_ms,
 * wall_ms; then what else the record has, in its own order. Metrics are named as in the registry,
 * with their unit behind the name; what the registry does not have keeps its key. Levels and
 * histograms are objects, see arrays.h. Groups `b` and `v`, which would be `boot` and `device` a
 * second time, are `boot_group` and `device_group`.
 */
bool record_print_next(FILE *out, cbor_reader_t *reader);

/* Prints the line of a record that was read (record_read.h) and whose boot is known otherwise. */
void record_print_of_boot(FILE *out, const cbor_reader_t *reader, const record_t *record,
                          uint64_t boot);

#endif
