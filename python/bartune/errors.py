"""Every exception that this package raises of its own.

All are `Error`. Where a study's text has problems, `diagnostics` holds all of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem of a study's text."""

    code: str
    """Stable code, such as `E102`."""
    message: str
    """What is wrong."""
    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    help: str | None
    """What to do about it."""


class Error(Exception):
    """Anything that goes wrong in Bartune."""

    diagnostics: tuple[Diagnostic, ...] = ()


class ConfigError(Error):
    """The study's text has problems; `diagnostics` has each."""


class DataError(Error):
    """The bars cannot be used."""


class FileError(Error):
    """A file cannot be read or written."""


class StorageError(Error):
    """The store refused, or cannot be reached."""


class ChangedError(Error):
    """The stored study was made with other settings."""


class NotFoundError(Error, LookupError):
    """There is no such study, trial, segment or winner."""


class ParamsError(Error, ValueError):
    """A value that was given is wrong."""


class StrategyError(Error):
    """The strategy cannot run."""


class SamplerError(Error, ValueError):
    """The sampler or pruner cannot do what was asked."""


class GuardError(Error):
    """A guard cannot be reached, or what was added to it is lost."""
