"""What README.md shows is what happens: its console blocks are run and compared. Its demo is the case `demo`."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from support import lab

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREFIX = pathlib.Path(os.environ.get('TENON_PREFIX') or ROOT / 'build/prefix')


def blocks(language):
    return re.findall(r'^```%s\n(.*?)^```$' % language, (ROOT / 'README.md').read_text(), re.MULTILINE | re.DOTALL)


def commands_of(block):
    """[(command, expected output), ...] of a block whose commands begin with "$ "."""
    parts = re.split(r'^\$ (.*)\n', block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2]))


class ReadmeTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = lab.short_directory()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.libvirt = lab.Libvirt()
        self.addCleanup(self.libvirt.down)
        shutil.copytree(ROOT / 'examples', self.directory / 'examples')
        (self.directory / 'tenon.yaml').write_text(
            'instances:\n- {name: libvirt, plugin: libvirt, configuration: {uri: "%s"}}\n'
            '- {name: local, plugin: local}\n- {name: cdi-import, plugin: cdi-import}\n' % self.libvirt.uri)

    def test_the_console_blocks_show_what_the_commands_print(self):
        shown = [pair for block in blocks('console') for pair in commands_of(block)]
        self.assertGreaterEqual(len(shown), 2)
        environment = dict(os.environ, PATH='%s/bin:%s' % (PREFIX, os.environ['PATH']), NO_COLOR='1')
        for command, expected in shown:
            with self.subTest(command):
                done = subprocess.run(command, shell=True, cwd=self.directory, env=environment, text=True,
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
                self.assertEqual(done.stdout + done.stderr, expected)

    def test_the_commands_it_names_exist(self):
        names = re.findall(r'^((?:tools|\.ci|e2e)/[\w./-]+)', '\n'.join(blocks('sh')), re.MULTILINE)
        self.assertNotEqual(names, [])
        for name in names:
            with self.subTest(name):
                self.assertTrue(os.access(ROOT / name, os.X_OK))
