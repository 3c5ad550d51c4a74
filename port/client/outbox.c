/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox.h"

#include <stddef.h>
#include <string.h>

#define WINDOW_BYTES (TALLY_CLIENT_QUEUE_BYTES / 2)

enum {
    SNAPSHOT = 1,
    ANNOUNCEMENT = 2,
};

/* What stands before each message, and is counted with it. */
typedef struct {
    uint32_t number; /* of the message on its connection, from 1; of those that were sent */
    uint32_t session;
    uint16_t size; /* of the message behind it */
    uint16_t traits;
} head_t;

static head_t head_at(const tally_outbox_t *outbox, uint32_t at) {
    head_t head;
    memcpy(&head, outbox->bytes + at, sizeof head);
    return head;
}

static uint32_t whole(const head_t *head) {
    return (uint32_t)sizeof *head + head->size;
}

static uint32_t behind(const tally_outbox_t *outbox, uint32_t at) {
    const head_t head = head_at(outbox, at);
    return at + whole(&head);
}

static void remove_at(tally_outbox_t *outbox, uint32_t at) {
    const uint32_t next = behind(outbox, at);
    memmove(outbox->bytes + at, outbox->bytes + next, outbox->used - next);
    outbox->used -= next - at;
    outbox->count--;
}

static void insert_at(tally_outbox_t *outbox, uint32_t at, const head_t *head,
                      const uint8_t *message) {
    uint8_t *const place = outbox->bytes + at;
    memmove(place + whole(head), place, outbox->used - at);
    memcpy(place, head, sizeof *head);
    memcpy(place + sizeof *head, message, head->size);
    outbox->used += whole(head);
    outbox->count++;
}

static bool fits(const tally_outbox_t *outbox, const head_t *head) {
    return whole(head) <= sizeof outbox->bytes - outbox->used;
}

/* The unsent snapshot of a session, or the end. */
static uint32_t find_snapshot(const tally_outbox_t *outbox, uint32_t session) {
    uint32_t at = outbox->sent;
    while (at < outbox->used) {
        const head_t head = head_at(outbox, at);
        if ((head.traits & SNAPSHOT) != 0 && head.session == session) {
            return at;
        }
        at += whole(&head);
    }
    return at;
}

/* The oldest that was not sent, has just these traits and, if it has to, a session; or the end. */
static uint32_t find_oldest(const tally_outbox_t *outbox, uint16_t traits, bool has_session) {
    uint32_t at = outbox->sent;
    while (at < outbox->used) {
        const head_t head = head_at(outbox, at);
        if (head.traits == traits && (head.session != 0 || !has_session)) {
            return at;
        }
        at += whole(&head);
    }
    return at;
}

/* Drops the message that is missed least. False: there is none. */
static bool drop_one(tally_outbox_t *outbox) {
    uint32_t at = find_oldest(outbox, SNAPSHOT, false);
    const bool is_loss = at == outbox->used;
    if (is_loss) {
        at = find_oldest(outbox, 0, true);
    }
    if (at == outbox->used) {
        at = find_oldest(outbox, 0, false);
    }
    if (is_loss) {
        outbox->dropped++;
    }
    if (at == outbox->used) {
        return false;
    }
    outbox->untold += is_loss ? 1 : 0;
    remove_at(outbox, at);
    return true;
}

static bool make_room(tally_outbox_t *outbox, const head_t *head) {
    while (!fits(outbox, head)) {
        if (!drop_one(outbox)) {
            return false;
        }
    }
    return true;
}

static head_t head_of(enum tally_keep keep, tally_session_id_t session, uint32_t size) {
    return (head_t){
        .session = session, .size = (uint16_t)size, .traits = keep == TALLY_REPLACE ? SNAPSHOT : 0};
}

void tally_outbox_init(tally_outbox_t *outbox) {
    memset(outbox, 0, offsetof(tally_outbox_t, bytes));
}

int32_t tally_outbox_put(tally_outbox_t *outbox, enum tally_keep keep, tally_session_id_t session,
                         const uint8_t *message, uint32_t size) {
    if (size > TALLY_MESSAGE_BYTES) {
        return TALLY_E_TOO_BIG;
    }
    const head_t head = head_of(keep, session, size);
    if (keep == TALLY_REPLACE) {
        const uint32_t before = find_snapshot(outbox, session);
        if (before < outbox->used) {
            remove_at(outbox, before);
        }
        if (!fits(outbox, &head)) {
            return TALLY_OK;
        }
    } else if (!make_room(outbox, &head)) {
        return TALLY_E_FULL;
    }
    insert_at(outbox, outbox->used, &head, message);
    return TALLY_OK;
}

int32_t tally_outbox_announce(tally_outbox_t *outbox, enum tally_keep keep,
                              tally_session_id_t session, const uint8_t *message, uint32_t size) {
    if (size > TALLY_MESSAGE_BYTES) {
        return TALLY_E_TOO_BIG;
    }
    head_t head = head_of(keep, session, size);
    head.traits |= ANNOUNCEMENT;
    if (!make_room(outbox, &head)) {
        return TALLY_E_FULL;
    }
    uint32_t at = outbox->sent;
    while (at < outbox->used && (head_at(outbox, at).traits & ANNOUNCEMENT) != 0) {
        at = behind(outbox, at);
    }
    insert_at(outbox, at, &head, message);
    return TALLY_OK;
}

bool tally_outbox_has_unsent(const tally_outbox_t *outbox) {
    return outbox->used > outbox->sent;
}

bool tally_outbox_next(const tally_outbox_t *outbox, tally_outbox_message_t *out) {
    if (!tally_outbox_has_unsent(outbox)) {
        return false;
    }
    const head_t head = head_at(outbox, outbox->sent);
    if (head.traits == 0 && outbox->sent + whole(&head) > WINDOW_BYTES) {
        return false;
    }
    *out = (tally_outbox_message_t){.bytes = outbox->bytes + outbox->sent + sizeof head,
                                    .size = head.size,
                                    .is_announcement = (head.traits & ANNOUNCEMENT) != 0};
    return true;
}

void tally_outbox_sent(tally_outbox_t *outbox) {
    head_t head = head_at(outbox, outbox->sent);
    outbox->number++;
    if (head.traits != 0) {
        remove_at(outbox, outbox->sent);
        return;
    }
    head.number = outbox->number;
    memcpy(outbox->bytes + outbox->sent, &head, sizeof head);
    outbox->sent += whole(&head);
}

int32_t tally_outbox_acknowledge(tally_outbox_t *outbox, uint32_t number) {
    if (number < outbox->acknowledged || number > outbox->number) {
        return TALLY_E_ARGUMENT;
    }
    outbox->acknowledged = number;
    uint32_t done = 0;
    while (done < outbox->sent && head_at(outbox, done).number <= number) {
        done = behind(outbox, done);
        outbox->count--;
    }
    memmove(outbox->bytes, outbox->bytes + done, outbox->used - done);
    outbox->used -= done;
    outbox->sent -= done;
    return TALLY_OK;
}

void tally_outbox_rewind(tally_outbox_t *outbox) {
    outbox->sent = 0;
    outbox->number = 0;
    outbox->acknowledged = 0;
    uint32_t at = 0;
    while (at < outbox->used) {
        if (head_at(outbox, at).traits != 0) {
            remove_at(outbox, at);
        } else {
            at = behind(outbox, at);
        }
    }
}

uint32_t tally_outbox_lost(tally_outbox_t *outbox) {
    const uint32_t lost = outbox->untold;
    outbox->untold = 0;
    return lost;
}
