/* SPDX-License-Identifier: Apache-2.0 */
#include "config_value.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <string.h>

#include "utf8.h"

#define HTTPS_PORT 443

static const char TOO_LONG[] = "too long";

/* ---- plain values --------------------------------------------------------------------------- */

static bool copy(const char *text, size_t length, char *out, size_t size) {
    if (length >= size) {
        return false;
    }
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

static bool has_control_character(const char *text) {
    for (; *text != '\0'; text++) {
        const unsigned char character = (unsigned char)*text;
        if (character < ' ' || character == 0x7F) {
            return true;
        }
    }
    return false;
}

const char *config_value_text(const char *text, char *out, size_t size) {
    const size_t length = strlen(text);
    if (!utf8_valid(text, length)) {
        return "not UTF-8";
    }
    if (has_control_character(text)) {
        return "has a control character";
    }
    return copy(text, length, out, size) ? NULL : TOO_LONG;
}

/* Digits only: strtoul() would take signs, spaces and numbers that wrap. */
static bool digits(const char *text, size_t length, uint32_t *out) {
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text[i] - '0');
        if (value > UINT32_MAX) {
            return false;
        }
    }
    *out = (uint32_t)value;
    return length > 0;
}

const char *config_value_number(const char *text, uint32_t least, uint32_t most, uint32_t *out) {
    if (!digits(text, strlen(text), out)) {
        return "not a whole number";
    }
    return *out >= least && *out <= most ? NULL : "out of range";
}

const char *config_value_yes_no(const char *text, bool *out) {
    *out = strcmp(text, "yes") == 0;
    return *out || strcmp(text, "no") == 0 ? NULL : "neither yes nor no";
}

const char *config_value_consent(const char *text, enum config_consent *out) {
    bool is_given = false;
    const char *const why = config_value_yes_no(text, &is_given);
    *out = is_given ? CONFIG_CONSENT_YES : CONFIG_CONSENT_NO;
    return why;
}

const char *config_value_log(const char *text, enum tally_log_level *out) {
    static const struct {
        const char *name;
        enum tally_log_level level;
    } levels[] = {
        {"error", TALLY_LOG_ERROR},
        {"warning", TALLY_LOG_WARNING},
        {"info", TALLY_LOG_INFO},
        {"debug", TALLY_LOG_DEBUG},
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(text, levels[i].name) == 0) {
            *out = levels[i].level;
            return NULL;
        }
    }
    return "not error, warning, info or debug";
}

static bool hex_digit(char digit, uint8_t *out) {
    static const char digits_in_order[] = "0123456789abcdef";
    const char lower = digit >= 'A' && digit <= 'F' ? (char)(digit + ('a' - 'A')) : digit;
    const char *const place = lower != '\0' ? strchr(digits_in_order, lower) : NULL;
    *out = place != NULL ? (uint8_t)(place - digits_in_order) : 0;
    return place != NULL;
}

const char *config_value_pins(const char *text, config_pins_t *out) {
    static const char not_a_pin[] = "is not 64 hexadecimal digits";
    if (out->count == CONFIG_PINS) {
        return "given more than 4 times";
    }
    if (strlen(text) != (size_t)2 * CONFIG_PIN_BYTES) {
        return not_a_pin;
    }
    uint8_t *const pin = out->list[out->count++];
    for (uint32_t i = 0; i < CONFIG_PIN_BYTES; i++) {
        uint8_t high = 0;
        uint8_t low = 0;
        if (!hex_digit(text[(size_t)2 * i], &high) || !hex_digit(text[(size_t)2 * i + 1], &low)) {
            return not_a_pin;
        }
        pin[i] = (uint8_t)(high << 4 | low);
    }
    return NULL;
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* HOST, HOST:PORT, [LITERAL] or [LITERAL]:PORT, `length` bytes of it. */
typedef struct {
    const char *host;
    size_t host_length;
    bool bracketed;
    const char *port; /* NULL: none was given */
    size_t port_length;
} authority_t;

static bool split_authority(const char *text, size_t length, authority_t *out) {
    const char *const end = text + length;
    const char *after = NULL; /* the host */
    *out = (authority_t){.bracketed = length > 0 && text[0] == '['};
    if (out->bracketed) {
        const char *const bracket = memchr(text, ']', length);
        if (bracket == NULL) {
            return false;
        }
        out->host = text + 1;
        out->host_length = (size_t)(bracket - out->host);
        after = bracket + 1;
    } else {
        const char *const colon = memchr(text, ':', length);
        out->host = text;
        after = colon != NULL ? colon : end;
        out->host_length = (size_t)(after - text);
    }
    if (after == end) {
        return true;
    }
    out->port = after + 1;
    out->port_length = (size_t)(end - out->port);
    return *after == ':';
}

static bool is_ipv6(const char *text) {
    uint8_t address[16];
    return inet_pton(AF_INET6, text, address) == 1;
}

static bool is_ipv4(const char *text) {
    uint8_t address[4];
    return inet_pton(AF_INET, text, address) == 1;
}

/* Letters, digits, hyphens, dots: what a DNS name or an IPv4 literal consists of. */
static bool is_host_name(const char *text) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    return text[0] != '\0' && strspn(text, allowed) == strlen(text);
}

/* Visible ASCII: anything else has to be percent-encoded (RFC 3986). A fragment is never sent. */
static bool is_request_path(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text >= 0x7F || *text == '#') {
            return false;
        }
    }
    return true;
}

static const char *parse_endpoint(const char *text, config_endpoint_t *out) {
    static const char scheme[] = "https://";
    if (strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return "does not begin with https://";
    }
    const char *const authority_text = text + sizeof scheme - 1;
    const char *const path = strchr(authority_text, '/');
    if (path == NULL) {
        return "has no path";
    }
    if (!is_request_path(path)) {
        return "has a path that cannot be requested";
    }
    authority_t authority;
    if (!split_authority(authority_text, (size_t)(path - authority_text), &authority)) {
        return "is not https://HOST:PORT/PATH";
    }
    uint32_t port = HTTPS_PORT;
    if (authority.port != NULL &&
        (!digits(authority.port, authority.port_length, &port) || port == 0 || port > UINT16_MAX)) {
        return "has no port from 1 to 65535";
    }
    if (!copy(authority.host, authority.host_length, out->host, sizeof out->host) ||
        !copy(path, strlen(path), out->path, sizeof out->path)) {
        return TOO_LONG;
    }
    out->port = (uint16_t)port;
    const bool host_valid = authority.bracketed ? is_ipv6(out->host) : is_host_name(out->host);
    return host_valid ? NULL : "has no valid host";
}

const char *config_value_endpoints(const char *text, config_endpoints_t *out) {
    if (out->count == CONFIG_ENDPOINTS) {
        return "given more than 8 times";
    }
    return parse_endpoint(text, &out->list[out->count++]);
}

const char *config_value_listen(const char *text, config_listen_t *out) {
    static const char scheme[] = "udp://";
    if (strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return "does not begin with udp://";
    }
    const char *const rest = text + sizeof scheme - 1;
    authority_t authority;
    uint32_t port = 0;
    if (!split_authority(rest, strlen(rest), &authority) || authority.port == NULL ||
        !digits(authority.port, authority.port_length, &port) || port > UINT16_MAX) {
        return "is not udp://ADDRESS:PORT";
    }
    out->port = (uint16_t)port;
    if (!copy(authority.host, authority.host_length, out->address, sizeof out->address)) {
        return "has no valid address";
    }
    const bool valid = authority.bracketed ? is_ipv6(out->address) : is_ipv4(out->address);
    return valid ? NULL : "has no valid address";
}

/* ---- files ---------------------------------------------------------------------------------- */

const char *config_value_file(const char *text, const char *config_name, char *out, size_t size) {
    const char *const slash = strrchr(config_name, '/');
    const size_t folder = text[0] == '/' || slash == NULL ? 0 : (size_t)(slash + 1 - config_name);
    const size_t length = strlen(text);
    if (folder >= size || length >= size - folder) {
        return TOO_LONG;
    }
    memcpy(out, config_name, folder);
    memcpy(out + folder, text, length + 1);
    return NULL;
}

/* ---- players -------------------------------------------------------------------------------- */

const char *config_value_socket(const char *text, const char *config_name, char *out, size_t size) {
    if (text[0] != '@') {
        return config_value_file(text, config_name, out, size);
    }
    return text[1] == '\0' ? "has no name behind the @" : config_value_text(text, out, size);
}

const char *config_value_mode(const char *text, uint32_t *out) {
    *out = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '7' || at - text == 4) {
            return "is not permissions in octal, such as 0660";
        }
        *out = *out << 3 | (uint32_t)(*at - '0');
    }
    return *out <= 0777 ? NULL : "is more than 0777";
}

/* UINT32_MAX is what the kernel takes for nobody in particular. */
static bool find_user(const char *text, uid_t *out) {
    uint32_t number = 0;
    if (digits(text, strlen(text), &number)) {
        *out = number;
        return number != UINT32_MAX;
    }
    const struct passwd *const user = getpwnam(text);
    *out = user != NULL ? user->pw_uid : 0;
    return user != NULL;
}

const char *config_value_users(const char *text, config_users_t *out) {
    if (out->count == CONFIG_USERS) {
        return "given more than 16 times";
    }
    return find_user(text, &out->list[out->count++]) ? NULL : "no such user";
}
