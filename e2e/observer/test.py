"""The judge of the other cases sees what it must see, on domains that nobody but this test makes."""
import os

from support.case import Case, wait_until

DOMAIN = """<domain type='qemu'><name>default_example-vm</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
<serial type='pty'><log file='{console}' append='on'/></serial></devices></domain>"""


class ObserverTest(Case):
    image = dict(text='sentinel 4711', fill=8)

    def define(self, disk):
        path = self.directory / 'domain.xml'
        path.write_text(DOMAIN.format(disk=disk, console=self.tenon.consoles / 'default_example-vm.log'))
        self.libvirt.virsh('define', str(path))

    def copy(self, size=None):
        path = self.directory / 'copy.raw'
        path.write_bytes(self.disk.raw.read_bytes())
        if size is not None:
            os.truncate(path, size)
        return path

    def test_a_finished_disk_is_accepted_when_defined_and_when_started(self):
        self.define(self.copy())
        self.libvirt.virsh('start', self.domain)
        self.says()
        self.event('started ' + self.domain)
        self.nothing_wrong()
        self.assertEqual(self.observer.judged, 2)

    def test_zeros_behind_the_image_are_accepted_and_nothing_else(self):
        disk = self.copy(size=self.disk.size + (3 << 20))
        self.define(disk)
        self.event('defined ' + self.domain)
        self.nothing_wrong()
        with open(disk, 'r+b') as file:
            file.seek(-1, os.SEEK_END)
            file.write(b'x')
        self.libvirt.virsh('start', self.domain)
        self.event('started ' + self.domain)
        self.assertIn('is not zero behind the reference', self.observer.violations[0])

    def test_an_unfinished_disk_is_a_violation(self):
        disk = self.copy()
        with open(disk, 'r+b') as file:
            file.seek(5 << 20)
            file.write(bytes(4096))
        self.define(disk)
        self.event('defined ' + self.domain)
        self.assertIn('differs from the reference', self.observer.violations[0])

    def test_a_short_or_missing_disk_is_a_violation(self):
        self.define(self.copy(size=1 << 20))
        self.event('defined ' + self.domain)
        self.assertIn('differs from the reference', self.observer.violations[0])
        self.libvirt.virsh('undefine', self.domain)
        self.define(self.directory / 'not-there.raw')
        wait_until('a second violation', lambda: len(self.observer.violations) == 2)
        self.assertIn('No such file', self.observer.violations[1])
