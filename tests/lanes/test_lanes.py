# SPDX-License-Identifier: Apache-2.0
"""lanes.py with tests that say what becomes of them."""
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

LANES = pathlib.Path(__file__).with_name("lanes.py")


class Lanes(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def run_tests(self, lanes, body, *switches):
        head = "import threading\nimport socket\nimport unittest\n"
        (self.folder / "test_it.py").write_text(head + textwrap.dedent(body))
        return subprocess.run([sys.executable, LANES, *switches, str(lanes), self.folder, "test_*.py"],
                              capture_output=True, text=True, check=False, timeout=60)

    def test_so_many_run_at_a_time(self):
        meeting = """
            class Meeting(unittest.TestCase):
                barrier = threading.Barrier(3, timeout=20)

                def meet(self):
                    self.barrier.wait()

                test_one = test_two = test_three = meet
            """
        self.assertEqual(self.run_tests(3, meeting).returncode, 0)
        self.assertEqual(self.run_tests(2, meeting.replace("timeout=20", "timeout=0.2")).returncode, 1)

    @unittest.skipUnless(os.geteuid() == 0, "a network of one's own needs root")
    def test_the_same_port_is_free_in_each_lane_that_is_apart(self):
        done = self.run_tests(2, """
            class Ports(unittest.TestCase):
                barrier = threading.Barrier(2, timeout=20)

                def listen(self):
                    with socket.create_server(("127.0.0.1", 20004)):
                        self.barrier.wait()
                        socket.create_connection(("127.0.0.1", 20004)).close()
                        self.barrier.wait()

                test_one = test_two = listen
            """, "--apart")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_class_is_set_up_once_before_and_torn_down_once_behind_its_tests(self):
        done = self.run_tests(2, """
            class Case(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.addClassCleanup(print, "cleaned")
                    print("up")

                @classmethod
                def tearDownClass(cls):
                    print("down")

                def test_one(self):
                    self.addCleanup(print, "behind")

                def test_two(self):
                    pass
            """)
        said = [line for line in done.stdout.splitlines() if not line.startswith("ok")]
        self.assertEqual((done.returncode, said), (0, ["up", "behind", "down", "cleaned"]))

    def test_a_module_is_set_up_before_and_cleaned_up_behind_all(self):
        done = self.run_tests(2, """
            def setUpModule():
                unittest.addModuleCleanup(print, "cleaned")
                print("up")

            class Case(unittest.TestCase):
                def test_it(self):
                    print("test")
            """)
        said = [line for line in done.stdout.splitlines() if not line.startswith("ok")]
        self.assertEqual((done.returncode, said), (0, ["up", "test", "cleaned"]))

    def test_who_is_to_be_alone_comes_when_the_others_are_done(self):
        done = self.run_tests(3, """
            import time

            class Case(unittest.TestCase):
                others = []

                def other(self):
                    time.sleep(0.2)
                    self.others.append(self)

                def test_a_first(self):
                    self.assertEqual(len(self.others), 2)

                test_a_first.alone = True
                test_b = test_c = other
            """)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_each_trouble_is_one(self):
        done = self.run_tests(2, """
            class Case(unittest.TestCase):
                def test_that_fails(self):
                    self.assertEqual(1, 2)

                def test_that_breaks(self):
                    raise OSError("broken")

                def test_of_which_a_part_fails(self):
                    for number in range(3):
                        with self.subTest(number=number):
                            self.assertEqual(number, 1)

                def test_that_passes(self):
                    pass

            class Unready(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.addClassCleanup(print, "cleaned")
                    raise OSError("not ready")

                def test_that_never_runs(self):
                    print("never")

            class Untidy(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.addClassCleanup(int, "untidy")

                def test_that_passes(self):
                    pass
            """)
        self.assertEqual((done.returncode, done.stderr), (1, "6 troubles\n"))
        for part in ("1 != 2", "broken", "number=0", "number=2", "not ready", "cleaned", "untidy"):
            self.assertIn(part, done.stdout)
        self.assertNotIn("never", done.stdout)

    STANDS_STILL = """
        import lateness
        import os
        import signal
        import subprocess

        def stand_still():
            subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -CONT {os.getpid()}"])
            os.kill(os.getpid(), signal.SIGSTOP)

        @lateness.replayed
        class Case(unittest.TestCase):
            begun = 0

            @classmethod
            def setUpClass(cls):
                cls.begun += 1
                cls.addClassCleanup(print, "cleaned")

            def test_it(self):
                stand_still()
                self.assertEqual(self.begun, 3)
        """

    def test_a_class_that_is_replayed_is_set_up_anew_while_the_machine_stands_still(self):
        done = self.run_tests(1, self.STANDS_STILL)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([done.stdout.count(each) for each in ("again: Case", "cleaned", "FAIL")],
                         [2, 3, 2])

    def test_what_fails_each_time_has_failed(self):
        done = self.run_tests(1, self.STANDS_STILL.replace("begun, 3", "begun, 0"))
        self.assertEqual((done.returncode, done.stderr), (1, "1 troubles\n"))
        self.assertEqual(done.stdout.count("again: Case"), 3)

    def test_nothing_is_run_again_on_a_machine_that_goes_on_nor_if_it_is_not_of_real_time(self):
        for body in (self.STANDS_STILL.replace("import os", "import os; lateness.DISTURBED_MS = 1e9"),
                     self.STANDS_STILL.replace("@lateness.replayed", "")):
            done = self.run_tests(1, body)
            self.assertEqual((done.returncode, done.stdout.count("FAIL")), (1, 1), done.stdout)

    def test_what_is_skipped_is_no_trouble_and_is_not_set_up(self):
        done = self.run_tests(2, """
            @unittest.skip("not here")
            class Skipped(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    raise OSError

                def test_it(self):
                    raise OSError
            """)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("skip", done.stdout)

    def test_a_module_that_cannot_be_loaded_and_none_at_all_are_troubles(self):
        self.assertEqual(self.run_tests(2, "import nothing_of_this_name").returncode, 1)
        self.assertEqual(self.run_tests(2, "").returncode, 1)


if __name__ == "__main__":
    unittest.main()
