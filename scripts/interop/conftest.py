"""What the interop checks share: the Rust side as a function, and quiet logs."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator

import optuna
import pytest

optuna.logging.set_verbosity(optuna.logging.WARNING)
OPTUNA_MAJOR = int(optuna.__version__.split(".")[0])


@pytest.fixture(scope="session")
def interop() -> Callable[..., str]:
    """Run the example `interop`; its standard output."""
    binary = os.environ.get("BARTUNE_INTEROP")
    assert binary, "set BARTUNE_INTEROP, or start the checks with scripts/interop/run"

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [binary, *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def dump(interop: Callable[..., str]) -> Callable[[str, str], dict[str, Any]]:
    """What Bartune reads in a study."""
    return lambda url, study: json.loads(interop("dump", url, study))


def plain(url: str) -> str:
    """A URL without SQLAlchemy's driver, as everything else takes it."""
    return url.replace("+psycopg2", "")


@pytest.fixture()
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


@pytest.fixture()
def postgres_url() -> Iterator[str]:
    """The URL of a new, empty database."""
    server = os.environ.get("BARTUNE_TEST_POSTGRES")
    if not server:
        assert not os.environ.get("CI"), "under CI the checks on PostgreSQL must run: set BARTUNE_TEST_POSTGRES"
        pytest.skip("BARTUNE_TEST_POSTGRES names no server")
    import psycopg2

    name = f"interop_{uuid.uuid4().hex}"
    admin = psycopg2.connect(server)
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {name}")
    try:
        # Naming the driver, since SQLAlchemy's default differs between its versions.
        yield server.replace("postgresql://", "postgresql+psycopg2://").rsplit("/", 1)[0] + "/" + name
    finally:
        admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A new, empty database of each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(autouse=True)
def no_warnings() -> Any:
    """A study that Bartune wrote makes Optuna warn of nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Pythons of different ages disagree on sqlite3's own date adapters.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=ResourceWarning)
        yield
