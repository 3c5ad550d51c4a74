/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <inttypes.h>

#include "json.h"
#include "say.h"

#define DIGITS_MAX 20

static void begin(writer_t *writer, const char *name) {
    say(writer->out, "%s", writer->begun ? "," : "");
    writer->begun = true;
    if (name != NULL) {
        json_string(writer->out, name);
        say(writer->out, ":");
    }
}

void writer_open(writer_t *writer, const char *name, char bracket) {
    begin(writer, name);
    say(writer->out, "%c", bracket);
    writer->begun = false;
}

void writer_close(writer_t *writer, char bracket) {
    say(writer->out, "%c", bracket);
    writer->begun = true;
}

void writer_null(writer_t *writer, const char *name) {
    begin(writer, name);
    say(writer->out, "null");
}

void writer_bool(writer_t *writer, const char *name, bool value) {
    begin(writer, name);
    say(writer->out, "%s", value ? "true" : "false");
}

void writer_integer(writer_t *writer, const char *name, int64_t value) {
    begin(writer, name);
    say(writer->out, "%" PRId64, value);
}

void writer_text(writer_t *writer, const char *name, const char *text, size_t bytes) {
    begin(writer, name);
    json_text(writer->out, text, bytes);
}

void writer_string(writer_t *writer, const char *name, const char *value) {
    if (value == NULL) {
        writer_null(writer, name);
        return;
    }
    begin(writer, name);
    json_string(writer->out, value);
}

static bool is_power_of_ten(int64_t value) {
    while (value % 10 == 0) {
        value /= 10;
    }
    return value == 1;
}

/* The digits behind the point, without zeros at their end; `rest` is below `below`. */
static void put_fraction(FILE *out, int64_t rest, int64_t below) {
    char digits[DIGITS_MAX + 1];
    size_t count = 0;
    for (int64_t unit = below / 10; unit > 0 && count < DIGITS_MAX; unit /= 10) {
        digits[count++] = (char)('0' + rest / unit);
        rest %= unit;
    }
    while (count > 0 && digits[count - 1] == '0') {
        count--;
    }
    digits[count] = '\0';
    say(out, "%s%s", count > 0 ? "." : "", digits);
}

void writer_quotient(writer_t *writer, const char *name, int64_t above, int64_t below) {
    begin(writer, name);
    if (!is_power_of_ten(below)) {
        say(writer->out, "%.10g", (double)above / (double)below);
        return;
    }
    const int64_t size = above < 0 ? -above : above;
    say(writer->out, "%s%" PRId64, above < 0 ? "-" : "", size / below);
    put_fraction(writer->out, size % below, below);
}
