/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "config_value.h"
#include "say.h"

#define LINE_BYTES 2048 /* with its end and NUL */

enum value_kind {
    VALUE_TEXT,
    VALUE_FILE,
    VALUE_NUMBER,
    VALUE_YES_NO,
    VALUE_CONSENT,
    VALUE_LOG,
    VALUE_ENDPOINTS,
    VALUE_PINS,
    VALUE_LISTEN,
};

/* What a key stands for and where its value goes. */
typedef struct {
    const char *name;
    enum value_kind kind;
    bool required;
    size_t offset; /* in config_t */
    size_t size;
    uint32_t least; /* of numbers */
    uint32_t most;
} rule_t;

#define PLACE(member) offsetof(config_t, member), sizeof((config_t *)NULL)->member

/* clang-format off */
static const rule_t rules[] = {
    {"endpoint",         VALUE_ENDPOINTS, true, PLACE(endpoints),        0, 0},
    {"ca",               VALUE_FILE,     false, PLACE(ca),               0, 0},
    {"pin",              VALUE_PINS,     false, PLACE(pins),             0, 0},
    {"certificate",      VALUE_FILE,     true,  PLACE(certificate),      0, 0},
    {"key",              VALUE_FILE,     true,  PLACE(key),              0, 0},
    {"device_id",        VALUE_TEXT,     true,  PLACE(device_id),        0, 0},
    {"operator_id",      VALUE_TEXT,     true,  PLACE(operator_id),      0, 0},
    {"listen",           VALUE_LISTEN,   true,  PLACE(listen),           0, 0},
    {"heartbeat_ms",     VALUE_NUMBER,   false, PLACE(heartbeat_ms),     1000, 3600000},
    {"upload_ms",        VALUE_NUMBER,   false, PLACE(upload_ms),        1000, 86400000},
    {"daily_bytes",      VALUE_NUMBER,   false, PLACE(daily_bytes),      65536, UINT32_MAX},
    {"config_key",       VALUE_FILE,     false, PLACE(config_key),       0, 0},
    {"spool",            VALUE_FILE,     false, PLACE(spool),            0, 0},
    {"spool_bytes",      VALUE_NUMBER,   false, PLACE(spool_bytes),      32768, 1 << 28},
    {"settings",         VALUE_FILE,     false, PLACE(settings),         0, 0},
    {"age_days",         VALUE_NUMBER,   false, PLACE(age_days),         1, 3650},
    {"consent",          VALUE_CONSENT,  false, PLACE(consent),          0, 0},
    {"start_buffer_ms",  VALUE_NUMBER,   false, PLACE(start_buffer_ms),  100, 60000},
    {"resume_buffer_ms", VALUE_NUMBER,   false, PLACE(resume_buffer_ms), 100, 60000},
    {"end_after_ms",     VALUE_NUMBER,   false, PLACE(end_after_ms),     0, 3600000},
    {"bitrate_kbps",     VALUE_NUMBER,   false, PLACE(bitrate_kbps),     1, INT32_MAX},
    {"content_id",       VALUE_TEXT,     false, PLACE(content_id),       0, 0},
    {"title",            VALUE_TEXT,     false, PLACE(title),            0, 0},
    {"device_type",      VALUE_TEXT,     false, PLACE(device_type),      0, 0},
    {"device_model",     VALUE_TEXT,     false, PLACE(device_model),     0, 0},
    {"soc",              VALUE_TEXT,     false, PLACE(soc),              0, 0},
    {"firmware",         VALUE_TEXT,     false, PLACE(firmware),         0, 0},
    {"log",              VALUE_LOG,      false, PLACE(log),              0, 0},
    {"exit_when_ended",  VALUE_YES_NO,   false, PLACE(exit_when_ended),  0, 0},
};
/* clang-format on */

#define RULES (sizeof rules / sizeof rules[0])

static const config_t defaults = {
    .heartbeat_ms = 60000,
    .upload_ms = 300000,
    .spool_bytes = 262144,
    .start_buffer_ms = 500,
    .resume_buffer_ms = 500,
    .end_after_ms = 3000,
    .log = TALLY_LOG_INFO,
};

/* One reading of one file. */
typedef struct {
    config_t *config;
    const char *name;
    FILE *errors;
    uint32_t line;
    uint32_t line_of[RULES]; /* where the key of each rule was given; 0: not yet */
    bool failed;
} reading_t;

static void refuse(reading_t *reading, const char *key, const char *why) {
    say(reading->errors, "%s:%u: %s: %s\n", reading->name, (unsigned)reading->line, key, why);
    reading->failed = true;
}

static const char *take_value(const reading_t *reading, const rule_t *rule, const char *text) {
    void *const place = (uint8_t *)reading->config + rule->offset;
    switch (rule->kind) {
    case VALUE_TEXT: return config_value_text(text, place, rule->size);
    case VALUE_FILE: return config_value_file(text, reading->name, place, rule->size);
    case VALUE_NUMBER: return config_value_number(text, rule->least, rule->most, place);
    case VALUE_YES_NO: return config_value_yes_no(text, place);
    case VALUE_CONSENT: return config_value_consent(text, place);
    case VALUE_LOG: return config_value_log(text, place);
    case VALUE_ENDPOINTS: return config_value_endpoints(text, place);
    case VALUE_PINS: return config_value_pins(text, place);
    case VALUE_LISTEN: return config_value_listen(text, place);
    }
    return "has no meaning";
}

static bool is_list(enum value_kind kind) {
    return kind == VALUE_ENDPOINTS || kind == VALUE_PINS;
}

static void take_key(reading_t *reading, const char *key, const char *value) {
    size_t place = 0;
    while (place < RULES && strcmp(rules[place].name, key) != 0) {
        place++;
    }
    if (place == RULES) {
        refuse(reading, key, "unknown key");
        return;
    }
    if (reading->line_of[place] != 0 && !is_list(rules[place].kind)) {
        char why[48];
        (void)snprintf(why, sizeof why, "given before in line %u",
                       (unsigned)reading->line_of[place]);
        refuse(reading, key, why);
        return;
    }
    reading->line_of[place] = reading->line;
    const char *const why =
        *value == '\0' ? "has no value" : take_value(reading, &rules[place], value);
    if (why != NULL) {
        refuse(reading, key, why);
    }
}

static char *trimmed(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) {
        length--;
    }
    text[length] = '\0';
    return text;
}

static void take_line(reading_t *reading, char *line) {
    char *const key = trimmed(line);
    if (*key == '\0' || *key == '#') {
        return;
    }
    char *const equals = strchr(key, '=');
    if (equals == NULL) {
        refuse(reading, key, "is not `key = value`");
        return;
    }
    *equals = '\0';
    take_key(reading, trimmed(key), trimmed(equals + 1));
}

/* The next line without its end, in at most LINE_BYTES; NULL at the end of the file. A line that is
 * longer or has a NUL is refused and skipped. */
static char *next_line(reading_t *reading, FILE *in, char *line) {
    while (fgets(line, LINE_BYTES, in) != NULL) {
        reading->line++;
        char *const end = strchr(line, '\n');
        if (end != NULL || feof(in)) {
            line[strcspn(line, "\n")] = '\0';
            return line;
        }
        refuse(reading, "this line", "longer than 2046 bytes, or has a NUL");
        int skipped = 0;
        while (skipped != '\n' && skipped != EOF) {
            skipped = fgetc(in);
        }
    }
    return NULL;
}

bool config_read(config_t *config, FILE *in, const char *name, FILE *errors) {
    reading_t reading = {.config = config, .name = name, .errors = errors};
    char line[LINE_BYTES];
    *config = defaults;
    while (next_line(&reading, in, line) != NULL) {
        take_line(&reading, line);
    }
    if (ferror(in)) {
        refuse(&reading, "this file", "cannot be read");
    }
    for (size_t i = 0; i < RULES; i++) {
        if (rules[i].required && reading.line_of[i] == 0) {
            refuse(&reading, rules[i].name, "missing");
        }
    }
    if (config->ca[0] == '\0' && config->pins.count == 0) {
        refuse(&reading, "ca", "missing, and so is a pin");
    }
    return !reading.failed;
}

bool config_load(config_t *config, const char *name, FILE *errors) {
    FILE *const in = fopen(name, "re");
    if (in == NULL) {
        say(errors, "%s: %s\n", name, strerror(errno));
        return false;
    }
    const bool read = config_read(config, in, name, errors);
    (void)fclose(in);
    return read;
}
