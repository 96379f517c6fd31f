"""docs/write-a-plugin.md, followed to the letter in an empty directory, without this repository and without Bazel.

TENON_UPDATE_GOLDEN=1 writes what the commands print into the page.
"""
import json
import os
import shutil
import unittest

from support import lab, pages, processes

PAGE = pages.ROOT / 'docs' / 'write-a-plugin.md'


class WriteAPluginTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = lab.short_directory()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.addCleanup(processes.kill_descendants)
        self.text = PAGE.read_text()
        for language, name in (('json', 'manifest.json'), ('cpp', 'memory.cc')):
            (self.directory / name).write_text('\n'.join(pages.blocks(self.text, language)))

    def test_every_command_does_what_the_page_says(self):
        shell = pages.Shell(self.directory, timeout=300)
        update = os.environ.get('TENON_UPDATE_GOLDEN')
        page = self.text
        for block in pages.blocks(self.text, 'console'):
            renewed = ''
            for command, expected in pages.commands_of(block):
                said = shell.run(command)
                renewed += '$ ' + '\n> '.join(command.rstrip('\n').split('\n')) + '\n' + said
                if not update:
                    self.assertEqual(said, expected, command)
            page = page.replace(block, renewed)
        if update:
            PAGE.write_text(page)

    def checked(self):
        """What the kit says of what is in the directory now."""
        shell = pages.Shell(self.directory, timeout=300)
        for block in pages.blocks(self.text, 'console'):
            for command, _ in pages.commands_of(block):
                if command.startswith(('PREFIX', '(printf', 'g++', 'chmod', 'cat >tenon.yaml', 'cat >sample', 'sed')):
                    shell.run(command)
        return shell.run('tenon-conformance mine -f sample.yaml --changed changed.yaml --patience 2; echo status $?')

    def test_what_the_page_calls_a_whole_backend_is_one(self):
        """Without a capability, and without the methods for them."""
        optional = ('  sdk::ListPage list(', '  std::vector<sdk::Child> expand(')
        kept = [block for block in pages.blocks(self.text, 'cpp') if not block.startswith(optional)]
        self.assertEqual(len(kept), len(pages.blocks(self.text, 'cpp')) - len(optional))
        (self.directory / 'memory.cc').write_text('\n'.join(kept))
        manifest = json.loads((self.directory / 'manifest.json').read_text())
        (self.directory / 'manifest.json').write_text(json.dumps({**manifest, 'capabilities': []}))
        self.assertRegex(self.checked(), r' 0 failed, .*\nstatus 0\n$')

    def test_what_is_no_sample_does_not_pass_the_kit(self):
        self.checked()
        (self.directory / 'claim.yaml').write_text(
            'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n'
            'spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n')
        sample = (self.directory / 'sample.yaml').read_text()
        (self.directory / 'other.yaml').write_text(sample.replace('name: sample', 'name: other'))
        with (self.directory / 'tenon.yaml').open('a') as instances:
            instances.write('- {name: local, plugin: local}\n')
        shell = pages.Shell(self.directory, timeout=300)
        for options, why in (('-f claim.yaml', 'core/PersistentVolumeClaim/default/c is none of what plugin memory makes'),
                             ('-f sample.yaml --changed sample.yaml', 'it is the same'),
                             ('-f sample.yaml --changed other.yaml', 'memory.tenon.dev/Item/default/other and not the object'),
                             ('-f sample.yaml --changed claim.yaml', 'core/PersistentVolumeClaim/default/c and not the object')):
            said = shell.run('tenon-conformance mine %s 2>&1; echo status $?' % options)
            self.assertIn(why, said)
            self.assertIn('status 1', said)

    def test_a_plugin_that_forgets_its_mark_does_not_pass_the_kit(self):
        """What the page promises of the kit: it fails, and says what to mend."""
        source = self.directory / 'memory.cc'
        right = '"mark", resource.mark_json()'
        self.assertIn(right, source.read_text())
        source.write_text(source.read_text().replace(right, '"forgotten", resource.mark_json()'))
        said = self.checked()
        self.assertIn('failed   ', said)
        self.assertIn('status 1', said)
