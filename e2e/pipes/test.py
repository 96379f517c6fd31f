"""What a shell may do to a command: output that cannot be written, readers that go, streams that are closed, Ctrl-C before the run."""
import os
import signal
import subprocess

from support import processes
from support.case import wait_until
from support.memory import MemoryCase, items
from support.terminal import Terminal


class Cases(MemoryCase):
    def setUp(self):
        super().setUp()
        self.manifest = self.tenon.write('items.yaml', items('a', 'b'))

    def shell(self, text, output=subprocess.PIPE):
        """(status of the first command, output, error output); $tenon is the product."""
        done = subprocess.run(['bash', '-c', text + '\nexit ${PIPESTATUS[0]}'], cwd=self.tenon.directory, stdin=subprocess.DEVNULL,
                              stdout=output, stderr=subprocess.PIPE, text=True, timeout=60,
                              env=dict(os.environ, tenon=self.tenon.program, NO_COLOR='1'))
        return done.returncode, done.stdout, done.stderr

    def unread(self, text):
        """(status, error output) of a command whose reader has gone."""
        reader, writer = os.pipe()
        os.close(reader)
        try:
            status, _, error = self.shell(text, writer)
        finally:
            os.close(writer)
        return status, error


class OutputTest(Cases):
    def test_what_cannot_be_written_is_no_success(self):
        for command in ('get -o json', 'plan -f items.yaml', 'version', 'help'):
            self.assertEqual(self.shell('$tenon %s >/dev/full' % command),
                             (1, '', 'error: writing standard output: No space left on device\n'), command)
            self.assertEqual(self.shell('$tenon %s >&-' % command),
                             (1, '', 'error: writing standard output: Bad file descriptor\n'), command)

    def test_of_a_run_the_exit_code_tells_and_the_error_is_told_too(self):
        status, _, error = self.shell('$tenon apply --yes -f items.yaml >/dev/full')
        self.assertEqual((status, error), (0, 'error: writing standard output: No space left on device\n'))
        self.assertEqual(self.names(), ['a', 'b'])

    def test_no_file_takes_the_place_of_a_stream_that_is_closed(self):
        for closed in ('>&-', '<&- >&- 2>&-'):
            self.assertEqual(self.shell('$tenon apply --yes -f items.yaml ' + closed)[0], 0)
            self.assertEqual(self.names(), ['a', 'b'])
            self.assertIn('No changes.', self.succeeds('plan', '-f', self.manifest))
            files = [path for path in (self.tenon.directory / '.tenon').rglob('*') if path.is_file()]
            self.assertIn('lock', [path.name for path in files])
            self.assertEqual([path for path in files if b'2 to create' in path.read_bytes()], [])
            self.succeeds('destroy', '--yes')

    def test_a_reader_that_goes_ends_a_command_that_changes_nothing(self):
        for command in ('plan -f items.yaml', 'plan -f items.yaml --detailed-exitcode', 'get -o json', 'help'):
            self.assertEqual(self.unread('$tenon ' + command), (141, ''), command)
        self.assertEqual(self.unread('$tenon plan -f missing.yaml')[0], 1)
        self.assertEqual(self.shell('$tenon plan -f items.yaml | head -1')[1:], ('  + memory.tenon.dev/Item/default/a\n', ''))

    def test_a_reader_that_goes_ends_no_run(self):
        self.assertEqual(self.unread('$tenon apply --yes -f items.yaml'), (0, ''))
        self.assertEqual(self.names(), ['a', 'b'])

    def test_nothing_is_drawn_on_a_terminal_that_cannot(self):
        for kind, drawn in (('xterm', True), ('dumb', False)):
            terminal = Terminal(self.tenon, 'apply', '--yes', '-f', self.manifest, kind=kind)
            self.assertEqual(terminal.status(), 0, str(terminal))
            self.assertEqual('\x1b' in terminal.text, drawn, str(terminal))
            self.succeeds('destroy', '--yes')


class InterruptTest(Cases):
    delay = 1500

    def test_ctrl_c_at_the_question_changes_nothing(self):
        asked = Terminal(self.tenon, 'apply', '-f', self.manifest)
        asked.wait_for('Only .yes. is accepted: ')
        asked.type('\x03')
        self.assertEqual(asked.status(), 130, str(asked))
        self.assertIn('Interrupted. Nothing was changed.', asked.text)
        self.assertEqual(self.names(), [])
        wait_until('the plugin hosts are gone', lambda: not processes.running('tenon-plugin-host'), 10)

    def test_under_nohup_the_end_of_the_terminal_ends_no_run(self):
        running = self.tenon.start('apply', '--yes', '-f', self.manifest, under=['nohup'])
        wait_until('the first item is being made', lambda: 'Item a' in running.text())
        running.signal(signal.SIGHUP)
        done = running.wait()
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(self.names(), ['a', 'b'])

    def test_ctrl_c_while_it_waits_for_the_lock_changes_nothing(self):
        first = self.tenon.start('apply', '--yes', '-f', self.manifest)
        wait_until('the first item is being made', lambda: 'Item a' in first.text())
        second = self.tenon.start('destroy', '--yes', '--lock-timeout', '5m')
        wait_until('it waits', lambda: 'waiting for it' in second.text())
        second.signal(signal.SIGINT)
        done = second.wait(20)
        self.assertEqual(done.status, 130, str(done))
        self.assertIn('Interrupted. Nothing was changed.', done.text)
        self.assertEqual(first.wait().status, 0)
        self.assertEqual(self.names(), ['a', 'b'])
