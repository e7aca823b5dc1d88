//! What the search did: history, distribution, importance, slices, the map of two parameters, the Pareto front.
//!
//! Charts of single trials share one sample: the best ones, and the rest evenly by number.

use serde::Serialize;

use super::Part;
use super::axis::Axis;
use super::ledger::{Kind, Ledger};
use super::thin::{Histogram, short, shorts, spread};

/// Trials in the sample that are there because they are the best.
const BEST: usize = 250;
/// Trials in the sample.
const SAMPLE: usize = 1_400;
/// Infeasible trials shown beside them.
const INFEASIBLE: usize = 400;
/// Points of the line of the best value so far.
const LINE: usize = 400;
/// Bins of a distribution.
const BINS: usize = 48;
/// Bins of the map, along each side.
const MAP: usize = 20;

/// What the search did.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Search {
    /// Objectives as written, each with whether it is maximised.
    pub(super) objectives: Vec<Objective>,
    pub(super) trials: usize,
    pub(super) axes: Vec<Axis>,
    pub(super) sample: Sample,
    /// `[number, value]` wherever the best value changed; of one objective.
    pub(super) best: Vec<(u64, f64)>,
    /// One an objective.
    pub(super) histograms: Vec<Option<Histogram>>,
    /// The winner's place.
    pub(super) winner: Option<Winner>,
    /// Share of feasible trials that the winner beats or equals.
    pub(super) importance: Part<Vec<(String, f64)>>,
    pub(super) map: Part<Map>,
}

/// One objective.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Objective {
    pub(super) name: String,
    pub(super) is_maximized: bool,
}

/// Single trials, as columns.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Sample {
    pub(super) numbers: Vec<u64>,
    /// 2 a member of the Pareto front, 1 feasible, 0 infeasible.
    pub(super) kinds: Vec<u8>,
    /// One column an objective.
    pub(super) values: Vec<Vec<f64>>,
    /// One column an axis; null where inactive.
    pub(super) params: Vec<Vec<f64>>,
}

/// The winner among the trials.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Winner {
    pub(super) number: u64,
    pub(super) values: Vec<f64>,
    /// One an axis; null where inactive.
    pub(super) params: Vec<f64>,
    /// How far above the feasible trials' mean, in standard deviations; of one objective.
    pub(super) deviations: Option<f64>,
    pub(super) median: Option<f64>,
}

/// The mean and the best objective over two parameters.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Map {
    /// Positions of the axes.
    pub(super) x: usize,
    pub(super) y: usize,
    /// Middles of the bins.
    pub(super) xs: Vec<f64>,
    pub(super) ys: Vec<f64>,
    /// `[x bin, y bin, mean, best, trials]`.
    pub(super) cells: Vec<(usize, usize, f64, f64, u32)>,
}

impl Search {
    pub(super) fn of(ledger: &Ledger, names: &[String], seed: u64, chosen: Option<u64>) -> Self {
        let ranked = ledger.ranked();
        let feasible = ledger.feasible();
        let objectives = ledger.directions.len();
        let chosen = chosen.and_then(|number| ledger.numbers.iter().position(|&other| other == number));
        let winner = chosen.or_else(|| ranked.first().copied());
        let importance = Part::from(ledger.importance(seed));
        let column = |objective: usize| feasible.iter().map(|&row| ledger.value(row, objective)).collect::<Vec<f64>>();
        let map = map(ledger, &feasible, &importance);
        Self {
            objectives: (0..objectives)
                .map(|index| Objective {
                    name: names.get(index).cloned().unwrap_or_else(|| format!("value {}", index + 1)),
                    is_maximized: ledger.directions[index] == bartune_search::trial::StudyDirection::Maximize,
                })
                .collect(),
            trials: ledger.len(),
            axes: ledger.axes.clone(),
            best: if objectives == 1 { best_line(ledger, &feasible) } else { Vec::new() },
            histograms: (0..objectives)
                .map(|index| Histogram::of(&column(index), BINS, winner.map(|row| ledger.value(row, index))))
                .collect(),
            sample: sample(ledger, &ranked, &feasible),
            winner: winner.map(|row| winner_at(ledger, row, &column(0))),
            map,
            importance: importance.map(|shares| shares.into_iter().map(|(name, share)| (name, short(share))).collect()),
        }
    }
}

fn best_line(ledger: &Ledger, feasible: &[usize]) -> Vec<(u64, f64)> {
    let mut line: Vec<(u64, f64)> = Vec::new();
    let mut best = f64::NEG_INFINITY;
    for &row in feasible {
        if ledger.score(row) > best {
            best = ledger.score(row);
            line.push((ledger.numbers[row], short(ledger.value(row, 0))));
        }
    }
    spread(line.len(), LINE).into_iter().map(|index| line[index]).collect()
}

fn winner_at(ledger: &Ledger, row: usize, values: &[f64]) -> Winner {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let is_one = ledger.directions.len() == 1;
    Winner {
        number: ledger.numbers[row],
        values: shorts((0..ledger.directions.len()).map(|index| ledger.value(row, index))),
        params: shorts(ledger.columns.iter().map(|column| column[row])),
        deviations: (is_one && deviation > 0.0).then(|| short(((ledger.value(row, 0) - mean) / deviation).abs())),
        median: sorted.get(sorted.len() / 2).copied().filter(|_| is_one).map(short),
    }
}

fn sample(ledger: &Ledger, ranked: &[usize], feasible: &[usize]) -> Sample {
    let mut rows: Vec<usize> = ranked.iter().take(BEST).copied().collect();
    rows.extend(spread(feasible.len(), SAMPLE - BEST).into_iter().map(|index| feasible[index]));
    let outside: Vec<usize> = (0..ledger.len())
        .filter(|&row| ledger.kinds[row] == Kind::Infeasible && !ledger.value(row, 0).is_nan())
        .collect();
    rows.extend(spread(outside.len(), INFEASIBLE).into_iter().map(|index| outside[index]));
    rows.sort_unstable();
    rows.dedup();
    let is_front = ledger.directions.len() > 1;
    let kind = |row: usize| match ledger.kinds[row] {
        Kind::Feasible if is_front && ranked.contains(&row) => 2,
        Kind::Feasible => 1,
        _ => 0,
    };
    Sample {
        numbers: rows.iter().map(|&row| ledger.numbers[row]).collect(),
        kinds: rows.iter().map(|&row| kind(row)).collect(),
        values: (0..ledger.directions.len())
            .map(|index| shorts(rows.iter().map(|&row| ledger.value(row, index))))
            .collect(),
        params: ledger.columns.iter().map(|column| shorts(rows.iter().map(|&row| column[row]))).collect(),
    }
}

/// The map over the two most important parameters.
fn map(ledger: &Ledger, feasible: &[usize], importance: &Part<Vec<(String, f64)>>) -> Part<Map> {
    let position = |name: &str| ledger.axes.iter().position(|axis| axis.name == name);
    let ordered: Vec<usize> = match importance {
        Part::Found(shares) => shares.iter().filter_map(|(name, _)| position(name)).collect(),
        Part::Missing { .. } => (0..ledger.axes.len()).collect(),
    };
    let [x, y, ..] = ordered[..] else {
        return Part::missing("a map needs two parameters that are searched");
    };
    let (across, up) = (&ledger.axes[x], &ledger.axes[y]);
    let (columns, rows) = (across.bins(MAP), up.bins(MAP));
    let bin = |axis: &Axis, bins: usize, place: f64| {
        let is_exact = axis.bins(1 << 20) == bins;
        let share = axis.share(place).clamp(0.0, 1.0);
        let at = if is_exact { (share * (bins - 1) as f64).round() } else { (share * bins as f64).floor() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the bins")]
        let at = at as usize;
        at.min(bins - 1)
    };
    let mut sums = vec![(0.0, f64::NEG_INFINITY, 0_u32); columns * rows];
    for &row in feasible {
        let (a, b) = (ledger.columns[x][row], ledger.columns[y][row]);
        if a.is_nan() || b.is_nan() {
            continue;
        }
        let cell = &mut sums[bin(across, columns, a) + columns * bin(up, rows, b)];
        *cell = (cell.0 + ledger.value(row, 0), cell.1.max(ledger.score(row)), cell.2 + 1);
    }
    let turned = |score: f64| if ledger.is_minimized() { -score } else { score };
    let cells: Vec<_> = sums
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.2 > 0)
        .map(|(at, &(sum, best, count))| {
            (at % columns, at / columns, short(sum / f64::from(count)), short(turned(best)), count)
        })
        .collect();
    if cells.is_empty() {
        return Part::missing("no feasible trial has both of the most important parameters");
    }
    Part::Found(Map { x, y, xs: middles(across, columns), ys: middles(up, rows), cells })
}

/// What lies in the middle of each bin.
fn middles(axis: &Axis, bins: usize) -> Vec<f64> {
    let is_exact = axis.bins(1 << 20) == bins;
    let share = |bin: usize| match (is_exact, bins) {
        (true, 1) => 0.0,
        (true, _) => bin as f64 / (bins - 1) as f64,
        (false, _) => (bin as f64 + 0.5) / bins as f64,
    };
    shorts((0..bins).map(|bin| axis.at(share(bin))))
}
