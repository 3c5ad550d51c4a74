/* SPDX-License-Identifier: Apache-2.0 */
/* What is set is there, over any number of boots, until something else is set. */
#include <string.h>

#include "settings_rig.h"
#include "test.h"

enum { CONSENT = TALLY_SETTING_CONSENT, CONFIG = TALLY_SETTING_CONFIG };

static settings_rig_t rig;

static int setup(void **state) {
    (void)state;
    settings_rig_init(&rig, 4096, 8, (dice_t){.state = 1});
    return 0;
}

static uint32_t operations(void) {
    return rig.programs + rig.erases[0] + rig.erases[1];
}

/* --- values --------------------------------------------------------------------------------- */

static void test_settings_that_were_never_set_are_empty(void **state) {
    (void)state;
    for (uint32_t id = 1; id < TALLY_SETTING_END; id++) {
        assert_no_setting(&rig, id);
    }
    assert_int_equal(operations(), 0);
}

static void test_settings_of_any_size_are_there_in_this_boot_and_the_next(void **state) {
    (void)state;
    for (uint32_t bytes = 0; bytes <= TALLY_SETTING_BYTES_MOST; bytes += bytes < 130 ? 1 : 137) {
        assert_int_equal(settings_rig_set(&rig, CONFIG, bytes, bytes), 0);
        assert_setting(&rig, CONFIG, bytes, bytes);
        settings_rig_boot(&rig);
        assert_setting(&rig, CONFIG, bytes, bytes);
    }
    assert_int_equal(settings_rig_set(&rig, CONFIG, 9999, TALLY_SETTING_BYTES_MOST), 0);
    assert_setting(&rig, CONFIG, 9999, TALLY_SETTING_BYTES_MOST);
}

static void test_settings_hold_every_id_at_once_whatever_the_order(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 127; i++) {
        const uint32_t id = i * 50 % 127 + 1;
        assert_int_equal(settings_rig_set(&rig, id, 7, id % 9), 0);
    }
    for (uint32_t boot = 0; boot < 3; boot++) {
        for (uint32_t id = 1; id < TALLY_SETTING_END; id++) {
            assert_setting(&rig, id, 7, id % 9);
        }
        settings_rig_boot(&rig);
        assert_int_equal(settings_rig_set(&rig, 100, 7, 100 % 9), 0);
    }
}

static void test_settings_set_last_is_the_one_that_counts(void **state) {
    (void)state;
    for (uint32_t version = 0; version < 300; version += dice_stride(100)) {
        assert_int_equal(settings_rig_set(&rig, CONSENT, version, 5), 0);
        assert_int_equal(settings_rig_set(&rig, CONFIG, version, version), 0);
        assert_setting(&rig, CONSENT, version, 5);
        assert_setting(&rig, CONFIG, version, version);
        if (version % 7 == 0) {
            settings_rig_boot(&rig);
        }
    }
}

static void test_settings_cleared_are_empty_and_stay_so(void **state) {
    (void)state;
    for (uint32_t boot_before = 0; boot_before < 2; boot_before++) {
        assert_int_equal(settings_rig_set(&rig, CONSENT, 1, 5), 0);
        assert_int_equal(settings_rig_set(&rig, CONFIG, 1, 40), 0);
        if (boot_before == 1) {
            settings_rig_boot(&rig);
        }
        assert_int_equal(tally_settings_clear(&rig.settings, CONSENT), 0);
        for (uint32_t boot = 0; boot < 3; boot++) {
            assert_no_setting(&rig, CONSENT);
            assert_setting(&rig, CONFIG, 1, 40);
            settings_rig_boot(&rig);
            assert_int_equal(settings_rig_set(&rig, 64, boot, 4), 0);
        }
    }
}

static void test_settings_a_secret_is_gone_once_two_later_boots_have_written(void **state) {
    (void)state;
    uint8_t secret[32];
    settings_rig_value(secret, TALLY_SETTING_KEY_FIRST, 1, sizeof secret);
    assert_int_equal(settings_rig_set(&rig, CONSENT, 1, 4), 0);
    assert_int_equal(tally_settings_set(&rig.settings, TALLY_SETTING_KEY_FIRST, secret, 32), 0);
    settings_rig_boot(&rig);
    assert_int_equal(settings_rig_set(&rig, CONSENT, 2, 4), 0);
    assert_int_equal(tally_settings_clear(&rig.settings, TALLY_SETTING_KEY_FIRST), 0);
    for (uint32_t boot = 0; boot < 2; boot++) {
        settings_rig_boot(&rig);
        assert_int_equal(settings_rig_set(&rig, CONSENT, 3 + boot, 4), 0);
    }
    for (uint32_t at = 0; at + 8 <= 2 * rig.store.block_bytes; at++) {
        assert_memory_not_equal(rig.memory + at, secret, 8);
    }
}

/* --- refusals ------------------------------------------------------------------------------- */

static void test_settings_refuse_what_is_no_setting(void **state) {
    (void)state;
    uint8_t value[TALLY_SETTING_BYTES_MOST + 1] = {0};
    static const uint32_t bad_ids[] = {0, TALLY_SETTING_END, 255, 256 + CONSENT, UINT32_MAX};
    for (uint32_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++) {
        const uint32_t id = bad_ids[i];
        assert_int_equal(tally_settings_get(&rig.settings, id, value, 1), TALLY_E_ARGUMENT);
        assert_int_equal(tally_settings_set(&rig.settings, id, value, 1), TALLY_E_ARGUMENT);
        assert_int_equal(tally_settings_set_daily(&rig.settings, id, 1, value, 1),
                         TALLY_E_ARGUMENT);
        assert_int_equal(tally_settings_clear(&rig.settings, id), TALLY_E_ARGUMENT);
    }
    assert_int_equal(tally_settings_set(&rig.settings, 1, NULL, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_settings_set(&rig.settings, 1, value, sizeof value), TALLY_E_ARGUMENT);
    assert_int_equal(tally_settings_set(&rig.settings, 1, value, UINT32_MAX), TALLY_E_ARGUMENT);
    assert_int_equal(tally_settings_set_daily(&rig.settings, 1, 0, value, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_settings_set_daily(&rig.settings, 1, 65536, value, 1), TALLY_E_ARGUMENT);
    assert_int_equal(operations(), 0);
    assert_int_equal(tally_settings_set(&rig.settings, 1, NULL, 0), 0);
    assert_setting(&rig, 1, 0, 0);
}

static void test_settings_refuse_stores_they_cannot_be_in(void **state) {
    (void)state;
    tally_settings_t settings;
    assert_int_equal(tally_settings_init(NULL, &rig.store), TALLY_E_ARGUMENT);
    assert_int_equal(tally_settings_init(&settings, NULL), TALLY_E_ARGUMENT);
    static const uint32_t bad[][3] = {
        {4096, 1, 1}, {4096, 2, 0}, {4096, 2, 2},  {4096, 2, 32},   {128, 2, 1},
        {0, 2, 1},    {260, 2, 8},  {4100, 2, 16}, {2097152, 2, 1},
    };
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tally_store_t store = rig.store;
        store.block_bytes = bad[i][0];
        store.blocks = bad[i][1];
        store.program_bytes = bad[i][2];
        assert_int_equal(tally_settings_init(&settings, &store), TALLY_E_CONFIG);
    }
}

static void test_settings_get_says_when_the_room_for_it_is_too_small(void **state) {
    (void)state;
    uint8_t value[8] = {0};
    assert_int_equal(settings_rig_set(&rig, CONSENT, 1, 8), 0);
    assert_int_equal(tally_settings_get(&rig.settings, CONSENT, value, 7), TALLY_E_TOO_BIG);
    assert_int_equal(tally_settings_get(&rig.settings, CONSENT, value, 8), 8);
}

static void test_settings_that_are_full_say_so_keep_all_and_cost_no_erase(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, 10, 1, 1900), 0);
    assert_int_equal(settings_rig_set(&rig, 11, 1, 1900), 0);
    assert_int_equal(settings_rig_set(&rig, 12, 1, 300), TALLY_E_FULL);
    assert_int_equal(settings_rig_set(&rig, 10, 2, TALLY_SETTING_BYTES_MOST), 0);
    assert_int_equal(settings_rig_set(&rig, 11, 2, TALLY_SETTING_BYTES_MOST), TALLY_E_FULL);
    settings_rig_boot(&rig);
    assert_int_equal(settings_rig_set(&rig, 12, 1, 300), TALLY_E_FULL);
    assert_setting(&rig, 10, 2, TALLY_SETTING_BYTES_MOST);
    assert_setting(&rig, 11, 1, 1900);
    assert_no_setting(&rig, 12);
    assert_int_equal(rig.settings.failed, 0);
    assert_int_equal(rig.erases[0] + rig.erases[1], 2);
    assert_int_equal(tally_settings_clear(&rig.settings, 11), 0);
    assert_int_equal(settings_rig_set(&rig, 12, 1, 300), 0);
    assert_setting(&rig, 12, 1, 300);
}

static void test_settings_larger_than_a_block_do_not_fit(void **state) {
    (void)state;
    settings_rig_init(&rig, 256, 16, (dice_t){.state = 1});
    assert_int_equal(settings_rig_set(&rig, 10, 1, 256 - 32 - 10), 0);
    assert_int_equal(settings_rig_set(&rig, 10, 2, 256 - 32 - 9), TALLY_E_FULL);
    assert_int_equal(settings_rig_set(&rig, 10, 3, TALLY_SETTING_BYTES_MOST), TALLY_E_FULL);
    assert_setting(&rig, 10, 1, 256 - 32 - 10);
}

/* --- what is not written -------------------------------------------------------------------- */

static void test_settings_set_again_to_what_they_are_cost_nothing(void **state) {
    (void)state;
    for (uint32_t bytes = 0; bytes < 200; bytes += 33) {
        assert_int_equal(settings_rig_set(&rig, CONFIG, 1, bytes), 0);
        const uint32_t before = operations();
        assert_int_equal(settings_rig_set(&rig, CONFIG, 1, bytes), 0);
        assert_int_equal(tally_settings_clear(&rig.settings, CONSENT), 0);
        assert_int_equal(operations(), before);
        assert_int_equal(settings_rig_set(&rig, CONFIG, 1, bytes + 1), 0);
        assert_true(operations() > before);
        assert_setting(&rig, CONFIG, 1, bytes + 1);
    }
}

/* Until this boot has written, what there is may be what a power cut left, and fade. */
static void test_settings_found_as_they_are_set_are_written_once_by_a_boot(void **state) {
    (void)state;
    assert_int_equal(settings_rig_set(&rig, CONFIG, 1, 20), 0);
    settings_rig_boot(&rig);
    assert_int_equal(settings_rig_set(&rig, CONFIG, 1, 20), 0);
    assert_int_equal(rig.erases[0] + rig.erases[1], 2);
    const uint32_t before = operations();
    assert_int_equal(settings_rig_set(&rig, CONFIG, 1, 20), 0);
    assert_int_equal(operations(), before);
}

static int32_t set_on(uint32_t day, uint32_t version) {
    uint8_t value[12];
    settings_rig_value(value, TALLY_SETTING_LAST_TIME, version, sizeof value);
    return tally_settings_set_daily(&rig.settings, TALLY_SETTING_LAST_TIME, day, value,
                                    sizeof value);
}

static void test_settings_set_daily_are_written_once_a_day_over_reboots(void **state) {
    (void)state;
    static const uint32_t days[] = {1, 255, 256, 20000, 65535, 65534};
    for (uint32_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        assert_int_equal(set_on(days[i], 100 * i), 0);
        const uint32_t before = operations();
        for (uint32_t boot = 0; boot < 3; boot++) {
            assert_int_equal(set_on(days[i], 100 * i + 1 + boot), 0);
            assert_setting(&rig, TALLY_SETTING_LAST_TIME, 100 * i, 12);
            settings_rig_boot(&rig);
        }
        assert_int_equal(operations(), before);
    }
}

static void test_settings_set_daily_does_not_hold_a_plain_set_up(void **state) {
    (void)state;
    assert_int_equal(set_on(20000, 1), 0);
    assert_int_equal(settings_rig_set(&rig, TALLY_SETTING_LAST_TIME, 2, 12), 0);
    assert_setting(&rig, TALLY_SETTING_LAST_TIME, 2, 12);
    assert_int_equal(set_on(20000, 3), 0);
    assert_setting(&rig, TALLY_SETTING_LAST_TIME, 3, 12);
    assert_int_equal(tally_settings_clear(&rig.settings, TALLY_SETTING_LAST_TIME), 0);
    assert_no_setting(&rig, TALLY_SETTING_LAST_TIME);
    assert_int_equal(set_on(20000, 4), 0);
    assert_setting(&rig, TALLY_SETTING_LAST_TIME, 4, 12);
}

/* --- life ----------------------------------------------------------------------------------- */

static void test_settings_count_a_thousand_boots_and_wear_both_blocks_alike(void **state) {
    (void)state;
    const uint32_t boots = dice_share(1000);
    assert_int_equal(settings_rig_set(&rig, CONSENT, 1, 30), 0);
    for (uint32_t boot = 1; boot <= boots; boot++) {
        settings_rig_boot(&rig);
        uint8_t count[4] = {0};
        if (boot > 1) {
            assert_int_equal(tally_settings_get(&rig.settings, TALLY_SETTING_BOOT_COUNT, count, 4),
                             4);
        }
        assert_int_equal(count[0] | count[1] << 8, boot - 1);
        count[0] = (uint8_t)boot;
        count[1] = (uint8_t)(boot >> 8);
        assert_int_equal(tally_settings_set(&rig.settings, TALLY_SETTING_BOOT_COUNT, count, 4), 0);
    }
    assert_setting(&rig, CONSENT, 1, 30);
    assert_int_equal(rig.erases[0] + rig.erases[1], boots + 1);
    assert_in_range(rig.erases[0], boots / 2, boots / 2 + 1);
}

static void test_settings_live_in_every_geometry(void **state) {
    (void)state;
    static const uint32_t granularities[] = {1, 4, 8, 16};
    static const uint32_t blocks[] = {256, 4096, 65536};
    for (uint32_t i = 0; i < 12; i++) {
        const uint32_t bytes = blocks[i / 4];
        settings_rig_init(&rig, bytes, granularities[i % 4], (dice_t){.state = 1});
        const uint32_t large = bytes == 256 ? 60 : 1000;
        for (uint32_t version = 0; version < 80; version++) {
            assert_int_equal(settings_rig_set(&rig, CONSENT, version, version % 20), 0);
            assert_int_equal(settings_rig_set(&rig, CONFIG, version, large - version % 30), 0);
            if (version % 20 == 19) {
                settings_rig_boot(&rig);
            }
            assert_setting(&rig, CONSENT, version, version % 20);
            assert_setting(&rig, CONFIG, version, large - version % 30);
        }
        assert_in_range(rig.erases[0], rig.erases[1], rig.erases[1] + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_settings_that_were_never_set_are_empty, setup),
        cmocka_unit_test_setup(test_settings_of_any_size_are_there_in_this_boot_and_the_next,
                               setup),
        cmocka_unit_test_setup(test_settings_hold_every_id_at_once_whatever_the_order, setup),
        cmocka_unit_test_setup(test_settings_set_last_is_the_one_that_counts, setup),
        cmocka_unit_test_setup(test_settings_cleared_are_empty_and_stay_so, setup),
        cmocka_unit_test_setup(test_settings_a_secret_is_gone_once_two_later_boots_have_written,
                               setup),
        cmocka_unit_test_setup(test_settings_refuse_what_is_no_setting, setup),
        cmocka_unit_test_setup(test_settings_refuse_stores_they_cannot_be_in, setup),
        cmocka_unit_test_setup(test_settings_get_says_when_the_room_for_it_is_too_small, setup),
        cmocka_unit_test_setup(test_settings_that_are_full_say_so_keep_all_and_cost_no_erase,
                               setup),
        cmocka_unit_test_setup(test_settings_larger_than_a_block_do_not_fit, setup),
        cmocka_unit_test_setup(test_settings_set_again_to_what_they_are_cost_nothing, setup),
        cmocka_unit_test_setup(test_settings_found_as_they_are_set_are_written_once_by_a_boot,
                               setup),
        cmocka_unit_test_setup(test_settings_set_daily_are_written_once_a_day_over_reboots, setup),
        cmocka_unit_test_setup(test_settings_set_daily_does_not_hold_a_plain_set_up, setup),
        cmocka_unit_test_setup(test_settings_count_a_thousand_boots_and_wear_both_blocks_alike,
                               setup),
        cmocka_unit_test_setup(test_settings_live_in_every_geometry, setup),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
