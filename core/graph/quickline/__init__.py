"""The quick line: a network typed as one line of text, ``conv 32 k3 p1 > bn > relu > maxpool 2``, and what it makes.

A line is a chain of layers joined by ``>``. ``[a | b]`` are branches side by side, each fed by what arrives; an empty
branch (or ``id`` or ``skip``) passes it on. ``(a > b) x3`` and ``a x3`` repeat: the use of a group is repeated as such,
anything else is written out. After a layer's name stand its parameters: by place (``32``, in the order of what the node
shows), by letter (``k3``, see ``arguments.LETTERS``), by name (``bias=no``) or as a word (``same``, ``bidirectional``).
``:hidden`` goes on from another output than the first.
"""

from core.graph.quickline.building import Line, Source, read_line
from core.graph.quickline.placing import add_line
from core.graph.quickline.syntax import LineProblem, Token, parse

__all__ = ["Line", "LineProblem", "Source", "Token", "add_line", "parse", "read_line"]
