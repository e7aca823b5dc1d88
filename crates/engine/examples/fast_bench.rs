//! What one trial costs, part by part: `cargo run --release -p bartune-engine --example fast_bench -- BARS.parquet`
//!
//! A crossing of two averages with stop, target and costs over the whole file, with all metrics; best of many runs
//! on one thread. *Cold* computes the indicators, *cached* takes them from a cache that has seen them.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bartune_engine::Params;
use bartune_engine::bars::{Bars, LoadOptions, load};
use bartune_engine::language::{BoundStrategy, MemoryCache, NoCache, RuleName, SeriesCache, StrategySource, compile};
use bartune_engine::metric::{Calendar, CompositeOptions, MetricInput, Metrics, compute};
use bartune_engine::simulator::fast::Workspace;
use bartune_engine::simulator::{
    Account, Backtest, BarView, Commission, Execution, Fill, Instrument, Intrabar, Signals, SimulationInput, Size,
    Slippage, fast, reference,
};

const RUNS: usize = 60;

/// Name and rules.
type Example = (&'static str, &'static [(RuleName, &'static str)]);

const EXAMPLES: [Example; 3] = [
    (
        "SMA 10/50, long, stop 2 %, target 4 %",
        &[
            (RuleName::LongEntry, "cross_above(sma(close, 10), sma(close, 50))"),
            (RuleName::LongExit, "cross_below(sma(close, 10), sma(close, 50))"),
            (RuleName::StopLoss, "close * 0.02"),
            (RuleName::TakeProfit, "close * 0.04"),
        ],
    ),
    (
        "EMA 20/100, RSI, ATR stop, trailing",
        &[
            (RuleName::LongEntry, "ema(close, 20) > ema(close, 100) and rsi(close, 14) < 70"),
            (RuleName::LongExit, "cross_below(ema(close, 20), ema(close, 100))"),
            (RuleName::StopLoss, "2 * atr(14)"),
            (RuleName::TrailingStop, "4 * atr(14)"),
        ],
    ),
    (
        "always in the market, both sides",
        &[
            (RuleName::LongEntry, "sma(close, 10) > sma(close, 50)"),
            (RuleName::ShortEntry, "sma(close, 10) < sma(close, 50)"),
        ],
    ),
];

/// What stays the same from trial to trial.
struct Bench {
    bars: Bars,
    calendar: Calendar,
    trading_days_per_year: f64,
    execution: Execution,
    account: Account,
    composite: CompositeOptions,
}

impl Bench {
    fn new(bars: Bars) -> Self {
        let calendar = Calendar::new(&bars.calendar().day);
        Self {
            trading_days_per_year: calendar.trading_days_per_year(),
            calendar,
            bars,
            execution: Execution {
                fill: Fill::NextOpen,
                intrabar: Intrabar::Worst,
                commission: Commission::Fraction(0.0004),
                slippage: Slippage::Fraction(0.0),
                size: Size::EquityFraction(1.0),
                instrument: Instrument { tick: None, point_value: 1.0, whole_contracts: false, margin: None },
            },
            account: Account { cash: 100_000.0, rules: None },
            composite: CompositeOptions::default(),
        }
    }

    fn input<'a>(&'a self, signals: &'a Signals) -> SimulationInput<'a> {
        let bars = &self.bars;
        let view = BarView::try_new(bars.open(), bars.high(), bars.low(), bars.close()).expect("columns agree");
        SimulationInput::try_new(view, 0..bars.len(), signals, &self.execution, &self.account)
            .expect("the example is valid")
    }

    fn metrics(&self, backtest: &Backtest) -> Metrics {
        compute(&MetricInput {
            backtest,
            calendar: &self.calendar,
            trading_days_per_year: self.trading_days_per_year,
            point_value: 1.0,
            first_close: self.bars.close()[0],
            last_close: self.bars.close()[self.bars.len() - 1],
            headroom: None,
            composite: &self.composite,
        })
    }

    fn signals(&self, strategy: &BoundStrategy, cache: &dyn SeriesCache) -> Signals {
        strategy.signals(&self.bars, cache).expect("there is no other timeframe")
    }

    fn trial(&self, strategy: &BoundStrategy, cache: &dyn SeriesCache, workspace: &mut Workspace) -> Metrics {
        let signals = self.signals(strategy, cache);
        self.metrics(fast::simulate_into(&self.input(&signals), workspace))
    }

    fn report(&self, (name, rules): Example) {
        let strategy = bound(rules);
        let cache = MemoryCache::new(1 << 30);
        let mut workspace = Workspace::default();
        let signals = self.signals(&strategy, &cache);
        let input = self.input(&signals);
        let backtest = reference::simulate(&input);
        assert_eq!(&backtest, fast::simulate_into(&input, &mut workspace), "the engines differ");
        println!("{name}: {} trades, {} bars in the market", backtest.trades.len(), backtest.bars_in_market);
        let line = |part: &str, ms: f64| println!("  {part:<34}{ms:>8.3} ms");
        line("signals, cold", best_ms(|| self.signals(&strategy, &NoCache)));
        line("signals, cached", best_ms(|| self.signals(&strategy, &cache)));
        line("simulate, reference", best_ms(|| reference::simulate(&input)));
        line("simulate, fast", best_ms(|| fast::simulate_into(&input, &mut workspace).equity.len()));
        line("metrics", best_ms(|| self.metrics(&backtest)));
        line("trial, signals given", best_ms(|| self.metrics(fast::simulate_into(&input, &mut workspace))));
        line("trial, indicators cached", best_ms(|| self.trial(&strategy, &cache, &mut workspace)));
        line("trial, cold", best_ms(|| self.trial(&strategy, &NoCache, &mut workspace)));
    }
}

fn bound(rules: &[(RuleName, &str)]) -> BoundStrategy {
    let rules = rules.iter().map(|(rule, text)| (*rule, (*text).to_owned())).collect();
    let source = StrategySource { rules, ..StrategySource::default() };
    compile(&source, &[]).expect("the example is correct").bind(&Params::default()).expect("it has no parameters")
}

/// The fastest of many runs: what is slower is the machine's other work.
fn best_ms<T>(mut run: impl FnMut() -> T) -> f64 {
    let time = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..RUNS).map(time).fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: fast_bench BARS.parquet")?;
    let bench = Bench::new(load(&path, &LoadOptions::default())?.bars);
    println!("{}: {} bars, best of {RUNS}", path, bench.bars.len());
    EXAMPLES.into_iter().for_each(|example| bench.report(example));
    Ok(())
}
