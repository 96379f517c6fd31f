"""The tools judge as docs/testing.md says: what is skipped, what broke, what an editor is told of each file; and they touch
nothing that is not theirs."""
import importlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support.pages import PREFIX, ROOT

SKIPS = """\
import unittest
from support import lab

class Skips(unittest.TestCase):
    def test_fine(self): pass
    def test_lazy(self): %s
    def test_unable(self): raise lab.MachineCannot('fly')
"""
GOOGLE = """\
<testsuites><testsuite name="Kettle">
<testcase name="Boils" status="run" result="completed" classname="Kettle"/>
<testcase name="Whistles" status="run" result="%s" classname="Kettle">%s</testcase>
</testsuite></testsuites>
"""


def run(*command, **environment):
    inherited = {name: value for name, value in os.environ.items() if name != 'CI'}
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**inherited, **environment})
    return done.returncode, done.stdout


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='te-'))
        self.addCleanup(shutil.rmtree, self.directory)


class SkippedTest(Directory):
    """tools/test and .ci/run with one case that skips; only the building is left out."""

    def setUp(self):
        super().setUp()
        for name in ('tools/test', 'tools/test_results', 'tools/packages', '.ci/run', 'e2e/run'):
            (self.directory / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.directory / name)
        shutil.copytree(ROOT / 'e2e/support', self.directory / 'e2e/support')
        (self.directory / 'e2e/skips').mkdir()
        self.lazily('self.skipTest("not today")')
        (self.directory / 'tools/stage').write_text('#!/bin/sh\n')
        (self.directory / 'tools/stage').chmod(0o755)

    def lazily(self, what):
        (self.directory / 'e2e/skips/test.py').write_text(SKIPS % what)

    def judged(self, *command, **environment):
        """Exit status and last line."""
        status, text = run(self.directory / command[0], *command[1:], **environment)
        return status, text.splitlines()[-1]

    def test_a_skipped_test_fails_where_that_is_asked_for_unless_the_machine_cannot(self):
        self.assertEqual(self.judged('tools/test', '--e2e'), (0, '1 passed, 0 failed, 2 skipped'))
        strictly = (1, '1 passed, 1 failed, 1 skipped')
        self.assertEqual(self.judged('tools/test', '--e2e', '--strict'), strictly)
        self.assertEqual(self.judged('tools/test', '--e2e', CI='true'), strictly)
        self.assertEqual(self.judged('.ci/run', '--e2e'), strictly)

    def test_what_the_machine_cannot_do_is_no_failure(self):
        self.lazily('pass')
        self.assertEqual(self.judged('.ci/run', '--e2e'), (0, '2 passed, 0 failed, 1 skipped'))

    def test_a_failed_test_fails_anyhow(self):
        self.lazily('self.fail("broken")')
        self.assertEqual(self.judged('tools/test', '--e2e'), (1, '1 passed, 1 failed, 1 skipped'))


class BazelResultsTest(Directory):
    """What Bazel and GoogleTest leave behind, as tools/test_results reads it."""

    def judged(self, xml, *options, status='PASSED', bazel=0):
        (self.directory / 'test.xml').write_text(xml)
        event = {'id': {'testResult': {'label': '//kitchen:kettle_test'}}, 'testResult': {
            'status': status, 'testActionOutput': [{'name': 'test.xml', 'uri': 'file://%s/test.xml' % self.directory}]}}
        (self.directory / 'events').write_text(json.dumps({'id': {'started': {}}}) + '\n' + json.dumps(event) + '\n')
        return run(ROOT / 'tools/test_results', *options, '--bazel', 'unit', self.directory / 'events', str(bazel))

    def test_a_skipped_case_of_googletest_fails_where_that_is_asked_for(self):
        skipped = GOOGLE % ('skipped', '<skipped message="kettle_test.cc:7&#x0A;no water"/>')
        status, text = self.judged(skipped)
        self.assertEqual((status, text.splitlines()[-1]), (0, '1 passed, 0 failed, 1 skipped'))
        status, text = self.judged(skipped, '--strict')
        self.assertEqual((status, text.splitlines()[-1]), (1, '1 passed, 1 failed, 0 skipped'))
        self.assertIn('failed: //kitchen:kettle_test Kettle.Whistles: skipped where that is not allowed: no water', text)
        status, text = self.judged(skipped.replace('no water', 'this machine cannot heat'), '--strict')
        self.assertEqual((status, text.splitlines()[-1]), (0, '1 passed, 0 failed, 1 skipped'))

    def test_a_program_that_dies_and_a_build_that_fails_are_failures(self):
        passed = GOOGLE % ('completed', '')
        self.assertEqual(self.judged(passed)[0], 0)
        for reported in (passed, '<testsuites><testsuite name="Kett'):
            status, text = self.judged(reported, status='FAILED', bazel=3)
            self.assertEqual(status, 1, text)
            self.assertIn('failed: //kitchen:kettle_test (the program): FAILED', text)
        status, text = self.judged(passed, bazel=1)
        self.assertEqual((status, text.splitlines()[-1]), (1, '2 passed, 1 failed, 0 skipped'))

    def test_nothing_at_all_is_a_failure(self):
        self.assertEqual(run(ROOT / 'tools/test_results')[0], 1)


TERRAFORM = """\
#!/bin/sh
# Plans what there is, and is never done with applying it.
echo "$1" >>"$CALLS"
case $1 in
  plan) echo "Plan: $(grep -c ^resource main.tf) to add, 0 to change, 0 to destroy." ;;
  apply) sleep 1000; echo late ;;
esac
"""


class BenchTest(Directory):
    """tools/bench with the staged product, without building; its figures are not looked at."""

    def setUp(self):
        super().setUp()
        (self.directory / 'framework').mkdir()
        shutil.copytree(ROOT / 'framework/bench', self.directory / 'framework/bench')
        self.script('tools/bench', (ROOT / 'tools/bench').read_text())
        self.script('tools/stage', '#!/bin/sh\n')
        (self.directory / 'build').mkdir()
        (self.directory / 'build/prefix').symlink_to(PREFIX)
        self.place = self.directory / 'place'
        (self.place / 'terraform').mkdir(parents=True)
        for name in ('mine', 'terraform/mine', 'tenon.yaml'):
            (self.place / name).write_text('precious')

    def script(self, name, text):
        (self.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / name).write_text(text)
        (self.directory / name).chmod(0o755)

    def bench(self, *words, **environment):
        return run(self.directory / 'tools/bench', '--dir', self.place, '--repeat', '1', *words, **environment)

    def in_place(self):
        return {str(path.relative_to(self.place)): path.read_text() for path in self.place.rglob('*') if path.is_file()}

    def test_what_is_in_the_directory_stays_and_nothing_comes_to_it(self):
        before = self.in_place()
        status, text = self.bench('--sizes', '10', '--only', 'commands,plan pairs,start')
        self.assertEqual(status, 0, text)
        self.assertIn('plan unchanged', text)
        self.assertEqual(self.in_place(), before)

    def test_a_command_that_does_not_do_what_is_measured_is_no_row(self):
        (self.directory / 'build/prefix').unlink()
        self.script('build/prefix/bin/tenon', '#!/bin/sh\necho "Plan: 9 to create, 0 to update"\n')
        before = self.in_place()
        for group in ('commands', 'plan pairs'):
            status, text = self.bench('--sizes', '10', '--only', group)
            self.assertEqual(status, 1, text)
            self.assertIn('does not say "Plan: 10 to create, "', text)
        self.assertEqual(self.in_place(), before)

    def test_terraform_is_given_up_where_it_takes_too_long(self):
        self.script('bin/terraform', TERRAFORM)
        calls = self.directory / 'calls'
        status, text = self.bench('--sizes', '10,20', '--only', 'commands,plan pairs', '--against', 'terraform', '--limit', '5',
                                  PATH='%s/bin:%s' % (self.directory, os.environ['PATH']), CALLS=str(calls))
        self.assertEqual(status, 0, text)
        told = re.findall(r'^  (.*?) +n = +(\d+) +(more than 5 s|[\d.]+ s) .*times tenon', text, re.MULTILINE)
        self.assertEqual([(name, n, time == 'more than 5 s') for name, n, time in told],
                         [('plan pairs', '10', False), ('plan new', '10', False), ('apply', '10', True),
                          ('plan pairs', '20', False), ('plan new', '20', False)])
        self.assertEqual(calls.read_text().split(), ['init', 'plan'] + ['init', 'plan', 'apply'] + ['init', 'plan'] * 2)
        left = [path for path in pathlib.Path('/proc').glob('[0-9]*/cwd') if self.is_below(path)]
        self.assertEqual(left, [])

    def test_a_row_is_of_the_fastest_run_with_the_largest_peak_of_all(self):
        sys.path.insert(0, str(ROOT / 'framework/bench'))
        self.addCleanup(sys.path.pop, 0)
        commands, measure = importlib.import_module('commands'), importlib.import_module('measure')
        taken = [measure.Measurement(*numbers) for numbers in ((3, 4, 50), (2, 5, 40), (4, 3, 60))]
        self.assertEqual(commands.best('apply', 10, taken)[:5], ('apply', 10, 2, 5, 60))

    def is_below(self, link):
        try:
            return os.readlink(link).startswith(str(self.directory))
        except OSError:
            return False


class UsageTest(unittest.TestCase):
    def test_every_tool_tells_how_it_is_used(self):
        tools = [path for path in (ROOT / 'tools').iterdir() if os.access(path, os.X_OK)]
        self.assertGreater(len(tools), 8)
        for tool in tools:
            status, text = run(tool, '--help')
            self.assertEqual((status, 'usage: ' in text), (0, True), '%s: %s' % (tool, text))

    def test_what_no_tool_takes_is_refused(self):
        for words, answer in ((['conformance', '--wirte'], "conformance: unknown argument '--wirte'; see --help\n"),
                              (['demo', '--prefix'], 'demo: --prefix wants a value; see --help\n'),
                              (['test', '-c'], 'test: -c wants a value; see --help\n')):
            self.assertEqual(run(ROOT / 'tools' / words[0], *words[1:]), (1, answer))


class CompileCommandsTest(unittest.TestCase):
    def test_every_source_is_there_with_a_command_that_compiles_it(self):
        status, text = run(ROOT / 'tools/compile_commands', '-c', 'opt')
        self.assertEqual(status, 0, text)
        entries = {entry['file']: entry for entry in json.loads((ROOT / 'compile_commands.json').read_text())}
        sources = run('git', '-C', ROOT, 'ls-files', '--', 'framework/*.cc', 'plugins/*.cc')[1].split()
        self.assertGreater(len(sources), 100)
        self.assertEqual(sorted(set(sources) - set(entries)), [])
        one = entries['plugins/memory/memory.cc']  # includes a generated header
        done = subprocess.run([*one['arguments'], '-fsyntax-only'], cwd=one['directory'], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(re.search('warning', done.stderr), done.stderr)
