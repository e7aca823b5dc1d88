"""Oracles of the quasi-random samplers, from SciPy, and the table of Sobol direction numbers.

    python scripts/oracles/quasi.py

writes `testdata/search/quasi.json` (unscrambled points) and
`crates/search/src/sampler/sobol/directions.rs` (the first 256 dimensions of the numbers
`new-joe-kuo-6.21201` of Stephen Joe and Frances Kuo, which SciPy ships).
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import qmc

ROOT = Path(__file__).resolve().parents[2]
DIMENSIONS = 256

HEADER = '''//! Direction numbers of the Sobol sequence: primitive polynomial and initial numbers by dimension.
//!
//! Written by `scripts/oracles/quasi.py`. Dimension 0 is the van der Corput sequence and needs none.
//!
//! # Source
//!
//! S. Joe, F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J.
//! Sci. Comput. 30, 2635-2654 (2008); their file `new-joe-kuo-6.21201`, under the BSD licence.

/// For dimensions 1, 2, ...: the primitive polynomial over two elements, bit `k` being the coefficient
/// of `x^k`, and as many odd initial numbers as its degree.
pub(super) const DIRECTIONS: [(u32, &[u32]); %d] = [
'''


def main():
    points = {
        "source": f"scipy {scipy.__version__}",
        "sobol": qmc.Sobol(16, scramble=False, bits=52).random(64).tolist(),
        "sobol_last": qmc.Sobol(DIMENSIONS, scramble=False, bits=52).random(32)[:, -3:].tolist(),
        "halton": qmc.Halton(12, scramble=False).random(64).tolist(),
    }
    (ROOT / "testdata/search/quasi.json").write_text(json.dumps(points) + "\n")

    table = np.load(Path(scipy.stats.__file__).parent / "_sobol_direction_numbers.npz")
    lines = []
    for polynomial, initial in zip(table["poly"][1:DIMENSIONS], table["vinit"][1:DIMENSIONS]):
        degree = int(polynomial).bit_length() - 1
        lines.append(f"    ({polynomial}, &{[int(m) for m in initial[:degree]]}),\n")
    text = HEADER % (DIMENSIONS - 1) + "".join(lines) + "];\n"
    (ROOT / "crates/search/src/sampler/sobol/directions.rs").write_text(text)


if __name__ == "__main__":
    main()
