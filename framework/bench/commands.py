"""Rows about whole commands: the tenon binary with the memory plugin in its host process."""
import os
import pathlib
import shutil

import graphs
import measure
from rows import Row

CONFIGURATION = 'instances: [{name: memory, plugin: memory, configuration: {file: %s/world}}]\n'
STARTS = 50


class Commands:
    """prefix: where tenon is staged. directory: on the disk whose syncs count. repeat: the best of so many."""

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

    def _run(self, *arguments):
        os.sync()  # what was written before is not part of it
        return measure.run([self.tenon, *arguments], self.directory, self.directory / 'output')

    def _best(self, name, n, measurements):
        return Row(name, n, *min(measurements))

    def start(self):
        self._fresh()
        taken = sorted(measure.run([self.tenon, 'version'], self.directory, self.directory / 'output') for _ in range(STARTS))
        return [Row('start', 1, *taken[STARTS // 2])]

    def plan_pairs(self, n):
        self._fresh()
        self._write(graphs.pairs(n))
        return [self._best('plan pairs', n, [self._run('plan', '-f', 'graph.yaml') for _ in range(self.repeat)])]

    def life(self, n):
        """Planned, made, planned again, and destroyed."""
        acts = (('plan new', ('plan', '-f', 'graph.yaml')), ('apply', ('apply', '-f', 'graph.yaml', '--yes')),
                ('plan unchanged', ('plan', '-f', 'graph.yaml', '--detailed-exitcode')), ('destroy', ('destroy', '--yes')))
        taken = {name: [] for name, _ in acts}
        for _ in range(self.repeat):
            self._fresh()
            self._write(graphs.independent(n))
            for name, arguments in acts:
                taken[name].append(self._run(*arguments))
        return [self._best(name, n, measurements) for name, measurements in taken.items()]
