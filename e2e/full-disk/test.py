"""The file system of the inventory is full, or no more files can be opened: Tenon says so and what to do, changes nothing
that it cannot record, and with space again the next run brings everything to its end."""
import ctypes
import os
import subprocess

from support import lab
from support.memory import MemoryCase, items

CLONE_NEWNS = 0x00020000
KIB = 1024
NAMES = ['item%d' % number for number in range(12)]


class FullDiskTest(MemoryCase):
    def setUp(self):
        if os.geteuid() != 0:
            raise lab.MachineCannot('mount: not root')
        super().setUp()
        self.state = self.tenon.directory / '.tenon'
        self.state.mkdir()

    def mount(self, size):
        """A small file system for the inventory, seen by this process and its children alone."""
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
            raise lab.MachineCannot('make namespaces: ' + os.strerror(ctypes.get_errno()))
        lab.run('mount', '--make-rprivate', '/')
        lab.run('mount', '-t', 'tmpfs', '-o', 'size=%d' % size, 'tenon-test', self.state)
        self.addCleanup(lab.run, 'umount', '-l', self.state)

    def fill(self, leaving):
        with open(self.state / 'filler', 'wb', buffering=0) as file:
            free = os.statvfs(self.state).f_bavail * os.statvfs(self.state).f_frsize
            os.posix_fallocate(file.fileno(), 0, max(1, free - leaving))

    def ends_well(self, manifest):
        self.succeeds('apply', '--yes', '-f', manifest)
        self.assertIn('No changes.', self.succeeds('plan', '-f', manifest))
        self.assertEqual(self.names(), sorted(NAMES))
        self.assertEqual(set(self.made().values()), {1}, self.made())
        self.succeeds('destroy', '--yes')
        self.assertEqual(self.names(), [])
        self.world.unlink()

    def test_a_full_disk_is_named_and_nothing_is_lost(self):
        self.mount(4096 * KIB)
        manifest = self.tenon.write('items.yaml', items(*NAMES))
        self.succeeds('apply', '--yes', '-f', self.tenon.write('first.yaml', items('first')))
        self.succeeds('destroy', '--yes')
        self.world.unlink()
        seen = {}
        for leaving in [*range(0, 128 * KIB, 16 * KIB), *range(128 * KIB, 2048 * KIB, 128 * KIB)]:
            self.fill(leaving)
            done = self.tenon.run('apply', '--yes', '-f', manifest)
            seen.setdefault(done.status, []).append(leaving // KIB)
            self.assertIn(done.status, (0, 1, 3), str(done))
            if done.status != 0:
                self.assertIn('inventory.db', done.text, str(done))
                self.assertIn('free some space', done.text, str(done))
            if done.status == 1:
                self.assertEqual(self.names(), [], 'status 1 says that nothing was changed:\n' + str(done))
            (self.state / 'filler').unlink()
            self.ends_well(manifest)
        print('exit status by KiB left: %s' % seen, flush=True)
        self.assertEqual(set(seen), {0, 1, 3}, seen)

    def test_so_is_a_limit_of_a_files_size(self):
        manifest = self.tenon.write('items.yaml', items(*NAMES))
        done = subprocess.run(['prlimit', '--fsize=%d' % (16 * KIB), self.tenon.program, 'apply', '--yes', '-f', manifest],
                              cwd=self.tenon.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 1, str(done))
        self.assertIn("the limit of a file's size", done.stderr)
        self.assertEqual(self.names(), [])
        self.ends_well(manifest)

    def test_so_is_a_limit_of_open_files(self):
        manifest = self.tenon.write('items.yaml', items(*NAMES))
        seen = {}
        for limit in range(4, 40):
            done = subprocess.run(['prlimit', '--nofile=%d' % limit, self.tenon.program, 'apply', '--yes', '-f', manifest],
                                  cwd=self.tenon.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
            seen.setdefault(done.returncode, []).append(limit)
            told = 'limit %d, status %d\n%s%s' % (limit, done.returncode, done.stdout, done.stderr)
            self.assertIn(done.returncode, (0, 1, 3, 127), told)  # 127: the dynamic linker itself
            if done.returncode != 0:
                self.assertIn('Too many open files', done.stdout + done.stderr, told)
            if done.returncode == 0:
                break
        print('exit status by limit: %s' % seen, flush=True)
        self.assertIn(1, seen)
        self.ends_well(manifest)
