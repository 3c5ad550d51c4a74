# SPDX-License-Identifier: Apache-2.0
"""The judge, on lives that were made up: a sound one, and each violation by its name."""
import dataclasses
import unittest

from judge import Life, Look, Record, Row, Start, Upload, cut_sessions, judge

A, B, C = 0xA1, 0xB2, 0xC3  # boots


def data(boot, seq):
    return b"%x/%d" % (boot, seq)


def kept(boot, seq, kind, is_urgent=None):
    return Record(boot, seq, kind, kind in "bsx" if is_urgent is None else is_urgent,
                  data(boot, seq))


def row(boot, seq, kind, **fields):
    session = {"s": 1} if kind in "shx" else {}
    return Row(boot, seq, kind, data(boot, seq), {"k": kind, "q": seq, "u": 10 * seq} | session
               | fields)


def upload(boot, *seqs, status=204):
    return Upload(boot, status, None, tuple((seq, data(boot, seq)) for seq in seqs))


class Sound:
    """Boot A plays and is cut, so is boot B in the middle of its heartbeats; C delivers."""

    def __init__(self):
        self.starts = [Start(1, "upload", boot=A), Start(2, "boot"), Start(3, "ack", boot=B),
                       Start(4, "stream", boot=C, had_to_begin=True)]
        first = [kept(A, 0, "b"), kept(A, 1, "s"), kept(A, 2, "h"), kept(A, 3, "e", True)]
        second = [kept(B, 0, "b"), kept(B, 1, "s"), kept(B, 2, "h"), kept(B, 3, "h")]
        third = [kept(C, 0, "b"), kept(C, 1, "s"), kept(C, 2, "h")]
        self.looks = [
            Look((), ()),
            Look(tuple(first), tuple(each.key for each in first), frozenset({A})),
            Look(tuple(first), tuple(each.key for each in first), frozenset({A})),
            Look(tuple(first + second), tuple(each.key for each in second), frozenset({A, B})),
            Look(tuple(first + second + third), ((C, 2),), frozenset({A, B, C}))]
        self.rows = [row(A, 0, "b", b={"bc": 1}), row(A, 1, "s"), row(A, 2, "h"), row(A, 3, "e"),
                     row(B, 0, "b", b={"bb": A, "bc": 3}), row(B, 1, "s"), row(B, 2, "h"),
                     row(B, 3, "h"), row(C, 0, "b", b={"bb": B, "bc": 4}), row(C, 1, "s")]
        # B sends A's again: the answer was lost.
        self.uploads = [upload(A, 0, 1, 3, 2), upload(A, 0, 1, 3, 2), upload(B, 0, 1, 2, 3),
                        upload(C, 0, 1)]

    def life(self):
        return Life(self.starts, self.looks, self.rows, self.uploads)

    def without(self, *key):
        """The server has never heard of a record."""
        self.rows = [each for each in self.rows if each.key != key]
        self.uploads = [dataclasses.replace(
            each, records=tuple(r for r in each.records if (each.boot, r[0]) != key))
            for each in self.uploads]

    def replace(self, *key, **changes):
        self.rows = [dataclasses.replace(each, **changes) if each.key == key else each
                     for each in self.rows]


class Judge(unittest.TestCase):
    def setUp(self):
        self.sound = Sound()

    def assert_found(self, *rules):
        found = judge(self.sound.life())
        self.assertEqual([each.rule for each in found], list(rules), [str(each) for each in found])

    def test_a_sound_life_has_no_violation(self):
        self.assert_found()

    # ---- records ----------------------------------------------------------------------------

    def test_a_durable_record_that_is_nowhere_is_lost(self):
        self.sound.without(B, 3)
        self.assert_found("lost")

    def test_the_note_of_an_answer_that_was_none_is_a_loss(self):
        # All that a device does that forgets what the server has refused.
        self.sound.without(A, 2)
        self.sound.without(A, 3)
        self.assert_found("lost", "lost")

    def test_what_still_waits_is_not_lost_but_an_earlier_boots_is_undelivered(self):
        last = self.sound.looks[-1]
        self.sound.looks[-1] = dataclasses.replace(last, waiting=((B, 3), (C, 2)))
        self.assert_found()  # sent, and its answer was lost
        self.sound.without(B, 3)
        self.assert_found("undelivered")

    def test_a_record_stored_twice(self):
        self.sound.rows.append(self.sound.rows[2])
        self.assert_found("stored twice")

    def test_a_resend_with_other_bytes(self):
        self.sound.uploads[1] = dataclasses.replace(self.sound.uploads[1], records=((2, b"other"),))
        self.assert_found("changed")

    def test_a_record_stored_otherwise_than_it_lay_in_the_flash(self):
        self.sound.replace(B, 2, data=b"other")
        self.assert_found("changed")

    def test_a_record_that_changes_in_the_flash(self):
        look = self.sound.looks[2]
        self.sound.looks[2] = dataclasses.replace(look, records=(
            dataclasses.replace(look.records[2], data=b"other"),))
        self.assert_found("changed")

    def test_a_record_that_nobody_sent(self):
        self.sound.rows.append(row(B, 4, "h"))
        self.assert_found("invented")

    def test_a_server_that_accepts_and_does_not_store(self):
        self.sound.rows = [each for each in self.sound.rows if each.key != (B, 3)]
        self.assert_found("lost", "forgotten")

    def test_records_of_a_class_that_arrive_in_another_order(self):
        self.sound.uploads[2] = upload(B, 0, 1, 3, 2)
        self.assert_found("out of order")

    def test_a_boot_that_arrives_before_an_earlier_one(self):
        self.sound.uploads = [upload(B, 0, 1, 2, 3), upload(A, 0, 1, 3, 2), upload(C, 0, 1)]
        self.assert_found(*4 * ["out of order"])

    def test_classes_may_pass_each_other(self):
        self.sound.uploads[0] = upload(A, 2, 0, 1, 3)
        self.assert_found()

    def test_a_number_that_is_missing(self):
        self.sound.without(B, 2)
        for at, look in enumerate(self.sound.looks):
            self.sound.looks[at] = dataclasses.replace(
                look, records=tuple(each for each in look.records if each.key != (B, 2)),
                waiting=tuple(key for key in look.waiting if key != (B, 2)))
        self.assert_found("gap")

    def test_a_number_that_is_missing_and_told_of(self):
        self.test_a_number_that_is_missing()
        self.sound.replace(B, 3, kind="a", fields={"k": "a", "q": 3, "u": 30, "a": {"ad": 1}})
        self.assert_found()

    def test_a_refused_upload(self):
        self.sound.uploads.append(upload(C, status=409))
        self.assert_found("refused")

    # ---- boots and sessions -----------------------------------------------------------------

    def test_a_boot_that_had_the_time_and_left_nothing(self):
        self.sound.starts[1].had_to_begin = True
        self.assert_found("boot failed")

    def test_a_boot_that_ended_by_itself(self):
        self.sound.starts[0].ended = "itself"
        self.assert_found("boot failed")

    def test_two_boots_in_one_start(self):
        self.sound.starts[2].boot = None
        self.assert_found("unknown boot", "wrong boot before")

    def test_a_session_end_that_was_made_up(self):
        self.sound.rows.append(row(C, 2, "x"))
        self.sound.uploads.append(upload(C, 2))
        self.assert_found("made-up end")
        self.sound.starts[3].ends_told = 1
        self.assert_found()

    def test_a_session_that_never_began(self):
        self.sound.replace(B, 2, fields={"k": "h", "q": 2, "u": 20, "s": 7})
        self.assert_found("session without start")

    def test_a_boot_record_that_names_another_boot(self):
        self.sound.replace(C, 0, fields={"k": "b", "b": {"bb": A, "bc": 4}})
        self.assert_found("wrong boot before")

    def test_a_boot_record_that_names_none(self):
        self.sound.replace(C, 0, fields={"k": "b", "b": {"bc": 4}})
        self.assert_found("wrong boot before")

    def test_a_count_of_boots_that_does_not_rise(self):
        self.sound.replace(C, 0, fields={"k": "b", "b": {"bb": B, "bc": 3}})
        self.assert_found("boots miscounted")

    def test_a_boot_that_left_only_a_checkpoint_is_named_all_the_same(self):
        self.sound.starts[1].boot = 0xD4
        self.sound.looks[2] = dataclasses.replace(self.sound.looks[2], begun=frozenset({A, 0xD4}))
        self.assert_found("wrong boot before")
        self.sound.replace(B, 0, fields={"k": "b", "b": {"bb": 0xD4, "bc": 3}})
        self.assert_found()

    def test_a_cut_session_that_no_boot_record_ends(self):
        self.sound.without(C, 0)
        self.sound.looks[-1] = dataclasses.replace(self.sound.looks[-1], waiting=((C, 0), (C, 2)))
        self.assert_found("unended")

    def test_a_cut_session_has_its_last_heartbeat(self):
        self.assertEqual(cut_sessions(self.sound.life()), [(A, 1, 20), (B, 1, 30), (C, 1, None)])

    # ---- a flash with a past ----------------------------------------------------------------

    def test_what_an_earlier_life_has_delivered_is_none_of_this_ones(self):
        past = [kept(0xE5, 0, "b"), kept(0xE5, 1, "d"), kept(0xE5, 2, "d")]
        self.sound.starts.insert(0, Start(0, "earlier", boot=0xE5))
        self.sound.looks[0] = Look(tuple(past), ((0xE5, 2),), frozenset({0xE5}))
        self.sound.replace(A, 0, fields={"k": "b", "b": {"bb": 0xE5, "bc": 1}})
        self.assert_found("lost")  # what waited then
        self.sound.rows.append(row(0xE5, 2, "d"))
        self.sound.uploads.insert(0, upload(0xE5, 2))
        self.assert_found()


if __name__ == "__main__":
    unittest.main()
