/* SPDX-License-Identifier: Apache-2.0 */
/* Names of codecs by caps, against those that ffmpeg and the specifications give the same streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rfc6381.h"

static void assert_name(const char *text, const char *expected) {
    char name[RFC6381_BYTES] = "";
    GstCaps *const caps = gst_caps_from_string(text);
    assert_non_null(caps);
    assert_int_equal(rfc6381_of_caps(caps, name), expected != NULL);
    assert_string_equal(name, expected != NULL ? expected : "");
    gst_caps_unref(caps);
}

static void test_codecs_names_h264_by_its_configuration(void **state) {
    (void)state;
    assert_name("video/x-h264,stream-format=avc,codec_data=(buffer)014d401effe10019",
                "avc1.4d401e");
    assert_name("video/x-h264,stream-format=byte-stream,profile=high,level=(string)4.1",
                "avc1.640029");
    assert_name("video/x-h264,stream-format=avc,codec_data=(buffer)01", "avc1");
    assert_name("video/x-h264", "avc1");
}

static void test_codecs_names_h265_by_its_configuration(void **state) {
    (void)state;
    /* ISO/IEC 14496-15 annex E.3 has this one as its example. */
    assert_name("video/x-h265,codec_data=(buffer)0101600000009000000000005d", "hvc1.1.6.L93.90");
    assert_name("video/x-h265,codec_data=(buffer)01226000000090000000000099", "hvc1.2.6.H153.90");
    assert_name("video/x-h265,codec_data=(buffer)0101600000009001020304055d",
                "hvc1.1.6.L93.90.1.2.3.4.5");
    assert_name("video/x-h265,stream-format=byte-stream", "hvc1");
}

static void test_codecs_names_av1_by_its_configuration(void **state) {
    (void)state;
    assert_name("video/x-av1,codec_data=(buffer)81040c00", "av01.0.04M.08");
    assert_name("video/x-av1,codec_data=(buffer)8109cc00", "av01.0.09H.10");
    assert_name("video/x-av1", "av01");
}

static void test_codecs_names_audio_of_mpeg(void **state) {
    (void)state;
    assert_name("audio/mpeg,mpegversion=4,stream-format=raw,codec_data=(buffer)1190", "mp4a.40.2");
    assert_name("audio/mpeg,mpegversion=4,stream-format=raw,codec_data=(buffer)2b920800",
                "mp4a.40.5");
    assert_name("audio/mpeg,mpegversion=4,stream-format=raw,codec_data=(buffer)f9465000",
                "mp4a.40.42");
    assert_name("audio/mpeg,mpegversion=4,stream-format=adts,profile=he-aac-v2", "mp4a.40.29");
    assert_name("audio/mpeg,mpegversion=1,layer=3", "mp4a.6B");
}

static void test_codecs_names_others_by_their_type(void **state) {
    (void)state;
    assert_name("video/x-vp8", "vp8");
    assert_name("video/mpeg,mpegversion=2,systemstream=false", "mp4v.61");
    assert_name("audio/x-opus", "opus");
    assert_name("audio/x-eac3", "ec-3");
    assert_name("video/x-theora", "video/x-theora");
}

static void test_codecs_has_no_name_for_what_is_not_encoded(void **state) {
    (void)state;
    assert_name("video/x-raw,width=320,height=180", NULL);
    assert_name("audio/x-raw", NULL);
    assert_name("application/x-rtp", NULL);
    assert_name("ANY", NULL);
    assert_name("EMPTY", NULL);
}

#define TEST(name) cmocka_unit_test(test_codecs_##name)

int main(int argc, char *argv[]) {
    const struct CMUnitTest tests[] = {
        TEST(names_h264_by_its_configuration), TEST(names_h265_by_its_configuration),
        TEST(names_av1_by_its_configuration),  TEST(names_audio_of_mpeg),
        TEST(names_others_by_their_type),      TEST(has_no_name_for_what_is_not_encoded),
    };
    gst_init(&argc, &argv);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gst_deinit();
    return failed;
}
