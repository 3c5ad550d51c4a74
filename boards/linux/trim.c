/* SPDX-License-Identifier: Apache-2.0 */
#include "trim.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* A segment that was never writable is as it is in its file, unless the linker had to relocate it:
 * then it must stay. */
static bool has_text_relocations(const struct dl_phdr_info *object) {
    bool has = false;
    for (uint32_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *const segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_DYNAMIC) {
            /* An address the loader mapped. NOLINTNEXTLINE(performance-no-int-to-ptr) */
            const ElfW(Dyn) *entry = (const void *)(object->dlpi_addr + segment->p_vaddr);
            for (; entry->d_tag != DT_NULL; entry++) {
                has |= entry->d_tag == DT_TEXTREL;
            }
        }
    }
    return has;
}

static int trim_object(struct dl_phdr_info *object, size_t size, void *data) {
    (void)size;
    (void)data;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (uint32_t i = 0; i < object->dlpi_phnum && !has_text_relocations(object); i++) {
        const ElfW(Phdr) *const segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0) {
            const uintptr_t at = object->dlpi_addr + segment->p_vaddr;
            const uintptr_t from = at & ~(page - 1);
            /* Likewise. NOLINTNEXTLINE(performance-no-int-to-ptr) */
            (void)madvise((void *)from, at + segment->p_memsz - from, MADV_DONTNEED);
        }
    }
    return 0;
}

void trim_code(void) {
    (void)dl_iterate_phdr(trim_object, NULL);
}
