"""The same graphs for Terraform, as terraform_data resources, which need no provider to be installed."""
import pathlib
import shutil

import graphs
import measure
from rows import Row


class Terraform:
    def __init__(self, program, directory):
        self.program = program
        self.directory = pathlib.Path(directory)

    def _write(self, graph):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        (self.directory / 'main.tf').write_text(graphs.as_terraform(graph))
        self._run('init')

    def _run(self, command, *arguments):
        return measure.run([self.program, command, '-no-color', *arguments], self.directory, self.directory / 'output')

    def plan_pairs(self, n):
        self._write(graphs.pairs(n))
        return [Row('plan pairs', n, *self._run('plan'))]

    def plan_new(self, n):
        self._write(graphs.independent(n))
        return [Row('plan new', n, *self._run('plan'))]

    def life(self, n):
        self._write(graphs.independent(n))
        return [Row('plan new', n, *self._run('plan')), Row('apply', n, *self._run('apply', '-auto-approve')),
                Row('plan unchanged', n, *self._run('plan', '-detailed-exitcode')),
                Row('destroy', n, *self._run('destroy', '-auto-approve'))]


def print_ratios(theirs, ours):
    own = {(row.name, row.n): row for row in ours}
    print('\nterraform on the same graphs in the same run:')
    for row in theirs:
        tenon = own.get((row.name, row.n))
        ratio = '%.0f times tenon\'s %.3g s' % (row.seconds / tenon.seconds, tenon.seconds) if tenon else ''
        print('  %-14s n = %7s  %8.3g s  %5.0f MiB  %s' % (row.name, '{:,}'.format(row.n), row.seconds, row.peak_mib, ratio))
