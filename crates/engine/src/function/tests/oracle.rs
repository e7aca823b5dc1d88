//! TA-Lib's values, made by `scripts/oracles/indicators.py`, against ours.

use super::super::*;

const BARS: &str = include_str!("../../../../../testdata/indicators/bars.csv");
const EXPECTED: &str = include_str!("../../../../../testdata/indicators/expected.csv");
const TOLERANCE: f64 = 1e-9;

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The bars' columns by name.
struct Oracle {
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
}

impl Oracle {
    fn load() -> Self {
        let mut rows = rows(BARS);
        let names = rows.remove(0);
        let column = |i: usize| rows.iter().map(|row| row[i].parse().unwrap()).collect();
        Self { columns: (0..names.len()).map(column).collect(), names }
    }

    fn column(&self, name: &str) -> &[f64] {
        let found = self.names.iter().position(|other| other == name);
        &self.columns[found.unwrap_or_else(|| panic!("no column {name}"))]
    }
}

/// Runs `function inputs arguments output`, as the headings of `expected.csv` say it.
fn run(oracle: &Oracle, heading: &str) -> Result<Vec<f64>, InvalidArguments> {
    let [name, inputs, args, output] = heading.split(' ').collect::<Vec<_>>()[..] else { panic!("heading {heading}") };
    let function = find(name).unwrap_or_else(|| panic!("no function {name}"));
    let args: Vec<f64> = args.split(',').filter(|arg| *arg != "-").map(|arg| arg.parse().unwrap()).collect();
    let mut given = inputs.split('+');
    let columns: Vec<&[f64]> = function
        .inputs
        .iter()
        .map(|input| match input {
            Input::Column(BarColumn::Open) => oracle.column("open"),
            Input::Column(BarColumn::High) => oracle.column("high"),
            Input::Column(BarColumn::Low) => oracle.column("low"),
            Input::Column(BarColumn::Close) => oracle.column("close"),
            Input::Column(BarColumn::Volume) => oracle.column("volume"),
            _ => oracle.column(given.next().unwrap()),
        })
        .collect();
    let mut outputs = vec![Vec::new(); function.outputs.len()];
    (function.make)(&args).unwrap().batch(&columns, &mut outputs);
    let output = if output == "-" { "" } else { output };
    let index = function.outputs.iter().position(|other| *other == output);
    Ok(outputs.swap_remove(index.unwrap_or_else(|| panic!("{name} has no output {output}"))))
}

/// What differs between a column of TA-Lib's values and ours, if anything.
fn difference(rows: &[Vec<String>], column: usize, ours: &[f64]) -> Option<String> {
    let lookback: usize = rows[1][column].parse().unwrap();
    let first = ours.iter().position(|x| !x.is_nan());
    if first != Some(lookback) {
        return Some(format!("starts at {first:?}, TA-Lib at {lookback}"));
    }
    rows[2..].iter().filter(|row| !row[column].is_empty()).find_map(|row| {
        let (t, theirs): (usize, f64) = (row[0].parse().unwrap(), row[column].parse().unwrap());
        let close = (ours[t] - theirs).abs() <= TOLERANCE * theirs.abs().max(1.0);
        (!close).then(|| format!("{} at bar {t}, TA-Lib {theirs}", ours[t]))
    })
}

#[test]
fn values_are_ta_libs() {
    let (oracle, expected) = (Oracle::load(), rows(EXPECTED));
    let headings = expected[0].iter().enumerate().skip(1);
    let wrong: Vec<String> = headings
        .filter_map(|(column, heading)| {
            let ours = run(&oracle, heading).unwrap_or_else(|error| panic!("{heading}: {error}"));
            let difference = difference(&expected, column, &ours)?;
            Some(format!("{heading}: {difference}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
