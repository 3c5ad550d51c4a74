/* SPDX-License-Identifier: Apache-2.0 */
/* What manifests declare, and what is made of texts that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "manifest.h"

static const char master[] =
    "#EXTM3U\n"
    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"sound\",URI=\"a.m3u8\"\n"
    "#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=700000,BANDWIDTH=800499,RESOLUTION=854x480,"
    "CODECS=\"avc1.4d401f,mp4a.40.2\",NAME=\"middle\"\r\n"
    "800k.m3u8\r\n"
    "#EXT-X-STREAM-INF:BANDWIDTH=2000500,RESOLUTION=1280x720\n"
    "2000k.m3u8\n"
    "#EXT-X-STREAM-INF:BANDWIDTH=2000500,RESOLUTION=1280x720\n"
    "backup/2000k.m3u8\n"
    "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=320x180,URI=\"i.m3u8\"\n";

static const char mpd[] =
    "<?xml version='1.0'?><!-- <Representation bandwidth=\"1\" width=\"1\"/> -->"
    "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period>"
    "<AdaptationSet contentType=\"video\" maxWidth=\"1280\">"
    "<ContentProtection schemeIdUri='urn:mpeg:dash:mp4protection:2011'/>"
    "<ContentProtection schemeIdUri='urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED'/>"
    "<Representation id='v0' bandwidth='800000' width='854' height='480'/>"
    "<Representation id='v1' bandwidth='2000000' width='1280' height='720'/></AdaptationSet>"
    "<AdaptationSet mimeType='audio/mp4'><Representation id='a' bandwidth='48000'/>"
    "</AdaptationSet></Period></MPD>";

static manifest_t read(const char *text) {
    manifest_t manifest;
    assert_true(manifest_read(&manifest, text, strlen(text)));
    return manifest;
}

static void assert_variant(const manifest_variant_t *variant, uint32_t kbps, uint32_t width,
                           uint32_t height, const char *name) {
    assert_int_equal(variant->kbps, kbps);
    assert_int_equal(variant->width, width);
    assert_int_equal(variant->height, height);
    assert_string_equal(variant->name, name);
}

static void test_manifest_reads_a_master_playlist(void **state) {
    const manifest_t manifest = read(master);
    (void)state;
    assert_int_equal(manifest.delivery, TALLY_DELIVERY_HLS);
    assert_int_equal(manifest.playback, -1);
    assert_int_equal(manifest.protection, TALLY_PROTECTION_NONE);
    assert_int_equal(manifest.count, 2);
    assert_variant(&manifest.variants[0], 800, 854, 480, "middle");
    assert_variant(&manifest.variants[1], 2001, 1280, 720, "");
}

static void test_manifest_reads_whether_a_playlist_is_live(void **state) {
    (void)state;
    assert_int_equal(read("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n").playback,
                     TALLY_PLAYBACK_LIVE);
    assert_int_equal(
        read("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST").playback,
        TALLY_PLAYBACK_VOD);
    assert_int_equal(
        read("#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-TARGETDURATION:2\n").playback,
        TALLY_PLAYBACK_DVR);
    assert_int_equal(read("<MPD type=\"dynamic\">").playback, TALLY_PLAYBACK_LIVE);
    assert_int_equal(read("<MPD type=\"dynamic\" timeShiftBufferDepth=\"PT1H\">").playback,
                     TALLY_PLAYBACK_DVR);
}

static void test_manifest_reads_the_video_of_dash(void **state) {
    const manifest_t manifest = read(mpd);
    (void)state;
    assert_int_equal(manifest.delivery, TALLY_DELIVERY_DASH);
    assert_int_equal(manifest.playback, TALLY_PLAYBACK_VOD);
    assert_int_equal(manifest.protection, TALLY_PROTECTION_WIDEVINE);
    assert_int_equal(manifest.count, 2);
    assert_variant(&manifest.variants[0], 800, 854, 480, "v0");
    assert_variant(&manifest.variants[1], 2000, 1280, 720, "v1");
}

static void test_manifest_reads_smooth_streaming(void **state) {
    const manifest_t manifest = read(
        "<SmoothStreamingMedia IsLive=\"TRUE\"><StreamIndex Type=\"audio\">"
        "<QualityLevel Index=\"0\" Bitrate=\"64000\"/></StreamIndex><StreamIndex Type=\"video\">"
        "<QualityLevel Index=\"1\" Bitrate=\"500000\" MaxWidth=\"640\" MaxHeight=\"360\"/>");
    (void)state;
    assert_int_equal(manifest.delivery, TALLY_DELIVERY_SMOOTH);
    assert_int_equal(manifest.playback, TALLY_PLAYBACK_LIVE);
    assert_int_equal(manifest.count, 1);
    assert_variant(&manifest.variants[0], 500, 640, 360, "1");
}

static void test_manifest_tells_protections_of_hls_apart(void **state) {
    (void)state;
    assert_int_equal(read("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n").protection,
                     TALLY_PROTECTION_AES);
    assert_int_equal(read("#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n").protection, TALLY_PROTECTION_NONE);
    assert_int_equal(read("#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,"
                          "KEYFORMAT=\"com.apple.streamingkeydelivery\"\n")
                         .protection,
                     TALLY_PROTECTION_FAIRPLAY);
}

static void test_manifest_refuses_what_is_none(void **state) {
    manifest_t manifest;
    (void)state;
    assert_false(manifest_read(&manifest, "", 0));
    assert_false(manifest_read(&manifest, "#EXTM3", 6));
    assert_false(manifest_read(&manifest, "<html><body>404</body></html>", 29));
    assert_int_equal(manifest.count, 0);
}

static void test_manifest_keeps_no_more_variants_than_it_has_room_for(void **state) {
    char text[64 * 48] = "#EXTM3U\n";
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        char line[48];
        (void)snprintf(line, sizeof line, "#EXT-X-STREAM-INF:BANDWIDTH=%u\n", (i + 1) * 1000);
        (void)strcat(text, line);
    }
    assert_int_equal(read(text).count, MANIFEST_VARIANTS);
}

/* Exactly as much memory as there is text: a sanitizer sees each byte read beyond. */
static void read_copy(const char *text, size_t bytes) {
    char *const copy = malloc(bytes > 0 ? bytes : 1);
    manifest_t manifest;
    assert_non_null(copy);
    memcpy(copy, text, bytes);
    (void)manifest_read(&manifest, copy, bytes);
    assert_true(manifest.count <= MANIFEST_VARIANTS);
    for (uint32_t i = 0; i < manifest.count; i++) {
        assert_non_null(memchr(manifest.variants[i].name, '\0', MANIFEST_NAME_BYTES));
        assert_in_range(manifest.variants[i].kbps, 1, INT32_MAX);
    }
    free(copy);
}

static void test_manifest_survives_being_cut_anywhere(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes <= strlen(master); bytes++) {
        read_copy(master, bytes);
    }
    for (size_t bytes = 0; bytes <= strlen(mpd); bytes++) {
        read_copy(mpd, bytes);
    }
}

/* Letters are replaced, left out and repeated: what remains is nearly a manifest. */
static void test_manifest_survives_being_damaged(void **state) {
    static const char *const whole[] = {master, mpd};
    static const char alphabet[] = "<>=\"'/,:# \r\nx0929\xff";
    dice_t dice = dice_from_environment();
    (void)state;
    for (uint32_t round = dice_share(20000); round > 0; round--) {
        const char *const text = whole[dice_roll(&dice, 2)];
        char damaged[sizeof mpd + sizeof master];
        size_t bytes = 0;
        for (size_t i = 0; text[i] != '\0'; i++) {
            const uint32_t fate = dice_roll(&dice, 60);
            if (fate > 0) {
                damaged[bytes] =
                    fate == 1 ? alphabet[dice_roll(&dice, sizeof alphabet - 1)] : text[i];
                bytes++;
            }
        }
        read_copy(damaged, bytes);
    }
}

#define TEST(name) cmocka_unit_test(test_manifest_##name)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(reads_a_master_playlist),
        TEST(reads_whether_a_playlist_is_live),
        TEST(reads_the_video_of_dash),
        TEST(reads_smooth_streaming),
        TEST(tells_protections_of_hls_apart),
        TEST(refuses_what_is_none),
        TEST(keeps_no_more_variants_than_it_has_room_for),
        TEST(survives_being_cut_anywhere),
        TEST(survives_being_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
