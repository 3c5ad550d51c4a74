/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WATCHER_H
#define WATCHER_H
/*
 * The one thread of the plugin, which looks after all players of the process and alone calls tally.
 * It begins with the first pipeline that does something, and sleeps while none does.
 */
#include <glib.h>

/* How it is to report; to be said before the first pipeline. NULL: as it is by default. */
void watcher_configure(const gchar *socket, const gchar *application);

#endif
