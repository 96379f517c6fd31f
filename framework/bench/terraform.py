"""The same graphs for Terraform, as terraform_data resources, which need no provider to be installed."""
import pathlib
import shutil

import graphs
import measure


class Terraform:
    """program: terraform. directory: what is in it is removed. limit: seconds that one command may take; what has taken
    longer is not tried with more resources."""

    def __init__(self, program, directory, limit):
        self.program = program
        self.directory = pathlib.Path(directory)
        self.limit = limit
        self._given_up = set()

    def rows(self, n, groups):
        """(name, n, measurement), each as soon as it is there; of what took too long the measurement is None."""
        if 'plan pairs' in groups and n < graphs.LARGE:
            yield from self._life(n, graphs.pairs(n), ['plan pairs'])
        if 'commands' in groups:
            names = ['plan new', 'apply', 'plan unchanged', 'destroy']
            yield from self._life(n, graphs.independent(n), names if n < graphs.LARGE else names[:1])

    def _life(self, n, graph, names):
        """Until one takes too long: what comes after it begins where it ends."""
        if names[0] in self._given_up:
            return
        self._write(graph)
        for name in names:
            if name in self._given_up:
                return
            try:
                measurement = self._measured(name, len(graph))
            except measure.TimeIsUp:
                self._given_up.add(name)
                measurement = None
            yield name, n, measurement
            if not measurement and name != 'plan new':  # which leaves nothing behind
                return

    def _measured(self, name, count):
        added = 'Plan: %d to add, 0 to change, 0 to destroy.' % count
        return {'plan new': lambda: self._run('plan', says=added),
                'plan pairs': lambda: self._run('plan', says=added),
                'apply': lambda: self._run('apply', '-auto-approve', says='Resources: %d added, ' % count),
                'plan unchanged': lambda: self._run('plan', '-detailed-exitcode', says='No changes.'),
                'destroy': lambda: self._run('destroy', '-auto-approve', says='Resources: %d destroyed.' % count)}[name]()

    def _write(self, graph):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        (self.directory / 'main.tf').write_text(graphs.as_terraform(graph))
        measure.run([self.program, 'init', '-no-color'], self.directory, self.directory / 'output')

    def _run(self, command, *arguments, says):
        return measure.run([self.program, command, '-no-color', *arguments], self.directory, self.directory / 'output',
                           self.limit, says)


def print_ratio(name, n, measurement, limit, tenon):
    """measurement: None is more than the limit. tenon: its row of the same graph, if there is one."""
    seconds = measurement.seconds if measurement else limit
    time = '%.3g s' % seconds if measurement else 'more than %g s' % limit
    peak = '%.0f MiB' % measurement.peak_mib if measurement else ''
    over = '' if measurement else 'more than '
    ratio = '%s%.0f times tenon\'s %.3g s' % (over, seconds / tenon.seconds, tenon.seconds) if tenon else ''
    print(('  %-14s n = %7s  %16s  %9s  %s' % (name, '{:,}'.format(n), time, peak, ratio)).rstrip(), flush=True)
