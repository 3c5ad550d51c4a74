/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "config_value.h"
#include "say.h"
#include "tally/config.h"

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
    VALUE_SOCKET,
    VALUE_MODE,
    VALUE_USERS,
};

enum need {
    OPTIONAL,
    REQUIRED,
    LIVE, /* optional, and changes while the agent runs */
};

/* What a key stands for and where its value goes. */
typedef struct {
    const char *name;
    enum value_kind kind;
    enum need need;
    size_t offset; /* in config_t */
    size_t size;
    uint32_t least; /* of numbers */
    uint32_t most;
} rule_t;

#define PLACE(member) offsetof(config_t, member), sizeof((config_t *)NULL)->member

/* clang-format off */
static const rule_t rules[] = {
    {"endpoint",              VALUE_ENDPOINTS,  REQUIRED, PLACE(endpoints),             0, 0},
    {"ca",                    VALUE_FILE,       OPTIONAL, PLACE(ca),                    0, 0},
    {"pin",                   VALUE_PINS,       OPTIONAL, PLACE(pins),                  0, 0},
    {"certificate",           VALUE_FILE,       REQUIRED, PLACE(certificate),           0, 0},
    {"key",                   VALUE_FILE,       REQUIRED, PLACE(key),                   0, 0},
    {"device_id",             VALUE_TEXT,       REQUIRED, PLACE(device_id),             0, 0},
    {"operator_id",           VALUE_TEXT,       REQUIRED, PLACE(operator_id),           0, 0},
    {"listen",                VALUE_LISTEN,     OPTIONAL, PLACE(listen),                0, 0},
    {"socket",                VALUE_SOCKET,     OPTIONAL, PLACE(socket),                0, 0},
    {"socket_mode",           VALUE_MODE,       OPTIONAL, PLACE(socket_mode),           0, 0},
    {"player_user",           VALUE_USERS,      LIVE,     PLACE(player_users),          0, 0},
    {"players",               VALUE_NUMBER,     LIVE,     PLACE(players),               1, TALLY_PLAYERS},
    {"players_per_user",      VALUE_NUMBER,     LIVE,     PLACE(players_per_user),      1, TALLY_PLAYERS},
    {"player_messages_per_s", VALUE_NUMBER,     LIVE,     PLACE(player_messages_per_s), 1, 10000},
    {"heartbeat_ms",          VALUE_NUMBER,     OPTIONAL, PLACE(heartbeat_ms),          1000, 3600000},
    {"upload_ms",             VALUE_NUMBER,     OPTIONAL, PLACE(upload_ms),             1000, 86400000},
    {"daily_bytes",           VALUE_NUMBER,     OPTIONAL, PLACE(daily_bytes),           65536, UINT32_MAX},
    {"config_key",            VALUE_FILE,       OPTIONAL, PLACE(config_key),            0, 0},
    {"spool",                 VALUE_FILE,       OPTIONAL, PLACE(spool),                 0, 0},
    {"spool_bytes",           VALUE_NUMBER,     OPTIONAL, PLACE(spool_bytes),           32768, 1 << 28},
    {"settings",              VALUE_FILE,       OPTIONAL, PLACE(settings),              0, 0},
    {"age_days",              VALUE_NUMBER,     OPTIONAL, PLACE(age_days),              1, 3650},
    {"consent",               VALUE_CONSENT,    OPTIONAL, PLACE(consent),               0, 0},
    {"start_buffer_ms",       VALUE_NUMBER,     OPTIONAL, PLACE(start_buffer_ms),       100, 60000},
    {"resume_buffer_ms",      VALUE_NUMBER,     OPTIONAL, PLACE(resume_buffer_ms),      100, 60000},
    {"end_after_ms",          VALUE_NUMBER,     OPTIONAL, PLACE(end_after_ms),          0, 3600000},
    {"bitrate_kbps",          VALUE_NUMBER,     OPTIONAL, PLACE(bitrate_kbps),          1, INT32_MAX},
    {"content_id",            VALUE_TEXT,       OPTIONAL, PLACE(content_id),            0, 0},
    {"title",                 VALUE_TEXT,       OPTIONAL, PLACE(title),                 0, 0},
    {"device_type",           VALUE_TEXT,       OPTIONAL, PLACE(device_type),           0, 0},
    {"device_model",          VALUE_TEXT,       OPTIONAL, PLACE(device_model),          0, 0},
    {"soc",                   VALUE_TEXT,       OPTIONAL, PLACE(soc),                   0, 0},
    {"firmware",              VALUE_TEXT,       OPTIONAL, PLACE(firmware),              0, 0},
    {"log",                   VALUE_LOG,        LIVE,     PLACE(log),                   0, 0},
    {"exit_when_ended",       VALUE_YES_NO,     LIVE,     PLACE(exit_when_ended),       0, 0},
};
/* clang-format on */

#define RULES (sizeof rules / sizeof rules[0])

_Static_assert(RULES <= CONFIG_KEYS, "each key has a place for its line");

static const config_t defaults = {
    .socket_mode = 0666,
    .players = TALLY_PLAYERS,
    .players_per_user = TALLY_PLAYERS / 2,
    .player_messages_per_s = 100,
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
    case VALUE_SOCKET: return config_value_socket(text, reading->name, place, rule->size);
    case VALUE_MODE: return config_value_mode(text, place);
    case VALUE_USERS: return config_value_users(text, place);
    }
    return "has no meaning";
}

static bool is_list(enum value_kind kind) {
    return kind == VALUE_ENDPOINTS || kind == VALUE_PINS || kind == VALUE_USERS;
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
    uint32_t *const line = &reading->config->lines[place];
    if (*line != 0 && !is_list(rules[place].kind)) {
        char why[48];
        (void)snprintf(why, sizeof why, "given before in line %u", (unsigned)*line);
        refuse(reading, key, why);
        return;
    }
    *line = reading->line;
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

/* The rule whose value lies at `member`. */
static uint32_t rule_of(const config_t *config, const void *member) {
    const size_t offset = (size_t)((const uint8_t *)member - (const uint8_t *)config);
    uint32_t rule = 0;
    while (rule + 1 < RULES && rules[rule].offset != offset) {
        rule++;
    }
    return rule;
}

static bool is_given(const config_t *config, const void *member) {
    return config->lines[rule_of(config, member)] != 0;
}

bool config_read(config_t *config, FILE *in, const char *name, FILE *errors) {
    reading_t reading = {.config = config, .name = name, .errors = errors};
    char line[LINE_BYTES];
    *config = defaults;
    config->name = name;
    while (next_line(&reading, in, line) != NULL) {
        take_line(&reading, line);
    }
    if (ferror(in)) {
        refuse(&reading, "this file", "cannot be read");
    }
    for (size_t i = 0; i < RULES; i++) {
        if (rules[i].need == REQUIRED && config->lines[i] == 0) {
            refuse(&reading, rules[i].name, "missing");
        }
    }
    if (config->ca[0] == '\0' && config->pins.count == 0) {
        refuse(&reading, "ca", "missing, and so is a pin");
    }
    if (!is_given(config, &config->listen) && !is_given(config, config->socket)) {
        refuse(&reading, "listen", "missing, and so is a socket");
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

void config_complain(const config_t *config, const void *member, FILE *errors, const char *what,
                     const char *why) {
    const uint32_t rule = rule_of(config, member);
    say(errors, "%s:%u: %s: %s: %s\n", config->name, (unsigned)config->lines[rule],
        rules[rule].name, what, why);
}

bool config_needs_restart(const config_t *now, const config_t *next) {
    bool differs = false;
    for (uint32_t i = 0; i < RULES; i++) {
        differs |= rules[i].need != LIVE &&
                   memcmp((const uint8_t *)now + rules[i].offset,
                          (const uint8_t *)next + rules[i].offset, rules[i].size) != 0;
    }
    return differs;
}

void config_take_over(config_t *now, const config_t *next) {
    for (uint32_t i = 0; i < RULES; i++) {
        if (rules[i].need == LIVE) {
            memcpy((uint8_t *)now + rules[i].offset, (const uint8_t *)next + rules[i].offset,
                   rules[i].size);
        }
    }
    memcpy(now->lines, next->lines, sizeof now->lines);
}
