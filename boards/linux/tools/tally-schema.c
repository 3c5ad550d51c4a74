/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally-schema: the registry as a schema, as a reference to read, as a configuration of Telegraf
 * and as a ledger of its keys.
 */
#include <errno.h>
#include <string.h>

#include "say.h"
#include "schema.h"

enum { EXIT_GOOD, EXIT_BROKEN, EXIT_USAGE };

const char *schema_own_keys(char kind) {
    switch (kind) {
    case 'a':
    case 'b': return "ckquw";
    case 's': return "ckqsuw";
    case 'c':
    case 'd':
    case 'v': return "kquw";
    default: return "kqsuw"; /* of a session or one of its streams */
    }
}

bool schema_is_of_stream(char kind) {
    return strchr("fjort", kind) != NULL;
}

static int usage(void) {
    say(stderr,
        "usage: tally-schema cddl           uploads and records as CDDL (RFC 8610)\n"
        "       tally-schema reference      all metrics, records and lists in Markdown\n"
        "       tally-schema telegraf [CLASS]\n"
        "                                  Telegraf's input; CLASS: the most personal data that "
        "go\n"
        "                                  through, none, device, content or viewer (all)\n"
        "       tally-schema ledger [OLD]   every key there ever was; OLD: the ledger so far\n"
        "       tally-schema sql            metrics, lists and typed views for PostgreSQL\n");
    return EXIT_USAGE;
}

static int print_ledger(const char *old_name) {
    FILE *old = NULL;
    if (old_name != NULL) {
        old = fopen(old_name, "r");
        if (old == NULL) {
            say(stderr, "tally-schema: %s: %s\n", old_name, strerror(errno));
            return EXIT_BROKEN;
        }
    }
    const bool is_good = schema_print_ledger(stdout, old, stderr);
    if (old != NULL) {
        (void)fclose(old);
    }
    return is_good ? EXIT_GOOD : EXIT_BROKEN;
}

/* Output that did not arrive is no success. */
static int finish(int result) {
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        say(stderr, "tally-schema: output: %s\n", strerror(errno));
        return EXIT_BROKEN;
    }
    return result;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "cddl") == 0) {
        schema_print_cddl(stdout);
        return finish(EXIT_GOOD);
    }
    if (argc == 2 && strcmp(argv[1], "reference") == 0) {
        schema_print_reference(stdout);
        return finish(EXIT_GOOD);
    }
    if (argc == 2 && strcmp(argv[1], "sql") == 0) {
        schema_print_sql(stdout);
        return finish(EXIT_GOOD);
    }
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "telegraf") == 0 &&
        schema_print_telegraf(stdout, argc == 3 ? argv[2] : "viewer")) {
        return finish(EXIT_GOOD);
    }
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "ledger") == 0) {
        return finish(print_ledger(argc == 3 ? argv[2] : NULL));
    }
    return usage();
}
