"""Rows of the table: [name, n, seconds, cpu_seconds, peak_mib, exponent], and what is asked of them."""
import math
from typing import NamedTuple, Optional


class Row(NamedTuple):
    name: str
    n: int
    seconds: float
    cpu_seconds: Optional[float] = None
    peak_mib: Optional[float] = None
    exponent: Optional[float] = None  # how the time grows with n, from the row of the next smaller n to this one


class Target(NamedTuple):
    seconds: Optional[float] = None
    peak_mib: Optional[float] = None
    exponent: Optional[float] = None
    overhead: Optional[float] = None  # of Tenon, where its calls are also made without it (docs/adr/0014)
    calls: Optional[float] = None     # what those would take if nothing else took time


MICROSECOND, MILLISECOND = 1e-6, 1e-3
TARGETS = {
    ('plan new', 100000): Target(3, 600, 1.1),
    ('plan unchanged', 10000): Target(0.4),
    ('apply', 1000): Target(0.5),
    ('apply', 10000): Target(4),
    ('destroy', 1000): Target(0.5),
    ('destroy', 10000): Target(4),
    ('plan pairs', 10000): Target(1),
    ('schedule', 10000): Target(overhead=0.05, calls=1),
    ('schedule, looks 10 ms', 10000): Target(overhead=0.05, calls=2.01),
    ('schedule', 1000): Target(10.5, overhead=0.05, calls=10),  # 1,000 links of 10 ms, and 5 %
    ('start', 1): Target(10 * MILLISECOND),
    ('call host', 1): Target(25 * MICROSECOND),
    ('call in-process', 1): Target(5 * MICROSECOND),
    ('start host', 1): Target(15 * MILLISECOND),
    ('calls in flight', 8): Target(0.2),  # 100 ms each; one after the other they would take 0.8 s
}


def fastest(rows):
    """Of each name and n, with the most memory that any of them took; in the order of the first."""
    best = {}
    for row in rows:
        key = row.name, row.n
        known = best.get(key, row)
        peaks = [peak for peak in (known.peak_mib, row.peak_mib) if peak is not None]
        best[key] = min(known, row, key=lambda one: one.seconds)._replace(peak_mib=max(peaks, default=None))
    return list(best.values())


def with_exponents(rows):
    known, result = {}, []
    for row in rows:
        smaller = [other for (name, n), other in known.items() if name == row.name and n < row.n]
        if smaller and not row.name.startswith(('schedule', 'calls alone')):
            base = max(smaller, key=lambda other: other.n)
            row = row._replace(exponent=math.log(row.seconds / base.seconds) / math.log(row.n / base.n))
        known[row.name, row.n] = row
        result.append(row)
    return result


def _time(seconds):
    if seconds is None:
        return ''
    for unit, size in (('s', 1), ('ms', 1e-3)):
        if seconds >= size:
            return '%.3g %s' % (seconds / size, unit)
    return '%.3g us' % (seconds / MICROSECOND)


def _overhead(row, rows):
    name = row.name.replace('schedule', 'calls alone')
    alone = next(other for other in rows if (other.name, other.n) == (name, row.n))
    return row.seconds / alone.seconds - 1


def _verdict(row, rows):
    target = TARGETS.get((row.name, row.n))
    if not target:
        return ''
    asked, met = [], True
    if target.seconds:
        asked.append('<= ' + _time(target.seconds))
        met = row.seconds <= target.seconds
    if target.overhead:
        overhead = _overhead(row, rows)
        asked.append('<= %d %% more than the calls alone (%.1f %%; %.1f %% more than %g s)'
                     % (100 * target.overhead, 100 * overhead, 100 * (row.seconds / target.calls - 1), target.calls))
        met = met and overhead <= target.overhead
    if target.peak_mib:
        asked.append('<= %d MiB' % target.peak_mib)
        met = met and row.peak_mib <= target.peak_mib
    if target.exponent and row.exponent is not None:
        asked.append('exponent <= %.1f' % target.exponent)
        met = met and row.exponent <= target.exponent
    return ('met: ' if met else 'MISSED: ') + ', '.join(asked)


def print_table(rows):
    cells = [('name', 'n', 'time', 'cpu', 'peak MiB', 'exponent', 'target')]
    for row in rows:
        cells.append((row.name, '{:,}'.format(row.n), _time(row.seconds), _time(row.cpu_seconds),
                      '' if row.peak_mib is None else '%.0f' % row.peak_mib,
                      '' if row.exponent is None else '%.2f' % row.exponent, _verdict(row, rows)))
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    for line in cells:
        print('  '.join(cell.ljust(width) if i in (0, 6) else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip(), flush=True)
