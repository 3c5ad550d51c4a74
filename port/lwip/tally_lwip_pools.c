/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_lwip_pools.h"

#include <lwip/memp.h>
#include <lwip/stats.h>

#include "tally/status.h"

/* In the order of memp_t. */
static const char *const names[MEMP_MAX] = {
#define LWIP_MEMPOOL(name, items, bytes, description) #name,
#include <lwip/priv/memp_std.h>
};

int32_t tally_lwip_pool(uint32_t index, tally_lwip_pool_t *out) {
    if (index > MEMP_MAX) {
        return TALLY_E_EMPTY;
    }
    const struct stats_mem *stats = &lwip_stats.mem;
    *out = (tally_lwip_pool_t){.name = "HEAP", .item_bytes = 1, .items = MEM_SIZE};
    if (index < MEMP_MAX) {
        const struct memp_desc *const pool = memp_pools[index];
        stats = pool->stats;
        *out = (tally_lwip_pool_t){
            .name = names[index],
            .item_bytes = pool->size,
            .items = pool->num,
        };
    }
    out->used = stats->used;
    out->high_water = stats->max;
    out->failed = stats->err;
    return TALLY_OK;
}
