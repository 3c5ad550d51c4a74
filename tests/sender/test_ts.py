# SPDX-License-Identifier: Apache-2.0
"""The clock and the continuity of transport streams."""

import unittest

import synthetic
from synthetic import VIDEO_PID, packet
from ts import (NULL_PID, PCR_HZ, PCR_MODULUS, Continuity, NotATransportStream, TransportStream,
                pcr_of, pcr_span)


def continuity_errors(*packets):
    continuity = Continuity()
    for each in packets:
        continuity.see(each)
    return continuity.errors


class Clock(unittest.TestCase):
    def test_a_clock_reference_is_read_with_its_extension(self):
        self.assertEqual(pcr_of(packet(VIDEO_PID, 0, pcr=123_456_789_123)), 123_456_789_123)

    def test_a_packet_without_a_clock_reference_has_none(self):
        self.assertIsNone(pcr_of(packet(VIDEO_PID, 0)))
        self.assertIsNone(pcr_of(packet(VIDEO_PID, 0, payload=False)))

    def test_time_between_two_references_passes_evenly(self):
        self.assertAlmostEqual(synthetic.stream(1).time_of(333), 0.333)

    def test_time_before_and_after_all_references_goes_on_at_their_rate(self):
        lead = packet(0x200, 0) * 10
        stream = TransportStream(lead + bytes(synthetic.stream(1).bytes_of(0, 1000)))
        self.assertAlmostEqual(stream.time_of(10), 0.010)
        self.assertAlmostEqual(stream.time_of(1009), 1.009)

    def test_time_passes_through_a_wrap_of_the_clock(self):
        stream = synthetic.stream(1, first_pcr=PCR_MODULUS - PCR_HZ // 2)
        self.assertAlmostEqual(stream.time_of(999), 0.999)

    def test_a_span_is_measured_across_a_wrap(self):
        self.assertEqual(pcr_span([PCR_MODULUS - 5, 5, 20]), 25)

    def test_bytes_that_are_no_transport_stream_are_refused(self):
        for data in (b"", b"G" * 187, b"x" * 188, packet(VIDEO_PID, 0) * 3):
            with self.subTest(size=len(data)), self.assertRaises(NotATransportStream):
                TransportStream(data)


class ContinuityOfCounters(unittest.TestCase):
    def test_a_counter_that_wraps_is_continuous(self):
        self.assertEqual(continuity_errors(*(packet(1, n) for n in range(40))), 0)

    def test_a_gap_is_one_error_however_wide(self):
        self.assertEqual(continuity_errors(packet(1, 0), packet(1, 9), packet(1, 10)), 1)

    def test_each_pid_in_a_gap_has_its_own_error(self):
        self.assertEqual(
            continuity_errors(packet(1, 0), packet(2, 0), packet(1, 2), packet(2, 2)), 2)

    def test_one_repeat_of_a_packet_is_allowed_and_a_second_is_not(self):
        self.assertEqual(continuity_errors(packet(1, 0), packet(1, 0), packet(1, 1)), 0)
        self.assertEqual(continuity_errors(packet(1, 0), packet(1, 0), packet(1, 0)), 1)

    def test_a_packet_without_payload_does_not_advance_the_counter(self):
        self.assertEqual(
            continuity_errors(packet(1, 0), packet(1, 0, payload=False), packet(1, 1)), 0)

    def test_an_announced_discontinuity_is_no_error(self):
        self.assertEqual(continuity_errors(packet(1, 0), packet(1, 7, discontinuity=True)), 0)

    def test_a_discontinuity_announced_without_payload_is_no_error(self):
        announced = packet(1, 0, payload=False, discontinuity=True)
        self.assertEqual(continuity_errors(packet(1, 0), announced, packet(1, 7)), 0)

    def test_null_packets_have_no_continuity(self):
        self.assertEqual(continuity_errors(packet(NULL_PID, 0), packet(NULL_PID, 5)), 0)


if __name__ == "__main__":
    unittest.main()
