"""The main job, killed anywhere, again and again: never a machine on an unfinished disk, never two of anything, always
an end. TENON_KILL_ROUNDS and TENON_KILL_SEED (both numbers) make it longer and repeat one run.

S1-2, S1-3, S1-28, S1-32
"""
import contextlib
import os
import random
import signal
import time

from support import processes
from support.case import Case

ROUNDS = int(os.environ.get('TENON_KILL_ROUNDS', 6))
SEED = int(os.environ.get('TENON_KILL_SEED', random.randrange(1 << 32)))
PROGRAMS = ('tenon', 'tenon-plugin-host', 'cdi-import-worker', 'qemu-img')
VICTIMS = [('tenon',), ('tenon-plugin-host',), ('cdi-import-worker', 'qemu-img'), PROGRAMS]
CLAIM = 'core/PersistentVolumeClaim/default/example-dv'


def kill(programs):
    """How many processes it hit; what was chosen may just have ended."""
    hit = 0
    for pid in processes.running(*programs):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            hit += 1
    return hit


class KillsTest(Case):
    image = dict(text='sentinel 4711', fill=24, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.hit = {}

    def disturbed(self, chance, longest, *command):
        """Runs a command over and over, each time with one kill, at least once and until one survives it."""
        for attempt in range(6):
            running = self.tenon.start(*command)
            time.sleep(chance.uniform(0, longest))
            alive = [victims for victims in VICTIMS if processes.running(*victims)]
            if alive:
                victims = chance.choice(alive)
                self.hit[victims] = self.hit.get(victims, 0) + kill(victims)
            ended = running.wait(timeout=90)
            self.assertIn(ended.status, (0, 1, 3, 4, -signal.SIGKILL), str(ended))
            self.nothing_wrong()
            if ended.status == 0 and attempt > 0:
                return

    def round(self, chance):
        manifest = self.example('vm-running.yaml', '/slow/8000000/')  # 3 s: the first kill always comes before its end
        self.disturbed(chance, 2.0, 'apply', '--yes', '-f', manifest)
        self.succeeds('apply', '--yes', '-f', manifest)
        self.assertEqual(self.libvirt.virsh('list', '--name').split(), [self.domain])
        self.assertEqual(self.libvirt.virsh('list', '--all', '--name').split(), [self.domain])
        self.says()
        self.assertIn('No changes.', self.succeeds('plan', '-f', manifest))
        self.disturbed(chance, 0.4, 'destroy', '--yes', '--approve', CLAIM)
        self.succeeds('destroy', '--yes', '--approve', CLAIM)
        self.assertEqual(self.libvirt.virsh('list', '--all', '--name').split(), [])
        self.assertEqual(self.tenon.leftovers(), [])
        self.nothing_wrong()
        (self.tenon.consoles / (self.domain + '.log')).unlink()

    def test_whatever_is_killed_the_job_ends_well(self):
        print('seed %d, %d rounds' % (SEED, ROUNDS), flush=True)
        chance = random.Random(SEED)
        for _ in range(ROUNDS):
            self.round(chance)
        print('processes killed, by choice: %s' % self.hit, flush=True)
        self.assertGreaterEqual(sum(self.hit.values()), ROUNDS, 'most kills hit nothing: this was no test')
        self.assertGreaterEqual(self.observer.judged, 2 * ROUNDS)
