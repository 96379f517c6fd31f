"""The main job: a virtual machine that waits for its DataVolume. What happened is asked of libvirt and the file system.

S1-2, S1-3, S1-10, S1-11, S1-28, S1-29, S1-32, S1-33
"""
from support.case import EXAMPLES, Case, wait_until
from support.observer import difference

CLAIM = 'core/PersistentVolumeClaim/default/example-dv'
DATA_VOLUME = 'DataVolume/example-dv'
MACHINE = 'VirtualMachine/example-vm'


class MainJob(Case):
    image = dict(text='sentinel 4711', fill=24, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.stopped = self.example('vm.yaml', '/')
        self.running = self.example('vm-running.yaml', '/')
        self.slowly = self.tenon.write('slowly.yaml', self.manifest_text('/slow/6000000/'))

    def manifest_text(self, path):
        return (self.tenon.directory / self.running).read_text().replace(self.http.url + '/', self.http.url + path)

    def runs_on_the_imported_disk(self):
        self.assertTrue(self.active())
        self.says()
        self.assertIsNone(difference(self.domain_disk(), self.disk.raw))
        self.event('started ' + self.domain)
        self.nothing_wrong()

    def forget_console(self):
        (self.tenon.consoles / (self.domain + '.log')).unlink(missing_ok=True)

    def test_the_examples_differ_in_one_word(self):
        example = EXAMPLES / '01-vm-waits-for-datavolume'
        stopped, running = ((example / name).read_text() for name in ('vm.yaml', 'vm-running.yaml'))
        self.assertEqual(stopped.count('running: false'), 1)
        self.assertEqual(stopped.replace('running: false', 'running: true'), running)

    def test_the_plan_is_the_one_of_the_example(self):
        example = EXAMPLES / '01-vm-waits-for-datavolume'
        self.tenon.write('vm.yaml', (example / 'vm.yaml').read_text())
        self.assertEqual(self.succeeds('plan', '-f', 'vm.yaml'), (example / 'plan.txt').read_text())

    # --- waiting ---

    def test_the_machine_is_made_and_started_only_after_its_import(self):
        plan = self.succeeds('plan', '-f', self.slowly)
        self.assertIn('Plan: 3 to create, 0 to update, 0 to replace, 0 to delete, 1 await.', plan)
        self.assertFalse((self.tenon.directory / '.tenon' / 'volumes').exists(), 'a plan changed something')

        apply = self.tenon.start('apply', '--yes', '-f', self.slowly)
        wait_until('the import is under way', lambda: self.progress() > 0)
        first = self.progress()
        shown = self.tenon.get()
        self.assertEqual(shown[DATA_VOLUME]['phase'], 'ImportInProgress')
        self.assertEqual(shown[MACHINE]['phase'], 'Pending')
        self.assertIn('example-dv', shown[MACHINE]['reason'])
        self.assertFalse(self.defined())
        wait_until('progress', lambda: self.progress() > first)
        self.assertTrue(apply.running())
        self.assertFalse(self.defined())

        done = apply.wait()
        self.assertEqual(done.status, 0, str(done))
        self.runs_on_the_imported_disk()
        self.assertEqual(self.observer.events[:2], ['defined ' + self.domain, 'started ' + self.domain])
        self.assertEqual(self.tenon.get()[DATA_VOLUME]['phase'], 'Succeeded')
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.slowly))

    def progress(self):
        return self.tenon.get().get(DATA_VOLUME, {}).get('progress', 0)

    def test_a_machine_that_shall_not_run_is_defined_and_starts_when_asked_to(self):
        self.succeeds('apply', '--yes', '-f', self.stopped)
        self.assertTrue(self.defined())
        self.assertFalse(self.active())
        self.succeeds('apply', '--yes', '-f', self.running)
        self.runs_on_the_imported_disk()
        self.succeeds('apply', '--yes', '-f', self.stopped)
        self.assertTrue(self.defined())
        self.assertFalse(self.active())
        self.nothing_wrong()

    # --- drift ---

    def test_a_machine_stopped_behind_our_back_is_started_again(self):
        self.succeeds('apply', '--yes', '-f', self.running)
        self.says()
        self.libvirt.virsh('destroy', self.domain)
        self.forget_console()
        done = self.tenon.run('plan', '--detailed-exitcode', '-f', self.running)
        self.assertEqual(done.status, 2, str(done))
        self.assertIn('1 to update', done.text)
        self.assertFalse(self.active())
        self.succeeds('apply', '--yes', '-f', self.running)
        self.runs_on_the_imported_disk()
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.running))

    def test_a_machine_undefined_behind_our_back_is_made_again_without_a_second_import(self):
        self.succeeds('apply', '--yes', '-f', self.running)
        self.says()
        self.libvirt.virsh('destroy', self.domain)
        self.libvirt.virsh('undefine', self.domain)
        self.forget_console()
        requests = self.http.requests()
        done = self.tenon.run('plan', '--detailed-exitcode', '-f', self.running)
        self.assertEqual(done.status, 2, str(done))
        self.assertIn('1 to create', done.text)
        self.succeeds('apply', '--yes', '-f', self.running)
        self.runs_on_the_imported_disk()
        self.assertEqual(self.http.requests(), requests)
        self.assertIn('No changes.', self.succeeds('plan', '-f', self.running))

    # --- the end ---

    def test_destroy_needs_an_approval_that_names_the_claim_and_then_leaves_nothing(self):
        self.succeeds('apply', '--yes', '-f', self.running)
        disk = self.domain_disk()
        refused = self.tenon.run('destroy', '--yes')
        self.assertEqual(refused.status, 4, str(refused))
        self.assertIn('--approve ' + CLAIM, refused.text)
        self.assertIn(CLAIM, self.tenon.owned())
        self.assertTrue(self.active())
        self.assertIsNone(difference(disk, self.disk.raw))

        self.succeeds('destroy', '--yes', '--approve', CLAIM)
        self.assertEqual(self.libvirt.virsh('list', '--all', '--name').split(), [])
        self.assertFalse(disk.exists())
        self.assertEqual(self.tenon.leftovers(), [])
        self.assertEqual(self.tenon.owned(), [])
        self.nothing_wrong()
