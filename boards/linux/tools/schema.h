/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_H
#define SCHEMA_H
/* What tally-schema makes of the registry. */
#include <stdbool.h>
#include <stdio.h>

/* A text of a record: TALLY_SESSION_TEXT_BYTES is at most 1024 and counts the NUL. */
#define SCHEMA_TEXT_BYTES_MOST 1023
/* Device and operator ids, likewise. */
#define SCHEMA_ID_BYTES_MOST 63

/* The keys of one letter that are no groups, of a record of this kind, in their order; `w` may be
 * absent. */
const char *schema_own_keys(char kind);

/* Whether records of this kind are of one stream, and have its number behind all else. */
bool schema_is_of_stream(char kind);

/* CDDL (RFC 8610) of the upload and of each kind of record. */
void schema_print_cddl(FILE *out);

/* The reference of all metrics, records and lists, in Markdown. */
void schema_print_reference(FILE *out);

/* Metrics and lists as rows, and a typed view a kind of record, for tests/ingest/sql. */
void schema_print_sql(FILE *out);

/*
 * The input of a Telegraf, TOML. No metric of a class of personal data above `most_personal` goes
 * through: none, device, content or viewer. False for another word; nothing is printed then.
 */
bool schema_print_telegraf(FILE *out, const char *most_personal);

/*
 * The ledger: every key that was ever on the wire. `old` is the ledger so far, or NULL. False when
 * the registry breaks with it; every reason is a line on `complaints`, and nothing is printed.
 */
bool schema_print_ledger(FILE *out, FILE *old, FILE *complaints);

#endif
