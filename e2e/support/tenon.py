"""The staged product, run in a working directory of its own."""
import contextlib
import copy
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

CONFIGURATION = """\
instances:
- name: libvirt
  plugin: libvirt
  configuration:
    uri: "{uri}"
    console: "{console}"
- name: local
  plugin: local
- name: cdi-import
  plugin: cdi-import
"""


class Done:
    """A finished command. `text` is standard output and standard error as they came."""

    def __init__(self, command, status, text):
        self.command, self.status, self.text = command, status, text

    def __str__(self):
        return '$ tenon %s   (status %s)\n%s' % (' '.join(self.command), self.status, self.text)


class Running:
    """A command in the background."""

    def __init__(self, command, process, output):
        self.command, self.process, self.output = command, process, output

    def text(self):
        return self.output.read_text(errors='replace')

    def running(self):
        return self.process.poll() is None

    def signal(self, number=signal.SIGKILL):
        self.process.send_signal(number)

    def wait(self, timeout=120):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.signal()
            raise AssertionError('tenon %s: not done after %d s\n%s' % (' '.join(self.command), timeout, self.text()))
        return Done(self.command, status, self.text())


class Tenon:
    """`directory` is new and ours: tenon.yaml, manifests, consoles of the guests, the inventory below .tenon."""

    def __init__(self, directory, uri):
        prefix = os.environ.get('TENON_PREFIX') or pathlib.Path(__file__).resolve().parents[2] / 'build/prefix'
        self.program = str(pathlib.Path(prefix) / 'bin/tenon')
        self.directory, self.consoles = pathlib.Path(directory), pathlib.Path(directory) / 'consoles'
        self.consoles.mkdir(parents=True)
        self.history = []
        self.write('tenon.yaml', CONFIGURATION.format(uri=uri, console=self.consoles))

    def beside(self, name):
        """The same product, run in an empty directory beside this one."""
        other = copy.copy(self)
        other.directory = self.directory.parent / name
        other.directory.mkdir()
        return other

    def write(self, name, text):
        (self.directory / name).write_text(text)
        return name

    def start(self, *arguments, under=()):
        """under: a program and its options that run it."""
        output = self.directory / ('.output-%d' % time.monotonic_ns())
        with open(output, 'wb') as file:
            process = subprocess.Popen([*under, self.program, *arguments], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=file,
                                       stderr=subprocess.STDOUT, env=dict(os.environ, NO_COLOR='1'), start_new_session=True)
        command = Running(arguments, process, output)
        self.history.append(command)
        return command

    def run(self, *arguments, timeout=120):
        return self.start(*arguments).wait(timeout)

    def console(self, domain):
        try:
            return (self.consoles / (domain + '.log')).read_text(errors='replace')
        except FileNotFoundError:
            return ''

    def leftovers(self):
        """Files of claims and imports, which live below .tenon with the default configuration."""
        return sorted(str(path.relative_to(self.directory)) for folder in ('volumes', 'imports')
                      for path in (self.directory / '.tenon' / folder).rglob('*') if path.is_file())

    def owned(self):
        """Addresses in the inventory, as its file has them."""
        with contextlib.closing(sqlite3.connect('file:%s?mode=ro' % (self.directory / '.tenon/inventory.db'), uri=True)) as file:
            return [address for address, in file.execute('SELECT key FROM resources')]

    def get(self):
        """What `tenon get` says: {"VirtualMachine/name": item}; empty while there is nothing to say."""
        done = self.run('get', '-o', 'json')
        self.history.pop()  # asked too often to be part of the story
        try:
            items = json.loads(done.text)['items']
        except ValueError:
            raise AssertionError(str(done)) from None
        return {'%s/%s' % (item['kind'], item['name']): item for item in items}

    def story(self):
        return '\n'.join('$ tenon %s   (status %s)\n%s' % (' '.join(one.command), one.process.poll(), one.text())
                         for one in self.history)
