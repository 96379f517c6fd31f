"""Rows about whole commands: the tenon binary with the memory plugin in its host process."""
import os
import pathlib
import shutil

import graphs
import measure
from rows import Row

CONFIGURATION = 'instances: [{name: memory, plugin: memory, configuration: {file: %s/world}}]\n'
STARTS = 50


def best(name, n, measurements):
    """The fastest, and the most memory that any of them took."""
    return Row(name, n, *min(measurements)._replace(peak_mib=max(taken.peak_mib for taken in measurements)))


class Commands:
    """prefix: where tenon is staged. directory: on the disk whose syncs count; what is in it is removed. repeat: the
    best of so many. What a command says that it did is compared with what was asked."""

    def __init__(self, prefix, directory, repeat):
        self.tenon = str(pathlib.Path(prefix) / 'bin' / 'tenon')
        self.directory = pathlib.Path(directory)
        self.repeat = repeat

    def _fresh(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        (self.directory / 'tenon.yaml').write_text(CONFIGURATION % self.directory)
        self._run('version')

    def _write(self, graph):
        (self.directory / 'graph.yaml').write_text(graphs.as_yaml(graph))

    def _run(self, *arguments, says=None):
        os.sync()  # what was written before is not part of it
        return measure.run([self.tenon, *arguments], self.directory, self.directory / 'output', says=says)

    def start(self):
        self._fresh()
        taken = sorted(measure.run([self.tenon, 'version'], self.directory, self.directory / 'output') for _ in range(STARTS))
        return [Row('start', 1, *taken[STARTS // 2])]

    def plan_pairs(self, n):
        self._fresh()
        self._write(graphs.pairs(n))
        says = 'Plan: %d to create, ' % (n // 2 * 2)
        return [best('plan pairs', n, [self._run('plan', '-f', 'graph.yaml', says=says) for _ in range(self.repeat)])]

    def life(self, n):
        """Planned, made, planned again, and destroyed."""
        acts = (('plan new', ('plan', '-f', 'graph.yaml'), 'Plan: %d to create, ' % n),
                ('apply', ('apply', '-f', 'graph.yaml', '--yes'), 'Done: %d created, 0 updated, 0 deleted, ' % n),
                ('plan unchanged', ('plan', '-f', 'graph.yaml', '--detailed-exitcode'), 'No changes.'),
                ('destroy', ('destroy', '--yes'), 'Done: 0 created, 0 updated, %d deleted, ' % n))
        taken = {name: [] for name, _, _ in acts}
        for _ in range(self.repeat):
            self._fresh()
            self._write(graphs.independent(n))
            for name, arguments, says in acts:
                taken[name].append(self._run(*arguments, says=says))
        return [best(name, n, measurements) for name, measurements in taken.items()]
