"""Ctrl-C: once lets calls return and leaves the import at work, twice stops now; nothing is lost either way."""
import contextlib
import signal

from support import processes
from support.case import Case, wait_until
from support.terminal import Terminal

CALL = 'VirtualMachine example-vm: creating'


class InterruptTest(Case):
    image = dict(text='sentinel 4711', fill=24, name='example')

    def setUp(self):
        super().setUp()
        # Where the tests run under nohup, what they start would be as well.
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL))
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

    @contextlib.contextmanager
    def hanging(self, running):
        """The call that makes the machine is under way and does not return: libvirt has ceased to answer."""
        wait_until('the call that makes the machine', lambda: CALL in running.text(), pause=0.002)
        with self.libvirt.frozen():
            self.assertNotIn('example-vm: created', running.text(), 'frozen too late to show anything')
            yield

    def test_once_waits_for_the_call_that_runs(self):
        running = self.importing()
        with self.hanging(running):
            running.signal(signal.SIGINT)
            wait_until('it says that it waits', lambda: 'waiting for the calls that run' in running.text())
            self.assertTrue(running.running())
            self.assertEqual(self.observer.events, [])
        done = running.wait(60)
        self.assertEqual(done.status, 3, str(done))
        self.assertTrue(self.active(), 'the call returned, and what it did was not undone')
        self.goes_on_to_the_end()

    def test_twice_stops_now_and_loses_nothing(self):
        running = self.importing()
        with self.hanging(running):
            running.signal(signal.SIGINT)
            wait_until('it says that it waits', lambda: 'waiting for the calls that run' in running.text())
            self.assertTrue(running.running())
            running.signal(signal.SIGINT)
            done = running.wait(20)
            self.assertEqual(done.status, 130, str(done))
            self.assertNotIn('example-vm: created', done.text)
            self.hosts_are_gone()
        self.goes_on_to_the_end()

    def test_ctrl_c_typed_once_and_twice(self):
        once = Terminal(self.tenon, 'apply', '--yes', '-f', self.manifest)
        once.wait_for(r'ImportInProgress \([1-9]')
        once.type('\x03')
        self.assertEqual(once.status(), 3, str(once))
        self.assertIn('goes on', once.text)
        twice = Terminal(self.tenon, 'apply', '--yes', '-f', self.manifest)
        twice.wait_for(CALL)
        with self.libvirt.frozen():
            twice.type('\x03')
            twice.wait_for('waiting for the calls that run')
            self.assertTrue(twice.read(0.2), 'it did not wait')
            twice.type('\x03')
            self.assertEqual(twice.status(), 130, str(twice))
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
