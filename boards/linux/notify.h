/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFY_H
#define NOTIFY_H
/* Tells whoever started tallyd how it is, by the protocol of sd_notify(3). Without $NOTIFY_SOCKET
 * nothing is told. */
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef struct {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un address;
    socklen_t address_bytes;
    uint64_t watchdog_us; /* between two signs of life; 0: none are asked for */
    uint64_t watchdog_at_us;
} notify_t;

void notify_open(notify_t *notify);

/* `state`: lines of NAME=VALUE. Does not block. */
void notify_tell(const notify_t *notify, const char *state);

/* The configuration is read anew; READY=1 tells the end of that. */
void notify_reloading(const notify_t *notify);

/* Gives the sign of life if it is due: twice as often as asked for. For whoever knows that all is
 * well. Returns after how many milliseconds the next one is, UINT32_MAX: none is. */
uint32_t notify_alive(notify_t *notify, uint64_t now_us);

void notify_close(notify_t *notify);

#endif
