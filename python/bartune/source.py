"""What a function or a class is made of: its text, and what the names in it mean.

The text is looked for where Python keeps it for tracebacks (`linecache`): files, notebooks' cells, and the prompts that keep
theirs. Which names it reads of its surroundings is told by the compiler's own table of symbols.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import linecache
import symtable
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_FUTURE = "from __future__ import annotations\n"


class NoSource(Exception):
    """It cannot be taken elsewhere; the text says why and what to do."""


@dataclass(frozen=True)
class Definition:
    """A function's or a class's own text."""

    name: str
    """What the text defines."""
    block: str
    """Its lines as they stand, indented or not."""
    indent: str
    """Their indentation."""
    globals: dict[str, Any]
    """What the names mean that it reads of its module."""
    cells: dict[str, Any]
    """What it reads of the functions around it."""
    submodules: list[str]
    """Modules that it reaches through those it names (`scipy.signal`)."""

    @property
    def text(self) -> str:
        """Its lines as a module's."""
        return f"if True:\n{self.block}" if self.indent else self.block


def is_defined(value: Any) -> bool:
    """Whether something is a function or a class, also one that a decorator has wrapped."""
    return isinstance(value, types.FunctionType | type) or (
        callable(value) and isinstance(getattr(value, "__wrapped__", None), types.FunctionType)
    )


def definition(value: Any) -> Definition:
    """The definition of a function or a class.

    Raises:
        NoSource: there is no text, or it is not all that the value is.
    """
    inner = inspect.unwrap(value)
    if isinstance(inner, type):
        code, functions = _code_of_class(inner)
    else:
        code, functions = inner.__code__, [inner]
    if inner.__name__ == "<lambda>":
        raise NoSource("a lambda has no text of its own: write it with `def`")
    lines = linecache.getlines(code.co_filename, functions[0].__globals__)
    if not lines:
        raise NoSource(f"the text of `{inner.__name__}` is not kept where it was typed: put it into a file or a notebook")
    node = _node(lines, inner, code)
    if inner is not value and not node.decorator_list:
        raise NoSource(f"`{inner.__name__}` was wrapped after its definition: write what wraps it as a decorator")
    namespace = functions[0].__globals__
    if isinstance(value, types.FunctionType) and inner is value and namespace.get(value.__name__) is not value:
        # What a decorator was given, not what it made.
        node.decorator_list.clear()
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    block = "".join(line if line.endswith("\n") else line + "\n" for line in lines[first - 1 : node.end_lineno])
    indent = block[: len(block) - len(block.lstrip())]
    cells = _cells(functions, inner)
    names = sorted(_names_read(block, indent, list(cells)) & namespace.keys())
    names = [name for name in names if name not in builtins.__dict__ and not name.startswith("__")]
    found = {name: namespace[name] for name in names}
    if isinstance(inner, types.FunctionType):
        _check_defaults(inner, node, namespace)
    return Definition(inner.__name__, block, indent, found, cells, _submodules(node, found))


_Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _node(lines: list[str], value: Any, code: types.CodeType) -> _Node:
    """The statement that defines it: the innermost one of its name around, or at, its code."""
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError as error:
        raise NoSource(f"the text around `{value.__name__}` cannot be read: {error}") from None
    best: _Node | None = None
    for node in ast.walk(tree):
        if not isinstance(node, _Node) or node.name != value.__name__:
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        is_it = first == code.co_firstlineno or (
            isinstance(node, ast.ClassDef) and first <= code.co_firstlineno <= (node.end_lineno or first)
        )
        if is_it and (best is None or node.lineno > best.lineno):
            best = node
    if best is None:
        raise NoSource(f"the text of `{value.__name__}` was changed after it was run: run it again")
    return best


def _code_of_class(kind: type) -> tuple[types.CodeType, list[types.FunctionType]]:
    """The code of a method that is written in the class, and all such methods."""
    methods = []
    for part in vars(kind).values():
        for function in _functions(part):
            if function.__qualname__.startswith(kind.__qualname__ + ".") and linecache.getlines(
                function.__code__.co_filename, function.__globals__
            ):
                methods.append(function)
    if not methods:
        raise NoSource(f"the class `{kind.__name__}` has no method that tells where its text is: put it into a module")
    return methods[0].__code__, methods


def _functions(part: Any) -> Iterator[types.FunctionType]:
    if isinstance(part, property):
        candidates = [part.fget, part.fset, part.fdel]
    elif isinstance(part, functools.cached_property):
        candidates = [part.func]
    else:
        candidates = [getattr(part, "__func__", part)]
    for candidate in candidates:
        inner = inspect.unwrap(candidate) if callable(candidate) else candidate
        if isinstance(inner, types.FunctionType):
            yield inner


def _cells(functions: list[types.FunctionType], value: Any) -> dict[str, Any]:
    """What functions close over, but for themselves and the class they are in."""
    found: dict[str, Any] = {}
    for function in functions:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if name == "__class__":
                continue
            try:
                content = cell.cell_contents
            except ValueError:
                raise NoSource(f"`{name}`, which it closes over, has no value yet") from None
            if content is not value:
                found[name] = content
    return dict(sorted(found.items()))


def _names_read(block: str, indent: str, cells: list[str]) -> set[str]:
    """The names that a definition reads of its module."""
    head = f"def carried({', '.join(cells)}):\n" if cells else "if True:\n" if indent else ""
    table = symtable.symtable(_FUTURE + head + block, "<definition>", "exec")
    names: set[str] = set()
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        is_module = scope.get_type() == "module"
        names |= {
            symbol.get_name()
            for symbol in scope.get_symbols()
            if symbol.is_referenced() and (is_module or symbol.is_global())
        }
    return names


def _check_defaults(function: types.FunctionType, node: _Node, namespace: dict[str, Any]) -> None:
    """A default is worked out anew where the text is run: a name there must still mean what it meant."""
    assert not isinstance(node, ast.ClassDef)
    arguments = [*node.args.posonlyargs, *node.args.args]
    given = list(zip(arguments[len(arguments) - len(node.args.defaults) :], node.args.defaults, strict=True))
    meant = list(function.__defaults__ or ())
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is not None:
            given.append((argument, default))
            meant.append((function.__kwdefaults__ or {}).get(argument.arg))
    if len(given) != len(meant):
        raise NoSource(f"the defaults of `{function.__name__}` were changed after its definition")
    for (argument, default), value in zip(given, meant, strict=True):
        is_known = not isinstance(default, ast.Name) or namespace.get(default.id, value) is value
        is_local = "<locals>" in function.__qualname__ and not isinstance(default, ast.Constant)
        if is_local or not is_known:
            raise NoSource(f"the default of `{argument.arg}` is not what `{ast.unparse(default)}` means elsewhere: write the value")


def _submodules(node: ast.AST, found: dict[str, Any]) -> list[str]:
    """Modules that are read as attributes of modules: importing the outer one need not import them."""
    names = set()
    for part in ast.walk(node):
        path: list[str] = []
        while isinstance(part, ast.Attribute):
            path.insert(0, part.attr)
            part = part.value
        outer = found.get(part.id) if isinstance(part, ast.Name) else None
        if isinstance(outer, types.ModuleType):
            name = outer.__name__
            for step in path:
                name = f"{name}.{step}"
                if name not in sys.modules:
                    break
                names.add(name)
    return sorted(names)
