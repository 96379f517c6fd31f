"""The main job: a virtual machine that waits for its DataVolume. What happened is asked of libvirt and the file system."""
import json
import re

from support.case import EXAMPLES, Case, wait_until
from support.observer import difference
from support.terminal import Terminal

CLAIM = 'core/PersistentVolumeClaim/default/example-dv'
MACHINE_ADDRESS = 'kubevirt.io/VirtualMachine/default/example-vm'
DATA_VOLUME = 'DataVolume/example-dv'
MACHINE = 'VirtualMachine/example-vm'


def what_is_left(text):
    """Of what was said on a terminal, without the lines that were drawn over, and without colours."""
    lines = ['']
    for part in re.split(r'(\r?\n|\r\x1b\[\d+A\x1b\[J)', re.sub(r'\x1b\[\d*m', '', text)):
        if part.endswith('\n'):
            lines.append('')
        elif part.startswith('\r\x1b['):
            del lines[-1 - int(re.search(r'\d+', part)[0]):]
            lines.append('')
        else:
            lines[-1] += part
    return '\n'.join(lines)


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

    def test_what_plugins_refuse_is_shown_at_the_line_that_says_it(self):
        text = (self.tenon.directory / self.stopped).read_text()
        for word, mistake, problem in (('volumeName: example-datavolume', 'volumeName: nope', "there is no volume 'nope'"),
                                       ('url: "http:', 'url: "ftp:', 'is neither http:// nor https://')):
            self.tenon.write('wrong.yaml', text.replace(word, mistake))
            line = 1 + text[:text.index(word)].count('\n')
            done = self.tenon.run('plan', '-f', 'wrong.yaml')
            self.assertEqual(done.status, 1, str(done))
            self.assertRegex(done.text, r'(?m)^wrong\.yaml:%d:\d+: error: .*%s' % (line, re.escape(problem)))

    def test_a_change_inside_a_template_is_shown_alone(self):
        self.succeeds('apply', '--yes', '-f', self.stopped)
        text = (self.tenon.directory / self.stopped).read_text()
        self.tenon.write('larger.yaml', text.replace('storage: 64Mi', 'storage: 65Mi'))
        self.assertIn('dataVolumeTemplates[0].spec.pvc.resources.requests.storage: "64Mi" → "65Mi"\n',
                      self.tenon.run('plan', '-f', 'larger.yaml').text)

    def test_the_plan_is_the_one_of_the_example(self):
        example = EXAMPLES / '01-vm-waits-for-datavolume'
        self.tenon.write('vm.yaml', (example / 'vm.yaml').read_text())
        self.assertEqual(self.succeeds('validate', '-f', 'vm.yaml'), 'Valid: 1 resource.\n  %s\n' % MACHINE_ADDRESS)
        self.assertEqual(self.succeeds('plan', '-f', 'vm.yaml'), (example / 'plan.txt').read_text())

    # --- on a terminal ---

    def asked(self):
        """An apply that has shown its plan and asks."""
        terminal = Terminal(self.tenon, 'apply', '-f', self.slowly)
        terminal.wait_for(r"Plan: 3 to create.*\n\s*Do you want to perform these actions\? Only 'yes' is accepted: $")
        self.assertEqual(self.http.requests(), [])
        return terminal

    def test_yes_on_a_terminal_begins_and_a_live_line_shows_how_far_it_is(self):
        terminal = self.asked()
        terminal.type('yes\n')
        # Drawn over: up again and cleared, then the same line with another figure.
        line = r'DataVolume example-dv until Succeeded: ImportInProgress \((\d+) %\)'
        terminal.wait_for(line)
        first = self.http.requests()
        self.assertFalse(self.defined())
        self.assertEqual(terminal.status(), 0, str(terminal))
        shown = re.findall(line, terminal.text)
        self.assertGreater(len(set(shown)), 2, str(terminal))
        self.assertEqual(shown, sorted(shown, key=int))
        redrawn = re.findall(r'\r\x1b\[(\d+)A\x1b\[J', terminal.text)
        self.assertGreater(len(redrawn), 2, str(terminal))
        screen = what_is_left(terminal.text)
        self.assertNotIn('ImportInProgress', screen)
        self.assertRegex(screen, r'await DataVolume example-dv until Succeeded: reached after')
        self.assertEqual(self.http.requests(), first)
        self.runs_on_the_imported_disk()

    def test_anything_but_yes_on_a_terminal_changes_nothing(self):
        for answer in ('no\n', 'y\n', '\n', '\x04'):
            with self.subTest(answer):
                terminal = self.asked()
                terminal.type(answer)
                self.assertEqual(terminal.status(), 4, str(terminal))
                self.assertIn('Not confirmed. Nothing was changed.', terminal.text)
                self.assertEqual(self.tenon.leftovers(), [])
                self.assertEqual(self.tenon.owned(), [])
                self.assertEqual(self.http.requests(), [])
                self.assertFalse(self.defined())

    def test_without_a_terminal_it_does_not_begin(self):
        done = self.tenon.run('apply', '-f', self.slowly)
        self.assertEqual(done.status, 4, str(done))
        self.assertIn('--yes', done.text)
        self.assertEqual(self.tenon.leftovers(), [])
        self.assertFalse(self.defined())

    def test_a_machine_with_more_memory_than_this_one_has_is_refused_in_the_plan(self):
        text = (self.tenon.directory / self.running).read_text()
        self.assertIn('memory: 64M', text)
        large = self.tenon.write('large.yaml', text.replace('memory: 64M', 'memory: 64Ti #'))
        done = self.tenon.run('apply', '--yes', '-f', large)
        self.assertEqual(done.status, 4, str(done))
        self.assertIn('pool memory', done.text)
        self.assertEqual(self.tenon.leftovers(), [], 'not even the claim was made')

    # --- waiting ---

    # S1-1, S1-2, S1-3, S1-10, S1-11, S1-28, S1-29, S1-32
    def test_the_machine_is_made_and_started_only_after_its_import(self):
        plan = self.succeeds('plan', '-f', self.slowly)
        self.assertIn('Plan: 3 to create, 0 to update, 0 to replace, 0 to delete, 1 await.', plan)
        places = [plan.index(text) for text in ('+ core/PersistentVolumeClaim/default/example-dv',
                                                '+ cdi.kubevirt.io/DataVolume/default/example-dv',
                                                '… await DataVolume example-dv until Succeeded', '+ ' + MACHINE_ADDRESS)]
        self.assertEqual(places, sorted(places), plan)
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

    # S1-36
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

    def plan_is(self, action, reason, drift, operations):
        """There is this one change, of the machine; the same for people, for programs, and in a plan file."""
        text = self.tenon.run('plan', '--detailed-exitcode', '-f', self.running)
        self.assertEqual(text.status, 2, str(text))
        symbol = {'create': '+', 'update': '~'}[action]
        self.assertIn('  %s %s\n      %s: %s\n      then: start\n' % (symbol, MACHINE_ADDRESS, action, reason), text.text)
        self.assertEqual(len(re.findall(r'^  (?:[-+~!…]|<=|-/\+) ', text.text, re.MULTILINE)), 1, text.text)
        printed = json.loads(self.succeeds('plan', '-o', 'json', '-f', self.running))['plan']
        self.succeeds('plan', '--out', 'saved.json', '-f', self.running)
        saved = json.loads((self.tenon.directory / 'saved.json').read_text())
        for plan in (printed, saved):
            change, = (change for change in plan['changes'] if change['action'] != 'none')
            self.assertEqual((change['address'], change['action'], change['reasons'], change['operations']),
                             (MACHINE_ADDRESS, action, [reason], operations))
            self.assertEqual([(field['pointer'], field['before'], field['after']) for field in change['fields'] if field['drift']],
                             drift)
            self.assertEqual([(step['address'], step['kind']) for step in plan['steps']], [(MACHINE_ADDRESS, action)])

    def test_a_machine_stopped_behind_our_back_is_started_again(self):
        self.succeeds('apply', '--yes', '-f', self.running)
        self.says()
        self.libvirt.virsh('destroy', self.domain)
        self.forget_console()
        self.plan_is('update', "changed behind Tenon's back: /running", [('/running', False, True)], ['start'])
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
        self.plan_is('create', 'it no longer exists: somebody removed it', [], ['start'])
        self.assertFalse(self.defined())
        self.succeeds('apply', '--yes', 'saved.json')
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
