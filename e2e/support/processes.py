"""Processes that a test started, also those that put themselves into sessions of their own."""
import contextlib
import ctypes
import os
import pathlib
import signal
import time

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """From now on a descendant whose parent dies becomes our child instead of escaping to init."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _parents():
    parents = {}
    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            state, parent = path.read_text().rpartition(')')[2].split()[:2]
        except OSError:
            continue
        parents[int(path.parent.name)] = (int(parent), state)
    return parents


def descendants(root=None):
    """Ids of all processes below `root` (default: this one) that still run."""
    parents = _parents()
    found, wanted = [], {root or os.getpid()}
    while wanted:
        wanted = {pid for pid, (parent, _) in parents.items() if parent in wanted}
        found += [pid for pid in wanted if parents[pid][1] not in 'ZX']
    return found


def program(pid):
    """Base name of what a process runs; empty if it is gone."""
    try:
        return os.path.basename(os.readlink('/proc/%d/exe' % pid).removesuffix(' (deleted)'))
    except OSError:
        return ''


def running(*names):
    """Ids of our descendants that run one of these programs."""
    return [pid for pid in descendants() if program(pid) in names]


def started_by_its_like(pid):
    """A process that is about to run another program runs its parent's until then."""
    parent = _parents().get(pid, (0, ''))[0]
    return program(parent) == program(pid)


@contextlib.contextmanager
def frozen(*names):
    """Our descendants that run one of these programs stand still."""
    pids = running(*names)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def kill_descendants():
    """Kills everything below this process and waits for it, until nothing is left."""
    for _ in range(100):
        found = descendants()
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        if not found:
            return
        time.sleep(0.02)
