/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_ATOMIC_H
#define TALLY_SRC_ATOMIC_H
/*
 * Shared words are plain uint32_t, so that the public structs mean the same to C and C++, and are
 * touched only through these calls. Loads and stores of aligned words are single instructions on
 * every target; read-modify-write is not, and stays in hook.c behind TALLY_ATOMICS.
 */
#include <stdint.h>

/* The call is longer than the load or store; GCC -Os makes one all the same where they are many.
 * Where speed is asked for it decides better by itself. */
#ifdef __OPTIMIZE_SIZE__
#define TALLY_INLINE static inline __attribute__((always_inline))
#else
#define TALLY_INLINE static inline
#endif

TALLY_INLINE uint32_t tally_atomic_load(const uint32_t *word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint32_t tally_atomic_load_acquire(const uint32_t *word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

TALLY_INLINE void tally_atomic_store(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void tally_atomic_store_release(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* For words with one writer: no read-modify-write instruction is needed. */
TALLY_INLINE void tally_atomic_add_owned(uint32_t *word, uint32_t amount) {
    tally_atomic_store(word, tally_atomic_load(word) + amount);
}

/*
 * A version counter around each update lets a reader tell a torn snapshot (H.-J. Boehm, "Can
 * seqlocks get along with programming language memory models?", 2012):
 *
 *     writer:  version odd | values | version even        reader:  version | values | version
 */
static inline void tally_atomic_update_begin(uint32_t *version) {
    tally_atomic_store(version, tally_atomic_load(version) + 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void tally_atomic_update_end(uint32_t *version) {
    tally_atomic_store_release(version, tally_atomic_load(version) + 1);
}

#endif
