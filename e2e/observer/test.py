"""The judge of the other cases sees what it must see, on domains that nobody but this test makes."""
import os
import subprocess
import time
import unittest

from support.case import Case, wait_until
from support.census import Census
from support.observer import difference

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

    def test_the_guest_never_writes_so_that_every_difference_is_a_defect(self):
        disk = self.copy()
        before = disk.stat().st_mtime_ns
        self.define(disk)
        self.libvirt.virsh('start', self.domain)
        self.says()
        statistics = dict(line.split()[1:] for line in self.libvirt.virsh('domblkstat', self.domain, 'vda').splitlines() if line)
        self.assertGreater(int(statistics['rd_bytes']), 0)
        self.assertEqual(int(statistics['wr_bytes']), 0)
        self.libvirt.virsh('destroy', self.domain)
        self.assertIsNone(difference(disk, self.disk.raw))
        self.assertEqual(disk.stat().st_mtime_ns, before)

    def test_a_machine_started_on_a_half_written_disk_is_a_violation_both_times(self):
        disk = self.copy()
        os.truncate(disk, self.disk.size // 16)  # it boots: what is missing is behind
        os.truncate(disk, self.disk.size)
        self.define(disk)
        self.libvirt.virsh('start', self.domain)
        self.says()
        self.event('started ' + self.domain)
        self.assertEqual([text.split()[0] for text in self.observer.violations], ['defined', 'started'])

    def test_a_disk_that_is_finished_only_after_the_definition_is_a_violation(self):
        disk = self.copy()
        self.define(disk)
        self.event('defined ' + self.domain)
        self.nothing_wrong()
        time.sleep(0.05)  # more than the clock of the file system needs for another time
        with open(disk, 'r+b') as file:
            file.write(self.disk.raw.read_bytes()[:512])  # what is there already
        self.libvirt.virsh('start', self.domain)
        self.event('started ' + self.domain)
        self.assertIn('was written after the machine was defined', self.observer.violations[0])

    def test_what_came_while_libvirt_was_away_is_judged_when_it_is_back(self):
        disk = self.copy()
        self.define(disk)
        self.libvirt.virsh('start', self.domain)
        self.event('started ' + self.domain)
        self.libvirt.kill_daemon()
        self.libvirt.start_daemon()
        self.assertTrue(self.active(), 'the guest ran on')
        self.observer.listen_again()
        self.nothing_wrong()
        self.assertEqual(self.observer.events[-1], 'found ' + self.domain)
        with open(disk, 'r+b') as file:
            file.seek(5 << 20)
            file.write(b'x')
        self.observer.listen_again()
        self.assertEqual(len(self.observer.violations), 1)
        self.libvirt.virsh('destroy', self.domain)
        self.libvirt.virsh('start', self.domain)
        wait_until('it hears again', lambda: len(self.observer.violations) == 2)

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


class CensusTest(unittest.TestCase):
    def test_two_of_the_same_are_seen_when_they_last_and_one_after_the_other_is_not(self):
        census = Census('sleep', 'tail')
        self.addCleanup(census.stop)
        for _ in range(2):
            subprocess.run(['sleep', '0.5'])
        self.assertEqual(census.doubles, [])
        both = [subprocess.Popen(['sleep', '60']) for _ in range(2)]
        wait_until('it sees both', lambda: census.doubles)
        for one in both:
            one.kill()
            one.wait()
        self.assertIn('2 sleep', census.doubles[0])
