"""Write testdata/search/signatures.jsonl with nothing but Python's standard library.

Run: `python scripts/oracles/identity.py`.

Each line has parameters as JSON, their canonical form and its SHA-256. The canonical form is what
docs/identity.md says: numbers rounded to 10 significant decimals, whole ones written without a point,
keys sorted, characters beyond ASCII escaped.
"""

import hashlib
import json
import random
from pathlib import Path


def canonical(value):
    if isinstance(value, float):
        rounded = float(f"{value:.9e}")
        return int(rounded) if rounded.is_integer() and abs(rounded) <= 2**53 else rounded
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    return value


def number(rng):
    return rng.choice(
        [
            rng.uniform(-1, 1),
            rng.uniform(-1e6, 1e6),
            10 ** rng.uniform(-300, 300),
            -(10 ** rng.uniform(-12, 18)),
            rng.randrange(100) * 0.1,
            float(rng.randrange(-(2**60), 2**60)),
            rng.randrange(-(2**63), 2**64),
            rng.randrange(100),
            -0.0,
        ]
    )


def tree(rng, depth):
    if depth == 0 or rng.random() < 0.6:
        return rng.choice([number(rng), number(rng), True, False, None, "cross", "é", "😀\n\"", "\x7f/\\"])
    if rng.random() < 0.3:
        return [tree(rng, depth - 1) for _ in range(rng.randrange(4))]
    return params(rng, depth - 1)


def params(rng, depth):
    names = ["fast", "slow", "Stop", "a.b", "é", "ﬀ", "😀", "_", "10", "9"]
    return {name: tree(rng, depth) for name in rng.sample(names, rng.randrange(len(names)))}


def main():
    rng = random.Random(20261122)
    lines = []
    for _ in range(120):
        given = params(rng, 3)
        text = json.dumps(canonical(given), sort_keys=True, separators=(",", ":"))
        signature = hashlib.sha256(text.encode()).hexdigest()
        lines.append(json.dumps({"params": given, "canonical": text, "signature": signature}))
    path = Path(__file__).parents[2] / "testdata/search/signatures.jsonl"
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
