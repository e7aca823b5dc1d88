//! The strategies that are timed, each over the whole of the bars as one segment, with every metric.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use bartune_engine::Params;
use bartune_engine::bars::Loaded;
use bartune_search::stream::RandomStream;

use super::timing::{Timing, repeat};
use super::{BenchOptions, Row};
use crate::config::{Plan, parse_study};
use crate::data::{Dataset, Segments};
use crate::error::Error;
use crate::evaluator::{CacheBudget, Engine, Evaluator};
use crate::outcome::Outcome;

/// A strategy with the key its figures have.
#[derive(Debug, Clone, Copy)]
pub struct BenchStrategy {
    /// Key, such as `sma_cross`.
    pub id: &'static str,
    /// In words.
    pub what: &'static str,
    study: &'static str,
}

/// The fixed set.
pub const STRATEGIES: [BenchStrategy; 6] = [
    BenchStrategy { id: "sma_cross", what: "SMA cross, stop, target", study: SMA_CROSS },
    BenchStrategy { id: "trend", what: "EMA, RSI, ATR; long and short", study: TREND },
    BenchStrategy {
        id: "squeeze",
        what: "bollinger_squeeze, 18 parameters",
        study: include_str!("../../../../examples/bollinger_squeeze.toml"),
    },
    BenchStrategy { id: "twenty", what: "twenty conditions", study: TWENTY },
    BenchStrategy { id: "frames", what: "ten minutes and one hour", study: FRAMES },
    BenchStrategy { id: "account", what: "under account rules", study: ACCOUNT },
];

/// What peers run as well: fills at the signal's close, 4 bps a side, 2 % stop, 4 % target.
pub(super) const SMA_CROSS: &str = r#"
name = "sma-cross"
data.path = "bars.parquet"
params.fast = { int = [5, 60], default = 10 }
params.slow = { int = [20, 250], default = 50 }
objective.maximize = "composite"
[strategy]
require = ["fast < slow"]
long_entry = "cross_above(sma(close, fast), sma(close, slow))"
long_exit = "cross_below(sma(close, fast), sma(close, slow))"
stop_loss = "0.02 * close"
take_profit = "0.04 * close"
[execution]
fill = "close"
commission = "4bps"
"#;

const TREND: &str = r#"
name = "trend"
data.path = "bars.parquet"
params.fast = { int = [5, 100], default = 20 }
params.slow = { int = [20, 400], log = true, default = 100 }
params.rsi_period = { int = [7, 28], default = 14 }
params.rsi_max = { float = [50, 90], default = 70 }
params.stop = { float = [1.0, 8.0], step = 0.25, default = 2.0 }
params.target = { float = [1.0, 16.0], step = 0.5, default = 4.0 }
objective.maximize = "composite"
[strategy]
require = ["fast < slow"]
long_entry = "cross_above(ema(close, fast), ema(close, slow)) and rsi(close, rsi_period) < rsi_max"
long_exit = "cross_below(ema(close, fast), ema(close, slow))"
short_entry = "cross_below(ema(close, fast), ema(close, slow)) and rsi(close, rsi_period) > 100 - rsi_max"
short_exit = "cross_above(ema(close, fast), ema(close, slow))"
stop_loss = "stop * atr(14)"
take_profit = "target * atr(14)"
[execution]
commission = "1bps"
slippage = "0.5bps"
"#;

const TWENTY: &str = r#"
name = "twenty"
data.path = "bars.parquet"
params.n = { int = [5, 30], default = 14 }
objective.maximize = "composite"
[strategy]
long_entry = """cross_above(ema(close, n), ema(close, 3 * n)) and (
    close > sma(close, 200) or close > sma(close, 100) or close > sma(close, 50) or rising(close, 3)
    or rsi(close, n) < 30 or rsi(close, 2 * n) < 40 or close > open or high > high[1] or low > low[1]
    or volume > sma(volume, n) or close > highest(high, n)[1] or streak(close > open) >= 3)"""
long_exit = """cross_below(ema(close, n), ema(close, 3 * n)) or rsi(close, n) > 80 or close < lowest(low, 2 * n)[1]
    or falling(close, 5) or close < sma(close, 200) - 3 * atr(n) or streak(close < open) >= 6
    or close > sma(close, 50) + 6 * atr(n)"""
stop_loss = "3 * atr(n)"
[execution]
commission = "1bps"
"#;

const FRAMES: &str = r#"
name = "frames"
data.path = "bars.parquet"
params.fast = { int = [5, 60], default = 20 }
params.slow = { int = [10, 100], default = 24 }
objective.maximize = "composite"
[strategy]
long_entry = "cross_above(close, ema(close, fast)) and on('1h', close > ema(close, slow))"
long_exit = "cross_below(close, ema(close, fast)) or on('1h', cross_below(close, ema(close, slow)))"
stop_loss = "2 * on('1h', atr(14))"
[execution]
commission = "1bps"
"#;

/// The same cross in a small position, so that the account lives through all of the bars.
const ACCOUNT: &str = r#"
name = "account"
data.path = "bars.parquet"
params.fast = { int = [5, 60], default = 10 }
params.slow = { int = [20, 250], default = 50 }
objective.maximize = "composite"
[strategy]
require = ["fast < slow"]
long_entry = "cross_above(sma(close, fast), sma(close, slow))"
long_exit = "cross_below(sma(close, fast), sma(close, slow))"
stop_loss = "0.02 * close"
take_profit = "0.04 * close"
[execution]
commission = "1bps"
size = "$1000"
[account]
cash = 50000
rules = "topstep-50k"
"#;

/// Cold, warm, with random parameters, and on all cores.
pub(super) fn measure(
    strategy: &BenchStrategy,
    loaded: &Loaded,
    options: &BenchOptions,
    cores: usize,
) -> Result<Vec<Row>, Error> {
    let plan = parse_study(strategy.id, strategy.study, Path::new(""), &[])?;
    let dataset = whole(loaded);
    let bench = Bench { id: strategy.id, what: strategy.what, plan: &plan, dataset: &dataset, options };
    let [drawn, cold_drawn] = [Kept::Yes, Kept::No].map(|kept| bench.random(kept));
    Ok(vec![bench.cold(), bench.warm(), bench.reference(), cold_drawn?, drawn?, bench.all_cores(cores)?])
}

/// The cost of a backtest, cold and again, of any study on all of these bars.
pub(super) fn cold_and_warm(
    (id, what): (&str, &str),
    study: &str,
    loaded: &Loaded,
    options: &BenchOptions,
) -> Result<Vec<Row>, Error> {
    let plan = parse_study(id, study, Path::new(""), &[])?;
    let dataset = whole(loaded);
    let bench = Bench { id, what, plan: &plan, dataset: &dataset, options };
    Ok(vec![bench.cold(), bench.warm()])
}

/// All of the bars as one segment.
fn whole(loaded: &Loaded) -> Dataset {
    let segments = Segments { train: 0..loaded.bars.len(), validate: None, test: None };
    Dataset { bars: loaded.bars.clone(), loaded: loaded.clone(), segments }
}

/// Whether series are kept from one trial to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

struct Bench<'a> {
    id: &'a str,
    what: &'a str,
    plan: &'a Plan,
    dataset: &'a Dataset,
    options: &'a BenchOptions,
}

impl<'a> Bench<'a> {
    /// An evaluator that has computed nothing yet, and keeps what it computes.
    fn evaluator(&self) -> Evaluator<'a> {
        Evaluator::new(self.plan, self.dataset).with_cache(CacheBudget::of_host())
    }

    /// The default parameters, every series computed anew.
    fn cold(&self) -> Row {
        let evaluator = Evaluator::new(self.plan, self.dataset);
        let timing = self.again(&evaluator);
        self.row("cold", "", timing, result(&evaluator.evaluate(&self.plan.parameters.defaults())))
    }

    /// The default parameters again and again.
    fn warm(&self) -> Row {
        self.row("warm", ", again", self.again(&self.evaluator()), String::new())
    }

    /// The same on the reference engine.
    fn reference(&self) -> Row {
        let evaluator = self.evaluator().with_engine(Engine::Reference);
        self.row("reference", ", reference engine", self.again(&evaluator), String::new())
    }

    fn again(&self, evaluator: &Evaluator<'_>) -> Timing {
        let params = self.plan.parameters.defaults();
        let evaluate = || {
            black_box(evaluator.evaluate(&params));
        };
        repeat(self.options.budget, self.options.repeats, evaluate)
    }

    /// Other parameters each time, as a random search draws them.
    fn random(&self, kept: Kept) -> Result<Row, Error> {
        let (part, how, evaluator) = match kept {
            Kept::Yes => ("random", ", random parameters", self.evaluator()),
            Kept::No => ("random_cold", ", random, no cache", Evaluator::new(self.plan, self.dataset)),
        };
        let drawn = self.draws()?;
        let (mut next, began) = (0, Instant::now());
        let timing = repeat(self.options.budget, self.options.repeats, || {
            black_box(evaluator.evaluate(&drawn[next % drawn.len()]));
            next += 1;
        });
        let mean_ms = began.elapsed().as_secs_f64() * 1e3 / next as f64;
        Ok(self.row(part, how, timing, format!("mean {mean_ms:.2} ms")))
    }

    /// Random parameters on all cores; the time is that of the whole divided by the trials done.
    fn all_cores(&self, cores: usize) -> Result<Row, Error> {
        let evaluator = self.evaluator();
        let drawn = self.draws()?;
        let (began, next) = (Instant::now(), AtomicU64::new(0));
        let least = (self.options.repeats * cores) as u64;
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= least && began.elapsed() >= self.options.budget {
                    return;
                }
                black_box(evaluator.evaluate(&drawn[number as usize % drawn.len()]));
            }
        };
        thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
        // Each thread counts once more than it works.
        let trials = (next.into_inner() - cores as u64) as usize;
        let each = began.elapsed().as_secs_f64() * 1e3 / trials as f64;
        let timing = Timing { repeats: trials, ..Timing::of(vec![each]) };
        Ok(self.row("all", &format!(", random, {cores} threads"), timing, String::new()))
    }

    /// Points of the space, the same in every run.
    fn draws(&self) -> Result<Vec<Params>, Error> {
        const DRAWS: u64 = 512;
        let parameters = &self.plan.parameters;
        let draw = |number| {
            let drawn = parameters.space.sample_uniform(&mut RandomStream::new(1, number, 0));
            Ok(parameters.to_params(&drawn.map_err(bartune_search::sampler::SamplerError::from)?))
        };
        (0..DRAWS).map(draw).collect()
    }

    fn row(&self, part: &str, how: &str, timing: Timing, result: String) -> Row {
        Row {
            id: format!("{}.{part}", self.id),
            what: format!("{}{how}", self.what),
            timing,
            bars: Some(self.dataset.bars.len()),
            result,
        }
    }
}

/// Return and trades, so that peers can be seen to do the same.
fn result(outcome: &Outcome) -> String {
    let of = |name: &str| outcome.metrics.get("train").and_then(|metrics| metrics.get(name)).copied();
    match (of("total_return"), of("trades")) {
        (Some(total_return), Some(trades)) => format!("return {total_return:.6}, {trades:.0} trades"),
        _ => outcome.reason().unwrap_or_default(),
    }
}
