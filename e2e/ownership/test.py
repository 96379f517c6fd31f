"""Whose the objects are: an inventory that was lost is found again by its marks; what is forgotten goes on running and can
be taken over again; what moves keeps running under its new name.
"""
import json
import pathlib

from support.case import Case

CLAIM = 'core/PersistentVolumeClaim/default/example-dv'
DATA_VOLUME = 'cdi.kubevirt.io/DataVolume/default/example-dv'
MACHINE = 'kubevirt.io/VirtualMachine/default/example-vm'

CLAIM_MANIFEST = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: example-dv}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 64Mi}}}
"""


class OwnershipTest(Case):
    image = dict(text='sentinel 4711', fill=4, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.manifest = self.example('vm-running.yaml', '/')
        self.succeeds('apply', '--yes', '--set', 'lab', '-f', self.manifest)
        self.says()
        self.pid = self.started()

    def started(self):
        """How often the machine was started so far."""
        self.event('started ' + self.domain)
        return sum('started ' + self.domain in event for event in self.observer.events)

    def ran_on(self):
        self.assertTrue(self.active())
        self.assertEqual(self.started(), self.pid)
        self.nothing_wrong()

    def unchanged(self, manifest=None):
        self.assertIn('No changes.', self.succeeds('plan', '--set', 'lab', '-f', manifest or self.manifest))

    def described(self):
        return json.loads(self.succeeds('describe', '-o', 'json', CLAIM, DATA_VOLUME, MACHINE))['items']

    def nothing_left(self):
        self.succeeds('destroy', '--yes', '--set', 'lab', '--approve', CLAIM)
        self.assertEqual(self.libvirt.virsh('list', '--all', '--name').split(), [])
        self.assertEqual(self.tenon.leftovers(), [])

    def lose_inventory(self):
        for path in (self.tenon.directory / '.tenon').glob('inventory.db*'):
            path.unlink()

    def test_a_lost_inventory_is_rebuilt(self):
        def lasting(items):
            return [{key: value for key, value in item.items() if key != 'lastRun'} for item in items]

        before = self.described()
        self.lose_inventory()
        self.assertEqual(self.succeeds('get', '-o', 'name'), '')
        done = self.succeeds('rebuild', '--yes')
        for address in (CLAIM, DATA_VOLUME, MACHINE):
            self.assertIn('+ ' + address, done)
        self.unchanged()
        self.assertEqual(lasting(self.described()), lasting(before))
        self.ran_on()
        self.nothing_left()

    def test_what_is_forgotten_runs_on_and_is_taken_over_again(self):
        self.succeeds('forget', 'vm/example-vm', '--yes')
        self.assertEqual(self.succeeds('get', '-o', 'name'), '')
        self.ran_on()
        self.lose_inventory()  # another inventory takes over
        refused = self.tenon.run('apply', '--yes', '--set', 'lab', '-f', self.manifest)
        self.assertEqual(refused.status, 4, str(refused))
        self.assertIn('carries no mark', refused.text)
        self.succeeds('apply', '--yes', '--adopt', '--set', 'lab', '-f', self.manifest)
        self.unchanged()
        self.ran_on()
        self.nothing_left()

    def test_a_foreign_machine_is_refused_by_the_name_of_its_owner(self):
        self.lose_inventory()
        for options in ((), ('--adopt',)):
            refused = self.tenon.run('apply', '--yes', '--set', 'lab', '-f', self.manifest, *options)
            self.assertEqual(refused.status, 4, str(refused))
            self.assertIn('belongs to %s of inventory' % MACHINE, refused.text)
        self.ran_on()
        self.lose_inventory()
        self.succeeds('rebuild', '--yes')
        self.nothing_left()

    def test_what_moves_runs_on_under_its_new_name(self):
        text = (self.tenon.directory / self.manifest).read_text()
        old = 'name: example-vm\n'
        self.assertEqual(text.count(old), 1, text)
        moved = self.tenon.write('moved.yaml', text.replace(
            old, 'name: renamed\n  annotations: {tenon.dev/moved-from: %s}\n' % MACHINE))
        done = self.succeeds('apply', '--yes', '--set', 'lab', '-f', moved)
        self.assertIn('move: it was ' + MACHINE, done)
        self.unchanged(moved)
        self.ran_on()
        self.assertEqual(sorted(self.tenon.get()),
                         ['DataVolume/example-dv', 'PersistentVolumeClaim/example-dv', 'VirtualMachine/renamed'])
        self.nothing_left()


class OwnDataTest(Case):
    """A claim that somebody fills with data of their own, where `describe` says that its disk is."""

    image = dict(text='sentinel 4711', fill=4, name='example')

    def setUp(self):
        super().setUp()
        self.manifest = self.tenon.write('claim.yaml', CLAIM_MANIFEST)
        self.succeeds('apply', '--yes', '-f', self.manifest)
        described = json.loads(self.succeeds('describe', '-o', 'json', CLAIM))
        self.image = pathlib.Path(described['items'][0]['outputs']['disk']['path'])
        self.image.write_bytes(self.disk.raw.read_bytes())

    def test_it_is_destroyed_only_with_approval(self):
        refused = self.tenon.run('destroy', '--yes')
        self.assertEqual(refused.status, 4, str(refused))
        self.assertIn('--approve ' + CLAIM, refused.text)
        self.assertEqual(self.image.read_bytes(), self.disk.raw.read_bytes())
        self.succeeds('destroy', '--yes', '--approve', CLAIM)
        self.assertEqual(self.tenon.leftovers(), [])

    def test_where_its_directory_is_missing_it_is_not_made_anew(self):
        volumes, aside = self.image.parents[2], self.image.parents[3] / 'aside'
        volumes.rename(aside)
        for command in (('plan',), ('apply', '--yes')):
            blocked = self.tenon.run(*command, '-f', self.manifest)
            self.assertEqual(blocked.status, 3, str(blocked))
            self.assertIn('%s is missing' % volumes, blocked.text)
        self.assertFalse(volumes.exists())
        aside.rename(volumes)
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.manifest))
        self.assertEqual(self.image.read_bytes(), self.disk.raw.read_bytes())
