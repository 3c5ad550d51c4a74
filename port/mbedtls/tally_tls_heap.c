/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_tls_heap.h"

#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>

/* The header that the allocator puts before each block: 8 words. Its type is private to
 * memory_buffer_alloc.c. */
#define HEADER_BYTES (8u * sizeof(size_t))

static struct {
    void *(*allocate)(size_t count, size_t size);
    uint8_t *buffer;
    uint32_t size;
    uint32_t high_water;
    uint32_t failed;
} heap;

static void *heap_calloc(size_t count, size_t size) {
    void *block = heap.allocate(count, size);
    if (block == NULL) {
        /* Asking for 0 bytes yields NULL too and is no failure. */
        heap.failed += count != 0 && size != 0;
        return NULL;
    }
    const uint32_t used = tally_tls_heap_used();
    if (used > heap.high_water) {
        heap.high_water = used;
    }
    return block;
}

int tally_tls_heap_adopt(void *(*allocate)(size_t, size_t), void (*release)(void *)) {
    heap.allocate = allocate;
    return mbedtls_platform_set_calloc_free(heap_calloc, release);
}

bool tally_tls_heap_take(uint8_t *buffer, uint32_t size) {
    if (heap.buffer != NULL) {
        return false;
    }
    heap.buffer = buffer;
    heap.size = size;
    heap.high_water = 0;
    heap.failed = 0;
    mbedtls_memory_buffer_alloc_init(buffer, size);
    return true;
}

void tally_tls_heap_release(void) {
    mbedtls_memory_buffer_alloc_free();
    mbedtls_platform_zeroize(heap.buffer, heap.size);
    heap.buffer = NULL;
}

uint32_t tally_tls_heap_bytes(void) {
    return heap.size;
}

uint32_t tally_tls_heap_used(void) {
    size_t bytes = 0;
    size_t blocks = 0;
    mbedtls_memory_buffer_alloc_cur_get(&bytes, &blocks);
    /* The first header is not counted as a block; free blocks between are. */
    return (uint32_t)(bytes + (blocks + 1u) * HEADER_BYTES);
}

uint32_t tally_tls_heap_high_water(void) {
    return heap.high_water;
}

uint32_t tally_tls_heap_failed(void) {
    return heap.failed;
}
