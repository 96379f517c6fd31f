"""One run at a time: the next one fails at once and says who runs since when, or waits as long as it is told."""
import re
import signal

from support import processes
from support.case import wait_until
from support.memory import MemoryCase, items


class LockTest(MemoryCase):
    delay = 1500

    def setUp(self):
        super().setUp()
        self.manifest = self.tenon.write('items.yaml', items('a', 'b'))

    def applying(self):
        running = self.tenon.start('apply', '--yes', '-f', self.manifest)
        wait_until('the first item is being made', lambda: 'Item a' in running.text())
        return running

    def test_a_second_run_names_the_first(self):
        first = self.applying()
        held = r'held by "tenon apply" \(pid %d on \S+\) since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC' % first.process.pid
        with processes.frozen('tenon-plugin-host'):
            for command in (['apply', '--yes', '-f', self.manifest], ['destroy', '--yes'],
                            ['plan', '-f', self.manifest, '--out', 'saved.json']):
                done = self.tenon.run(*command)
                self.assertEqual(done.status, 4, str(done))
                self.assertRegex(done.text, held)
                self.assertIn('--lock-timeout', done.text)
            self.assertTrue(first.running())
        self.assertEqual(first.wait().status, 0)

    def test_a_second_run_waits_as_long_as_it_is_told(self):
        first = self.applying()
        with processes.frozen('tenon-plugin-host'):
            short = self.tenon.run('destroy', '--yes', '--lock-timeout', '100ms')
            self.assertEqual(short.status, 4, str(short))
            self.assertTrue(first.running())
        second = self.tenon.run('destroy', '--yes', '--lock-timeout', '5m')
        self.assertEqual(second.status, 0, str(second))
        self.assertTrue(re.search(r'held by "tenon apply".*waiting', second.text), str(second))
        self.assertEqual(first.wait().status, 0)
        self.assertEqual(self.names(), [])
        self.assertEqual(self.made(), {'a': 1, 'b': 1})

    def test_the_last_call_of_a_killed_run_is_waited_for(self):
        first = self.applying()
        first.signal(signal.SIGKILL)
        first.wait()
        done = self.tenon.run('apply', '--yes', '-f', self.manifest)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(self.made(), {'a': 1, 'b': 1})
        self.assertEqual(processes.running('tenon-plugin-host'), [])
