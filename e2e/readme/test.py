"""What README.md shows is what happens: its console blocks are run and compared, the commands in its text carried out on
a terminal. Its demo is the case `demo`."""
import os
import re
import shlex
import shutil
import unittest

from support import lab, pages
from support.case import Case
from support.terminal import Terminal

README = (pages.ROOT / 'README.md').read_text()


class ReadmeTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = lab.short_directory()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.libvirt = lab.Libvirt()
        self.addCleanup(self.libvirt.down)
        shutil.copytree(pages.ROOT / 'examples', self.directory / 'examples')
        (self.directory / 'tenon.yaml').write_text(
            'instances:\n- {name: libvirt, plugin: libvirt, configuration: {uri: "%s"}}\n'
            '- {name: local, plugin: local}\n- {name: cdi-import, plugin: cdi-import}\n' % self.libvirt.uri)

    def test_the_console_blocks_show_what_the_commands_print(self):
        shown = [pair for block in pages.blocks(README, 'console') for pair in pages.commands_of(block)]
        self.assertGreaterEqual(len(shown), 2)
        shell = pages.Shell(self.directory)
        for command, expected in shown:
            with self.subTest(command):
                self.assertEqual(shell.run(command), expected)

    def test_the_reference_plugin_is_as_short_as_it_says(self):
        most = int(re.search(r'the reference plugin, in less than (\d+) lines', README)[1])
        self.assertLess(len((pages.ROOT / 'plugins/memory/memory.cc').read_text().splitlines()), most)

    def test_the_commands_it_names_exist(self):
        names = re.findall(r'^((?:tools|\.ci|e2e)/[\w./-]+)', '\n'.join(pages.blocks(README, 'sh')), re.MULTILINE)
        self.assertNotEqual(names, [])
        for name in names:
            with self.subTest(name):
                self.assertTrue(os.access(pages.ROOT / name, os.X_OK))


class UseItTest(Case):
    """The commands of the section "Use it", one after the other, by somebody who says yes."""

    image = dict(text='sentinel 4711', fill=1, name='example')

    def said(self, command):
        terminal = Terminal(self.tenon, *shlex.split(command)[1:])
        if command.split()[1] in ('apply', 'destroy'):
            terminal.wait_for("Only 'yes' is accepted: ")
            terminal.type('yes\n')
        self.assertEqual(terminal.status(), 0, str(terminal))
        return terminal.text

    def test_every_command_in_the_text_does_what_the_text_says(self):
        self.disk.qcow2
        self.example('vm.yaml', '/')
        commands = re.findall(r'`(tenon [^`]+)`', README.split('## Use it')[1].split('\n## ')[0].replace('\n', ' '))
        self.assertEqual([command.split()[1] for command in commands],
                         ['apply', 'get', 'describe', 'destroy', 'explain', 'doctor'])
        apply, get, describe, destroy, explain, doctor = commands
        self.said(apply)
        self.assertTrue(self.defined())
        self.assertIn('VirtualMachine/example-vm', self.said(get))
        self.assertIn('example-dv', self.said(describe))
        self.said(destroy)
        self.assertFalse(self.defined())
        self.assertEqual(self.tenon.leftovers(), [])
        self.assertIn('dataVolumeTemplates', self.said(explain))
        self.assertIn('libvirt', self.said(doctor))
