//! The problems of `benches/quality/problems.py`, where they are described: the same spaces and the same values.

use std::f64::consts::{E, PI};

use bartune_search::pareto::{self, Points};
use bartune_search::space::{Assignment, Param, Space};
use bartune_search::testing::space::{always, choice, float, int, log_float, log_int, number, space, stepped, when};

use crate::backtests::{self, Table};

const FUNCTIONS: [&str; 12] = [
    "sphere",
    "ellipsoid",
    "rastrigin",
    "rosenbrock",
    "discus",
    "bent_cigar",
    "sharp_ridge",
    "different_powers",
    "ackley",
    "griewank",
    "step_ellipsoid",
    "levy",
];

/// What a problem makes of a point: what the sampler is told, what is judged, by how much the constraint is violated.
pub(crate) struct Judgement {
    pub(crate) objectives: Vec<f64>,
    judged: f64,
    pub(crate) violation: Option<f64>,
}

impl Judgement {
    fn plain(value: f64) -> Self {
        Self { objectives: vec![value], judged: value, violation: None }
    }

    fn several(objectives: Vec<f64>) -> Self {
        Self { objectives, judged: f64::NAN, violation: None }
    }

    pub(crate) fn of_table(objectives: Vec<f64>, violation: f64) -> Self {
        Self { judged: objectives[0], objectives, violation: Some(violation) }
    }

    fn is_feasible(&self) -> bool {
        self.violation.is_none_or(|violation| violation <= 0.0)
    }
}

/// A problem by name; with a reference for hypervolumes if it has several objectives.
pub(crate) struct Problem {
    pub(crate) name: &'static str,
    pub(crate) dimension: usize,
    pub(crate) space: Space,
    reference: Vec<f64>,
    table: Option<Table>,
}

/// The point as the function sees it: 0 is its best.
fn moved(index: usize, x: &[f64]) -> Vec<f64> {
    let move_by = |(i, value): (usize, &f64)| value - 3.0 * (1.3 * (i + 1) as f64 + index as f64).sin();
    let z: Vec<f64> = x.iter().enumerate().map(move_by).collect();
    if index.is_multiple_of(2) {
        return z;
    }
    let normal: Vec<f64> = (0..z.len()).map(|i| ((i + index) as f64).cos()).collect();
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let scale = 2.0 * dot(&normal, &z) / dot(&normal, &normal);
    z.iter().zip(&normal).map(|(v, n)| v - scale * n).collect()
}

fn levy(z: &[f64]) -> f64 {
    let w: Vec<f64> = z.iter().map(|v| 1.0 + v / 4.0).collect();
    let (first, last) = (w[0], w[w.len() - 1]);
    let middle = w[..w.len() - 1].iter().map(|v| (v - 1.0).powi(2) * (1.0 + 10.0 * (PI * v + 1.0).sin().powi(2)));
    (PI * first).sin().powi(2) + middle.sum::<f64>() + (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2))
}

fn rosenbrock(z: &[f64]) -> f64 {
    let w: Vec<f64> = z.iter().map(|v| v + 1.0).collect();
    w.windows(2).map(|pair| 100.0 * (pair[1] - pair[0] * pair[0]).powi(2) + (1.0 - pair[0]).powi(2)).sum()
}

fn step(v: f64) -> f64 {
    if v.abs() > 0.5 { (v + 0.5).floor() } else { (10.0 * v + 0.5).floor() / 10.0 }
}

fn function(index: usize, x: &[f64]) -> f64 {
    let z = moved(index, x);
    let n = z.len() as f64;
    let squares: f64 = z.iter().map(|v| v * v).sum();
    let first = z[0] * z[0];
    let shared = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
        let share = |i: usize| i as f64 / (z.len() - 1).max(1) as f64;
        z.iter().enumerate().map(|(i, &v)| term(share(i), v)).sum()
    };
    let waves: f64 = z.iter().map(|v| (2.0 * PI * v).cos()).sum();
    match FUNCTIONS[index] {
        "sphere" => squares,
        "ellipsoid" => shared(&|share, v| 10.0_f64.powf(4.0 * share) * v * v),
        "rastrigin" => 10.0 * n + squares - 10.0 * waves,
        "rosenbrock" => rosenbrock(&z),
        "discus" => 1e4 * first + squares - first,
        "bent_cigar" => first + 1e4 * (squares - first),
        "sharp_ridge" => first + 100.0 * (squares - first).max(0.0).sqrt(),
        "different_powers" => shared(&|share, v| v.abs().powf(2.0 + 4.0 * share)).sqrt(),
        "ackley" => 20.0 - 20.0 * (-0.2 * (squares / n).sqrt()).exp() + E - (waves / n).exp(),
        "griewank" => {
            let cosines = z.iter().enumerate().map(|(i, v)| (10.0 * v / ((i + 1) as f64).sqrt()).cos());
            1.0 + squares / 40.0 - cosines.product::<f64>()
        }
        "step_ellipsoid" => shared(&|share, v| 10.0_f64.powf(2.0 * share) * step(v) * step(v)),
        _ => levy(&z),
    }
}

fn mixed(read: &dyn Fn(&str) -> f64) -> f64 {
    let rate = read("rate").log10() + 3.0;
    let fast = (read("fast") - 21.0) / 20.0;
    let slow = (read("slow") / 90.0).ln();
    let stop = read("stop") - 2.0;
    let penalty = [0.6, 0.4, 0.0, 1.0][read("kind") as usize];
    rate * rate + fast * fast + slow * slow + stop * stop + penalty * (1.0 + fast * fast)
}

fn conditional(read: &dyn Fn(&str) -> f64) -> f64 {
    if read("kind") == 0.0 {
        return 1.0 + (read("slope") - 2.0).powi(2);
    }
    let bend = read("bend");
    (bend + 1.0).powi(2) + 10.0 * (read("shift") - bend * bend).powi(2)
}

fn noise(x: &[f64]) -> f64 {
    let angle: f64 = x.iter().enumerate().map(|(i, v)| (i + 1) as f64 * 12.9898 * v).sum();
    let wave = angle.sin() * 437.58;
    2.0 * (wave - wave.floor()) - 1.0
}

/// E. Zitzler, K. Deb, L. Thiele, Evolutionary Computation 8(2), 2000.
fn zdt(name: &str, x: &[f64]) -> Vec<f64> {
    let (first, others) = (x[0], &x[1..]);
    let g = 1.0 + 9.0 * others.iter().sum::<f64>() / others.len() as f64;
    let share = first / g;
    let second = match name {
        "zdt1" => 1.0 - share.sqrt(),
        "zdt2" => 1.0 - share * share,
        _ => 1.0 - share.sqrt() - share * (10.0 * PI * first).sin(),
    };
    vec![first, g * second]
}

/// K. Deb, L. Thiele, M. Laumanns, E. Zitzler, CEC 2002.
fn dtlz2(x: &[f64]) -> Vec<f64> {
    let g: f64 = x[2..].iter().map(|v| (v - 0.5).powi(2)).sum();
    let (a, b) = (0.5 * PI * x[0], 0.5 * PI * x[1]);
    [a.cos() * b.cos(), a.cos() * b.sin(), a.sin()].map(|v| (1.0 + g) * v).to_vec()
}

impl Problem {
    fn new(name: &'static str, dimension: usize, params: &[(&str, Param)]) -> Self {
        let space = space(params, vec![]).expect("the spaces are valid");
        Self { name, dimension, space, reference: Vec::new(), table: None }
    }

    /// Every problem. Their order is part of the seeds: new ones come last.
    pub(crate) fn all() -> Vec<Self> {
        let mut problems: Vec<Self> = Vec::new();
        for dimension in [2, 5, 10, 20] {
            problems.extend(FUNCTIONS.map(|name| Self::new(name, dimension, &cube(dimension, -5.0, 5.0))));
        }
        problems.extend(Self::others());
        for (name, dimension, reference) in [
            ("zdt1", 10, vec![1.1, 6.0]),
            ("zdt2", 10, vec![1.1, 6.0]),
            ("zdt3", 10, vec![1.1, 6.0]),
            ("dtlz2", 7, vec![2.0; 3]),
        ] {
            problems.push(Self { reference, ..Self::new(name, dimension, &cube(dimension, 0.0, 1.0)) });
        }
        problems.extend(backtests::tables().into_iter().map(|table| Self {
            name: table.problem,
            dimension: table.space.len(),
            space: table.space.clone(),
            reference: table.reference.clone(),
            table: Some(table),
        }));
        problems
    }

    fn others() -> [Self; 4] {
        let mixed = [
            ("rate", always(log_float(1e-5, 1.0))),
            ("fast", always(int(5, 60))),
            ("slow", always(log_int(20, 300))),
            ("stop", always(stepped(0.5, 5.0, 0.25))),
            ("kind", always(choice(&["a", "b", "c", "d"]))),
        ];
        let conditional = [
            ("kind", always(choice(&["line", "curve"]))),
            ("slope", when(float(-3.0, 3.0), "kind", 0)),
            ("bend", when(float(-3.0, 3.0), "kind", 1)),
            ("shift", when(float(-3.0, 3.0), "kind", 1)),
        ];
        let five = cube(5, -5.0, 5.0);
        [
            Self::new("mixed", 5, &mixed),
            Self::new("conditional", 4, &conditional),
            Self::new("noisy", 5, &five),
            Self::new("constrained", 5, &five),
        ]
    }

    pub(crate) fn objectives(&self) -> usize {
        self.reference.len().max(1)
    }

    /// Numbers only, one objective: what every sampler takes.
    pub(crate) fn is_numeric(&self) -> bool {
        FUNCTIONS.contains(&self.name) || ["noisy", "constrained"].contains(&self.name)
    }

    pub(crate) fn judge(&self, params: &Assignment) -> Judgement {
        if let Some(table) = &self.table {
            return table.judge(params);
        }
        let read = |name: &str| number(params, name).unwrap_or(0.0);
        let x = || -> Vec<f64> { (0..self.dimension).map(|i| read(AXES[i])).collect() };
        match self.name {
            "mixed" => Judgement::plain(mixed(&read)),
            "conditional" => Judgement::plain(conditional(&read)),
            "noisy" => {
                let judged = function(0, &x());
                Judgement { objectives: vec![judged + 2.0 * noise(&x())], judged, violation: None }
            }
            "constrained" => {
                let n = self.dimension as f64;
                let value = x().iter().map(|v| v * v).sum::<f64>() - n / 4.0;
                Judgement { violation: Some(n / 2.0 - x().iter().sum::<f64>()), ..Judgement::plain(value) }
            }
            "dtlz2" => Judgement::several(dtlz2(&x())),
            name if name.starts_with("zdt") => Judgement::several(zdt(name, &x())),
            name => {
                let index = FUNCTIONS.iter().position(|function| *function == name);
                Judgement::plain(function(index.unwrap_or(0), &x()))
            }
        }
    }

    /// One number for a run, smaller is better: the judged value of its best trial, or minus a hypervolume.
    /// `None` if no trial is feasible.
    pub(crate) fn score(&self, results: &[Judgement]) -> Option<f64> {
        let feasible = results.iter().filter(|result| result.is_feasible());
        if self.reference.is_empty() {
            let best = feasible.min_by(|a, b| a.objectives[0].total_cmp(&b.objectives[0]));
            return best.map(|result| result.judged);
        }
        let rows = feasible.map(|result| &result.objectives);
        Some(-pareto::hypervolume(&Points::of(self.reference.len(), rows), &self.reference))
    }
}

const AXES: [&str; 20] = [
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
    "x18", "x19",
];

fn cube(dimension: usize, low: f64, high: f64) -> Vec<(&'static str, Param)> {
    AXES[..dimension].iter().map(|&name| (name, always(float(low, high)))).collect()
}
