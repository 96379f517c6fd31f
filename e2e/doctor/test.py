"""`tenon doctor` on this machine, as it is and as it might be."""
import json
import os
import shutil
import unittest.mock

from support import lab, pages
from support.case import ProductCase
from support.tenon import Tenon


class DoctorTest(ProductCase):
    def setUp(self):
        super().setUp()
        self.libvirt = lab.Libvirt()
        self.addCleanup(self.libvirt.down)
        self.tenon = Tenon(self.directory / 'work', self.libvirt.uri)

    def complaints(self, **variables):
        """{(check, subject): remedy} of what is not ok."""
        with unittest.mock.patch.dict(os.environ, variables):
            done = self.tenon.run('doctor', '-o', 'json')
        document = json.loads(done.text)
        self.assertEqual(done.status, 0 if document['healthy'] else 1)
        return {(check['check'], check['subject']): check.get('remedy', '')
                for check in document['checks'] if check['state'] != 'ok'}

    def test_nothing_is_wrong_where_everything_is_there(self):
        self.assertEqual(self.complaints(), {})
        done = self.tenon.run('plugins', '--check', '-o', 'json')
        self.assertEqual(done.status, 0, str(done))
        listed = {plugin['name']: plugin for plugin in json.loads(done.text)['plugins']}
        self.assertEqual(listed['libvirt']['instances'], [{'name': 'libvirt', 'reachable': {'ok': True}}])
        self.assertIn('libvirt.so.0', [library['name'] for library in listed['libvirt']['libraries']])

    def test_a_program_and_a_server_that_are_missing_are_named_with_their_packages(self):
        self.libvirt.down()
        found = self.complaints(PATH='/nowhere')
        self.assertEqual(set(found), {('program', 'qemu-img'), ('instance', 'libvirt')})
        self.assertIn('apt-get install qemu-utils', found['program', 'qemu-img'])
        self.assertIn('apt-get install libvirt-daemon-system', found['instance', 'libvirt'])

    def test_a_plugin_that_others_can_write_is_named_and_not_opened(self):
        copy = self.directory / 'prefix'
        shutil.copytree(pages.PREFIX, copy)
        plugin = copy / 'lib/tenon/plugins/libvirt.so'
        plugin.chmod(0o777)
        found = self.complaints(TENON_PREFIX=str(copy))
        self.assertEqual(set(found), {('plugin', 'libvirt')})

    def test_shipped_manifests_save_every_process(self):
        """With a host that fails, whatever it is asked."""
        copy = self.directory / 'prefix'
        shutil.copytree(pages.PREFIX, copy)
        host = copy / 'libexec/tenon/tenon-plugin-host'
        host.write_text('#!/bin/sh\nexit 1\n')
        self.tenon.write('vm.yaml', (pages.ROOT / 'examples/01-vm-waits-for-datavolume/vm.yaml').read_text())
        with unittest.mock.patch.dict(os.environ, TENON_PREFIX=str(copy)):
            for command in (['validate', '-f', 'vm.yaml'], ['explain', 'vm.spec', '--recursive'],
                            ['__complete', 'explain', 'vm.spec.']):
                done = self.tenon.run(*command)
                self.assertEqual(done.status, 0, str(done))
            self.assertEqual(self.tenon.run('plan', '-f', 'vm.yaml').status, 3, 'blocked: a plan does need them')
