"""A test on the memory plugin alone: a working directory and the product, without libvirt, disks or a web server."""
import json

from support.case import ProductCase
from support.tenon import Tenon

CONFIGURATION = """\
instances:
- name: memory
  plugin: memory
  configuration: {file: "%s", delay: %d}
"""


def items(*names):
    """A manifest of Items, each on the one before."""
    requires = [[]] + [['requires: [%s]' % name] for name in names]
    return '---\n'.join('apiVersion: memory.tenon.dev/v1\nkind: Item\nmetadata: {name: %s}\nspec: {%s}\n' %
                        (name, ', '.join(['value: x'] + before)) for name, before in zip(names, requires))


class MemoryCase(ProductCase):
    delay = 0  # milliseconds that a create takes

    def setUp(self):
        super().setUp()
        self.tenon = Tenon(self.directory / 'work', '')
        self.world = self.directory / 'world'
        self.tenon.write('tenon.yaml', CONFIGURATION % (self.world, self.delay))

    def history(self):
        """[(name, what it was then or None), ...]: each change of the world in order."""
        try:
            lines = [json.loads(line) for line in self.world.read_text().split('\n') if line]
        except FileNotFoundError:
            return []
        return [(address.split('/')[-1], item) for line in lines for address, item in line.items()]

    def names(self):
        """Of what exists."""
        return sorted(name for name, item in dict(self.history()).items() if item)

    def made(self):
        """How many objects there have ever been of each name."""
        nonces = {}
        for name, item in self.history():
            if item:
                nonces.setdefault(name, set()).add(item['mark']['nonce'])
        return {name: len(ones) for name, ones in nonces.items()}
