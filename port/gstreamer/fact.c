/* SPDX-License-Identifier: Apache-2.0 */
#include "fact.h"

#include <stdlib.h>
#include <string.h>

void inbox_note(inbox_t *inbox, const fact_t *fact, const char *text) {
    if (__atomic_add_fetch(&inbox->waiting, 1, __ATOMIC_RELAXED) > INBOX_MOST) {
        (void)__atomic_sub_fetch(&inbox->waiting, 1, __ATOMIC_RELAXED);
        return;
    }
    const size_t text_bytes = text != NULL ? strlen(text) + 1 : 1;
    fact_t *const copy = malloc(sizeof *copy + text_bytes);
    if (copy == NULL) {
        (void)__atomic_sub_fetch(&inbox->waiting, 1, __ATOMIC_RELAXED);
        return;
    }
    *copy = *fact;
    memcpy(copy->text, text != NULL ? text : "", text_bytes);
    copy->next = __atomic_load_n(&inbox->last, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&inbox->last, &copy->next, copy, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
    }
}

fact_t *inbox_take(inbox_t *inbox) {
    fact_t *newest = __atomic_exchange_n(&inbox->last, NULL, __ATOMIC_ACQUIRE);
    fact_t *first = NULL;
    uint32_t count = 0;
    while (newest != NULL) {
        fact_t *const before = newest->next;
        newest->next = first;
        first = newest;
        newest = before;
        count++;
    }
    (void)__atomic_sub_fetch(&inbox->waiting, count, __ATOMIC_RELAXED);
    return first;
}

void fact_free_all(fact_t *first) {
    while (first != NULL) {
        fact_t *const next = first->next;
        free(first);
        first = next;
    }
}

fact_t *fact_merge(fact_t *one, fact_t *other) {
    fact_t *first = NULL;
    fact_t **end = &first;
    while (one != NULL && other != NULL) {
        fact_t **const sooner = one->at_ms <= other->at_ms ? &one : &other;
        *end = *sooner;
        *sooner = (*sooner)->next;
        end = &(*end)->next;
    }
    *end = one != NULL ? one : other;
    return first;
}
