/* SPDX-License-Identifier: Apache-2.0 */
#include "store_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

store_rig_t rig;

int rig_set_up_closed(void **state) {
    (void)state;
    strcpy(rig.folder, "/tmp/tally_store_XXXXXX");
    rig.file.fd = -1;
    if (mkdtemp(rig.folder) == NULL) {
        return -1;
    }
    (void)snprintf(rig.path, sizeof rig.path, "%s/store", rig.folder);
    return 0;
}

int rig_set_up(void **state) {
    return rig_set_up_closed(state) == 0 ? rig_open() : -1;
}

int rig_tear_down(void **state) {
    (void)state;
    rig_close();
    DIR *const folder = opendir(rig.folder);
    if (folder == NULL) {
        return -1;
    }
    const struct dirent *entry = readdir(folder);
    for (; entry != NULL; entry = readdir(folder)) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    (void)closedir(folder);
    return rmdir(rig.folder);
}

int32_t rig_open(void) {
    rig.store = tally_posix_store(&rig.file);
    return tally_posix_store_open(&rig.file, rig.path, BLOCK_BYTES, BLOCKS, 1);
}

void rig_close(void) {
    tally_posix_store_close(&rig.file);
}

void rig_read(uint8_t out[STORE_BYTES]) {
    for (uint32_t i = 0; i < BLOCKS; i++) {
        uint8_t *const block = out + (size_t)i * BLOCK_BYTES;
        assert_int_equal(rig.store->read(rig.store->ctx, i, 0, block, BLOCK_BYTES), TALLY_OK);
    }
}

void rig_assert_erased(void) {
    static uint8_t all[STORE_BYTES];
    rig_read(all);
    for (uint32_t i = 0; i < STORE_BYTES; i++) {
        assert_int_equal(all[i], 0xFF);
    }
}

void rig_put_file(const void *bytes, size_t size) {
    FILE *const out = fopen(rig.path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

size_t rig_file_bytes(void) {
    struct stat found;
    assert_int_equal(stat(rig.path, &found), 0);
    return (size_t)found.st_size;
}
