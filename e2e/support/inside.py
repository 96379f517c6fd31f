"""Runs one case and appends a line of JSON for each test to a file; started by e2e/run.

usage: python3 -m support.inside CASE RESULTS
"""
import importlib.util
import json
import os
import pathlib
import sys
import time
import traceback
import unittest

from support import processes

HERE = pathlib.Path(__file__).resolve().parent.parent


class Results(unittest.TestResult):
    def __init__(self, case, file):
        super().__init__()
        self.case, self.file = case, file

    def startTest(self, test):
        super().startTest(test)
        self.begun, self.reported = time.monotonic(), False

    def report(self, test, state, reason=''):
        name = '%s.%s' % (self.case, getattr(test, '_testMethodName', None) or test.id())
        seconds = time.monotonic() - getattr(self, 'begun', time.monotonic())
        print('%-7s %s (%.1f s)%s' % (state, name, seconds, ': ' + reason if reason else ''), flush=True)
        self.file.write(json.dumps([name, state, reason]) + '\n')
        self.file.flush()
        self.reported = True

    def addSuccess(self, test):
        self.report(test, 'passed')

    def addSkip(self, test, reason):
        self.report(test, 'skipped', reason)

    def addFailure(self, test, error):
        text = ''.join(traceback.format_exception(*error))
        story = getattr(test, 'story', lambda: '')()
        print(text, story, sep='\n', flush=True)
        self.report(test, 'failed', str(error[1]).strip().split('\n')[0])

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error:
            self.addFailure(test, error)

    def stopTest(self, test):
        super().stopTest(test)
        if not self.reported:
            self.report(test, 'failed', 'a part of it failed')


def main(case, results):
    processes.adopt_orphans()
    specification = importlib.util.spec_from_file_location('case', HERE / case / 'test.py')
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    with open(results, 'a') as file:
        unittest.defaultTestLoader.loadTestsFromModule(module).run(Results(case, file))
    processes.kill_descendants()


if __name__ == '__main__':
    main(*sys.argv[1:])
    # The loop of libvirt's events runs on, and an interpreter that is taken down under it crashes now and then.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
