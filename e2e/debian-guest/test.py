"""A Debian guest of 256 MiB boots from its imported disk by that disk's own boot loader, and shuts down when asked to.

S1-28, S1-29, S1-32
"""
import pathlib

from support import lab
from support.case import EXAMPLES, Case

IMAGE = pathlib.Path(__file__).resolve().parents[2] / 'tools/image'
SENTINEL = 'tenon-guest: ready on guest, root is /dev/vda1'
CLAIM = 'core/PersistentVolumeClaim/default/example-dv'


class DebianGuest(Case):
    def make_disk(self):
        return DebianDisk(self.files)

    def test_boots_from_its_imported_disk(self):
        text = (EXAMPLES / '01-vm-waits-for-datavolume/vm-running.yaml').read_text()
        for old, new in (('storage: 64Mi', 'storage: 1Gi'), ('memory: 64Mi', 'memory: 256Mi'),
                         ('http://127.0.0.1:8090/example.qcow2', self.http.url + '/debian.qcow2')):
            self.assertIn(old, text)
            text = text.replace(old, new)
        manifest = self.tenon.write('debian.yaml', text)
        self.succeeds('apply', '--yes', '-f', manifest, timeout=300)
        self.says(SENTINEL, timeout=400)
        self.event('started ' + self.domain)
        self.nothing_wrong()
        self.assertIn('No changes.', self.succeeds('plan', '-f', manifest))
        self.succeeds('destroy', '--yes', '--approve', CLAIM)
        self.assertFalse(self.defined())


class DebianDisk(lab.Disk):
    def __init__(self, directory):
        self.text, self.raw = SENTINEL, pathlib.Path(directory) / 'debian.raw'
        lab.run(IMAGE, self.raw)
        self.size = self.raw.stat().st_size
        self.qcow2
