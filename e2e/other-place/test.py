"""Where a command is run decides nothing; and an instance that looks elsewhere than where something was made says that,
instead of taking it for gone: no second disk or machine, no record dropped, no approval passed by.
"""
import contextlib
import ctypes
import hashlib
import os
import sqlite3

from support import lab
from support.case import Case, ProductCase
from support.tenon import CONFIGURATION, Tenon

CLAIM = 'core/PersistentVolumeClaim/default/example-dv'
MACHINE = 'kubevirt.io/VirtualMachine/default/example-vm'


class OtherPlace(Case):
    image = dict(text='sentinel 4711', fill=4, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.manifest = self.example('vm-running.yaml', '/')
        self.succeeds('apply', '--yes', '-f', self.manifest)
        self.says()
        self.other = self.tenon.beside('other')
        self.before = self.world()
        self.rows = sorted(self.tenon.owned())

    def world(self):
        """What there is: the machine as libvirt has it, the disk's bytes, what was fetched, every file of a claim or import."""
        return {
            'machine': self.libvirt.virsh('domuuid', self.domain).strip() + self.libvirt.virsh('domid', self.domain).strip(),
            'machines': self.libvirt.virsh('list', '--all', '--name').split(),
            'disk': hashlib.sha256(self.domain_disk().read_bytes()).hexdigest(),
            'fetched': len(self.http.requests()),
            'files': self.tenon.leftovers() + self.other.leftovers(),
        }

    def nothing_has_happened(self):
        self.assertEqual(self.world(), self.before)
        self.assertEqual(sorted(self.tenon.owned()), self.rows)
        self.nothing_wrong()

    def elsewhere(self, *command, configuration='../work/tenon.yaml'):
        return self.other.run(*command, '--state', '../work/.tenon', '--config', configuration)

    def configure(self, uri=None, settings='', tenon=None):
        """settings: lines below the instance that keeps the claims."""
        text = CONFIGURATION.format(uri=uri or self.libvirt.uri, console=self.tenon.consoles)
        self.assertEqual(text.count('  plugin: local\n'), 1)
        (tenon or self.tenon).write('tenon.yaml', text.replace('  plugin: local\n', '  plugin: local\n' + settings))

    def make_inventory_older(self):
        """As a program of format 3 that knew of no places has left it: the sum counts what it knew of the meta row."""
        with contextlib.closing(sqlite3.connect(self.tenon.directory / '.tenon/inventory.db')) as file, file:
            uuid, key, places, total = file.execute('SELECT uuid, key, places, sum FROM meta').fetchone()

            def digest(counted):
                return int(hashlib.sha256('\0'.join(['meta', uuid, counted]).encode()).hexdigest(), 16)

            older = int(total, 16) ^ digest('4 %s %s' % (key, places)) ^ digest('3 ' + key)
            file.execute('UPDATE meta SET format = 3, sum = ?', ['%064x' % older])
            file.execute('ALTER TABLE meta DROP COLUMN places')

    def blocked(self, done, *words):
        self.assertEqual(done.status, 3, str(done))
        for word in words:
            self.assertIn(word, done.text)

    def test_from_another_directory_nothing_is_made_again(self):
        for command in ('plan', 'apply'):
            done = self.elsewhere(command, *(['--yes'] if command == 'apply' else []), '-f', '../work/' + self.manifest)
            self.assertEqual(done.status, 0, str(done))
            self.assertIn('No changes.', done.text)
        self.nothing_has_happened()

    def test_from_another_directory_a_populated_disk_is_approved_by_name(self):
        refused = self.elsewhere('destroy', '--yes')
        self.assertEqual(refused.status, 4, str(refused))
        self.assertIn('--approve ' + CLAIM, refused.text)
        self.nothing_has_happened()
        done = self.elsewhere('destroy', '--yes', '--approve', CLAIM)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(self.libvirt.virsh('list', '--all', '--name').split(), [])
        self.assertEqual(self.tenon.leftovers() + self.other.leftovers(), [])
        self.assertEqual(self.tenon.owned(), [])

    def test_claims_that_are_kept_elsewhere_now_are_not_made_again(self):
        self.configure(settings='  configuration: {directory: ./volumes}\n', tenon=self.other)
        for command in (('plan', '-f', '../work/' + self.manifest), ('apply', '--yes', '-f', '../work/' + self.manifest)):
            self.blocked(self.elsewhere(*command, configuration='tenon.yaml'),
                         "instance 'local' looks at directory %s now" % (self.other.directory / 'volumes'),
                         'was made at directory %s' % (self.tenon.directory / '.tenon/volumes'))
            self.nothing_has_happened()
        self.assertFalse((self.other.directory / 'volumes').exists())

    def test_an_inventory_that_says_nothing_of_places_is_told_by_the_claims(self):
        self.configure(settings='  configuration: {directory: ./volumes}\n', tenon=self.other)
        self.make_inventory_older()
        claim = self.domain_disk().parent
        self.blocked(self.elsewhere('plan', '-f', '../work/' + self.manifest, configuration='tenon.yaml'),
                     'it was made at %s' % claim)
        self.nothing_has_happened()
        self.blocked(self.elsewhere('destroy', '--yes', configuration='tenon.yaml'), 'it was made at %s' % claim)
        self.assertIn(CLAIM, self.tenon.owned())
        self.assertEqual(hashlib.sha256((claim / 'disk.img').read_bytes()).hexdigest(), self.before['disk'])
        self.assertFalse((self.other.directory / 'volumes').exists())

    def test_no_second_machine_is_made_at_another_daemon(self):
        second = lab.Libvirt()
        self.addCleanup(second.down)
        self.configure(second.uri)
        said = "instance 'libvirt' looks at uri %s now; what it owns was made at uri %s" % (second.uri, self.libvirt.uri)
        self.blocked(self.tenon.run('plan', '-f', self.manifest), said)
        self.blocked(self.tenon.run('apply', '--yes', '-f', self.manifest), said)
        self.blocked(self.tenon.run('destroy', '--yes', '--approve', CLAIM), said)
        self.assertEqual(second.virsh('list', '--all', '--name').split(), [])
        self.nothing_has_happened()
        self.configure()
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.manifest))

    def test_a_daemon_under_another_name_is_found_by_the_marks(self):
        link = self.directory / 'link'
        link.symlink_to(self.libvirt.state)
        uri = self.libvirt.uri.replace(str(self.libvirt.state), str(link))
        self.assertNotEqual(uri, self.libvirt.uri)
        self.configure(uri)
        self.blocked(self.tenon.run('apply', '--yes', '-f', self.manifest), 'tenon forget --record-only')
        self.nothing_has_happened()
        self.succeeds('forget', '--record-only', '--yes', MACHINE)
        self.assertEqual(self.tenon.owned(), [])
        self.succeeds('apply', '--yes', '-f', self.manifest)
        self.nothing_has_happened()
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.manifest))
        refused = self.tenon.run('destroy', '--yes')
        self.assertEqual(refused.status, 4, str(refused))
        self.nothing_has_happened()


CLONE_NEWNS = 0x00020000
CLAIMS = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: %s}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""


class NotMounted(ProductCase):
    """The directory of the claims is itself where a disk is mounted, and is there, and empty, without it."""

    def setUp(self):
        if os.geteuid() != 0:
            raise lab.MachineCannot('mount: not root')
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
            raise lab.MachineCannot('make namespaces: ' + os.strerror(ctypes.get_errno()))
        super().setUp()
        self.tenon = Tenon(self.directory / 'work', '')
        self.tenon.write('tenon.yaml', 'instances:\n- {name: local, plugin: local, configuration: {directory: ./volumes}}\n')
        self.disk, self.volumes = self.directory / 'disk', self.tenon.directory / 'volumes'
        self.disk.mkdir()
        self.volumes.mkdir()
        lab.run('mount', '--make-rprivate', '/')
        lab.run('mount', '-t', 'tmpfs', 'tenon-test', self.disk)
        self.addCleanup(lab.run, 'umount', '-l', self.disk)
        lab.run('mount', '--bind', self.disk, self.volumes)
        self.addCleanup(self.unmount_volumes)
        self.one = self.tenon.write('one.yaml', CLAIMS % 'one')
        self.both = self.tenon.write('both.yaml', CLAIMS % 'one' + '---\n' + CLAIMS % 'two')

    def unmount_volumes(self):
        while os.path.ismount(self.volumes):
            lab.run('umount', '-l', self.volumes)

    def claims(self):
        return sorted(path.parent.name for path in self.volumes.glob('*/*/claim.json'))

    def test_what_was_made_on_it_is_not_made_again_beside_it(self):
        self.succeeds('apply', '--yes', '-f', self.one)
        lab.run('umount', self.volumes)
        for command in (('plan', '-f', self.one), ('apply', '--yes', '-f', self.one), ('destroy', '--yes')):
            done = self.tenon.run(*command)
            self.assertEqual(done.status, 3, str(done))
            self.assertIn('%s is another directory than before' % self.volumes, done.text)
            self.assertEqual(list(self.volumes.iterdir()), [])
        self.assertEqual(len(self.tenon.owned()), 1)

        # Nor beside another disk's.
        lab.run('mount', '-t', 'tmpfs', 'tenon-test', self.volumes)
        done = self.tenon.run('apply', '--yes', '-f', self.one)
        self.assertEqual(done.status, 3, str(done))
        self.assertEqual(list(self.volumes.iterdir()), [])
        lab.run('umount', self.volumes)

        # Whatever else is made there meanwhile.
        for _ in range(2):
            done = self.tenon.run('apply', '--yes', '-f', self.both)
            self.assertEqual(done.status, 3, str(done))
            self.assertEqual(self.claims(), ['two'])
        self.succeeds('forget', '--yes', 'pvc/two')
        lab.run('mount', '--bind', self.disk, self.volumes)
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.one))
        self.succeeds('destroy', '--yes')
        self.assertEqual(self.claims(), [])
        self.assertEqual(self.tenon.owned(), [])

    def test_what_was_copied_to_another_disk_is_deleted_from_there(self):
        self.succeeds('apply', '--yes', '-f', self.one)
        lab.run('umount', self.volumes)
        lab.run('cp', '-a', str(self.disk) + '/.', self.volumes)
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.one))
        self.succeeds('destroy', '--yes')
        self.assertEqual(self.claims(), [])
        self.assertEqual(self.tenon.owned(), [])

    def test_a_namespace_may_have_a_disk_of_its_own(self):
        namespace = self.volumes / 'default'
        namespace.mkdir()
        lab.run('mount', '-t', 'tmpfs', 'tenon-test', namespace)
        self.succeeds('apply', '--yes', '-f', self.one)
        lab.run('umount', namespace)
        done = self.tenon.run('apply', '--yes', '-f', self.one)
        self.assertEqual(done.status, 3, str(done))
        self.assertEqual(self.claims(), [])
