"""Ctrl-C: once lets calls return and leaves the import at work, twice stops now; nothing is lost either way."""
import signal
import time

from support import processes
from support.case import Case, wait_until


class InterruptTest(Case):
    image = dict(text='sentinel 4711', fill=24, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.manifest = self.example('vm-running.yaml', '/slow/8000000/')

    def importing(self):
        running = self.tenon.start('apply', '--yes', '-f', self.manifest)
        wait_until('the import makes progress', lambda: 'ImportInProgress' in running.text())
        self.assertNotEqual(processes.running('tenon-plugin-host'), [])
        return running

    def hosts_are_gone(self):
        wait_until('the plugin hosts are gone', lambda: not processes.running('tenon-plugin-host'), 10)

    def goes_on_to_the_end(self):
        self.succeeds('apply', '--yes', '-f', self.manifest)
        self.says()
        self.event('started ' + self.domain)
        self.nothing_wrong()
        self.assertEqual(len(self.http.requests()), 1, 'the image was fetched once')
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.manifest))

    def test_once_leaves_the_import_at_work_and_says_how_to_go_on(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            running = self.importing()
            running.signal(number)
            done = running.wait(20)
            self.assertEqual(done.status, 3, str(done))
            self.assertIn('goes on', done.text)
            self.assertIn('tenon destroy', done.text)
            self.hosts_are_gone()
            self.assertEqual(len(processes.running('cdi-import-worker')), 1)
            self.assertFalse(self.defined())
        self.goes_on_to_the_end()

    def test_twice_stops_now_and_loses_nothing(self):
        running = self.importing()
        running.signal(signal.SIGINT)
        running.signal(signal.SIGINT)
        begun = time.monotonic()
        done = running.wait(20)
        self.assertIn(done.status, (3, 130), str(done))  # 3 if it had ended before the second came
        self.assertLess(time.monotonic() - begun, 10)
        self.hosts_are_gone()
        self.goes_on_to_the_end()

    def test_a_killed_command_line_leaves_no_host_and_its_import_at_work(self):
        running = self.importing()
        running.signal(signal.SIGKILL)
        running.wait()
        self.hosts_are_gone()
        self.assertEqual(len(processes.running('cdi-import-worker')), 1)
        self.goes_on_to_the_end()

    def test_a_destroy_while_the_import_runs_stops_it_and_leaves_nothing(self):
        self.manifest = self.example('vm-running.yaml', '/slow/2000000/')
        running = self.importing()
        running.signal(signal.SIGINT)
        running.wait(20)
        self.assertEqual(len(processes.running('cdi-import-worker')), 1)
        self.assertNotEqual(self.tenon.leftovers(), [])
        self.succeeds('destroy', '--yes')
        self.assertEqual(processes.running('cdi-import-worker'), [])
        self.assertEqual(self.tenon.leftovers(), [])
        self.assertFalse(self.defined())
