"""A password for an image server goes from a Secret document to the importer, and is found nowhere else.

S1-17
"""
import base64
import os
import pathlib
import re
import resource
import signal
import subprocess

from support import lab, processes
from support.case import ProductCase, wait_until
from support.tenon import Tenon

CANARY = 'c4n4ry-in-the-mine'
FORMS = [CANARY.encode(), base64.b64encode(CANARY.encode()), base64.b64encode(b'user:' + CANARY.encode())]
PROGRAMS = ('tenon', 'tenon-plugin-host', 'cdi-import-worker', 'qemu-img')
MANIFEST = """\
apiVersion: v1
kind: Secret
metadata: {name: endpoint-secret}
data: {accessKeyId: %s, secretKey: %s}
---
apiVersion: cdi.kubevirt.io/v1alpha1
kind: DataVolume
metadata: {name: dv}
spec:
  source: {http: {url: "%s/auth/disk.raw", secretRef: endpoint-secret}}
  pvc: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 8Mi}}}
"""


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class SecretsTest(ProductCase):
    def setUp(self):
        super().setUp()
        files = self.directory / 'files'
        files.mkdir()
        self.image = os.urandom(4 << 20)
        (files / 'disk.raw').write_bytes(self.image)
        self.http = lab.Http(files, rate=4 << 20, password=CANARY)
        self.addCleanup(self.http.down)
        self.tenon = Tenon(self.directory / 'work', 'unused')
        self.tenon.write('tenon.yaml', 'instances:\n- {name: local, plugin: local}\n- {name: cdi, plugin: cdi-import}\n')
        self.manifest = self.tenon.write('dv.yaml', MANIFEST % (encoded('user'), encoded(CANARY), self.http.url))

    def assert_clean(self, what, content):
        for form in FORMS:
            self.assertNotIn(form, content, what)

    def look_at_processes(self):
        """Arguments and environment of all that runs; the names of what was looked at."""
        seen = set()
        for pid in processes.running(*PROGRAMS):
            for name in ('cmdline', 'environ'):
                try:
                    self.assert_clean('%s of %s' % (name, processes.program(pid)),
                                      pathlib.Path('/proc/%d/%s' % (pid, name)).read_bytes())
                except (FileNotFoundError, ProcessLookupError):
                    break
            else:
                seen.add(processes.program(pid))
        return seen

    def look_at_files(self):
        """Everything in the working directory but the manifest; what commands printed is there, too."""
        for path in self.tenon.directory.rglob('*'):
            if path.is_file() and path.name != self.manifest:
                self.assert_clean(path, path.read_bytes())

    def disk(self):
        return next((self.tenon.directory / '.tenon/volumes').rglob('disk.img')).read_bytes()

    def test_the_password_reaches_the_server_and_nothing_else(self):
        self.succeeds('validate', '-f', self.manifest)
        self.succeeds('plan', '-f', self.manifest, '--out', 'saved.json')
        applying = self.tenon.start('apply', 'saved.json', '--yes')
        seen = set()
        while applying.running():
            seen |= self.look_at_processes()
        self.assertEqual(applying.wait().status, 0, applying.text())
        self.assertGreaterEqual(seen, {'tenon', 'tenon-plugin-host', 'cdi-import-worker'})
        self.assertEqual(self.disk()[:len(self.image)], self.image)
        self.assertEqual([request['status'] for request in self.http.requests()], [200])
        for command in (['get'], ['get', '-o', 'yaml'], ['describe', 'dv/dv'], ['plan', '-f', self.manifest]):
            self.succeeds(*command)
        self.look_at_files()
        self.succeeds('destroy', '--yes', '--approve', 'core/PersistentVolumeClaim/default/dv',
                      '--approve', 'cdi.kubevirt.io/DataVolume/default/dv')
        self.look_at_files()

    def test_a_wrong_password_is_said_and_not_shown(self):
        text = (self.tenon.directory / self.manifest).read_text().replace(encoded(CANARY), encoded('wr0ng-' + CANARY))
        done = self.tenon.run('apply', '--yes', '-f', self.tenon.write('wrong.yaml', text))
        self.assertEqual(done.status, 3, str(done))
        self.assertIn('401', done.text)
        self.assert_clean('output', done.text.encode())

    def test_frames_carry_the_name_of_the_secret_and_a_socket_of_its_own_the_value(self):
        # All ends of everything are traced, so what is read was seen when it was written.
        trace = self.directory / 'trace'
        applying = self.tenon.start('apply', '--yes', '-f', self.manifest, under=[
            'strace', '-f', '-qq', '-v', '-y', '-s', '1000000', '-o', str(trace),
            '-e', 'trace=execve,write,writev,pwrite64,sendto,sendmsg'])
        self.assertEqual(applying.wait(300).status, 0, applying.text())
        written = {}  # file, pipe or socket -> calls that wrote there
        for line in trace.read_text(errors='replace').splitlines():
            call = line.replace('\\"', '"')
            if 'execve(' in call:
                self.assert_clean('arguments and environment', call.encode())
            if moved := re.match(r'\d+ +\w+\(\d+<([^>]*)>', call):
                written.setdefault(moved[1], []).append(call)
        frames = {place for place, calls in written.items() if any('"observe"' in call or '"observations"' in call for call in calls)}
        self.assertTrue(any('"secretRef":"endpoint-secret"' in call for place in frames for call in written[place]),
                        'no frame was seen')
        secret = {place for place, calls in written.items() if any(form in call.encode() for form in FORMS for call in calls)}
        self.assertEqual(secret & frames, set())
        # To the host, from there to the worker, from there to the server.
        self.assertEqual(sorted(place.split(':')[0] for place in secret), ['pipe', 'socket', 'socket'])

    def dumps_cores(self):
        """Whether a process that crashes here leaves a dump at all."""
        unlimited = lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        child = subprocess.Popen(['sleep', '1000'], cwd=self.directory, preexec_fn=unlimited)
        wait_until('it sleeps', lambda: processes.program(child.pid) == 'sleep')
        os.kill(child.pid, signal.SIGSEGV)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = 0
        return os.WCOREDUMP(status)

    def crash(self, pid):
        """Lets a process crash that may dump as much as it likes; its wait status, which its parent need not have asked for."""
        resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.kill(pid, signal.SIGSEGV)

        def status():
            fields = pathlib.Path('/proc/%d/stat' % pid).read_text().rpartition(')')[2].split()
            return int(fields[-1]) if fields[0] == 'Z' else None
        return wait_until('the end of %d' % pid, status)

    def begun(self):
        applying = self.tenon.start('apply', '--yes', '-f', self.manifest)
        wait_until('the worker downloads', lambda: any(r['status'] == 200 for r in self.http.requests()))
        return applying

    def ends_well(self, applying):
        self.assertEqual(applying.wait().status, 0, applying.text())
        self.assertEqual(self.disk()[:len(self.image)], self.image)
        self.look_at_files()

    def test_a_host_that_has_redeemed_and_crashes_leaves_no_dump(self):
        if not self.dumps_cores():
            raise lab.MachineCannot('dump a core')
        applying = self.begun()
        command = applying.process.pid
        of_importer = [pid for pid in processes.running('tenon-plugin-host')
                       if 'cdi-import.so' in pathlib.Path('/proc/%d/cmdline' % pid).read_text()]
        self.assertEqual(len(of_importer), 1)
        os.kill(command, signal.SIGSTOP)  # which would reap it
        status = self.crash(of_importer[0])
        os.kill(command, signal.SIGCONT)
        self.assertEqual(os.WTERMSIG(status), signal.SIGSEGV)
        self.assertFalse(os.WCOREDUMP(status))
        self.ends_well(applying)

    def test_a_worker_that_crashes_leaves_no_dump_and_the_next_one_gets_the_password_again(self):
        if not self.dumps_cores():
            raise lab.MachineCannot('dump a core')
        applying = self.begun()
        worker = processes.running('cdi-import-worker')[0]
        resource.prlimit(worker, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.kill(worker, signal.SIGSEGV)
        _, status = os.waitpid(worker, 0)
        self.assertEqual(os.WTERMSIG(status), signal.SIGSEGV)
        self.assertFalse(os.WCOREDUMP(status))
        self.ends_well(applying)
        self.assertGreater(len(self.http.requests()), 1, 'another worker has asked')
