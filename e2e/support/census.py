"""What there must never be two of, counted all the time by somebody who knows only processes and files."""
import threading
import time

from support import processes

MOMENT = 0.3  # seconds; a program may be going while the next one comes


class Census(threading.Thread):
    """`doubles` says which of the programs ran twice for longer than a moment."""

    def __init__(self, *programs):
        super().__init__(daemon=True)
        self.programs, self.doubles, self.counted, self.ended = programs, [], 0, threading.Event()
        self.start()

    def run(self):
        since = {}
        while not self.ended.wait(0.05):
            now = time.monotonic()
            alive = {pid: processes.program(pid) for pid in processes.running(*self.programs)}
            since = {one: since.get(one, now) for one in alive.items() if not processes.started_by_its_like(one[0])}
            for program in self.programs:
                lasting = [pid for (pid, name), begun in since.items() if name == program and now - begun > MOMENT]
                if len(lasting) > 1:
                    self.doubles.append('%d %s: %s' % (len(lasting), program, lasting))
            self.counted += 1

    def stop(self):
        self.ended.set()
        self.join()
