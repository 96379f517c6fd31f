"""tools/demo does what it shows, and leaves nothing."""
import os
import pathlib
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
