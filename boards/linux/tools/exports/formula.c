/* SPDX-License-Identifier: Apache-2.0 */
#include "formula.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "names.h"

#define CHARACTERS 128u
#define KEY_BYTES  2u

/* What is left of a formula, and whether all so far was known. */
typedef struct {
    const fold_t *fold;
    const char *at;
} cursor_t;

typedef struct {
    bool is_known;
    int64_t value;
} number_t;

static const number_t unknown = {false, 0};

uint32_t formula_metric(const char *text) {
    static uint16_t numbers[CHARACTERS][CHARACTERS]; /* one more than the metric's; 0: none */
    if (numbers[(uint8_t)names_metrics[0].key[0]][(uint8_t)names_metrics[0].key[1]] == 0) {
        for (uint32_t i = 0; i < TALLY_METRICS; i++) {
            const char *const key = names_metrics[i].key;
            numbers[(uint8_t)key[0]][(uint8_t)key[1]] = (uint16_t)(i + 1);
        }
    }
    const uint32_t number = numbers[(uint8_t)text[0] % CHARACTERS][(uint8_t)text[1] % CHARACTERS];
    assert(number != 0);
    return number - 1;
}

static bool skip(cursor_t *cursor, const char *word) {
    const size_t bytes = strlen(word);
    const bool is_there = strncmp(cursor->at, word, bytes) == 0;
    cursor->at += is_there ? bytes : 0;
    return is_there;
}

static uint32_t take_element(cursor_t *cursor) {
    static const char *const elements[] = {".last", ".least", ".most", ".mean"};
    for (uint32_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (skip(cursor, elements[i])) {
            return i;
        }
    }
    return 0;
}

/* A key with what stands before and behind it. */
static number_t take_key(cursor_t *cursor) {
    const fold_t *const fold = cursor->fold;
    const bool differs = skip(cursor, "~");
    const bool appears = skip(cursor, "!");
    const uint32_t metric = formula_metric(cursor->at);
    cursor->at += KEY_BYTES;
    const uint32_t element = take_element(cursor);
    int64_t value = 0;
    int64_t before = 0;
    if (appears) {
        return (number_t){fold_is_new(fold, metric), 1};
    }
    if (!fold_number(fold, metric, element, &value) ||
        (differs && !fold_number_before(fold, metric, element, &before))) {
        return unknown;
    }
    return (number_t){true, value - before};
}

static number_t lesser(number_t a, number_t b) {
    return a.is_known && (!b.is_known || a.value < b.value) ? a : b;
}

static number_t take_choice(cursor_t *cursor) {
    number_t chosen = take_key(cursor);
    for (;;) {
        if (skip(cursor, "|")) {
            chosen = lesser(chosen, take_key(cursor));
        } else if (skip(cursor, "?")) {
            const number_t other = take_key(cursor);
            chosen = chosen.is_known ? chosen : other;
        } else {
            return chosen;
        }
    }
}

static number_t take_term(cursor_t *cursor) {
    int64_t factor = 1;
    if (isdigit((unsigned char)cursor->at[0]) != 0) {
        factor = *cursor->at++ - '0';
    }
    number_t term = take_choice(cursor);
    term.value *= factor;
    return term;
}

static number_t take_sum(cursor_t *cursor) {
    number_t sum = {true, 0};
    int64_t sign = skip(cursor, "-") ? -1 : 1;
    do {
        const number_t term = take_term(cursor);
        sum.is_known = sum.is_known && term.is_known;
        sum.value += sign * term.value;
        sign = *cursor->at == '-' ? -1 : 1;
    } while (skip(cursor, "+") || skip(cursor, "-"));
    return sum;
}

formula_value_t formula_value(const fold_t *fold, const char *formula) {
    cursor_t cursor = {fold, formula};
    const number_t above = take_sum(&cursor);
    const number_t below = skip(&cursor, "/") ? take_sum(&cursor) : (number_t){true, 1};
    assert(*cursor.at == '\0');
    return (formula_value_t){above.is_known && below.is_known && below.value > 0, above.value,
                             below.value};
}

bool formula_is_positive(const fold_t *fold, const char *formula) {
    const formula_value_t value = formula_value(fold, formula);
    return value.is_known && value.above > 0;
}
