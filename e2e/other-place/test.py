"""Where a command is run decides nothing; and an instance that looks elsewhere than where something was made says that,
instead of taking it for gone: no second disk or machine, no record dropped, no approval passed by.
"""
import contextlib
import hashlib
import sqlite3

from support import lab
from support.case import Case
from support.tenon import CONFIGURATION

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
