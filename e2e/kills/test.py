"""The main job, killed anywhere, again and again: never a machine on an unfinished disk, never two of anything, always
an end, with the exit status that docs/cli.md says. TENON_KILL_ROUNDS and TENON_KILL_SEED (both numbers) make it longer and
repeat one run.

S1-2, S1-3, S1-28, S1-32
"""
import collections
import contextlib
import itertools
import json
import os
import random
import signal
import time

from support import processes
from support.case import Case, wait_until
from support.census import Census

ROUNDS = int(os.environ.get('TENON_KILL_ROUNDS', 6))
SEED = int(os.environ.get('TENON_KILL_SEED', random.randrange(1 << 32)))
COMMAND, HOST, WORKER, CONVERTER = PROGRAMS = 'tenon', 'tenon-plugin-host', 'cdi-import-worker', 'qemu-img'
QEMU = 'qemu-system-x86_64'
# The first blow at each command takes them in turn, so that nobody is spared: later ones may find nothing left to do.
# Only while it applies there is an import.
OF_APPLY = [(WORKER,), (COMMAND,), (CONVERTER,), (HOST,), (WORKER, CONVERTER), PROGRAMS]
OF_DESTROY = [(COMMAND,), (HOST,), PROGRAMS]
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


def legal(hit, text):
    """The exit statuses that are right for a command when these programs were killed and it said that."""
    if COMMAND in hit:
        return {-signal.SIGKILL}
    statuses = {0}  # an import goes on, a call is made again
    if HOST in hit and 'nothing was changed.' in text:
        statuses.add(1)  # it was about to be asked what the manifests mean
    if HOST in hit and '\n  ! ' in text:
        statuses.add(3)  # it was about to look at something, so a part is blocked
    return statuses


class KillsTest(Case):
    image = dict(text='sentinel 4711', fill=24, name='example')

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        print('seed %d, %d rounds' % (SEED, ROUNDS), flush=True)
        self.chance = random.Random(SEED)
        self.hit, self.endings = collections.Counter(), collections.Counter()
        self.blows = 0
        self.uuids = set()
        self.first_of_apply, self.first_of_destroy = itertools.cycle(OF_APPLY), itertools.cycle(OF_DESTROY)
        self.census = Census(WORKER, CONVERTER, QEMU)
        self.addCleanup(self.census.stop)
        self.addCleanup(lambda: print('endings: %s' % dict(self.endings), flush=True))

    # --- what must hold ---

    def never_two_of_anything(self):
        self.assertEqual(self.census.doubles, [])
        claims = self.tenon.directory / '.tenon' / 'volumes'
        self.assertLessEqual(len(list(claims.glob('*/*/claim.json'))), 1)
        self.assertLessEqual(len(list(claims.rglob('disk.img'))), 1)
        self.assertLessEqual(len(list((self.tenon.directory / '.tenon' / 'imports').rglob('ledger.json'))), 1)
        domains = self.libvirt.virsh('list', '--all', '--name').split()
        self.assertIn(domains, ([], [self.domain]))
        self.uuids |= {self.libvirt.virsh('domuuid', name).strip() for name in domains}
        self.assertLessEqual(len(self.uuids), 1)

    def goes_well_now(self, manifest):
        """The command once more, undisturbed."""
        self.succeeds('apply', '--yes', '-f', manifest)
        self.assertTrue(self.active())
        self.says()
        self.assertIn('No changes.', self.succeeds('plan', '-f', manifest))
        self.nothing_wrong()
        self.never_two_of_anything()

    def is_gone(self):
        self.succeeds('destroy', '--yes', '--approve', CLAIM)
        self.assertEqual(self.libvirt.virsh('list', '--all', '--name').split(), [])
        self.assertEqual(self.tenon.leftovers(), [])
        self.assertEqual(self.tenon.owned(), [])
        self.assertEqual(processes.running(WORKER, CONVERTER, HOST, QEMU), [])
        (self.tenon.consoles / (self.domain + '.log')).unlink()
        self.nothing_wrong()
        self.never_two_of_anything()

    def ended(self, running, hit):
        """A command that was disturbed has ended, as docs/cli.md says for what was hit."""
        done = running.wait(timeout=90)
        self.endings['%s hit %s: %d' % (done.command[0], '+'.join(sorted(set(hit))) or 'nothing', done.status)] += 1
        self.assertIn(done.status, legal(hit, done.text), 'hit %s\n%s' % (hit, done))
        self.nothing_wrong()
        self.never_two_of_anything()
        return done

    # --- anywhere ---

    def blow(self, running, victims, delay):
        """Waits for the victims while the command runs, and a while more, then kills; qemu-img does not live that long.
        Whom it hit."""
        self.blows += 1
        while not (pids := processes.running(*victims)) and running.running():
            time.sleep(0.001)
        if victims != (CONVERTER,):
            time.sleep(delay)
            pids = processes.running(*victims)
        hit = kill(pids)
        self.hit.update(hit)
        return hit

    def disturbed(self, longest, first, victims, *command):
        """Runs a command over and over, each time with one kill, at least once and until one survives it. A blow that
        comes too late makes the next one come sooner."""
        for attempt in range(6):
            running = self.tenon.start(*command)
            chosen = self.chance.choice(victims) if attempt else next(first)
            hit = self.blow(running, chosen, self.chance.uniform(0, longest))
            if not hit:
                longest /= 2
            if self.ended(running, hit).status == 0 and attempt > 0:
                return

    def fetches(self):
        return len([request for request in self.http.requests() if request['method'] == 'GET'])

    def test_whatever_is_killed_the_job_ends_well(self):
        manifest = self.example('vm-running.yaml', '/slow/8000000/')  # 3 s: the first kill always comes before its end
        for _ in range(ROUNDS):
            before, lost = self.fetches(), self.hit[WORKER] + self.hit[CONVERTER]
            self.disturbed(2.0, self.first_of_apply, OF_APPLY, 'apply', '--yes', '-f', manifest)
            self.goes_well_now(manifest)
            self.assertLessEqual(self.fetches() - before, 1 + self.hit[WORKER] + self.hit[CONVERTER] - lost,
                                 'the image was fetched again although nobody had killed its import')
            self.disturbed(0.2, self.first_of_destroy, OF_DESTROY, 'destroy', '--yes', '--approve', CLAIM)
            self.is_gone()
        print('processes killed in %d blows: %s' % (self.blows, dict(self.hit)), flush=True)
        for program in PROGRAMS[:3]:
            self.assertGreater(self.hit[program], 0, 'no %s was ever hit: this was no test' % program)
        self.assertGreaterEqual(self.hit.total(), 2 * ROUNDS, 'most kills hit nothing: this was no test')
        self.assertGreaterEqual(self.observer.judged, 2 * ROUNDS)
        self.assertGreater(self.census.counted, 10 * ROUNDS)

    # --- between the end of the import and the machine's start ---

    def finished(self):
        """Whether the import says that it is done: the only thing that counts, on the claim itself."""
        for mark in (self.tenon.directory / '.tenon' / 'volumes').glob('*/*/contents.json'):
            with contextlib.suppress(OSError, ValueError):
                return json.loads(mark.read_text())['contents'] == 'populated'
        return False

    def started(self):
        """Whether libvirt has begun to start the machine: it makes its record first."""
        return (self.libvirt.state / 'run/qemu' / (self.domain + '.xml')).exists()

    def window(self, manifest):
        """Seconds from there to the machine's start, as long as nobody is killed."""
        running = self.tenon.start('apply', '--yes', '-f', manifest)
        wait_until('the end of the import', self.finished, pause=0.001)
        begun = time.monotonic()
        wait_until('the start', self.started, pause=0.001)
        length = time.monotonic() - begun
        self.assertEqual(running.wait().status, 0)
        return length

    def test_killed_between_succeeded_and_start(self):
        manifest = self.example('vm-running.yaml', '/')
        length = self.window(manifest)
        self.goes_well_now(manifest)
        self.is_gone()
        inside = collections.Counter()
        victims = [(COMMAND,), (HOST,), PROGRAMS]
        enough = len(victims) * max(2, ROUNDS // 2)
        for number in range(3 * enough):
            if number >= enough and inside[COMMAND] and inside[HOST]:
                break
            chosen = victims[number % len(victims)]
            running = self.tenon.start('apply', '--yes', '-f', manifest)
            wait_until('an import', lambda: processes.running(WORKER) or self.finished(), pause=0.001)
            pids = processes.running(*chosen)  # now, since looking for them takes longer than the window may be
            wait_until('the end of the import', self.finished, pause=0.001)
            if number >= len(victims):  # the first of each at once
                time.sleep(self.chance.uniform(0, length))
            hit = kill(pids)
            before_the_start = not self.started()  # now, so at the kill as well
            self.ended(running, hit)
            if hit and before_the_start:
                inside['+'.join(sorted(set(hit)))] += 1
            self.goes_well_now(manifest)
            self.is_gone()
        print('killed in the %.2f s between Succeeded and the start: %s' % (length, dict(inside)), flush=True)
        for program in (COMMAND, HOST):
            self.assertGreater(inside[program], 0, 'no %s was killed there: this was no test' % program)

    # --- libvirt itself ---

    def libvirt_dies(self, away):
        """Killed, away for a while, and back. The product stands still until the judge listens again."""
        self.libvirt.kill_daemon()
        time.sleep(away)
        still = processes.running(COMMAND, HOST)
        for pid in still:
            os.kill(pid, signal.SIGSTOP)
        self.libvirt.start_daemon()
        self.observer.listen_again()
        for pid in still:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def test_libvirt_killed_and_restarted(self):
        moments = {'during the import': lambda running: 'ImportInProgress' in running.text(),
                   'between Succeeded and the start': lambda running: self.finished(),
                   'in the call that makes the machine': lambda running: 'VirtualMachine example-vm: creating' in running.text()}
        manifest = self.example('vm-running.yaml', '/slow/16000000/')
        for away in (0, self.chance.uniform(0.5, 3)):
            for moment, has_come in moments.items():
                running = self.tenon.start('apply', '--yes', '-f', manifest)
                wait_until(moment, lambda: has_come(running), pause=0.001)
                self.libvirt_dies(away)
                self.ended(running, ['libvirtd ' + moment])
                self.goes_well_now(manifest)
                machine = processes.running(QEMU)
                self.libvirt_dies(0)
                self.assertIn('No changes.', self.succeeds('plan', '-f', manifest))
                self.assertEqual(processes.running(QEMU), machine, 'the machine runs on')
                self.is_gone()
        self.assertGreaterEqual(self.observer.events.count('found ' + self.domain), 2 * len(moments))
