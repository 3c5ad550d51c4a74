/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes of the machine that QEMU runs on, through a virtio entropy device ("Virtual I/O
 * Device", 1.2, 4.2.4 and 5.4) in one of the four slots that QEMU gives this board. They are as
 * good as that machine's. The board itself has no source: without such a device there are none, and
 * the agent does not start.
 *
 * One request at a time, asked for and waited for. The ring lies in memory that is not cached.
 */
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "cortex_a.h"
#include "vexpress.h"

#define SLOTS      4u
#define SLOT_BYTES 0x200u

#define MAGIC_VALUE    0x000u
#define VERSION        0x004u
#define DEVICE_ID      0x008u
#define GUEST_FEATURES 0x020u
#define GUEST_PAGE     0x028u
#define QUEUE_SELECT   0x030u
#define QUEUE_ITEMS    0x038u
#define QUEUE_ALIGN    0x03Cu
#define QUEUE_PAGE     0x040u
#define QUEUE_NOTIFY   0x050u
#define STATUS         0x070u

#define MAGIC          0x74726976u
#define LEGACY         1u
#define ENTROPY_DEVICE 4u

#define STATUS_SEEN      0x1u
#define STATUS_DRIVEN    0x2u
#define STATUS_DRIVER_OK 0x4u

#define FOR_DEVICE_TO_WRITE 2u
#define PAGE_BYTES          4096u
#define USED_ALIGN          64u
#define REQUEST_BYTES       64u

/* The host answers in less than a millisecond, unless it has other things to do. Then the whole
 * machine may stand still between two looks, while its clock goes on: of that a tick counts. */
#define PATIENCE_US 2000000u
#define LOOK_US     (BOARD_TICK_MS * 1000u)

/* The ring of one item, as the specification lays it out ("Legacy Interfaces", 2.7.2). */
typedef struct {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
    uint16_t available_flags;
    uint16_t available_count;
    uint16_t available;
    alignas(USED_ALIGN) uint16_t used_flags;
    uint16_t used_count;
    uint32_t used;
    uint32_t used_bytes;
} ring_t;

_Static_assert(offsetof(ring_t, available_flags) == 16, "the available ring follows the items");
_Static_assert(offsetof(ring_t, used_flags) == USED_ALIGN, "the used ring has an alignment");

__attribute__((section(".uncached"))) alignas(PAGE_BYTES) static volatile ring_t ring;
__attribute__((section(".uncached"))) static volatile uint8_t received[REQUEST_BYTES];

static uintptr_t device; /* 0: none is running */

static volatile uint32_t *at(uintptr_t slot, uint32_t offset) {
    return (volatile uint32_t *)(slot + offset);
}

static uintptr_t find(void) {
    for (uint32_t i = 0; i < SLOTS; i++) {
        const uintptr_t slot = VEXPRESS_VIRTIO + i * SLOT_BYTES;
        if (*at(slot, MAGIC_VALUE) == MAGIC && *at(slot, VERSION) == LEGACY &&
            *at(slot, DEVICE_ID) == ENTROPY_DEVICE) {
            return slot;
        }
    }
    return 0;
}

static void start(uintptr_t slot) {
    *at(slot, STATUS) = 0; /* resets it: nothing that was asked for is answered any more */
    *at(slot, STATUS) = STATUS_SEEN | STATUS_DRIVEN;
    *at(slot, GUEST_FEATURES) = 0;
    ring = (ring_t){
        .address = (uintptr_t)received, .bytes = sizeof received, .flags = FOR_DEVICE_TO_WRITE};
    *at(slot, GUEST_PAGE) = PAGE_BYTES;
    *at(slot, QUEUE_SELECT) = 0;
    *at(slot, QUEUE_ITEMS) = 1;
    *at(slot, QUEUE_ALIGN) = USED_ALIGN;
    cortex_a_barrier();
    *at(slot, QUEUE_PAGE) = (uint32_t)((uintptr_t)&ring / PAGE_BYTES);
    *at(slot, STATUS) = STATUS_SEEN | STATUS_DRIVEN | STATUS_DRIVER_OK;
    device = slot;
}

/* How many bytes were received; 0: none in time, and the device is started anew next time. */
static uint32_t request(void) {
    uint64_t looked_us = board_now_us();
    uint64_t waited_us = 0;
    ring.available_count++;
    cortex_a_barrier();
    *at(device, QUEUE_NOTIFY) = 0;
    while (ring.used_count != ring.available_count) {
        const uint64_t now_us = board_now_us();
        waited_us += now_us - looked_us < LOOK_US ? now_us - looked_us : LOOK_US;
        looked_us = now_us;
        if (waited_us >= PATIENCE_US) {
            device = 0;
            return 0;
        }
    }
    cortex_a_barrier();
    const uint32_t bytes = ring.used_bytes;
    return bytes < sizeof received ? bytes : sizeof received;
}

bool board_random(uint8_t *out, uint32_t size) {
    if (device == 0) {
        const uintptr_t slot = find();
        if (slot == 0) {
            return false;
        }
        start(slot);
    }
    while (size > 0) {
        const uint32_t got = request();
        if (got == 0) {
            return false;
        }
        for (uint32_t i = 0; i < got && size > 0; i++, size--) {
            *out++ = received[i];
            received[i] = 0;
        }
    }
    return true;
}
