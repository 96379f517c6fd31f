"""`tenon completion` in the shells themselves."""
import shutil
import subprocess
import unittest

from support import pages
from support.memory import MemoryCase, items


class CompletionTest(MemoryCase):
    def setUp(self):
        super().setUp()
        self.tenon.write('items.yaml', items('apple', 'pear'))
        self.succeeds('apply', '-f', 'items.yaml', '--yes')
        (self.tenon.directory / 'some file.yaml').touch()
        self.shell = pages.Shell(self.tenon.directory)

    def script(self, shell, program):
        if not shutil.which(shell):
            raise unittest.SkipTest('%s is not installed' % shell)
        done = subprocess.run([shell, '-c', program], cwd=self.tenon.directory, env=self.shell.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done.stdout.split('\n')[:-1]

    def bash(self, *words):
        return self.script('bash', '''
            set -u; source <(tenon completion bash)
            COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _tenon
            if [ ${#COMPREPLY[@]} -gt 0 ]; then printf '%%s\\n' "${COMPREPLY[@]}"; fi
            ''' % ' '.join("'%s'" % word for word in ('tenon',) + words))

    def test_bash(self):
        self.assertEqual(self.bash('des'), ['destroy', 'describe'])
        self.assertEqual(self.bash('get', 'item/'), ['item/apple', 'item/pear'])
        self.assertEqual(self.bash('get', 'it'), ['item'])
        self.assertEqual(self.bash('get', '-o', 'w'), ['wide'])
        self.assertEqual(self.bash('get', '--output', '=', 'w'), ['wide'])
        self.assertEqual(self.bash('explain', 'item.spec.si'), ['item.spec.size'])
        self.assertEqual(self.bash('doctor', ''), ['memory'])
        self.assertEqual(self.bash('plan', '-f', 'so'), ['some file.yaml'])
        self.assertEqual(self.bash('apply', '--approve', 'memory.tenon.dev/Item/default/p'),
                         ['memory.tenon.dev/Item/default/pear'])
        self.assertEqual(self.bash('nonsense', ''), [])

    def test_zsh(self):
        """With the functions that only its line editor has in our words."""
        def zsh(*words):
            return self.script('zsh', '''
                compadd() { while [[ $1 != -a ]]; do shift; done; print -rl -- "${(@P)2}"; }
                _files() { print files; }
                source <(tenon completion zsh)
                words=(%s); CURRENT=${#words}
                _tenon
                ''' % ' '.join("'%s'" % word for word in ('tenon',) + words))
        self.assertEqual(zsh('des'), ['destroy', 'describe'])
        self.assertEqual(zsh('get', 'item/'), ['item/apple', 'item/pear'])
        self.assertEqual(zsh('graph', '--output=m'), ['--output=mermaid'])
        self.assertEqual(zsh('plan', '-f', ''), ['files'])

    def test_fish(self):
        def fish(line):
            return [text.split('\t')[0]
                    for text in self.script('fish', "tenon completion fish | source; complete -C '%s'" % line)]
        self.assertEqual(sorted(fish('tenon des')), ['describe', 'destroy'])
        self.assertEqual(fish('tenon get item/'), ['item/apple', 'item/pear'])
        self.assertEqual(fish('tenon graph --output=m'), ['--output=mermaid'])
        self.assertIn('items.yaml', fish('tenon plan -f it'))
