"""The graphs that are measured, as Tenon's YAML and as Terraform's HCL."""

LARGE = 100000  # from here on what repeats would take minutes

DOCUMENT = """---
apiVersion: memory.tenon.dev/v1
kind: Item
metadata:
  name: %(name)s
  labels:
    app: bench
spec:
  value: value of %(name)s
  text: written by the benchmark
  size: 10Gi
  running: true
"""

BLOCK = """resource "terraform_data" "%(name)s" {
  input = {
    value   = "value of %(name)s"
    text    = "written by the benchmark"
    size    = "10Gi"
    running = true%(needs)s
  }
}
"""


def _document(name, requires=()):
    text = DOCUMENT % {'name': name}
    return text + ('  requires:\n' + ''.join('  - %s\n' % other for other in requires) if requires else '')


def _block(name, requires=()):
    needs = ''.join('\n    needs%d = terraform_data.%s.id' % (i, other) for i, other in enumerate(requires))
    return BLOCK % {'name': name, 'needs': needs}


def independent(n):
    """[(name, names it requires)]: nothing requires anything."""
    return [('item-%06d' % i, ()) for i in range(n)]


def pairs(n):
    """Half machines, half volumes; each machine requires one volume."""
    half = n // 2
    return ([('machine-%06d' % i, ('volume-%06d' % i,)) for i in range(half)] +
            [('volume-%06d' % i, ()) for i in range(half)])


def layers(count, width):
    """Each one requires two of the layer before it: its own place and the next."""
    name = 'layer-%03d-%03d'
    return [(name % (layer, i), (name % (layer - 1, i), name % (layer - 1, (i + 1) % width)) if layer else ())
            for layer in range(count) for i in range(width)]


def chain(n):
    return [('link-%06d' % i, ('link-%06d' % (i - 1),) if i else ()) for i in range(n)]


def as_yaml(graph):
    return ''.join(_document(name, requires) for name, requires in graph)


def as_terraform(graph):
    return ''.join(_block(name, requires) for name, requires in graph)
