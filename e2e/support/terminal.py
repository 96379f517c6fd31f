"""The product on a terminal of its own: what a person sees and types."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

COLUMNS = 100
ENOUGH = 60  # seconds


class Terminal:
    """A command whose standard streams are a terminal. `text` is what has come so far, control characters too."""

    def __init__(self, tenon, *arguments, kind='xterm'):
        self.arguments, self.text = arguments, ''
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 40, COLUMNS, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name != 'NO_COLOR'}

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([tenon.program, *arguments], cwd=tenon.directory, stdin=slave, stdout=slave,
                                        stderr=slave, env={**environment, 'TERM': kind}, preexec_fn=take_terminal)
        os.close(slave)

    def read(self, timeout):
        """Whether more may come."""
        if not select.select([self.master], [], [], timeout)[0]:
            return True
        try:
            more = os.read(self.master, 65536)
        except OSError:  # nobody has the terminal open any more
            return False
        self.text += more.decode(errors='replace')
        return bool(more)

    def wait_for(self, pattern, timeout=ENOUGH):
        """The match of a regular expression in what it has said."""
        end = time.monotonic() + timeout
        while not (found := re.search(pattern, self.text)):
            if not self.read(0.1) or time.monotonic() > end:
                raise AssertionError('%r did not come\n%s' % (pattern, self))
        return found

    def type(self, text):
        os.write(self.master, text.encode())

    def status(self, timeout=ENOUGH):
        """Its exit status, when it has ended."""
        end = time.monotonic() + timeout
        while self.read(0.1):
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError('not done after %d s\n%s' % (timeout, self))
        os.close(self.master)
        return self.process.wait()

    def __str__(self):
        return '$ tenon %s\n%s' % (' '.join(self.arguments), self.text)
