/* SPDX-License-Identifier: Apache-2.0 */
/* A store that forgets bits or refuses work, and blocks that somebody else wrote: nothing is read
 * that was never set, and what stands is not lost. */
#include <string.h>

#include "settings_rig.h"
#include "test.h"

static settings_rig_t rig;

static int setup(void **state) {
    (void)state;
    settings_rig_init(&rig, 512, 8, (dice_t){.state = 1});
    return 0;
}

/* The first bytes of both blocks. */
static uint8_t *block_at(uint32_t block) {
    return rig.memory + (size_t)block * rig.store.block_bytes;
}

static void damage(uint32_t block, uint32_t at) {
    block_at(block)[at] ^= 1;
    rig.later[block * rig.store.block_bytes + at] ^= 1;
}

enum { HEADER_BYTES = 16, SEAL_BYTES = 8 };

/* --- damage --------------------------------------------------------------------------------- */

/* Whether it is one of `versions` versions, or not there. */
static void assert_one_of(uint32_t id, uint32_t versions) {
    uint8_t value[40];
    uint8_t expected[40];
    const int32_t bytes = tally_settings_get(&rig.settings, id, value, sizeof value);
    if (bytes == TALLY_E_EMPTY) {
        return;
    }
    bool is_known = false;
    for (uint32_t version = 1; version <= versions; version++) {
        settings_rig_value(expected, id, version, 30);
        is_known = is_known || (bytes == 30 && memcmp(value, expected, 30) == 0);
    }
    assert_true(is_known);
}

static void test_settings_with_any_bit_flipped_are_never_what_was_never_set(void **state) {
    (void)state;
    static settings_rig_t whole;
    for (uint32_t version = 1; version <= 3; version++) {
        assert_int_equal(settings_rig_set(&rig, 1, version, 30), 0);
        assert_int_equal(settings_rig_set(&rig, 2, version, 30), 0);
        settings_rig_boot(&rig);
    }
    settings_rig_copy(&whole, &rig);
    for (uint32_t bit = 0; bit < 2 * 512 * 8; bit += dice_stride(2 * 512 * 8)) {
        settings_rig_copy(&rig, &whole);
        rig.memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        rig.later[bit / 8] = rig.memory[bit / 8];
        settings_rig_boot(&rig);
        assert_one_of(1, 3);
        assert_one_of(2, 3);
        assert_no_setting(&rig, 3);
        assert_int_equal(settings_rig_set(&rig, 1, 4, 30), 0);
        settings_rig_boot(&rig);
        assert_setting(&rig, 1, 4, 30);
    }
}

static void test_settings_full_of_chance_are_empty_and_can_be_set(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t round = 0; round < dice_share(200); round++) {
        settings_rig_init(&rig, 512, 4, dice);
        for (uint32_t i = 0; i < 1024; i++) {
            rig.memory[i] = (uint8_t)dice_bits(&dice);
            rig.later[i] = rig.memory[i];
        }
        settings_rig_boot(&rig);
        for (uint32_t id = 1; id < TALLY_SETTING_END; id++) {
            assert_no_setting(&rig, id);
        }
        assert_int_equal(settings_rig_set(&rig, 9, round, 40), 0);
        settings_rig_boot(&rig);
        assert_setting(&rig, 9, round, 40);
    }
}

static void test_settings_of_a_block_that_lost_its_header_are_as_before_it(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, 1, 1, 20), 0);
    settings_rig_boot(&rig);
    assert_int_equal(settings_rig_set(&rig, 1, 2, 20), 0);
    damage(1, 9);
    settings_rig_boot(&rig);
    assert_setting(&rig, 1, 1, 20);
}

/* The header of the lower one was whole before the other was begun. */
static void test_settings_of_two_blocks_without_a_seal_are_those_of_the_lower(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, 1, 1, 4), 0);
    settings_rig_boot(&rig);
    rig.cut_in = 4; /* erase, value, header, seal */
    rig.cut = CUT_NOTHING;
    assert_int_equal(settings_rig_set(&rig, 1, 2, 4), TALLY_E_IO);
    damage(0, HEADER_BYTES);
    settings_rig_boot(&rig);
    assert_setting(&rig, 1, 1, 4);
    damage(0, HEADER_BYTES);
    damage(0, 0);
    settings_rig_boot(&rig);
    assert_setting(&rig, 1, 2, 4);
}

/* What a power cut left of the last value reads differently each time; so does what is copied. */
static void test_settings_that_flicker_are_copied_as_they_were_set(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 100; round++) {
        settings_rig_init(&rig, 512, 8, (dice_t){.state = round});
        assert_int_equal(settings_rig_set(&rig, 1, 1, 30), 0);
        assert_int_equal(settings_rig_set(&rig, 1, 2, 30), 0);
        const uint32_t last_value_at = HEADER_BYTES + SEAL_BYTES + 40 + 8 + 2;
        rig.unstable[last_value_at + round % 30] = 1;
        settings_rig_boot(&rig);
        assert_one_of(1, 2);
        assert_int_equal(settings_rig_set(&rig, 2, 1, 30), 0);
        assert_one_of(1, 2);
        uint8_t value[30];
        assert_int_equal(tally_settings_get(&rig.settings, 1, value, sizeof value), 30);
    }
}

/* A format this one does not know: the same frame, and anything behind it. */
static void test_settings_of_another_format_are_none_and_give_way(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, 1, 1, 20), 0);
    static const uint8_t header_of_format_2[HEADER_BYTES] = {
        5, 0, 0x80, 0x83, 0x61, 0xC8, 0x85, 0xD2, 2, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF};
    memcpy(block_at(0), header_of_format_2, HEADER_BYTES);
    settings_rig_boot(&rig);
    assert_no_setting(&rig, 1);
    assert_int_equal(settings_rig_set(&rig, 1, 2, 20), 0);
    settings_rig_boot(&rig);
    assert_setting(&rig, 1, 2, 20);
}

/* --- refusals of the store ------------------------------------------------------------------ */

static void test_settings_that_fail_once_anywhere_are_set_elsewhere_or_stand(void **state) {
    (void)state;
    for (uint32_t fails_in = 1; fails_in <= 12; fails_in++) {
        settings_rig_init(&rig, 512, 8, (dice_t){.state = 1});
        assert_int_equal(settings_rig_set(&rig, 1, 1, 100), 0);
        assert_int_equal(settings_rig_set(&rig, 2, 1, 4), 0);
        settings_rig_boot(&rig);
        rig.fails_in = fails_in;
        uint32_t version = 1;
        for (uint32_t i = 2; i <= 6; i++) {
            const int32_t status = settings_rig_set(&rig, 1, i, 60);
            assert_true(status == TALLY_OK || status == TALLY_E_IO);
            version = status == TALLY_OK ? i : version;
            assert_setting(&rig, 1, version, version == 1 ? 100 : 60);
            assert_setting(&rig, 2, 1, 4);
        }
        assert_int_equal(version, 6);
        assert_int_equal(rig.settings.failed, 1);
        settings_rig_boot(&rig);
        assert_setting(&rig, 1, 6, 60);
        assert_setting(&rig, 2, 1, 4);
    }
}

static void test_settings_that_could_not_be_set_do_not_come_up_later(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        const uint32_t fails_in = i % 5 + 1;
        settings_rig_init(&rig, 512, 8, (dice_t){.state = 1});
        rig.fails_whole = i >= 5;
        assert_int_equal(settings_rig_set(&rig, 1, 1, 4), 0);
        settings_rig_boot(&rig);
        rig.fails_in = fails_in;
        const int32_t status = settings_rig_set(&rig, 1, 2, 4);
        const uint32_t version = status == TALLY_OK ? 2 : 1;
        assert_int_equal(status, fails_in <= 4 ? TALLY_E_IO : TALLY_OK);
        settings_rig_boot(&rig);
        assert_setting(&rig, 1, version, 4);
    }
}

static void test_settings_that_could_not_be_appended_do_not_come_up_later(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, 1, 1, 4), 0);
    rig.bad[1] = true;
    rig.fails_whole = true;
    rig.fails_in = 1;
    assert_int_equal(settings_rig_set(&rig, 1, 2, 4), TALLY_E_IO);
    assert_setting(&rig, 1, 1, 4);
    settings_rig_boot(&rig);
    assert_setting(&rig, 1, 1, 4);
}

static void test_settings_go_on_in_the_block_that_is_left_while_they_fit(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, 1, 1, 50), 0);
    rig.bad[1] = true;
    uint32_t version = 2;
    while (settings_rig_set(&rig, 1, version, 50) == TALLY_OK) {
        assert_setting(&rig, 1, version, 50);
        version++;
    }
    assert_in_range(version, 6, 10);
    assert_int_equal(settings_rig_set(&rig, 1, version, 50), TALLY_E_IO);
    assert_setting(&rig, 1, version - 1, 50);
    assert_int_equal(rig.settings.failed, 2);
    rig.bad[1] = false;
    assert_int_equal(settings_rig_set(&rig, 1, version, 50), 0);
    assert_setting(&rig, 1, version, 50);
}

static void test_settings_stand_when_a_boot_finds_the_other_block_bad(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, 1, 1, 50), 0);
    assert_int_equal(settings_rig_set(&rig, 2, 1, 50), 0);
    for (uint32_t boot = 0; boot < 4; boot++) {
        settings_rig_boot(&rig);
        rig.bad[1] = boot % 2 == 0;
        rig.stuck[1] = !rig.bad[1];
        assert_int_equal(settings_rig_set(&rig, 1, 2, 50), TALLY_E_IO);
        assert_int_equal(tally_settings_clear(&rig.settings, 1), TALLY_E_IO);
        assert_int_equal(rig.settings.failed, 2);
        assert_setting(&rig, 1, 1, 50);
        assert_setting(&rig, 2, 1, 50);
    }
    rig.stuck[1] = false;
    assert_int_equal(settings_rig_set(&rig, 1, 2, 50), 0);
    assert_setting(&rig, 1, 2, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_settings_with_any_bit_flipped_are_never_what_was_never_set,
                               setup),
        cmocka_unit_test_setup(test_settings_full_of_chance_are_empty_and_can_be_set, setup),
        cmocka_unit_test_setup(test_settings_of_a_block_that_lost_its_header_are_as_before_it,
                               setup),
        cmocka_unit_test_setup(test_settings_of_two_blocks_without_a_seal_are_those_of_the_lower,
                               setup),
        cmocka_unit_test_setup(test_settings_that_flicker_are_copied_as_they_were_set, setup),
        cmocka_unit_test_setup(test_settings_of_another_format_are_none_and_give_way, setup),
        cmocka_unit_test_setup(test_settings_that_fail_once_anywhere_are_set_elsewhere_or_stand,
                               setup),
        cmocka_unit_test_setup(test_settings_that_could_not_be_set_do_not_come_up_later, setup),
        cmocka_unit_test_setup(test_settings_that_could_not_be_appended_do_not_come_up_later,
                               setup),
        cmocka_unit_test_setup(test_settings_go_on_in_the_block_that_is_left_while_they_fit, setup),
        cmocka_unit_test_setup(test_settings_stand_when_a_boot_finds_the_other_block_bad, setup),
    };
    return cmocka_run_group_tests_name("settings_damage", tests, NULL, NULL);
}
