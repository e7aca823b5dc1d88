#!/usr/bin/env python3
"""What a trial and a batch of signatures cost a PostgreSQL server, in its own processor time.

    cargo build --release -p bartune-storage --example measure
    benches/server_time.py URL [MEASURE]

URL is a database on this host (scripts/postgres makes one), MEASURE the example's binary (by default that in
target/release). The wall clock of a busy machine says little of a server; /proc tells what its process computed. Trials
are written in batches of 64 and of 512 and one by one, as `measure` does; what it does besides is measured alone and
taken off. Signatures are inserted as a guard does it. Needs psql.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TRIALS, SINGLES, METRICS, SIGNATURES = 32_768, 2_000, 16, 100_000


def processor_ms(pid: str) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def sql(url: str, text: str) -> list[str]:
    command = ["psql", url, "-X", "-q", "-A", "-t", "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def trials_ms(url: str, measure: Path, trials: int, batch: int) -> float:
    """Processor time of the session that `measure` opens, up to its last look."""
    command = [str(measure), str(trials), str(batch), str(METRICS), url]
    pid, last = None, 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if pid is None:
                found = sql(url, "SELECT pid FROM pg_stat_activity WHERE application_name = 'bartune'")
                pid = found[0] if found else None
            else:
                try:
                    last = processor_ms(pid)
                except OSError:
                    break
            time.sleep(0.02)
    return last


def signatures_ms(url: str) -> float:
    """The least of three inserts of signatures into an empty table like a guard's."""
    session = subprocess.Popen(["psql", url, "-X", "-q", "-A", "-t"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert session.stdin and session.stdout

    def ask(text: str) -> str:
        session.stdin.write(f"{text};\nSELECT 'END';\n")
        session.stdin.flush()
        lines = iter(session.stdout.readline, "END\n")
        return "".join(lines).strip()

    pid = ask("SELECT pg_backend_pid()")
    ask("CREATE TEMP TABLE given AS SELECT sha256(i::text::bytea) s FROM generate_series(1, %d) i ORDER BY 1" % SIGNATURES)
    ask("CREATE TABLE server_time (guard_id BIGINT, signature BYTEA, batch BIGINT, PRIMARY KEY (guard_id, signature))")
    times = []
    for _ in range(3):
        ask("TRUNCATE server_time")
        before = processor_ms(pid)
        ask("INSERT INTO server_time SELECT 1, s, 5 FROM given ON CONFLICT DO NOTHING")
        times.append(processor_ms(pid) - before)
    ask("DROP TABLE server_time")
    session.stdin.close()
    session.wait()
    return min(times)


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    url = sys.argv[1]
    measure = Path(sys.argv[2]) if len(sys.argv) > 2 else REPOSITORY / "target" / "release" / "examples" / "measure"
    alone = trials_ms(url, measure, 64, 64)
    print(f"a trial by itself, with opening and reading: {alone / SINGLES:.3f} ms")
    for batch in (64, 512):
        each = (trials_ms(url, measure, 64 + TRIALS, batch) - alone) / TRIALS
        print(f"a trial, {batch} a batch: {each:.3f} ms")
    print(f"{SIGNATURES} signatures added: {signatures_ms(url):.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
