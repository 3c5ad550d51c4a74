/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "say.h"
#include "schema.h"

#define HEAD_VERSION "# registry version "
#define HEAD_HASH    ", hash "

enum { LINE_BYTES = 128, KEYS_MOST = 36 * 36 };

/* One key: its line without the key itself. */
typedef struct {
    char words[LINE_BYTES]; /* "SYMBOL KIND UNIT group"; "": there never was such a key */
    bool retired;
} entry_t;

typedef struct {
    entry_t entries[KEYS_MOST]; /* by key, in the order of the keys' bytes */
    unsigned long version;      /* 0: the ledger does not say */
    uint64_t hash;
} ledger_t;

static const char key_characters[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* The number of a key of two letters or digits; KEYS_MOST for anything else. */
static uint32_t number_of(const char *key) {
    const char *const first = key[0] != '\0' ? strchr(key_characters, key[0]) : NULL;
    const char *const second =
        first != NULL && key[1] != '\0' ? strchr(key_characters, key[1]) : NULL;
    return second != NULL
               ? (uint32_t)(first - key_characters) * 36 + (uint32_t)(second - key_characters)
               : KEYS_MOST;
}

/* ---- the registry as a ledger ---------------------------------------------------------------- */

static uint64_t hash_text(uint64_t hash, const char *text) {
    do {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001B3);
    } while (*text++ != '\0');
    return hash;
}

/* FNV-1a of all that receivers depend on: keys, values of lists, groups of records. Meanings may be
 * put in better words, and a vendor's group has no part in tally's version. */
static uint64_t hash_registry(const ledger_t *ledger) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        const names_metric_t *const metric = &names_metrics[i];
        const char *const words = ledger->entries[number_of(metric->key)].words;
        if (strstr(words, " vendor") == NULL) {
            hash = hash_text(hash_text(hash, metric->key), words);
        }
    }
    for (size_t i = 0; i < NAMES_UNITS; i++) {
        for (size_t j = 0; j < names_units[i].value_count; j++) {
            char value[LINE_BYTES];
            (void)snprintf(value, sizeof value, "%s %" PRId32, names_units[i].symbol,
                           names_units[i].values[j].value);
            hash = hash_text(hash_text(hash, value), names_units[i].values[j].name);
        }
    }
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        const char letter[] = {names_records[i].letter, '\0'};
        hash = hash_text(hash_text(hash, letter), names_records[i].groups);
    }
    return hash;
}

/* False when the registry itself has a key that is none, or one twice. */
static bool enter_metric(ledger_t *now, const names_group_t *group, const names_metric_t *metric,
                         FILE *complaints) {
    const uint32_t number = number_of(metric->key);
    if (number == KEYS_MOST || strlen(metric->key) != 2 || metric->key[0] < 'a') {
        say(complaints, "%s: %s: a key is a letter and a letter or digit\n", metric->key,
            metric->symbol);
        return false;
    }
    entry_t *const entry = &now->entries[number];
    if (entry->words[0] != '\0') {
        say(complaints, "%s: %s: the key is there already: %s\n", metric->key, metric->symbol,
            entry->words);
        return false;
    }
    (void)snprintf(entry->words, sizeof entry->words, "%s %s %s %c%s", metric->symbol,
                   names_kind(metric->kind), metric->unit->symbol, group->letter,
                   names_is_vendors(group) ? " vendor" : "");
    return true;
}

static bool enter_registry(ledger_t *now, FILE *complaints) {
    bool is_good = true;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        for (uint32_t j = names_groups[i].first; j < names_groups[i].end; j++) {
            is_good = enter_metric(now, &names_groups[i], &names_metrics[j], complaints) && is_good;
        }
    }
    if (is_good) {
        now->version = TALLY_REGISTRY_VERSION;
        now->hash = hash_registry(now);
    }
    return is_good;
}

/* ---- the ledger so far ----------------------------------------------------------------------- */

static void read_head(ledger_t *ledger, const char *line) {
    char *end = NULL;
    if (strncmp(line, HEAD_VERSION, strlen(HEAD_VERSION)) != 0) {
        return; /* an ordinary comment */
    }
    ledger->version = strtoul(line + strlen(HEAD_VERSION), &end, 10);
    if (strncmp(end, HEAD_HASH, strlen(HEAD_HASH)) == 0) {
        ledger->hash = strtoull(end + strlen(HEAD_HASH), NULL, 16);
    }
}

/* Why a line is none of a ledger, or NULL. */
static const char *read_key(ledger_t *ledger, char *line) {
    static const char mark[] = " retired";
    const uint32_t number = number_of(line);
    const size_t bytes = strlen(line);
    if (number == KEYS_MOST || line[2] != ' ' || line[3] == '\0') {
        return "no line of a ledger";
    }
    entry_t *const entry = &ledger->entries[number];
    if (entry->words[0] != '\0') {
        return "a key that is there twice";
    }
    entry->retired = bytes > strlen(mark) && strcmp(line + bytes - strlen(mark), mark) == 0;
    if (entry->retired) {
        line[bytes - strlen(mark)] = '\0';
    }
    (void)snprintf(entry->words, sizeof entry->words, "%s", line + 3);
    return NULL;
}

static bool read_ledger(ledger_t *ledger, FILE *in, FILE *complaints) {
    char line[LINE_BYTES];
    bool is_good = true;
    for (uint32_t number = 1; fgets(line, sizeof line, in) != NULL; number++) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#') {
            read_head(ledger, line);
            continue;
        }
        const char *const fault = read_key(ledger, line);
        if (fault != NULL) {
            say(complaints, "line %" PRIu32 " of the ledger: %s: %s\n", number, fault, line);
            is_good = false;
        }
    }
    return is_good && ferror(in) == 0;
}

/* ---- one against the other ------------------------------------------------------------------- */

/* Keys that are gone go on, retired. */
static bool merge_entry(entry_t *now, const entry_t *old, const char *key, FILE *complaints) {
    if (old->words[0] == '\0') {
        return true;
    }
    if (now->words[0] == '\0') {
        *now = *old;
        now->retired = true;
        return true;
    }
    if (old->retired) {
        say(complaints, "%s: a retired key never comes back: it was %s\n", key, old->words);
        return false;
    }
    if (strcmp(now->words, old->words) != 0) {
        say(complaints, "%s: a key never changes: it was %s and is %s\n", key, old->words,
            now->words);
        return false;
    }
    return true;
}

static bool merge(ledger_t *now, const ledger_t *old, FILE *complaints) {
    bool is_good = true;
    for (uint32_t i = 0; i < KEYS_MOST; i++) {
        const char key[] = {key_characters[i / 36], key_characters[i % 36], '\0'};
        is_good = merge_entry(&now->entries[i], &old->entries[i], key, complaints) && is_good;
    }
    if (now->version < old->version) {
        say(complaints, "registry version %lu is behind the ledger's, %lu\n", now->version,
            old->version);
        return false;
    }
    if (now->hash != old->hash && now->version == old->version) {
        say(complaints,
            "the registry is not that of version %lu any more:"
            " raise TALLY_REGISTRY_VERSION in tally/metrics.h\n",
            old->version);
        return false;
    }
    return is_good;
}

static void print(FILE *out, const ledger_t *ledger) {
    say(out,
        "# SPDX-License-Identifier: Apache-2.0\n"
        "# Every key that was ever on the wire: key symbol kind unit group. Made by `tally-schema\n"
        "# ledger` of the registry and of this file as it was; to renew it: make schema.\n");
    say(out, HEAD_VERSION "%lu" HEAD_HASH "%016" PRIx64 "\n", ledger->version, ledger->hash);
    for (uint32_t i = 0; i < KEYS_MOST; i++) {
        const entry_t *const entry = &ledger->entries[i];
        if (entry->words[0] != '\0') {
            say(out, "%c%c %s%s\n", key_characters[i / 36], key_characters[i % 36], entry->words,
                entry->retired ? " retired" : "");
        }
    }
}

bool schema_print_ledger(FILE *out, FILE *old, FILE *complaints) {
    static ledger_t before;
    static ledger_t now;
    if (!enter_registry(&now, complaints) ||
        (old != NULL && !read_ledger(&before, old, complaints)) ||
        !merge(&now, &before, complaints)) {
        return false;
    }
    print(out, &now);
    return true;
}
