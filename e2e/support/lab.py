"""The servers of e2e/lab and disks, for one test. Each belongs to this process and goes with it at the latest."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request

from support import processes

LAB = pathlib.Path(__file__).resolve().parent.parent / 'lab'
MIB = 1 << 20
EXIT_SKIP = 77  # packages are missing


class MachineCannot(unittest.SkipTest):
    """A skip that is right even where skipping is not allowed."""

    def __init__(self, why):
        super().__init__('this machine cannot ' + why)


def run(*command, **options):
    """Standard output of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode == EXIT_SKIP:
        raise unittest.SkipTest(done.stderr.strip())
    if done.returncode != 0:
        raise AssertionError('%s: status %d\n%s' % (' '.join(map(str, command)), done.returncode, done.stderr))
    return done.stdout


def short_directory():
    """A new directory whose path is short enough for Unix sockets in it."""
    return pathlib.Path(tempfile.mkdtemp(prefix='te-', dir='/tmp'))


class Libvirt:
    """A libvirtd of its own. `uri` works from anywhere on this machine."""

    def __init__(self):
        if os.geteuid() != 0:
            raise MachineCannot('make namespaces: not root')
        self.state = short_directory() / 'virt'
        try:
            variables = run(LAB / 'libvirt/up', '--state', self.state, '--owner', os.getpid())
        except BaseException:
            shutil.rmtree(self.state.parent, ignore_errors=True)
            raise
        self.uri = variables.split("LAB_LIBVIRT_URI='")[1].split("'")[0]
        self.definitions = self.state / 'etc/qemu'

    def virsh(self, *arguments):
        return run('virsh', '-q', '-c', self.uri, *arguments)

    def kill_daemon(self):
        """Guests run on."""
        for pid in processes.running('libvirtd'):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def frozen(self):
        """It is there and does not answer."""
        return processes.frozen('libvirtd')

    def start_daemon(self):
        """After it was killed. It takes over the guests that run.

        libvirt 9 waits for ever for a guest that it had recorded (process 0) and not yet begun when it was killed, and
        nobody can stop such a domain: the record has to go, as the message of the libvirt plugin says.
        """
        for record in (self.state / 'run/qemu').glob('*.xml'):
            if "pid='0'" in record.read_text():
                record.unlink()
        run(LAB / 'libvirt/in', '--state', self.state, '--', 'env', 'HOME=%s' % self.state, 'libvirtd', '--daemon',
            '--config', '/etc/libvirt/libvirtd.conf', '--pid-file', '/run/libvirt/libvirtd.pid')
        end = time.monotonic() + 60
        while subprocess.run(['virsh', '-q', '-c', self.uri, 'uri'], capture_output=True).returncode != 0:
            if time.monotonic() > end:
                raise AssertionError('libvirtd does not come back')
            time.sleep(0.05)

    def down(self):
        run(LAB / 'libvirt/down', '--state', self.state)
        shutil.rmtree(self.state.parent, ignore_errors=True)


class Http:
    """Serves the files of a directory, with faults by URL path: see `e2e/lab/http/serve --help`."""

    def __init__(self, root, port=0, rate=None, password=None):
        options = [*(['--rate', str(rate)] if rate else []), *(['--password', password] if password else [])]
        self.process = subprocess.Popen(
            [str(LAB / 'http/serve'), '--root', str(root), '--port', str(port), '--owner', str(os.getpid()), *options],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip().removeprefix('URL=')
        if not self.url:
            raise AssertionError('http/serve did not start')

    def requests(self):
        """Those served so far, without questions for them."""
        with urllib.request.urlopen(self.url + '/log') as answer:
            return [request for request in json.load(answer) if request['path'] != '/log']

    def down(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Disk:
    """A bootable disk that says `text` on the serial port: `raw`, and the same as `qcow2` and `gz`.

    fill: MiB of random bytes, so that importing it takes its time.
    """

    def __init__(self, directory, text, fill=0, size=64, name='disk'):
        self.text, self.size = text, size * MIB
        self.raw = pathlib.Path(directory) / (name + '.raw')
        run(LAB / 'disk/make', '--text', text, '--size', '%dM' % size, *(['--fill', '%dM' % fill] if fill else []), self.raw)

    @property
    def qcow2(self):
        path = self.raw.with_suffix('.qcow2')
        if not path.exists():
            run('qemu-img', 'convert', '-O', 'qcow2', self.raw, path)
        return path

    @property
    def gz(self):
        path = self.raw.with_suffix('.raw.gz')
        if not path.exists():
            with open(path, 'wb') as file:
                subprocess.run(['gzip', '-1', '-c', str(self.raw)], stdout=file, check=True)
        return path


def checksum(path):
    return 'sha256:' + hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
