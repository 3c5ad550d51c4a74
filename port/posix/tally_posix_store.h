/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_POSIX_STORE_H
#define TALLY_POSIX_STORE_H
/*
 * tally_store_t over a regular file, one block behind the other and nothing else in it. What was
 * synced survives reboots and power cuts as far as file system and medium keep what fdatasync()
 * promises.
 *
 * A power cut tears a program or an erase anywhere: pages and sectors reach the medium in any
 * order, and what is torn may be any mix of old and new. Entries carry checks over their place and
 * all their bytes, so the spool takes none that is torn; it writes nothing behind an entry that a
 * cut may have torn, and does not trust an erase of an earlier boot. It does rely on two things: an
 * erase is durable when it returns, so nothing programmed later can get to the medium before it;
 * and the medium writes a sector whole or not at all, so that a cut leaves its other bytes alone.
 *
 * The file is given its space when it is created. Where files are overwritten in place (ext4, XFS,
 * FAT) programming it never runs out of space; where each write goes to a new place (btrfs, F2FS,
 * UBIFS) a full file system is a TALLY_E_IO from program, erase or sync.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    tally_store_t store;
    int fd;       /* -1: not open */
    bool pending; /* programmed since the medium was last told to take all */
    bool lost;    /* of that, something did not get there; the next sync says so */
} tally_posix_store_t;

/*
 * Opens the store of `blocks` blocks of `block_bytes` bytes in the file `path`, and locks it until
 * close() or the end of the process. If there is no such file, or an empty one, it is created with
 * mode 0600 and all blocks erased; a creation that a power cut ended is done again. What lies in a
 * store is kept.
 *
 * program_bytes: 1, 4, 8 or 16; files need no granularity, so 1 unless another is to be imitated.
 * Returns TALLY_OK, or with nothing held
 *   TALLY_E_ARGUMENT  a NULL, or sizes port.h does not allow
 *   TALLY_E_CONFIG    `path` is no regular file, or one of another size. It is left as it is: it
 *                     may be somebody else's, or hold records of another geometry
 *   TALLY_E_STATE     the file is open as a store already, in this process or another
 *   TALLY_E_TOO_BIG   no space for it; errno says which limit: ENOSPC, EDQUOT or EFBIG
 *   TALLY_E_IO        errno says why, ELOOP for a symbolic link
 * Any thread, before the store is used. Blocks as long as the medium takes; creating writes the
 * whole file. `file` must not move and lives as long as the agent; `path` is not kept.
 */
int32_t tally_posix_store_open(tally_posix_store_t *file, const char *path, uint32_t block_bytes,
                               uint32_t blocks, uint32_t program_bytes);

/* Unlocks and closes the file, if it is open; does not sync. After the last use of the store, by
 * any thread. */
void tally_posix_store_close(tally_posix_store_t *file);

/*
 * The store for tally_init(). Valid as long as `file`. Its callbacks block as long as the medium
 * takes, and return TALLY_E_IO for a place outside the store or off the granularity too.
 *
 * A sync speaks of all that was programmed since the sync before it, even if it was an erase in
 * between that met the failure. What it failed for is lost and no later sync will tell: the kernel
 * reports a failed write once and then takes it for done. To be sure of it, program it again.
 */
const tally_store_t *tally_posix_store(const tally_posix_store_t *file);

#ifdef __cplusplus
}
#endif

#endif
