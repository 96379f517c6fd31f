"""tools/demo does what it shows, and leaves nothing."""
import os
import pathlib
import signal
import subprocess
import unittest

DEMO = pathlib.Path(__file__).resolve().parents[2] / 'tools/demo'


class Demo(unittest.TestCase):
    def left(self):
        return sorted(pathlib.Path('/tmp').glob('tenon-demo.*'))

    def test_runs_to_its_end_and_cleans_up(self):
        before = self.left()
        done = subprocess.run([DEMO, '--fast', '--prefix', os.environ['TENON_PREFIX']], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        for text in ('ImportInProgress', 'No changes.', 'of the demo', 'nothing is left'):
            self.assertIn(text, done.stdout)
        self.assertEqual(self.left(), before)

    def test_an_interruption_is_no_failure(self):
        before = self.left()
        with subprocess.Popen([DEMO, '--fast', '--prefix', os.environ['TENON_PREFIX']], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              start_new_session=True) as demo:
            said = ''
            while 'ImportInProgress' not in said:
                line = demo.stdout.readline()
                self.assertTrue(line, said)
                said += line
            os.killpg(demo.pid, signal.SIGINT)
            said += demo.stdout.read()
        self.assertEqual(demo.returncode, 130, said)
        self.assertEqual(said.splitlines()[-1], 'interrupted', said)
        self.assertNotIn('failed', said)
        self.assertEqual(self.left(), before)
