//! The tabulated backtests of `benches/quality/backtests.py`, where they are described.

use std::collections::BTreeMap;
use std::path::Path;

use bartune_search::space::{Assignment, Distribution, Param, Space};
use bartune_search::testing::space::{always, choice, number, space, stepped, switch, when};

use crate::problems::Judgement;

/// One table and what of it is minimised.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) problem: &'static str,
    pub(crate) space: Space,
    pub(crate) reference: Vec<f64>,
    /// Columns, and whether more of it is better.
    objectives: Vec<(usize, bool)>,
    /// By the internal values of the parameters, in tenths; -1 for one that is absent.
    rows: BTreeMap<Vec<i64>, Vec<f64>>,
}

const VIOLATION: usize = 1;

fn whole(low: i64, high: i64, step: i64) -> Distribution {
    Distribution::Int { low, high, step, log: false }
}

fn trend() -> Space {
    let params = [
        ("fast", always(whole(5, 60, 5))),
        ("slow", always(whole(20, 245, 15))),
        ("stop", always(stepped(1.0, 5.5, 0.5))),
        ("filter", always(switch())),
        ("rsi_max", when(stepped(60.0, 90.0, 10.0), "filter", 1)),
    ];
    space(&params, vec![]).expect("the space is valid")
}

fn breakout() -> Space {
    let params = [
        ("length", always(whole(5, 60, 5))),
        ("exit", always(choice(&["channel", "target", "time"]))),
        ("exit_length", when(whole(3, 30, 3), "exit", 0)),
        ("target", when(stepped(1.0, 6.0, 0.5), "exit", 1)),
        ("bars", when(whole(2, 30, 2), "exit", 2)),
        ("stop", always(stepped(1.0, 5.0, 0.5))),
        ("trend", always(whole(100, 250, 50))),
    ];
    space(&params, vec![]).expect("the space is valid")
}

fn pullback() -> Space {
    let params = [
        ("length", always(whole(5, 60, 5))),
        ("pullback", always(whole(10, 50, 5))),
        ("stop", always(stepped(0.5, 4.0, 0.5))),
        ("target", always(stepped(0.5, 6.0, 0.5))),
    ];
    space(&params, vec![]).expect("the space is valid")
}

/// Every backtest problem.
pub(crate) fn tables() -> Vec<Table> {
    let single = || vec![(0, true)];
    vec![
        Table::new("trend", "trend", trend(), single()),
        Table::new("breakout", "breakout", breakout(), single()),
        Table::new("pullback", "pullback", pullback(), single()),
        Table { reference: vec![0.0, 0.6], ..Table::new("front", "trend", trend(), vec![(2, true), (3, false)]) },
    ]
}

impl Table {
    fn new(problem: &'static str, file: &str, space: Space, objectives: Vec<(usize, bool)>) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/quality/backtests");
        let text = std::fs::read_to_string(folder.join(file).with_extension("csv")).expect("the table is committed");
        let lines = text.lines().skip(1).map(|line| -> Vec<f64> {
            line.split(',').map(|field| field.parse().expect("tables hold numbers")).collect()
        });
        let mut points = Vec::new();
        walk(&space, &mut Assignment::new(), &mut points);
        assert_eq!(points.len(), text.lines().count() - 1, "the table has a row for each point of '{file}'");
        Self { problem, space, reference: Vec::new(), objectives, rows: points.into_iter().zip(lines).collect() }
    }

    pub(crate) fn judge(&self, params: &Assignment) -> Judgement {
        let row = &self.rows[&key(&self.space, params)];
        let objectives = self.objectives.iter().map(|&(column, more)| if more { -row[column] } else { row[column] });
        Judgement::of_table(objectives.collect(), row[VIOLATION])
    }
}

fn key(space: &Space, params: &Assignment) -> Vec<i64> {
    let tenths = |name: &String| number(params, name).map_or(-1, |value| (10.0 * value).round() as i64);
    space.params().keys().map(tenths).collect()
}

/// Every point of a space, the last parameter fastest.
fn walk(space: &Space, chosen: &mut Assignment, points: &mut Vec<Vec<i64>>) {
    walk_from(space, 0, chosen, points);
}

fn walk_from(space: &Space, index: usize, chosen: &mut Assignment, points: &mut Vec<Vec<i64>>) {
    let Some((name, Param { distribution, when })) = space.params().get_index(index) else {
        points.push(key(space, chosen));
        return;
    };
    if when.as_ref().is_some_and(|when| !(when.holds)(chosen)) {
        return walk_from(space, index + 1, chosen, points);
    }
    for value in (0..distribution.cardinality().expect("grids are finite")).filter_map(|n| distribution.nth(n)) {
        chosen.insert(name.clone(), value);
        walk_from(space, index + 1, chosen, points);
    }
    chosen.remove(name);
}
