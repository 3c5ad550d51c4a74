/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H
/*
 * The values a configuration may have. Each function returns NULL and fills `out`, or says in
 * words what is wrong with `text`.
 */
#include "config.h"

const char *config_value_text(const char *text, char *out, size_t size);
const char *config_value_number(const char *text, uint32_t least, uint32_t most, uint32_t *out);
const char *config_value_yes_no(const char *text, bool *out);
const char *config_value_consent(const char *text, enum config_consent *out);
const char *config_value_log(const char *text, enum tally_log_level *out);

/* One more https://HOST[:PORT]/PATH; an IPv6 literal stands in brackets. */
const char *config_value_endpoints(const char *text, config_endpoints_t *out);

/* One more pin, 64 hexadecimal digits. */
const char *config_value_pins(const char *text, config_pins_t *out);

/* udp://ADDRESS:PORT */
const char *config_value_listen(const char *text, config_listen_t *out);

/* A name of CONFIG_SOCKET_BYTES at most: '@' and what is abstract, or a file. */
const char *config_value_socket(const char *text, const char *config_name, char *out, size_t size);

/* Permissions, in octal. */
const char *config_value_mode(const char *text, uint32_t *out);

/* One more user, by name or number. Looks names up. */
const char *config_value_users(const char *text, config_users_t *out);

/* A file name; a relative one is taken from the folder of `config_name`. */
const char *config_value_file(const char *text, const char *config_name, char *out, size_t size);

#endif
