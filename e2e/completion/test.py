"""`tenon completion` in the shells themselves."""
import os
import pty
import shutil
import subprocess
import unittest

from support import pages
from support.case import wait_until
from support.memory import MemoryCase, items

# What makes Ctrl-X write the line that is being edited to the file `line`.
SETUP = {
    'bash': r'''bind -x '"\C-x": printf "<%s>" "$READLINE_LINE" >line'; bind 'set bell-style none'
               source <(tenon completion bash); touch ready''',
    'zsh': r'''autoload -U compinit; compinit -u -D; tell() { printf "<%s>" "$BUFFER" >line }; zle -N tell
              bindkey '^X' tell; source <(tenon completion zsh); touch ready''',
}


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

    def typed(self, shell, line):
        """The line of an interactive shell after `line` and Tab."""
        if not shutil.which(shell):
            raise unittest.SkipTest('%s is not installed' % shell)
        here = self.tenon.directory
        master, slave = pty.openpty()
        options = ['--norc', '--noprofile'] if shell == 'bash' else ['-f']
        process = subprocess.Popen([shell, *options, '-i'], cwd=here, stdin=slave, stdout=slave, stderr=slave,
                                   env={**self.shell.environment, 'TERM': 'dumb'}, start_new_session=True)
        os.close(slave)
        os.set_blocking(master, False)

        def is_there(name):
            try:
                os.read(master, 65536)  # or the shell would wait for a reader
            except OSError:
                pass
            return (here / name).exists() and ((here / name).read_text() or name == 'ready')
        try:
            os.write(master, SETUP[shell].replace('\n', ';').encode() + b'\n')
            wait_until('a prompt of ' + shell, lambda: is_there('ready'))
            os.write(master, line.encode() + b'\t\x18')
            return wait_until('an edited line of ' + shell, lambda: is_there('line'))
        finally:
            process.kill()
            process.wait()
            os.close(master)
            for name in ('ready', 'line'):
                (here / name).unlink(missing_ok=True)

    def test_at_the_prompt(self):
        for shell in ('bash', 'zsh'):
            with self.subTest(shell):
                self.assertEqual(self.typed(shell, 'tenon desc'), '<tenon describe >')
                self.assertEqual(self.typed(shell, 'tenon get item/a'), '<tenon get item/apple >')
                self.assertEqual(self.typed(shell, 'tenon explain item.spec.si'), '<tenon explain item.spec.size>')
                self.assertEqual(self.typed(shell, 'tenon graph --output=me'), '<tenon graph --output=mermaid >')
                self.assertEqual(self.typed(shell, 'tenon plan -f items.y'), '<tenon plan -f items.yaml >')

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
