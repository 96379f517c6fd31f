"""The main job, killed anywhere, again and again: never a machine on an unfinished disk, never two of anything, always
an end. TENON_KILL_ROUNDS and TENON_KILL_SEED (both numbers) make it longer and repeat one run.

S1-2, S1-3, S1-28, S1-32
"""
import collections
import contextlib
import itertools
import os
import random
import signal
import time

from support import processes
from support.case import Case

ROUNDS = int(os.environ.get('TENON_KILL_ROUNDS', 6))
SEED = int(os.environ.get('TENON_KILL_SEED', random.randrange(1 << 32)))
PROGRAMS = ('tenon', 'tenon-plugin-host', 'cdi-import-worker', 'qemu-img')
# The first blow at each command takes them in turn, so that nobody is spared: later ones may find nothing left to do.
# Only while it applies there is an import.
OF_APPLY = [('cdi-import-worker',), ('tenon',), ('qemu-img',), ('tenon-plugin-host',), ('cdi-import-worker', 'qemu-img'),
            PROGRAMS]
OF_DESTROY = [('tenon',), ('tenon-plugin-host',), PROGRAMS]
CLAIM = 'core/PersistentVolumeClaim/default/example-dv'


def kill(pids):
    """The programs that it hit; what was chosen may just have ended, and then it has no program any more."""
    hit = []
    for pid in pids:
        name = processes.program(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            hit += [name] if name else []
    return hit


class KillsTest(Case):
    image = dict(text='sentinel 4711', fill=24, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.hit = collections.Counter()
        self.blows = 0
        self.first_of_apply, self.first_of_destroy = itertools.cycle(OF_APPLY), itertools.cycle(OF_DESTROY)

    def blow(self, running, victims, delay):
        """Waits for the victims while the command runs, and a while more, then kills; qemu-img does not live that long.
        How many it hit."""
        self.blows += 1
        while not (pids := processes.running(*victims)) and running.running():
            time.sleep(0.001)
        if victims != ('qemu-img',):
            time.sleep(delay)
            pids = processes.running(*victims)
        hit = kill(pids)
        self.hit.update(hit)
        return len(hit)

    def disturbed(self, chance, longest, first, victims, *command):
        """Runs a command over and over, each time with one kill, at least once and until one survives it. A blow that
        comes too late makes the next one come sooner."""
        for attempt in range(6):
            running = self.tenon.start(*command)
            chosen = chance.choice(victims) if attempt else next(first)
            if not self.blow(running, chosen, chance.uniform(0, longest)):
                longest /= 2
            ended = running.wait(timeout=90)
            self.assertIn(ended.status, (0, 1, 3, 4, -signal.SIGKILL), str(ended))
            self.nothing_wrong()
            if ended.status == 0 and attempt > 0:
                return

    def round(self, chance):
        manifest = self.example('vm-running.yaml', '/slow/8000000/')  # 3 s: the first kill always comes before its end
        self.disturbed(chance, 2.0, self.first_of_apply, OF_APPLY, 'apply', '--yes', '-f', manifest)
        self.succeeds('apply', '--yes', '-f', manifest)
        self.assertEqual(self.libvirt.virsh('list', '--name').split(), [self.domain])
        self.assertEqual(self.libvirt.virsh('list', '--all', '--name').split(), [self.domain])
        self.says()
        self.assertIn('No changes.', self.succeeds('plan', '-f', manifest))
        self.disturbed(chance, 0.2, self.first_of_destroy, OF_DESTROY, 'destroy', '--yes', '--approve', CLAIM)
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
        print('processes killed in %d blows: %s' % (self.blows, dict(self.hit)), flush=True)
        for program in PROGRAMS[:3]:
            self.assertGreater(self.hit[program], 0, 'no %s was ever hit: this was no test' % program)
        self.assertGreaterEqual(self.hit.total(), 2 * ROUNDS, 'most kills hit nothing: this was no test')
        self.assertGreaterEqual(self.observer.judged, 2 * ROUNDS)
