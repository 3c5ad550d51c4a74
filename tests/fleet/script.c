/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(FILE *in) {
    if (fseek(in, 0, SEEK_END) != 0) {
        return NULL;
    }
    const long bytes = ftell(in);
    char *const text = bytes >= 0 ? malloc((size_t)bytes + 1) : NULL;
    if (text == NULL) {
        return NULL;
    }
    rewind(in);
    text[fread(text, 1, (size_t)bytes, in)] = '\0';
    return text;
}

bool script_open(script_t *script, const char *path) {
    *script = (script_t){.text = NULL};
    FILE *const in = fopen(path, "rb");
    if (in != NULL) {
        script->text = read_all(in);
        (void)fclose(in);
    }
    if (script->text == NULL) {
        perror(path);
        return false;
    }
    script->next = script->text;
    return true;
}

void script_close(script_t *script) {
    free(script->text);
    script->text = NULL;
}

/* Takes the line at hand, its end cut off. */
static char *take_line(script_t *script) {
    char *const line = script->next;
    char *const end = strchr(line, '\n');
    script->line++;
    if (end != NULL) {
        *end = '\0';
        script->next = end + 1;
    } else {
        script->next = line + strlen(line);
    }
    return line;
}

bool script_head(script_t *script, const char **name, const char **value) {
    if (*script->next == '\0' || (*script->next >= '0' && *script->next <= '9')) {
        return false;
    }
    char *rest = take_line(script);
    *name = script_word(&rest);
    *value = script_rest(&rest);
    return true;
}

enum script_found script_next(script_t *script, script_command_t *out) {
    if (*script->next == '\0') {
        return SCRIPT_END;
    }
    char *rest = take_line(script);
    int64_t at_ms = 0;
    if (!script_number(&rest, 0, INT64_MAX, &at_ms)) {
        return SCRIPT_NO_COMMAND;
    }
    out->at_ms = (uint64_t)at_ms;
    out->verb = script_word(&rest);
    out->rest = rest;
    return out->verb != NULL ? SCRIPT_COMMAND : SCRIPT_NO_COMMAND;
}

const char *script_word(char **rest) {
    return strtok_r(NULL, " ", rest);
}

const char *script_rest(char **rest) {
    return *rest != NULL ? *rest : "";
}

bool script_number(char **rest, int64_t least, int64_t most, int64_t *out) {
    const char *const word = script_word(rest);
    char *end = NULL;
    if (word == NULL) {
        return false;
    }
    errno = 0;
    const long long number = strtoll(word, &end, 10);
    if (errno != 0 || end == word || *end != '\0' || number < least || number > most) {
        return false;
    }
    *out = number;
    return true;
}
