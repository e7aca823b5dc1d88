"""How a callable gets to where it is asked: to worker processes, or to this process's threads.

A callable that a module has is named, and the module imported there. One that is defined in a script, a notebook or another
function is carried as text: its source, that of the functions and classes it uses, imports, constants and pickled objects, each
under the name it is used by. The text is a module of its own, it is what is called (in this process as well), and its hash
is what results depend on: two functions that differ anywhere in it are two strategies, and the same cell run twice is one.

What was set on a function or class after its definition is not carried.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import json
import os
import pickle
import sys
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bartune import _worker
from bartune.errors import StrategyError
from bartune.source import Definition, NoSource, definition, is_defined
from bartune.study import RunIn

#: The most that is carried of one object.
MOST_BYTES = 64 << 20
#: The module of what no other process can import.
PROGRAM = "__main__"


class Carried:
    """A strategy for worker processes.

    `name` is what the study's text calls it, `spec` what a worker is told.
    """

    def __init__(self, name: str, spec: dict[str, Any]) -> None:
        self.name = name
        self.spec: dict[str, Any] | None = spec


class Here:
    """A strategy that is called in this process, by any number of threads at once."""

    spec = None

    def __init__(self, carried: Carried) -> None:
        self.name = carried.name
        self._spec: dict[str, Any] = carried.spec or {}
        self._files = _worker.Files()
        self._strategy: _worker.Strategy | None = None

    def hello(self) -> bytes:
        """What the strategy depends on, or why it cannot be used."""
        folder = self._spec["folder"]
        try:
            _worker.require_numpy()
            with _afresh(folder):
                self._strategy = _worker.Strategy(self._spec)
            return self._strategy.hello()
        except Exception as error:
            return _worker.failure(error, folder)

    def answer(self, question: bytes) -> bytes:
        """The answer to a question, as a worker gives it."""
        assert self._strategy is not None
        return _worker.answer_of(self._strategy, self._files, json.loads(question))


@contextmanager
def _afresh(folder: str) -> Iterator[None]:
    """With the modules of a folder imported anew: what runs is what is hashed, not what a file said when the program
    imported it. The program keeps the modules that it has."""
    before, path = dict(sys.modules), list(sys.path)
    for name, module in before.items():
        if _is_local(name, module, folder):
            del sys.modules[name]
    importlib.invalidate_caches()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        # What a function imports when it is called is looked for there as well.
        sys.path[:] = path if folder in path else [*path, folder]
        for name, module in list(sys.modules.items()):
            if name not in before and _is_local(name, module, folder):
                del sys.modules[name]
        sys.modules.update(before)


def _is_local(name: str, module: types.ModuleType, folder: str) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and name.split(".")[0] not in (PROGRAM, "bartune") and _worker.is_below(file or "", folder)


def carried(call: Callable[..., Any], run_in: RunIn = "processes") -> Carried | Here:
    """A callable in a form in which it can be asked.

    Raises:
        StrategyError: it cannot be carried over; the message says what, and why.
    """
    if not callable(call) and not hasattr(call, "execute_strategy"):
        raise StrategyError(f"a strategy is a function or a class with `execute_strategy`, not {_kind(call)}")
    module = _home(call)
    return placed(_named(call, module) if module else _texted(call), run_in)


def of_text(text: str, changes: Mapping[str, Any], folder: Path, run_in: RunIn) -> Carried | Here:
    """What a study's text names by `FILE.py:CALLABLE` or `MODULE:CALLABLE`."""
    named = changes.get("strategy.python") or tomllib.loads(text).get("strategy", {}).get("python")
    if not isinstance(named, str):
        raise StrategyError("`run_in` is of use with a strategy in Python only: rules run in threads as they are")
    place, _, name = named.rpartition(":")
    file = os.path.abspath(folder / place) if place.endswith(".py") else None
    home = os.path.dirname(file) if file else os.path.abspath(folder)
    return placed(Carried(named, {"folder": home, "file": file, "module": place, "callable": name}), run_in)


def of_program(call: Any) -> dict[str, Any] | None:
    """What another process is told of a callable that it cannot import: as a worker is told of a strategy.

    Raises:
        StrategyError: as of `carried`.
    """
    is_own = PROGRAM in (getattr(call, "__module__", None), type(call).__module__)
    return _texted(call).spec if is_own or (is_defined(call) and _home(call) is None) else None


def placed(strategy: Carried, run_in: RunIn) -> Carried | Here:
    """It, to be asked there."""
    if run_in not in ("processes", "threads"):
        raise StrategyError(f'strategies run in "processes" or in "threads", not in {run_in!r}')
    return Here(strategy) if run_in == "threads" else strategy


def _named(call: Any, module: types.ModuleType) -> Carried:
    name = module.__name__
    file = module.__file__ or ""
    root = os.path.dirname(os.path.abspath(file))
    for _ in range(name.count(".") + (os.path.basename(file) == "__init__.py")):
        root = os.path.dirname(root)
    # Where packages are installed, what lies beside one is not its own.
    folder = _folder() if "site-packages" in root else root
    spec = {"folder": folder, "file": None, "module": name, "callable": call.__qualname__, "path": _path()}
    return Carried(f"{name}:{call.__qualname__}", spec)


def _texted(call: Any) -> Carried:
    bundle = _Bundle()
    name = call.__name__ if is_defined(call) else "strategy"
    shown = name if is_defined(call) else type(call).__name__
    try:
        bundle.bind(name, call)
        text = bundle.text()
    except NoSource as error:
        raise StrategyError(f"`{shown}` cannot be carried to where it is to run: {error}") from None
    spec = {"folder": _folder(), "module": PROGRAM, "callable": name, "path": _path()}
    return Carried(f"{PROGRAM}:{shown}", {**spec, "text": text, "values": bundle.values})


def _folder() -> str:
    """Where the program's own modules are."""
    file = getattr(sys.modules.get(PROGRAM), "__file__", None)
    return os.path.dirname(os.path.abspath(file)) if file else os.getcwd()


def _path() -> list[str]:
    return [os.path.abspath(folder) for folder in sys.path]


def _home(value: Any) -> types.ModuleType | None:
    """The module from which another process can import this."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    name = getattr(value, "__qualname__", "")
    if module is None or module.__name__ == PROGRAM or not name or not is_defined(value):
        return None
    if getattr(module, "__spec__", None) is None:
        return None
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return module if found is value else None


def _kind(value: Any) -> str:
    return f"an object of type {type(value).__name__}"


class _Bundle:
    """A module's text in the making."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        """Pickled objects, by the hash of their bytes."""
        self._bound: dict[str, Any] = {}
        self._imports: dict[str, None] = {}
        self._pieces: list[str] = []
        self._private = 0

    def text(self) -> str:
        """Imports, then definitions and values, each after what it needs."""
        return "\n".join(["from __future__ import annotations", "", *self._imports, "", *self._pieces])

    def bind(self, name: str, value: Any) -> None:
        """Let a name mean this value."""
        if name in self._bound:
            if self._bound[name] is not value:
                raise NoSource(f"`{name}` means two things in what it uses: give them two names")
            return
        self._bound[name] = value
        if isinstance(value, types.ModuleType):
            self._import(name, value)
        elif is_defined(value):
            home = _home(value)
            if home is None:
                self._define(name, value)
            else:
                self._import_from(name, value, home.__name__)
        else:
            self._pieces.append(f"{name} = {self._expression(name, value)}\n")

    def _note(self, statement: str) -> None:
        self._imports[statement] = None

    def _import(self, name: str, module: types.ModuleType) -> None:
        real = module.__name__
        if real == PROGRAM or getattr(module, "__spec__", None) is None:
            raise NoSource(f"`{name}` is a module that another process cannot import")
        self._note(f"import {real}" if real == name else f"import {real} as {name}")

    def _import_from(self, name: str, value: Any, module: str) -> None:
        if module == _worker.__name__:
            module = "bartune.strategy"
        outer, _, rest = value.__qualname__.partition(".")
        if rest:
            self._note(f"from {module} import {outer} as _{name}\n{name} = _{name}.{rest}")
        else:
            self._note(f"from {module} import {outer}" + ("" if outer == name else f" as {name}"))

    def _define(self, name: str, value: Any) -> None:
        found = definition(value)
        for submodule in found.submodules:
            self._note(f"import {submodule}")
        for needed, meant in found.globals.items():
            self.bind(needed, meant)
        if found.cells:
            self._pieces.append(self._closed(name, found))
        elif found.name == name:
            self._pieces.append(found.text)
        else:
            # Its own name may be another's by now.
            kept = f"carried_kept = globals().get({found.name!r})\n"
            self._pieces.append(f"{kept}{found.text}{name} = {found.name}\n{found.name} = carried_kept\n")

    def _closed(self, name: str, found: Definition) -> str:
        """The definition in a function that gives it what it closes over."""
        self._private += 1
        factory = f"carried_{self._private}"
        for cell, value in found.cells.items():
            self.bind(f"{factory}_{cell}", value)
        given = ", ".join(f"{factory}_{cell}" for cell in found.cells)
        head = f"def {factory}({', '.join(found.cells)}):\n{found.block}"
        return f"{head}{found.indent}return {found.name}\n\n{name} = {factory}({given})\n"

    def _expression(self, name: str, value: Any) -> str:
        try:
            return literal(value)
        except TypeError:
            pass
        pickler = _Pickler(name)
        data = pickler.pickled(value)
        for needed in pickler.needs:
            self.bind(needed.__name__, needed)
        # Their versions are a part of what the strategy is.
        for package in sorted(pickler.packages):
            self._note(f"import {package}")
        key = hashlib.sha256(data).hexdigest()
        self.values[key] = base64.b64encode(data).decode()
        return f'carried_value("{key}")'


class _Pickler(pickle.Pickler):
    """Pickles one object, and notes which classes and functions of this program it needs.

    Without a memo: what is pickled depends on what an object is equal to, not on which of its parts are one object.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._data = io.BytesIO()
        super().__init__(self._data, protocol=5)
        self.fast = True
        self.needs: list[Any] = []
        self.packages: set[str] = set()

    def reducer_override(self, value: Any) -> Any:
        module = getattr(value, "__module__", None) or type(value).__module__
        package = module.split(".")[0]
        if package not in sys.stdlib_module_names and package not in (PROGRAM, "bartune"):
            self.packages.add(package)
        if is_defined(value) and module == PROGRAM and value not in self.needs:
            self.needs.append(value)
        return NotImplemented

    def pickled(self, value: Any) -> bytes:
        try:
            self.dump(value)
        except NoSource:
            raise
        except Exception as error:
            raise NoSource(f"`{self._name}`, {_kind(value)}, cannot be pickled: {error}") from None
        data = self._data.getvalue()
        if len(data) > MOST_BYTES:
            raise NoSource(f"`{self._name}` has {len(data) >> 20} MB: load it inside the function, or in a module")
        return data


def literal(value: Any) -> str:
    """A constant as Python writes it, the same for equal ones.

    Raises:
        TypeError: it is none.
    """
    kind = type(value)
    if value is None or value is Ellipsis or kind in (bool, int, str, bytes):
        return repr(value)
    if kind is float:
        return repr(value) if value - value == 0 else f"float({str(value)!r})"
    if kind in (list, tuple):
        parts = [literal(part) for part in value]
        return f"[{', '.join(parts)}]" if kind is list else f"({', '.join(parts)}{',' * (len(parts) == 1)})"
    if kind is dict:
        return f"{{{', '.join(f'{literal(key)}: {literal(part)}' for key, part in value.items())}}}"
    if kind in (set, frozenset):
        return f"{kind.__name__}([{', '.join(sorted(literal(part) for part in value))}])"
    if kind in (range, slice):
        return f"{kind.__name__}({literal(value.start)}, {literal(value.stop)}, {literal(value.step)})"
    raise TypeError(f"{kind.__name__} is no constant")
