//! What every entry of the catalogue must hold, checked over all of them.

mod oracle;

use proptest::prelude::*;

use super::*;

/// Several argument sets for a function: its defaults, and its periods scaled (which keeps their order,
/// as in `fast < slow`). Only sets that the function accepts.
fn argument_sets(function: &Function) -> Vec<Vec<f64>> {
    let mut sets = Vec::new();
    for scale in [1.0, 0.25, 0.5, 2.0, 3.0] {
        let set: Vec<f64> = function.args.iter().map(|arg| scaled(arg, scale)).collect();
        if !sets.contains(&set) && (function.make)(&set).is_ok() {
            sets.push(set);
        }
    }
    assert!(
        sets.len() >= 2 || function.args.iter().all(|arg| matches!(arg.kind, ArgKind::Real { .. })),
        "{}",
        function.name
    );
    sets
}

fn scaled(arg: &Arg, scale: f64) -> f64 {
    let default = arg.default.unwrap_or(10.0);
    match arg.kind {
        ArgKind::Period { min } => (default * scale).round().max(min as f64),
        ArgKind::Real { .. } => default,
    }
}

/// A small fixed generator: SplitMix64 to a number in [0, 1).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A random walk of bars, half-hourly; conditions are true at random.
struct Market {
    columns: [Vec<f64>; 6],
    series: [Vec<f64>; 2],
    condition: Vec<f64>,
}

impl Market {
    fn new(seed: u64, bars: usize) -> Self {
        let mut noise = Noise(seed);
        let mut market = Self {
            columns: std::array::from_fn(|_| Vec::with_capacity(bars)),
            series: [Vec::new(), Vec::new()],
            condition: Vec::new(),
        };
        let mut price = 100.0;
        for t in 0..bars {
            let open = price;
            price *= 1.0 + 0.02 * (noise.next() - 0.5);
            let high = open.max(price) * (1.0 + 0.01 * noise.next());
            let low = open.min(price) * (1.0 - 0.01 * noise.next());
            let time = 1_600_000_000e9 + t as f64 * 1800e9;
            let bar = [open, high, low, price, (1000.0 * noise.next()).floor() + 1.0, time];
            market.columns.iter_mut().zip(bar).for_each(|(column, x)| column.push(x));
            market.series[0].push(price);
            market.series[1].push(price * (1.0 + 0.01 * (noise.next() - 0.5)));
            market.condition.push(if noise.next() < 0.3 { 1.0 } else { 0.0 });
        }
        // Every window must hold one true bar where a lookback of 0 is promised for conditions.
        if let Some(first) = market.condition.first_mut() {
            *first = 1.0;
        }
        market
    }

    /// Undefined values at random in what calls may compute; columns of bars are always defined.
    fn punch_holes(&mut self, seed: u64) {
        let mut noise = Noise(seed);
        for column in self.series.iter_mut().chain([&mut self.condition]) {
            for x in column.iter_mut() {
                if noise.next() < 0.02 {
                    *x = if noise.next() < 0.8 { f64::NAN } else { f64::INFINITY };
                }
            }
        }
    }

    fn inputs(&self, function: &Function) -> Vec<&[f64]> {
        let mut series = self.series.iter();
        function
            .inputs
            .iter()
            .map(|input| match input {
                Input::Series => series.next().expect("at most two series").as_slice(),
                Input::Condition => self.condition.as_slice(),
                Input::Column(column) => self.columns[*column as usize].as_slice(),
            })
            .collect()
    }
}

fn whole(function: &Function, args: &[f64], inputs: &[&[f64]]) -> Vec<Vec<f64>> {
    let mut outputs = vec![Vec::new(); function.outputs.len()];
    (function.make)(args).unwrap().batch(inputs, &mut outputs);
    outputs
}

/// The same in stretches: a single update where a stretch is one bar long.
fn stretches(function: &Function, args: &[f64], inputs: &[&[f64]], lengths: &[usize]) -> Vec<Vec<f64>> {
    let bars = inputs[0].len();
    let mut kernel = (function.make)(args).unwrap();
    let mut outputs = vec![Vec::new(); function.outputs.len()];
    let (mut start, mut lengths) = (0, lengths.iter().cycle());
    while start < bars {
        let end = (start + lengths.next().expect("cycles")).min(bars);
        let mut part = vec![vec![7.0; 3]; outputs.len()];
        if end - start == 1 {
            let input: Vec<f64> = inputs.iter().map(|column| column[start]).collect();
            let mut output = vec![7.0; outputs.len()];
            kernel.update(&input, &mut output);
            part = output.iter().map(|x| vec![*x]).collect();
        } else {
            let columns: Vec<&[f64]> = inputs.iter().map(|column| &column[start..end]).collect();
            kernel.batch(&columns, &mut part);
        }
        outputs.iter_mut().zip(part).for_each(|(whole, part)| whole.extend(part));
        start = end;
    }
    outputs
}

fn bits(outputs: &[Vec<f64>]) -> Vec<Vec<u64>> {
    let canonical = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
    outputs.iter().map(|output| output.iter().map(canonical).collect()).collect()
}

#[test]
fn names_are_unique_and_found() {
    let listed: Vec<_> = names().collect();
    assert!(listed.windows(2).all(|pair| pair[0] < pair[1]), "{listed:?}");
    assert!(catalogue().iter().all(|function| std::ptr::eq(find(function.name).unwrap(), function)));
    assert!(find("emaa").is_none());
}

#[test]
fn entries_are_well_formed() {
    for function in catalogue() {
        let name = function.name;
        assert!(!function.outputs.is_empty() && !function.inputs.is_empty(), "{name}");
        assert!(function.doc.ends_with('.'), "{name}: the doc line is a sentence");
        assert!(function.outputs == [""] || function.outputs.iter().all(|output| !output.is_empty()), "{name}");
        let defaults: Option<Vec<f64>> = function.args.iter().map(|arg| arg.default).collect();
        if let Some(defaults) = defaults {
            assert!((function.make)(&defaults).is_ok(), "{name}: its defaults do not fit");
        }
        let first_default = function.args.iter().position(|arg| arg.default.is_some());
        assert!(
            function.args.iter().skip(first_default.unwrap_or(0)).all(|arg| arg.default.is_some())
                || first_default.is_none(),
            "{name}"
        );
    }
}

#[test]
fn first_value_comes_after_the_lookback_and_none_is_missing() {
    let market = Market::new(1, 1500);
    let mut wrong = Vec::new();
    for function in catalogue() {
        for args in argument_sets(function) {
            let lookback = (function.lookback)(&args);
            for (name, output) in function.outputs.iter().zip(whole(function, &args, &market.inputs(function))) {
                let first = output.iter().position(|x| !x.is_nan()).unwrap_or(usize::MAX);
                let holes = output.iter().skip(first).filter(|x| !x.is_finite()).count();
                if first != lookback || holes > 0 {
                    wrong.push(format!(
                        "{}({args:?}).{name}: lookback {lookback}, first {first}, holes {holes}",
                        function.name
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn conditions_are_zero_or_one() {
    let market = Market::new(2, 500);
    for function in catalogue().iter().filter(|function| function.kind == OutputKind::Condition) {
        for output in whole(function, &argument_sets(function)[0], &market.inputs(function)) {
            assert!(output.iter().all(|&x| x.is_nan() || x == 0.0 || x == 1.0), "{}", function.name);
            assert!(output.contains(&1.0), "{} is never true", function.name);
        }
    }
}

#[test]
fn arguments_out_of_bounds_are_refused_without_a_panic() {
    let extremes = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 0.5, 1.0, 2.0, 1e7, 1e18];
    for function in catalogue() {
        for index in 0..function.args.len() {
            for extreme in extremes {
                let mut args = argument_sets(function)[0].clone();
                args[index] = extreme;
                let _ = (function.lookback)(&args);
                let made = (function.make)(&args);
                if extreme.is_nan() || extreme.abs() >= 1e7 {
                    assert!(made.is_err(), "{}({args:?})", function.name);
                }
                if let Ok(mut kernel) = made {
                    let market = Market::new(3, 40);
                    let mut outputs = vec![Vec::new(); function.outputs.len()];
                    kernel.batch(&market.inputs(function), &mut outputs);
                }
            }
        }
        assert!((function.make)(&[1.0; 12]).is_err(), "{} takes any number of arguments", function.name);
    }
}

#[test]
fn constant_and_zero_prices_give_no_infinity() {
    for price in [0.0, 1.0, 1e-12, 1e12] {
        let mut market = Market::new(4, 400);
        for column in &mut market.columns[..5] {
            column.fill(price);
        }
        market.series.iter_mut().for_each(|series| series.fill(price));
        for function in catalogue() {
            for output in whole(function, &argument_sets(function)[0], &market.inputs(function)) {
                assert!(output.iter().all(|x| !x.is_infinite()), "{} at price {price}", function.name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn batch_equals_update_and_any_split(seed: u64, holes: bool, lengths in prop::collection::vec(1_usize..60, 1..6)) {
        let mut market = Market::new(seed, 320);
        if holes {
            market.punch_holes(seed ^ 1);
        }
        for function in catalogue() {
            let inputs = market.inputs(function);
            for args in argument_sets(function) {
                let batch = bits(&whole(function, &args, &inputs));
                prop_assert_eq!(&batch, &bits(&stretches(function, &args, &inputs, &[1])), "{}({:?})", function.name, &args);
                prop_assert_eq!(&batch, &bits(&stretches(function, &args, &inputs, &lengths)), "{}({:?})", function.name, &args);
            }
        }
    }

    #[test]
    fn no_value_depends_on_later_bars(seed: u64, cut in 1_usize..300) {
        let (market, other) = (Market::new(seed, 300), Market::new(seed ^ 7, 300));
        for function in catalogue() {
            let (kept, later) = (market.inputs(function), other.inputs(function));
            let spliced: Vec<Vec<f64>> = kept.iter().zip(&later).map(|(a, b)| [&a[..cut], &b[cut..]].concat()).collect();
            let spliced: Vec<&[f64]> = spliced.iter().map(Vec::as_slice).collect();
            let args = &argument_sets(function)[0];
            for (a, b) in bits(&whole(function, args, &kept)).iter().zip(bits(&whole(function, args, &spliced))) {
                prop_assert_eq!(&a[..cut], &b[..cut], "{}", function.name);
            }
        }
    }

    #[test]
    fn leading_undefined_inputs_shift_the_output(seed: u64, shift in 1_usize..50) {
        let market = Market::new(seed, 200);
        let prefix = vec![f64::NAN; shift];
        for function in catalogue().iter().filter(|function| function.inputs == [Input::Series]) {
            let shifted = [&prefix, &market.series[0]].map(Vec::as_slice).concat();
            let args = &argument_sets(function)[0];
            let (plain, late) = (whole(function, args, &[&market.series[0]]), whole(function, args, &[&shifted]));
            for (plain, late) in bits(&plain).iter().zip(bits(&late)) {
                prop_assert_eq!(&plain[..], &late[shift..], "{}", function.name);
                prop_assert!(late[..shift].iter().all(|&x| x == u64::MAX));
            }
        }
    }
}
