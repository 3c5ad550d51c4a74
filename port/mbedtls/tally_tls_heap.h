/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TLS_HEAP_H
#define TALLY_TLS_HEAP_H
/*
 * Mbed TLS's buffer allocator with counters. Global, as the allocator is. Private to port/mbedtls.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gives the allocator its buffer and resets the counters. False when there is one already. */
bool tally_tls_heap_take(uint8_t *buffer, uint32_t size);

/* Wipes and releases the buffer. Nothing may be allocated any more. */
void tally_tls_heap_release(void);

/* Bytes of the buffer, in use now, the most ever in use, and how many allocations were refused. */
uint32_t tally_tls_heap_bytes(void);
uint32_t tally_tls_heap_used(void);
uint32_t tally_tls_heap_high_water(void);
uint32_t tally_tls_heap_failed(void);

/* What memory_buffer_alloc.c calls instead of mbedtls_platform_set_calloc_free(), see
 * cmake/mbedtls.cmake. */
int tally_tls_heap_adopt(void *(*allocate)(size_t, size_t), void (*release)(void *));

#endif
