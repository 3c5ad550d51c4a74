/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_gst.h"

#include "tally/tally.h"

#define PACKAGE "tally"

static gboolean init(GstPlugin *plugin) {
    (void)plugin;
    return TRUE;
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, tally,
                  "Quality of experience, told to tallyd", init, TALLY_VERSION, GST_LICENSE_UNKNOWN,
                  PACKAGE, "tally")
