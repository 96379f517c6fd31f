"""The pages of the documentation: what their blocks show is run and compared."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREFIX = pathlib.Path(os.environ.get('TENON_PREFIX') or ROOT / 'build/prefix')


def blocks(text, language):
    return re.findall(r'^```%s\n(.*?)^```$' % language, text, re.MULTILINE | re.DOTALL)


def commands_of(block):
    """[(command, expected output), ...]: a command begins with "$ ", its further lines with "> "."""
    shown = []
    for line in block.splitlines(keepends=True):
        if line.startswith('$ '):
            shown.append([line[2:], ''])
        elif line.startswith('> ') and not shown[-1][1]:
            shown[-1][0] += line[2:]
        else:
            shown[-1][1] += line
    return [tuple(pair) for pair in shown]


class Shell:
    """Runs commands in a directory with the product in PATH. Variables that one sets are there for the next."""

    def __init__(self, directory, timeout=60):
        self.directory, self.timeout, self.assignments = directory, timeout, ''
        self.environment = {**os.environ, 'PATH': '%s/bin:%s' % (PREFIX, os.environ['PATH']), 'NO_COLOR': '1'}
        self.environment.pop('TENON_PREFIX', None)

    def run(self, command):
        """Standard output and standard error, one after the other."""
        if re.match(r'[A-Z]+=', command):
            self.assignments += command
        done = subprocess.run(['bash', '-c', self.assignments + command], cwd=self.directory, env=self.environment,
                              text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=self.timeout)
        return done.stdout + done.stderr
