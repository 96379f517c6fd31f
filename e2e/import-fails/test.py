"""Imports that fail: the machine is never made, the phase is Failed, the reason is clear, and mending the manifest heals."""
import re

from support import lab
from support.case import MIB, Case

DATA_VOLUME = 'DataVolume/example-dv'
MACHINE = 'VirtualMachine/example-vm'
URL = re.compile(r'url: "[^"]*"')


class ImportFails(Case):
    image = dict(text='sentinel 4711', fill=4, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.good = self.example('vm-running.yaml', '/')

    def bad(self, path, checksum=None):
        """The good manifest with another path on the web server, and a checksum."""
        source = 'url: "%s%s"' % (self.http.url, path)
        if checksum:
            source += '\n             checksum: "%s"' % checksum
        text, count = URL.subn(source, (self.tenon.directory / self.good).read_text())
        self.assertEqual(count, 1)
        return self.tenon.write('bad.yaml', text)

    # S1-12, S1-28, S1-32, S1-33
    def fails_then_heals(self, manifest, *reasons):
        done = self.tenon.run('apply', '--yes', '-f', manifest)
        self.assertEqual(done.status, 3, str(done))
        for reason in reasons:
            self.assertIn(reason, done.text)
        shown = self.tenon.get()
        self.assertEqual(shown[DATA_VOLUME]['phase'], 'Failed', shown)
        for reason in reasons:
            self.assertIn(reason, shown[DATA_VOLUME]['reason'])
        self.assertIn('example-dv', shown[MACHINE]['reason'])
        self.assertFalse(self.defined())
        self.assertEqual(self.observer.events, [])

        self.succeeds('apply', '--yes', '-f', self.good)
        self.assertTrue(self.active())
        self.says()
        self.event('started ' + self.domain)
        self.nothing_wrong()
        self.assertEqual(self.tenon.get()[DATA_VOLUME]['phase'], 'Succeeded')
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.good))

    def test_no_such_image(self):
        self.fails_then_heals(self.bad('/status/404'), 'the server answered 404')

    def test_wrong_checksum(self):
        wrong = 'sha256:' + '0' * 64
        self.fails_then_heals(self.bad('/example.qcow2', wrong), lab.checksum(self.disk.qcow2))

    def test_right_checksum_is_no_failure(self):
        right = lab.checksum(self.disk.qcow2)
        self.succeeds('apply', '--yes', '-f', self.bad('/example.qcow2', right))
        self.says()
        self.event('started ' + self.domain)
        self.nothing_wrong()

    def test_body_that_ends_early(self):
        self.fails_then_heals(self.bad('/wrong-length/1000000/example.qcow2'), 'transfer closed with 1000000 bytes remaining')

    def test_image_larger_than_the_claim(self):
        lab.Disk(self.files, 'too large', size=80, name='large').qcow2
        self.fails_then_heals(self.bad('/large.qcow2'), 'has %d bytes and its claim %d' % (80 * MIB, 64 * MIB))
