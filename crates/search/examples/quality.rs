//! Best values that samplers find on the problems of `benches/quality/problems.py`, as JSON lines.
//!
//! `cargo run --release -p bartune-search --example quality -- SEEDS TRIALS [SAMPLER:LAG ...]`
//!
//! Samplers: `tpe`, `tpe-independent`, `random`; without any: `tpe:1 tpe:16 random:1`. A line has the problem, its
//! dimension, the sampler, the lag, the seed and the best value after each tenth of the trials. The
//! problems are described where Optuna's side of them is.

use std::f64::consts::{E, PI};

use bartune_search::sampler::Sampler;
use bartune_search::sampler::random::Random;
use bartune_search::sampler::tpe::{Multivariate, Tpe, TpeOptions};
use bartune_search::space::{Assignment, Param, Space};
use bartune_search::testing::space::{always, choice, float, int, log_float, log_int, number, space, stepped, when};
use bartune_search::testing::study::{Outcome, Study};
use bartune_search::trial::StudyDirection;

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

/// What a problem makes of a point: the objective, the value that is judged, the constraint.
struct Judgement {
    objective: f64,
    judged: f64,
    constraint: Option<f64>,
}

impl Judgement {
    fn plain(value: f64) -> Self {
        Self { objective: value, judged: value, constraint: None }
    }
}

struct Problem {
    name: &'static str,
    dimension: usize,
    space: Space,
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

impl Problem {
    fn new(name: &'static str, dimension: usize, params: &[(&str, Param)]) -> Self {
        Self { name, dimension, space: space(params, vec![]).expect("the spaces are valid") }
    }

    fn all() -> Vec<Self> {
        let names: Vec<String> = (0..20).map(|i| format!("x{i}")).collect();
        let box_of = |dimension: usize| -> Vec<(&str, Param)> {
            names[..dimension].iter().map(|name| (name.as_str(), always(float(-5.0, 5.0)))).collect()
        };
        let mut problems: Vec<Self> = Vec::new();
        for dimension in [2, 5, 10, 20] {
            problems.extend(FUNCTIONS.map(|name| Self::new(name, dimension, &box_of(dimension))));
        }
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
        problems.push(Self::new("mixed", 5, &mixed));
        problems.push(Self::new("conditional", 4, &conditional));
        problems.push(Self::new("noisy", 5, &box_of(5)));
        problems.push(Self::new("constrained", 5, &box_of(5)));
        problems
    }

    fn judge(&self, params: &Assignment) -> Judgement {
        let read = |name: &str| number(params, name).unwrap_or(0.0);
        let x = || -> Vec<f64> { (0..self.dimension).map(|i| read(&format!("x{i}"))).collect() };
        match self.name {
            "mixed" => Judgement::plain(mixed(&read)),
            "conditional" => Judgement::plain(conditional(&read)),
            "noisy" => {
                let judged = function(0, &x());
                Judgement { objective: judged + 2.0 * noise(&x()), judged, constraint: None }
            }
            "constrained" => {
                let n = self.dimension as f64;
                let value = x().iter().map(|v| v * v).sum::<f64>() - n / 4.0;
                Judgement { constraint: Some(n / 2.0 - x().iter().sum::<f64>()), ..Judgement::plain(value) }
            }
            name => {
                let index = FUNCTIONS.iter().position(|function| *function == name);
                Judgement::plain(function(index.unwrap_or(0), &x()))
            }
        }
    }

    /// The judged value of the best trial after each tenth of the trials.
    fn curve(&self, sampler: &mut dyn Sampler, (seed, lag, trials): (u64, u64, u64)) -> Vec<Option<f64>> {
        let evaluate = |_, params: &Assignment| {
            let Judgement { objective, constraint, .. } = self.judge(params);
            Outcome { constraint, ..Outcome::complete(objective) }
        };
        let study = Study { space: &self.space, direction: StudyDirection::Minimize, seed, lag, evaluate: &evaluate };
        let done = study.run(sampler, Vec::new(), trials).expect("the spaces have points");
        let (mut best, mut curve) = ((f64::INFINITY, None), Vec::new());
        for (index, trial) in done.iter().enumerate() {
            let Judgement { objective, judged, constraint } = self.judge(&trial.params);
            if objective < best.0 && constraint.is_none_or(|constraint| constraint <= 0.0) {
                best = (objective, Some(judged));
            }
            if (index as u64 + 1).is_multiple_of((trials / 10).max(1)) {
                curve.push(best.1);
            }
        }
        curve
    }
}

fn sampler(name: &str) -> Result<Box<dyn Sampler>, Box<dyn std::error::Error>> {
    let independent = TpeOptions { multivariate: Multivariate::Independent, ..TpeOptions::default() };
    Ok(match name {
        "tpe" => Box::new(Tpe::default()),
        "tpe-independent" => Box::new(Tpe::try_new(independent)?),
        "random" => Box::new(Random),
        other => return Err(format!("there is no sampler '{other}' here").into()),
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seeds, trials, wanted @ ..] = &arguments[..] else {
        return Err("SEEDS TRIALS [SAMPLER:LAG ...]".into());
    };
    let (seeds, trials): (u64, u64) = (seeds.parse()?, trials.parse()?);
    let usual = ["tpe:1", "tpe:16", "random:1"].map(str::to_owned);
    let wanted = if wanted.is_empty() { &usual[..] } else { wanted };
    for (index, problem) in (0_u64..).zip(Problem::all()) {
        for choice in wanted {
            let (name, lag) = choice.split_once(':').unwrap_or((choice, "1"));
            for seed in 0..seeds {
                // One seed for all problems would start all of them at the same points, lucky or not.
                let best = problem.curve(&mut *sampler(name)?, (1_000 * index + seed, lag.parse()?, trials));
                let line = serde_json::json!({
                    "problem": problem.name, "dimension": problem.dimension, "sampler": name,
                    "lag": lag.parse::<u64>()?, "seed": seed, "trials": trials, "best": best,
                });
                println!("{line}");
            }
        }
    }
    Ok(())
}
