/* SPDX-License-Identifier: Apache-2.0 */
/* Power goes at any moment, again and again, and leaves flash in doubt. Whatever was set with
 * success is there; what was being set is as before or as set; nothing else is ever read, and what
 * is set next stays. */
#include <string.h>

#include "settings_rig.h"
#include "test.h"

enum { IDS = 5, POSSIBLE_MOST = 64 };

/* What each setting may be: versions, 0 for none. More than one after cuts, until a boot has
 * written: from then on it is what was read. */
typedef struct {
    uint32_t versions[POSSIBLE_MOST];
    uint32_t count;
} possible_t;

static settings_rig_t rig;
static possible_t possible[IDS + 1];
static uint32_t last_version;
static bool boot_has_written;
static uint32_t cuts_in_doubt; /* since a boot has written */

static uint32_t bytes_of(uint32_t version) {
    return version * 29 % 75; /* 29 * 44 is 1 modulo 75 */
}

static void set_possible(uint32_t id, uint32_t version) {
    possible[id].count = 1;
    possible[id].versions[0] = version;
}

static void add_possible(uint32_t id, uint32_t version) {
    assert_true(possible[id].count < POSSIBLE_MOST);
    possible[id].versions[possible[id].count++] = version;
}

static bool is_version(uint32_t version, uint32_t id, const uint8_t *value, int32_t bytes) {
    if (version == 0) {
        return bytes == TALLY_E_EMPTY;
    }
    uint8_t expected[80];
    settings_rig_value(expected, id, version, bytes_of(version));
    return bytes == (int32_t)bytes_of(version) && memcmp(value, expected, (size_t)bytes) == 0;
}

/* The version that is read, one of the possible. */
static uint32_t version_read(uint32_t id) {
    uint8_t value[80];
    const int32_t bytes = tally_settings_get(&rig.settings, id, value, sizeof value);
    for (uint32_t i = 0; i < possible[id].count; i++) {
        if (is_version(possible[id].versions[i], id, value, bytes)) {
            return possible[id].versions[i];
        }
    }
    print_message("setting %u: %d bytes, none of the %u possible values\n", (unsigned)id,
                  (int)bytes, (unsigned)possible[id].count);
    fail();
    return 0;
}

static void assert_all_possible(void) {
    for (uint32_t id = 1; id <= IDS; id++) {
        (void)version_read(id);
    }
}

static void boot(void) {
    settings_rig_boot(&rig);
    boot_has_written = false;
    assert_all_possible();
}

static void begin(uint32_t block_bytes, uint32_t program_bytes, dice_t dice) {
    settings_rig_init(&rig, block_bytes, program_bytes, dice);
    boot_has_written = false;
    cuts_in_doubt = 0;
    for (uint32_t id = 0; id <= IDS; id++) {
        set_possible(id, 0);
    }
}

/* Sets or, with version 0, clears. Whether power is still on. */
static bool change(uint32_t id, uint32_t version) {
    uint8_t value[80];
    settings_rig_value(value, id, version, bytes_of(version));
    const int32_t status = version == 0
                               ? tally_settings_clear(&rig.settings, id)
                               : tally_settings_set(&rig.settings, id, value, bytes_of(version));
    if (rig.is_off) {
        assert_int_not_equal(status, TALLY_OK);
        add_possible(id, version);
        cuts_in_doubt++;
        return false;
    }
    assert_int_equal(status, TALLY_OK);
    set_possible(id, version);
    for (uint32_t other = 1; other <= IDS && !boot_has_written; other++) {
        set_possible(other, version_read(other));
    }
    boot_has_written = true;
    cuts_in_doubt = 0;
    assert_all_possible();
    return true;
}

static bool change_to_new(uint32_t id) {
    return change(id, ++last_version);
}

/* --- each operation ------------------------------------------------------------------------- */

/* A life with all that is ever done, until the power goes. */
static void live(void) {
    last_version = 0;
    for (uint32_t boots = 0; boots < 3; boots++) {
        for (uint32_t i = 0; i < 5 + boots; i++) {
            if (!change_to_new(i % 4 + 1)) {
                return;
            }
        }
        if (!change(2, 0)) {
            return;
        }
        boot();
    }
}

/* What was left can be lived with: by any number of boots that only read, then by others. */
static void recover(uint32_t boots_that_read, uint32_t id) {
    for (uint32_t i = 0; i < boots_that_read; i++) {
        boot();
    }
    rig.cut_in = 0;
    for (uint32_t i = 0; i < 3; i++) {
        boot();
        assert_true(change_to_new(id));
        assert_true(change_to_new(5));
    }
    boot();
}

static uint32_t operations(void) {
    return rig.programs + rig.erases[0] + rig.erases[1];
}

/* Lives until so manyth of the life's operations, and such a cut there: each has its number. */
static void live_until_cut(uint32_t number, uint32_t program_bytes, dice_t *dice) {
    (void)dice_bits(dice);
    begin(512, program_bytes, *dice);
    rig.cut_in = number / CUTS + 1;
    rig.cut = (enum rig_cut)(number % CUTS);
    live();
    assert_true(rig.is_off);
}

/* How many such numbers there are. */
static uint32_t count_cuts(uint32_t program_bytes) {
    begin(512, program_bytes, (dice_t){.state = 1});
    live();
    assert_true(operations() > 40);
    return operations() * CUTS;
}

enum { STRIDE = 1009 /* where not all are tried, let them be from all over */ };

static void test_settings_survive_a_cut_of_each_operation(void **state) {
    (void)state;
    static const uint32_t granularities[] = {1, 4, 8, 16};
    dice_t dice = dice_from_environment();
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t cuts = count_cuts(granularities[i]);
        for (uint32_t round = 0; round < dice_share(cuts); round++) {
            live_until_cut(round * STRIDE % cuts, granularities[i], &dice);
            recover(round % 3, round % 4 + 1);
        }
    }
}

static void test_settings_survive_a_cut_of_each_operation_and_another(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    const uint32_t cuts = count_cuts(4);
    for (uint32_t round = 0; round < dice_share(2 * cuts); round++) {
        live_until_cut(round * STRIDE % cuts, 4, &dice);
        boot();
        rig.cut_in = dice_roll(&dice, 14) + 1;
        rig.cut = (enum rig_cut)dice_roll(&dice, CUTS);
        const bool is_on = change_to_new(1) && change_to_new(3) && change(1, 0);
        recover(is_on ? 0 : round % 3, round % 4 + 1);
    }
}

/* --- any life ------------------------------------------------------------------------------- */

/* Two cuts may leave two places in doubt, which is one in each block. */
static void boot_towards_a_cut(dice_t *dice, uint32_t operations_most) {
    boot();
    rig.cut_in = cuts_in_doubt < 2 ? dice_roll(dice, operations_most + 1) : 0;
    rig.cut = dice_roll(dice, 3) == 0 ? CUT_UNSTABLE : (enum rig_cut)dice_roll(dice, CUTS);
}

static void live_a_boot(dice_t *dice) {
    boot_towards_a_cut(dice, 18);
    for (uint32_t changes = dice_roll(dice, 8); changes > 0; changes--) {
        const uint32_t id = dice_roll(dice, IDS) + 1;
        uint32_t version = ++last_version;
        switch (dice_roll(dice, 4)) {
        case 0: version = 0; break;
        case 1: version = version_read(id); break;
        case 2: version = possible[id].versions[0]; break;
        default: break;
        }
        if (!change(id, version)) {
            return;
        }
    }
}

static void test_settings_survive_any_cuts_in_any_life(void **state) {
    (void)state;
    static const uint32_t granularities[] = {1, 4, 8, 16};
    dice_t dice = dice_from_environment();
    for (uint32_t life = 0; life < dice_share(1000); life++) {
        begin(dice_roll(&dice, 2) == 0 ? 512 : 1024, granularities[dice_roll(&dice, 4)], dice);
        last_version = 0;
        for (uint32_t boots = 0; boots < 14; boots++) {
            live_a_boot(&dice);
        }
        recover(0, 1);
    }
}

/* Of a value of 0 to 5 bytes, one program operation. */
static uint32_t short_version(dice_t *dice) {
    const uint32_t bytes = dice_roll(dice, 6);
    return bytes * 44 % 75 + 75 * (1 + dice_roll(dice, 9));
}

/* One change a boot, and power goes in the middle of most: what one cut left in doubt is still
 * there at the next. */
static void test_settings_survive_one_cut_upon_the_other(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t life = 0; life < dice_share(3000); life++) {
        begin(256, 16, dice);
        (void)dice_bits(&dice);
        last_version = 0;
        assert_true(change(1, short_version(&dice)));
        for (uint32_t boots = 0; boots < 16; boots++) {
            boot_towards_a_cut(&dice, 6);
            (void)change(dice_roll(&dice, 2) + 1, short_version(&dice));
        }
        recover(0, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_survive_a_cut_of_each_operation),
        cmocka_unit_test(test_settings_survive_a_cut_of_each_operation_and_another),
        cmocka_unit_test(test_settings_survive_any_cuts_in_any_life),
        cmocka_unit_test(test_settings_survive_one_cut_upon_the_other),
    };
    return cmocka_run_group_tests_name("settings_cuts", tests, NULL, NULL);
}
