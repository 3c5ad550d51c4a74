/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* A board of a vendor with metrics of its own; 32473 is the number for examples (RFC 5612). */

#define TALLY_METRICS_USER 1
#define TALLY_VENDOR_ID    32473

#endif
