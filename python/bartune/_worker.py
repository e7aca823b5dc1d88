"""The process that runs a strategy written in Python for Bartune, and what the strategy is given.

Bartune starts it as ``python -c SOURCE`` and keeps it: it loads the strategy once and answers one question after
another. It needs the standard library and numpy, and no installed package of Bartune's.

**Channel.** File descriptor 0 is a socket when the process starts. It is moved out of the way at once: the strategy
reads nothing from standard input, what it prints goes to standard error, and a process that it forks does not hold the
socket. A question is a length (4 bytes, little-endian) and JSON; so is the answer's length, and then one byte says what
follows: ``E`` a text that says what failed, ``H`` JSON about the strategy, ``C`` columns. First comes the spec, which says
where the strategy is: in a file, in a module, or in a text that ``bartune.carry`` has made of a notebook's function.

**Bars** are views on a file that Bartune has mapped too: nothing is copied, and nothing can be written.

**Identity.** The hash of the strategy's source and of the local modules it imports, the versions of the packages that
are imported anywhere in them, and of Python.
"""

from __future__ import annotations

import ast
import base64
import faulthandler
import functools
import hashlib
import importlib
import importlib.util
import io
import json
import linecache
import mmap
import os
import pickle
import re
import struct
import sys
import threading
import time
import traceback
import types
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Callable, Mapping, NoReturn

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
else:
    try:
        import numpy as np
    except ImportError:
        np = None

#: Characters of a failure that are kept.
LONGEST_TEXT = 2_000
#: Files of bars that stay mapped.
MOST_FILES = 32
#: What modules that are no files are called, by the paths they go by.
TEXTS: dict[str, str] = {}
#: The module that this text is, once another one has its name.
KEPT: list[types.ModuleType] = []
#: What a price distance is called, in the order in which it is sent.
DISTANCES = ("stop_loss", "take_profit", "trailing_stop")
#: What a condition is called, in the order in which it is sent.
CONDITIONS = ("long_entry", "long_exit", "short_entry", "short_exit")
#: Flags of an answer: a bit for each condition, then this one, then a bit for each distance.
HELD = 1 << 4
FIRST_DISTANCE = 1 << 5


class Bars:
    """The bars a strategy is asked about: read-only numpy columns, the oldest bar first.

    ``open, high, low, close, volume`` are float64, ``time`` is when each bar opened (datetime64[ns], UTC). ``timezone`` is
    the study's, ``timeframe`` the length of a bar. The last bar is the last one that there is: no column reaches further.
    """

    __slots__ = ("close", "high", "low", "open", "time", "timeframe", "timezone", "volume")

    def __init__(self, columns: list[np.ndarray], timezone: str, timeframe_ns: int) -> None:
        self.time: np.ndarray = columns[0]
        self.open: np.ndarray = columns[1]
        self.high: np.ndarray = columns[2]
        self.low: np.ndarray = columns[3]
        self.close: np.ndarray = columns[4]
        self.volume: np.ndarray = columns[5]
        self.timezone = timezone
        self.timeframe = np.timedelta64(timeframe_ns, "ns")

    def __len__(self) -> int:
        return len(self.close)

    def __repr__(self) -> str:
        span = f", {self.time[0]} to {self.time[-1]}" if len(self) else ""
        return f"<Bars: {len(self)} of {self.timeframe.astype('m8[s]')}{span}>"

    def to_pandas(self, *, copy: bool = False) -> pd.DataFrame:
        """The bars as a DataFrame indexed by open time in the study's timezone.

        Without ``copy`` its columns are the read-only ones: new columns can be added, these not be written to.
        """
        import pandas as pd

        names = ("open", "high", "low", "close", "volume")
        index = pd.DatetimeIndex(self.time, name="time").tz_localize("UTC")
        if self.timezone != "UTC":
            index = index.tz_convert(self.timezone)
        return pd.DataFrame({name: getattr(self, name) for name in names}, index=index, copy=copy)


class Signals:
    """What a strategy decides at the close of each bar, in columns with one value a bar.

    Either ``position`` (1 long, 0 flat, -1 short: entered when it begins, left when it ends) or any of the four
    conditions, each an array of bools. ``stop_loss``, ``take_profit`` and ``trailing_stop`` are distances from the entry in
    points of price, one a bar or one for all; they are read at the bars that enter, and one that is NaN there forbids
    the entry.
    """

    __slots__ = ("position", *CONDITIONS, *DISTANCES)

    def __init__(
        self,
        position: Any = None,
        *,
        long_entry: Any = None,
        long_exit: Any = None,
        short_entry: Any = None,
        short_exit: Any = None,
        stop_loss: Any = None,
        take_profit: Any = None,
        trailing_stop: Any = None,
    ) -> None:
        self.position = position
        self.long_entry = long_entry
        self.long_exit = long_exit
        self.short_entry = short_entry
        self.short_exit = short_exit
        self.stop_loss = stop_loss
        self.take_profit = take_profit
        self.trailing_stop = trailing_stop


class Refused(Exception):
    """An answer that cannot be taken; its text is all there is to say."""


# --- answers ------------------------------------------------------------------------------------------------------


def encode(answer: Any, bars: int, nanoseconds: int) -> bytes:
    """An answer in the form in which it is sent, after a look at every part of it."""
    parts = parts_of(answer)
    conditions = [(bit, name) for bit, name in enumerate(CONDITIONS) if parts.get(name) is not None]
    distances = [(bit, name) for bit, name in enumerate(DISTANCES) if parts.get(name) is not None]
    flags = sum(FIRST_DISTANCE << bit for bit, _ in distances)
    if parts.get("position") is not None:
        if conditions:
            raise Refused("both `position` and conditions were returned: give one of them")
        flags |= HELD
        masks = held(parts["position"], bars)
        entries = [begins(mask) for mask in masks] if distances else []
    else:
        flags |= sum(1 << bit for bit, _ in conditions)
        masks = [condition(name, parts[name], bars) for _, name in conditions]
        entries = [mask for mask, (_, name) in zip(masks, conditions, strict=True) if name.endswith("entry")]
        if not entries:
            raise Refused("the signals have no entry: give `position`, `long_entry` or `short_entry`")
    sent = [packed_bits(mask, bars) for mask in masks]
    if distances:
        entering = np.flatnonzero(functools.reduce(np.logical_or, entries))
        sent += [distance(name, parts[name], bars, entering).tobytes() for _, name in distances]
    return b"".join([struct.pack("<cQIB", b"C", nanoseconds, bars, flags), *sent])


def parts_of(answer: Any) -> Mapping[str, Any]:
    """The parts of an answer by name, whatever it came as."""
    known = Signals.__slots__
    if type(answer).__name__ == "Signals" and all(hasattr(answer, name) for name in known):
        return {name: getattr(answer, name) for name in known}
    if isinstance(answer, Mapping):
        unknown = [str(name) for name in answer if name not in known]
        if unknown:
            raise Refused(f"the signals have no part `{unknown[0]}`; there are {', '.join(known)}")
        return answer
    if answer is None:
        raise Refused("nothing was returned: return positions (1, 0, -1 for each bar) or `Signals`")
    return {"position": answer}


def column(what: str, values: Any, bars: int) -> np.ndarray:
    """One value a bar."""
    if isinstance(values, np.ma.MaskedArray):
        raise Refused(f"`{what}` is a masked array: fill what is masked")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise Refused(f"`{what}` is no array: {error}") from None
    if array.ndim != 1:
        kind = type(values).__name__
        raise Refused(f"`{what}` has shape {array.shape} (a {kind}): one value for each of the {bars} bars is needed")
    if len(array) != bars:
        raise Refused(f"`{what}` has {len(array)} values for {bars} bars")
    return array


def held(values: Any, bars: int) -> list[np.ndarray]:
    """Where a long position is held, and where a short one."""
    array = column("position", values, bars)
    if array.dtype.kind not in "biuf":
        raise Refused(wrong_kind("position", array, "whole numbers 1, 0 and -1"))
    sides = [array == 1, array == -1]
    if np.count_nonzero(array) != sum(np.count_nonzero(side) for side in sides):
        refuse_nan("position", array)
        first = int(np.flatnonzero((array != 0) & ~sides[0] & ~sides[1])[0])
        raise Refused(f"`position` is {array[first]} at bar {first}: it is 1, 0 or -1")
    return sides


def begins(side: np.ndarray) -> np.ndarray:
    """Where what is held begins to be."""
    entry = side.copy()
    entry[1:] &= ~side[:-1]
    return entry


def condition(name: str, values: Any, bars: int) -> np.ndarray:
    """A bool at each bar."""
    array = column(name, values, bars)
    kind = array.dtype.kind
    if kind == "b":
        return array
    if kind in "iuf":
        if kind == "f":
            refuse_nan(name, array)
        is_other = (array != 0) & (array != 1)
        if is_other.any():
            first = int(np.flatnonzero(is_other)[0])
            raise Refused(f"`{name}` is {array[first]} at bar {first}: it is true or false")
        return array.astype(bool)
    raise Refused(wrong_kind(name, array, "bools"))


def distance(name: str, values: Any, bars: int, entries: np.ndarray) -> np.ndarray:
    """A price distance at each bar that enters."""
    if np.ndim(values) == 0 and np.asarray(values).dtype.kind in "iuf":
        return np.full(len(entries), float(values))
    array = column(name, values, bars)
    if array.dtype.kind not in "iuf":
        raise Refused(wrong_kind(name, array, "numbers"))
    values = array[entries]
    return np.asarray(values, dtype=np.float64)


def refuse_nan(name: str, array: np.ndarray) -> None:
    """Nobody can say what is meant by a decision that is not a number."""
    nan = np.isnan(array)
    if nan.any():
        first = int(np.flatnonzero(nan)[0])
        raise Refused(f"`{name}` is NaN at bar {first} (and {int(nan.sum()) - 1} more): fill it, as in `fillna(0)`")


def wrong_kind(name: str, array: np.ndarray, wanted: str) -> str:
    """Says which values are wanted, and how the usual accident is mended."""
    remedy = "; `fillna(False).astype(bool)` mends what `shift` left" if array.dtype.kind == "O" else ""
    return f"`{name}` has values of dtype {array.dtype}: {wanted} are needed{remedy}"


def packed_bits(values: np.ndarray, bars: int) -> bytes:
    """One bit a bar, the first bar lowest, in whole words of 64."""
    packed = np.packbits(values, bitorder="little").tobytes()
    return packed + bytes(-(-bars // 64) * 8 - len(packed))


# --- bars ---------------------------------------------------------------------------------------------------------


class Files:
    """Files of bars that are mapped, the last ones used."""

    def __init__(self) -> None:
        self.mapped: OrderedDict[int, list[np.ndarray]] = OrderedDict()
        self.lock = threading.Lock()

    def bars(self, question: dict[str, Any]) -> Bars:
        """The bars of a question."""
        file = question["file"]
        with self.lock:
            columns = self.mapped.get(file["id"])
            if columns is None:
                columns = self.mapped[file["id"]] = map_file(file)
                if len(self.mapped) > MOST_FILES:
                    self.mapped.popitem(last=False)
            self.mapped.move_to_end(file["id"])
        part = slice(question["first"], question["first"] + question["bars"])
        return Bars([column[part] for column in columns], file["timezone"], file["timeframe_ns"])


def map_file(file: dict[str, Any]) -> list[np.ndarray]:
    """The six columns of a file, as views on it."""
    descriptor = os.open(file["path"], os.O_RDONLY)
    try:
        memory = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(descriptor)
    kinds = ["datetime64[ns]"] + ["float64"] * 5
    return [
        np.frombuffer(memory, kind, file["bars"], offset) for kind, offset in zip(kinds, file["offsets"], strict=True)
    ]


# --- the strategy and its identity --------------------------------------------------------------------------------


class Strategy:
    """What is asked, loaded once."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.folder: str = spec["folder"]
        text = spec.get("text")
        if text is not None:
            module, source = load_text(spec, is_program=spec["module"] == __name__), spec["module"]
        elif spec.get("file"):
            module, source = load_file(spec["file"])
        else:
            module = importlib.import_module(spec["module"])
            source = module.__file__ or ""
        self.call = callable_of(module, spec["callable"], source)
        self.sources, self.packages = imported(source, self.folder, text)

    def hello(self) -> bytes:
        """What the strategy's results depend on."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        told = {"sources": self.sources, "packages": self.packages, "python": python}
        return b"H" + json.dumps(told, sort_keys=True).encode()


def load_file(path: str) -> tuple[types.ModuleType, str]:
    """A module from the bytes that are hashed as well, never from an older compiled file."""
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise Refused(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(code, module.__dict__)  # noqa: S102 - running it is what this process is for
    return module, path


def look_for_modules(spec: dict[str, Any]) -> None:
    """Modules are looked for beside the strategy first, and last where the program that hands it over does."""
    sys.path.insert(0, spec["folder"])
    sys.path += [folder for folder in spec.get("path", ()) if folder not in sys.path]
    sys.argv = [spec.get("file") or spec["module"]]


def load_text(spec: dict[str, Any], *, is_program: bool) -> types.ModuleType:
    """The module that a text is, whose lines tracebacks can show; in place of this process's program, or beside it."""
    text, name = spec["text"], spec["module"]
    path = os.path.join(spec["folder"], f"{name} {hashlib.sha256(text.encode()).hexdigest()[:16]}")
    TEXTS[path] = name
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    module = types.ModuleType(name)
    module.__dict__["carried_value"] = lambda key: pickle.loads(base64.b64decode(spec["values"][key]))
    if is_program:
        # What is pickled finds its classes under the name that they had.
        KEPT.append(sys.modules[name])
        sys.modules[name] = module
    exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - running it is what this is for
    return module


def callable_of(module: types.ModuleType, name: str, source: str) -> Callable[..., Any]:
    """A function, or the method `execute_strategy` of a fresh object of a class, or of an object."""
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            public = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
            own = [key for key in public if getattr(getattr(module, key), "__module__", "") == module.__name__]
            there = f"; it has {', '.join(own)}" if own else ""
            raise Refused(f"`{os.path.basename(source)}` has no `{name}`{there}")
        found = getattr(found, part)
    if isinstance(found, type):
        if not hasattr(found, "execute_strategy"):
            raise Refused(f"the class `{name}` has no method `execute_strategy(self, bars, **params)`")
        kind = found
        return lambda bars, **params: kind().execute_strategy(bars, **params)
    found = getattr(found, "execute_strategy", found)
    if not callable(found):
        raise Refused(f"`{name}` is a {type(found).__name__}, nothing that can be called")
    called: Callable[..., Any] = found
    return called


def imported(source: str, folder: str, given: str | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes of the source and of the local modules that it imports, and versions of everything else it imports.

    Where a text is ``given``, that is the source, and its path is but a name.
    """
    sources: dict[str, str] = {}
    foreign = {"numpy"}
    waiting = [source]
    while waiting:
        path = waiting.pop()
        is_given = given is not None and path == source
        label = path if is_given else place_of(path, folder)
        if label in sources:
            continue
        if given is not None and is_given:
            text = given.encode()
        else:
            with open(path, "rb") as file:
                text = file.read()
        sources[label] = hashlib.sha256(text).hexdigest()
        for name in imported_names(text):
            local = local_files(name, path, folder)
            waiting.extend(local)
            if not local and name and name != "bartune" and name not in sys.stdlib_module_names:
                foreign.add(name)
    return sources, {name: version(name) for name in sorted(foreign)}


def imported_names(source: bytes) -> list[str]:
    """The first parts of all names that are imported anywhere; empty for a relative import."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append((node.module or "").split(".")[0] if node.level == 0 else "")
    return names


def local_files(name: str, source: str, folder: str) -> list[str]:
    """The files of a module that lies beside the strategy; of a package, all of it."""
    package = os.path.join(folder, name) if name else os.path.dirname(source)
    if os.path.isfile(package + ".py"):
        return [package + ".py"]
    if not os.path.isfile(os.path.join(package, "__init__.py")):
        return []
    found = [
        os.path.join(place, file) for place, _, files in os.walk(package) for file in files if file.endswith(".py")
    ]
    return sorted(found)


def version(name: str) -> str:
    """The version of an installed package, by the name it is imported as."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
    for distribution in metadata.packages_distributions().get(name, []):
        return f"{distribution} {metadata.version(distribution)}"
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return "not installed"
    if spec.origin and os.path.isfile(spec.origin):
        with open(spec.origin, "rb") as file:
            return "sha256 " + hashlib.sha256(file.read()).hexdigest()
    return "unknown"


# --- failures -----------------------------------------------------------------------------------------------------


def failure(error: BaseException, folder: str) -> bytes:
    """What went wrong: the error, then where, in places that are the same on every machine."""
    if isinstance(error, Refused):
        text = str(error)
    else:
        told = str(error)
        lines = [f"{type(error).__name__}: {told}" if told else type(error).__name__]
        # This file is a text in a worker.
        here = ("<string>", __file__ if "__file__" in globals() else "")
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in here]
        own = [frame for frame in frames if is_below(frame.filename, folder)]
        for frame in own + [frame for frame in frames[-1:] if frame not in own]:
            place = place_of(frame.filename, folder)
            line = f": {frame.line}" if frame.line else ""
            lines.append(f"  {place}, line {frame.lineno}, in {frame.name}{line}")
        if isinstance(error, SyntaxError) and error.filename:
            lines.append(f"  {place_of(error.filename, folder)}, line {error.lineno}: {(error.text or '').strip()}")
        text = "\n".join(lines)
    # Addresses of objects differ from process to process.
    text = re.sub(r"\b0x[0-9a-fA-F]{6,}", "0x…", text)
    if len(text) > LONGEST_TEXT:
        half = LONGEST_TEXT // 2
        text = f"{text[:half]} … {text[-half:]}"
    return b"E" + text.encode("utf-8", "replace")


def is_below(path: str, folder: str) -> bool:
    """Whether a file is the strategy's own, not of an installed package."""
    path = os.path.abspath(path)
    return path.startswith(os.path.join(folder, "")) and "site-packages" not in path


def place_of(path: str, folder: str) -> str:
    """A file's name from the strategy's folder on, or from where packages are installed on."""
    if path in TEXTS:
        return TEXTS[path]
    if is_below(path, folder):
        return os.path.relpath(path, folder).replace(os.sep, "/")
    parts = path.replace(os.sep, "/").split("/")
    return "/".join(parts[-2:])


# --- the process --------------------------------------------------------------------------------------------------


class Channel:
    """The socket that questions come by, out of the strategy's reach."""

    def __init__(self) -> None:
        self.descriptor = os.dup(0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self.owner = os.getpid()
        os.register_at_fork(after_in_child=self.leave)

    def leave(self) -> None:
        """A process that the strategy forked has no part in this, and ends with this process."""
        os.close(self.descriptor)
        die_with_parent()

    def read(self, length: int) -> bytes:
        """So many bytes; the process ends where they do."""
        parts = []
        while length:
            part = os.read(self.descriptor, min(length, 1 << 20))
            if not part:
                os._exit(0)
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def question(self) -> dict[str, Any]:
        """The next question."""
        (length,) = struct.unpack("<I", self.read(4))
        question: dict[str, Any] = json.loads(self.read(length))
        return question

    def send(self, answer: bytes) -> None:
        """An answer, from the process that was asked alone."""
        if os.getpid() != self.owner:
            os._exit(0)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                pass
        left = memoryview(struct.pack("<I", len(answer)) + answer)
        while left:
            left = left[os.write(self.descriptor, left) :]


def require_numpy() -> None:
    """Bars are its arrays."""
    if np is None:
        raise Refused(f"numpy is missing in {sys.executable}: install it there, or name another interpreter")


def die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it ends, whatever it is doing then."""
    if sys.platform != "linux":
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def offer_modules() -> None:
    """Let `from bartune import Signals` work in a strategy, also where Bartune's package is not installed."""
    strategy = types.ModuleType("bartune.strategy")
    strategy.__dict__.update(Bars=Bars, Signals=Signals)
    sys.modules["bartune.strategy"] = strategy
    try:
        is_installed = importlib.util.find_spec("bartune") is not None
    except (ImportError, ValueError):
        is_installed = False
    if not is_installed:
        package = types.ModuleType("bartune")
        package.__dict__.update(Bars=Bars, Signals=Signals, strategy=strategy)
        sys.modules["bartune"] = package


def answer_of(strategy: Strategy, files: Files, question: dict[str, Any]) -> bytes:
    """The columns of one trial, or why there are none."""
    try:
        bars = files.bars(question)
        began = time.perf_counter_ns()
        answer = strategy.call(bars, **question["params"])
        taken = time.perf_counter_ns() - began
        return encode(answer, len(bars), taken)
    except BaseException as error:
        return failure(error, strategy.folder)


def main() -> NoReturn:
    """Load the strategy, then answer until nobody asks any more."""
    channel = Channel()
    faulthandler.enable()
    # What is printed is told when the process ends, however it does.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    # What runs is what is hashed: no compiled file of another moment is left behind.
    sys.dont_write_bytecode = True
    spec = channel.question()
    die_with_parent()
    if os.getppid() != spec["parent"]:
        os._exit(0)
    try:
        require_numpy()
        if sys.version_info < (3, 10):
            raise Refused(f"{sys.executable} is Python {sys.version.split()[0]}: 3.10 or later is needed")
        offer_modules()
        look_for_modules(spec)
        strategy = Strategy(spec)
        hello = strategy.hello()
    except BaseException as error:
        channel.send(failure(error, spec["folder"]))
        os._exit(0)
    channel.send(hello)
    files = Files()
    while True:
        channel.send(answer_of(strategy, files, channel.question()))


if __name__ == "__main__":
    main()
