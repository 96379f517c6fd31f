"""What the cases have in common: a libvirtd, a web server, a disk, a working directory, an observer."""
import contextlib
import os
import pathlib
import shutil
import signal
import time
import unittest

from support import lab, processes
from support.observer import Observer
from support.tenon import Tenon

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / 'examples'
EXAMPLE_URL = 'http://127.0.0.1:8090/'  # in examples/01-vm-waits-for-datavolume
MIB = lab.MIB


def wait_until(what, predicate, timeout=60, pause=0.05):
    """The first true value of the predicate."""
    end = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > end:
            raise AssertionError('not within %d s: %s' % (timeout, what))
        time.sleep(pause)
    return value


class ProductCase(unittest.TestCase):
    """The product, `self.tenon`, in a directory of one test; everything is gone afterwards, processes too."""

    def setUp(self):
        self.directory = lab.short_directory()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.addCleanup(processes.kill_descendants)

    def story(self):
        """What a failed test prints besides the failure."""
        tenon = getattr(self, 'tenon', None)
        return tenon.story() if tenon else ''

    def succeeds(self, *command, timeout=120):
        done = self.tenon.run(*command, timeout=timeout)
        self.assertEqual(done.status, 0, str(done))
        return done.text


class Case(ProductCase):
    """With a libvirtd, a web server, a disk and an observer."""

    domain = 'default_example-vm'
    image = dict(text='sentinel 4711', fill=24)

    def setUp(self):
        super().setUp()
        self.files = self.directory / 'files'
        self.files.mkdir()
        self.libvirt = lab.Libvirt()
        self.addCleanup(self.libvirt.down)
        # libvirtd is a descendant too, but its lab stops it in order; this is for what a failed test leaves.
        self.addCleanup(self.kill_product)
        self.disk = self.make_disk()
        self.http = lab.Http(self.files)
        self.addCleanup(self.http.down)
        self.tenon = Tenon(self.directory / 'work', self.libvirt.uri)
        self.observer = Observer(self.libvirt.uri, self.disk.raw, self.libvirt.definitions)
        self.addCleanup(self.observer.stop)

    def make_disk(self):
        return lab.Disk(self.files, **self.image)

    def kill_product(self):
        for pid in processes.running('tenon', 'tenon-plugin-host', 'cdi-import-worker', 'qemu-img'):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def story(self):
        observer = getattr(self, 'observer', None)
        return '%s\nlibvirt events: %s' % (super().story(), observer.events if observer else '')

    def example(self, name, path):
        """Writes a manifest of the first example with its image below the web server's `path`; returns its name."""
        text = (EXAMPLES / '01-vm-waits-for-datavolume' / name).read_text()
        self.assertIn(EXAMPLE_URL, text)
        return self.tenon.write(name, text.replace(EXAMPLE_URL, self.http.url + path))

    # --- what libvirt says ---

    def defined(self):
        return self.domain in self.libvirt.virsh('list', '--all', '--name').split()

    def active(self):
        return self.domain in self.libvirt.virsh('list', '--name').split()

    def domain_disk(self):
        lines = self.libvirt.virsh('domblklist', self.domain).split('\n')
        return pathlib.Path(lines[0].split(None, 1)[1])

    def says(self, text=None, timeout=60):
        wait_until('%r on the serial console' % (text or self.disk.text),
                   lambda: (text or self.disk.text) in self.tenon.console(self.domain), timeout)

    def nothing_wrong(self):
        self.assertEqual(self.observer.violations, [])
        self.assertEqual(self.observer.missed, [])

    def event(self, text, timeout=30):
        wait_until('libvirt event %r' % text, lambda: text in self.observer.events, timeout)
