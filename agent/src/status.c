/* SPDX-License-Identifier: Apache-2.0 */
#include "tally/status.h"

const char *tally_status_name(int32_t status) {
    switch (status) {
#define TALLY_STATUS_CASE(symbol, value, name)                                                     \
    case symbol: return name;
        TALLY_STATUSES(TALLY_STATUS_CASE)
#undef TALLY_STATUS_CASE
    default: return "unknown status";
    }
}
