/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* A board whose vendor has metrics of its own, for test_agent_user_metrics.c. */

#define TALLY_METRICS_USER 1
#define TALLY_VENDOR_ID    32473 /* the number for examples (RFC 5612) */

/* And that samples nothing of itself. */
#define TALLY_DEVICE 0

/* What two figures of group VIEWING and five of HISTOGRAM need, and not a byte more. */
#define TALLY_RECORD_BYTES 636

#endif
