"""The hazard of the DataVolume document: a machine started before its image is there. Whatever the order of the commands
and whatever name is used for the claim, it cannot happen.

S1-28, S1-32
"""
import signal

from support import processes
from support.case import Case, wait_until

CLAIM_BY_NAME = """\
apiVersion: kubevirt.io/v1alpha2
kind: VirtualMachine
metadata:
  name: example-vm
spec:
  running: true
  template:
    spec:
      domain:
        devices:
          disks:
          - disk: {bus: virtio}
            name: disk0
            volumeName: root
        machine: {type: q35}
        resources: {requests: {memory: 64Mi}}
      volumes:
      - name: root
        %s
"""

DATA_VOLUME = """\
apiVersion: cdi.kubevirt.io/v1alpha1
kind: DataVolume
metadata:
  name: example-dv
spec:
  pvc:
    accessModes: [ReadWriteOnce]
    resources: {requests: {storage: 64Mi}}
  source:
    http: {url: "%s"}
"""

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: example-dv
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 64Mi}}
"""


def said_by_the_run(command):
    """What it printed behind its plan, which names everything already."""
    return command.text().partition('\nPlan: ')[2].partition('\n')[2]


class EveryOrderTest(Case):
    image = dict(text='sentinel 4711', fill=24)

    def setUp(self):
        super().setUp()
        self.disk.qcow2
        self.by_claim = self.tenon.write('by-claim.yaml',
                                         CLAIM_BY_NAME % 'persistentVolumeClaim: {claimName: example-dv}')
        self.by_data_volume = self.tenon.write('by-dv.yaml', CLAIM_BY_NAME % 'dataVolume: {name: example-dv}')
        self.data_volume = self.tenon.write('dv.yaml', DATA_VOLUME % (self.http.url + '/slow/8000000/disk.qcow2'))

    def importing(self):
        return wait_until('the import runs', lambda: processes.running('cdi-import-worker'))

    def begin_import_and_die(self):
        running = self.tenon.start('apply', '--yes', '-f', self.data_volume)
        self.importing()
        running.signal(signal.SIGKILL)
        running.wait()

    def runs_on_the_whole_disk(self):
        self.says()
        self.event('started ' + self.domain)
        self.nothing_wrong()
        self.assertGreaterEqual(self.observer.judged, 2)

    def test_a_machine_that_names_the_claim_waits_for_the_import_in_the_same_files(self):
        self.succeeds('apply', '--yes', '-f', self.by_claim, '-f', self.data_volume)
        self.runs_on_the_whole_disk()

    def test_a_machine_declared_alone_waits_for_an_import_that_only_the_inventory_knows(self):
        self.begin_import_and_die()
        self.assertTrue(self.importing())
        self.succeeds('apply', '--yes', '-f', self.by_claim)
        self.runs_on_the_whole_disk()

    def test_a_machine_that_names_the_data_volume_of_an_earlier_run_waits(self):
        self.begin_import_and_die()
        self.succeeds('apply', '--yes', '-f', self.by_data_volume)
        self.runs_on_the_whole_disk()

    def test_a_second_apply_at_the_same_time_waits_or_is_refused_and_never_starts_early(self):
        first = self.tenon.start('apply', '--yes', '-f', self.data_volume)
        self.importing()
        second = self.tenon.run('apply', '--yes', '--lock-timeout', '60s', '-f', self.by_claim)
        self.assertEqual((first.wait().status, second.status), (0, 0), str(second))
        self.runs_on_the_whole_disk()

    def test_a_claim_without_contents_is_nothing_to_start_from(self):
        claim = self.tenon.write('claim.yaml', CLAIM)
        self.succeeds('apply', '--yes', '-f', claim)
        machine = self.tenon.start('apply', '--yes', '-f', self.by_claim)
        wait_until('the run says that it waits', lambda: 'contents' in said_by_the_run(machine))
        machine.signal(signal.SIGINT)
        self.assertEqual(machine.wait().status, 3)
        self.assertFalse(self.defined())

    def test_a_machine_before_anything_it_names_is_refused_or_waits_and_is_not_defined(self):
        for manifest in (self.by_claim, self.by_data_volume):
            machine = self.tenon.start('apply', '--yes', '-f', manifest)
            with self.subTest(manifest):
                wait_until('the run says that it waits, or that it does not begin',
                           lambda: 'example-dv' in said_by_the_run(machine) or not machine.running())
                machine.signal(signal.SIGINT)
                self.assertNotEqual(machine.wait().status, 0)
                self.assertFalse(self.defined())
