"""Runs a command and measures it with all processes that come of it.

seconds      wall time of the command itself, from before it is started until it has ended
cpu_seconds  user and system time of the command and of every process it started, as the kernel counted it
peak_mib     an upper bound of what all processes held at the same time: the sum of each one's own high-water mark of
             resident memory (VmHWM), pages that they share counted in each; descendants are looked at every 10 ms
"""
import ctypes
import os
import resource
import select
import signal
import subprocess
import time
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_MS = 10
SETTLE_SECONDS = 10


class Measurement(NamedTuple):
    seconds: float
    cpu_seconds: float
    peak_mib: float


class CommandFailed(Exception):
    pass


class TimeIsUp(Exception):
    pass


def _children(pid):
    try:
        for thread in os.listdir('/proc/%d/task' % pid):
            with open('/proc/%d/task/%s/children' % (pid, thread)) as file:
                yield from map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return


def _descendants(pid):
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _high_water_kib(pid):
    try:
        with open('/proc/%d/status' % pid) as file:
            for line in file:
                if line.startswith('VmHWM:'):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def _program(pid):
    try:
        return os.readlink('/proc/%d/exe' % pid)
    except OSError:
        return None


def _watch(pid, peaks, end):
    """Until the process ends, or the time `end`; gathers the peaks of its descendants. Whether it has ended."""
    own = _program(pid)
    ended = select.poll()
    descriptor = os.pidfd_open(pid)
    ended.register(descriptor, select.POLLIN)
    while not (done := ended.poll(SAMPLE_MS)) and time.monotonic() < end:
        # Between fork and exec a child has the peak of its parent, and shares the memory.
        for child in (child for child in _descendants(pid) if _program(child) != own):
            peaks[child] = max(peaks.get(child, 0), _high_water_kib(child))
    os.close(descriptor)
    return bool(done)


def _kill(pid):
    """It, and all that came of it."""
    for process in [*_descendants(pid), pid]:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _cpu(usage):
    return usage.ru_utime + usage.ru_stime


def _reap_orphans():
    """Plugin hosts may outlive the command for a moment; they come to us, and their CPU time with them."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.002)
        except ChildProcessError:
            return


def run(arguments, cwd, output, limit=float('inf'), says=None):
    """output: the file that takes stdout and stderr. A command that fails, or does not say what is expected, is
    CommandFailed; one that takes longer than `limit` seconds is killed, and TimeIsUp."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _cpu(resource.getrusage(resource.RUSAGE_CHILDREN))
    peaks = {}
    with open(output, 'wb') as out:
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        in_time = _watch(process.pid, peaks, time.monotonic() + limit)
        seconds = time.perf_counter() - begin
        if not in_time:
            _kill(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _reap_orphans()
    if not in_time:
        raise TimeIsUp()
    with open(output, errors='replace') as file:
        text = file.read()
    if process.returncode != 0:
        raise CommandFailed('%s ended with status %d:\n%s' % (' '.join(arguments), process.returncode, text[-2000:]))
    if says and says not in text:
        raise CommandFailed('%s does not say "%s":\n%s' % (' '.join(arguments), says, text[-2000:]))
    cpu = _cpu(resource.getrusage(resource.RUSAGE_CHILDREN)) - before
    return Measurement(seconds, cpu, (usage.ru_maxrss + sum(peaks.values())) / 1024)
