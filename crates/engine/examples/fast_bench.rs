//! What one trial costs, part by part: `cargo run --release -p bartune-engine --example fast_bench -- BARS.parquet`
//!
//! A second argument measures only the parts whose names hold it, a third only such examples.
//!
//! A crossing of two averages with stop, target and costs over the whole file, with all metrics; best of many runs
//! on one thread. *Cold* computes the indicators, *cached* takes them from a cache that has seen them.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bartune_engine::Params;
use bartune_engine::bars::{Bars, LoadOptions, load};
use bartune_engine::language::{BoundStrategy, MemoryCache, NoCache, RuleName, SeriesCache, StrategySource, compile};
use bartune_engine::metric::{Calendar, CompositeOptions, MetricInput, Metrics, Outline, compute_outlined, trace};
use bartune_engine::simulator::fast::Workspace;
use bartune_engine::simulator::{
    Account, Backtest, BarRows, BarView, Commission, Execution, Fill, Instrument, Intrabar, Signals, SimulationInput,
    Size, Slippage, bar_rows, fast, reference,
};

const RUNS: usize = 60;

/// A strategy to be timed.
struct Example {
    name: &'static str,
    fill: Fill,
    rules: &'static [(RuleName, &'static str)],
}

const CROSS: &[(RuleName, &str)] = &[
    (RuleName::LongEntry, "cross_above(sma(close, 10), sma(close, 50))"),
    (RuleName::LongExit, "cross_below(sma(close, 10), sma(close, 50))"),
    (RuleName::StopLoss, "close * 0.02"),
    (RuleName::TakeProfit, "close * 0.04"),
];

const EXAMPLES: [Example; 4] = [
    Example { name: "SMA 10/50, long, stop 2 %, target 4 %", fill: Fill::Close, rules: CROSS },
    Example { name: "the same at the next open", fill: Fill::NextOpen, rules: CROSS },
    Example {
        name: "EMA 20/100, RSI, ATR stop, trailing",
        fill: Fill::NextOpen,
        rules: &[
            (RuleName::LongEntry, "ema(close, 20) > ema(close, 100) and rsi(close, 14) < 70"),
            (RuleName::LongExit, "cross_below(ema(close, 20), ema(close, 100))"),
            (RuleName::StopLoss, "2 * atr(14)"),
            (RuleName::TrailingStop, "4 * atr(14)"),
        ],
    },
    Example {
        name: "always in the market, both sides",
        fill: Fill::NextOpen,
        rules: &[
            (RuleName::LongEntry, "sma(close, 10) > sma(close, 50)"),
            (RuleName::ShortEntry, "sma(close, 10) < sma(close, 50)"),
        ],
    },
];

/// What stays the same from trial to trial.
struct Bench {
    rows: BarRows,
    bars: Bars,
    calendar: Calendar,
    trading_days_per_year: f64,
    execution: Execution,
    account: Account,
    composite: CompositeOptions,
}

impl Bench {
    fn new(bars: Bars, fill: Fill) -> Self {
        let calendar = Calendar::new(&bars.calendar().day);
        Self {
            trading_days_per_year: calendar.trading_days_per_year(),
            calendar,
            rows: bar_rows(bars.open(), bars.high(), bars.low(), bars.close()),
            bars,
            execution: Execution {
                fill,
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
        let view = BarView::try_new(bars.open(), bars.high(), bars.low(), bars.close())
            .and_then(|view| view.with_rows(&self.rows))
            .expect("columns agree");
        SimulationInput::try_new(view, 0..bars.len(), signals, &self.execution, &self.account)
            .expect("the example is valid")
    }

    fn metrics(&self, backtest: &Backtest, outline: &Outline) -> Metrics {
        let input = MetricInput {
            backtest,
            calendar: &self.calendar,
            trading_days_per_year: self.trading_days_per_year,
            point_value: 1.0,
            first_close: self.bars.close()[0],
            last_close: self.bars.close()[self.bars.len() - 1],
            headroom: None,
            composite: &self.composite,
        };
        compute_outlined(&input, outline)
    }

    fn signals(&self, strategy: &BoundStrategy, cache: &dyn SeriesCache) -> Signals {
        strategy.signals(&self.bars, cache).expect("there is no other timeframe")
    }

    fn trial(&self, strategy: &BoundStrategy, cache: &dyn SeriesCache, workspace: &mut Workspace) -> Metrics {
        self.backtest(&self.input(&self.signals(strategy, cache)), workspace)
    }

    fn backtest(&self, input: &SimulationInput<'_>, workspace: &mut Workspace) -> Metrics {
        let outline = trace(input, &self.calendar, workspace);
        self.metrics(workspace.backtest(), &outline)
    }

    fn report(&self, example: &Example, only: &str) {
        let strategy = bound(example.rules);
        let cache = MemoryCache::new(1 << 30);
        let mut workspace = Workspace::default();
        let signals = self.signals(&strategy, &cache);
        let input = self.input(&signals);
        let backtest = reference::simulate(&input);
        assert_eq!(&backtest, fast::simulate_into(&input, &mut workspace), "the engines differ");
        println!("{}: {} trades, {} bars in the market", example.name, backtest.trades.len(), backtest.bars_in_market);
        measure(only, "signals, cold", || self.signals(&strategy, &NoCache));
        measure(only, "signals, cached", || self.signals(&strategy, &cache));
        measure(only, "simulate, reference", || reference::simulate(&input));
        measure(only, "simulate, fast", || fast::simulate_into(&input, &mut workspace).equity.len());
        measure(only, "simulate, fast, outlined", || trace(&input, &self.calendar, &mut workspace));
        let outline = Outline::of(&backtest, &self.calendar);
        measure(only, "metrics", || self.metrics(&backtest, &outline));
        measure(only, "trial, signals given", || self.backtest(&input, &mut workspace));
        measure(only, "trial, indicators cached", || self.trial(&strategy, &cache, &mut workspace));
        measure(only, "trial, cold", || self.trial(&strategy, &NoCache, &mut workspace));
    }
}

fn bound(rules: &[(RuleName, &str)]) -> BoundStrategy {
    let rules = rules.iter().map(|(rule, text)| (*rule, (*text).to_owned())).collect();
    let source = StrategySource { rules, ..StrategySource::default() };
    compile(&source, &[]).expect("the example is correct").bind(&Params::default()).expect("it has no parameters")
}

/// The fastest of many runs: what is slower is the machine's other work.
fn measure<T>(only: &str, part: &str, mut run: impl FnMut() -> T) {
    if !part.contains(only) {
        return;
    }
    let time = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64() * 1e3
    };
    let best_ms = (0..RUNS).map(time).fold(f64::INFINITY, f64::min);
    println!("  {part:<34}{best_ms:>8.3} ms");
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: fast_bench BARS.parquet [PART [EXAMPLE]]")?;
    let [part, name] = [2, 3].map(|index| std::env::args().nth(index).unwrap_or_default());
    let bars = load(&path, &LoadOptions::default())?.bars;
    println!("{}: {} bars, best of {RUNS}", path, bars.len());
    for example in EXAMPLES.iter().filter(|example| example.name.contains(&name)) {
        Bench::new(bars.clone(), example.fill).report(example, &part);
    }
    Ok(())
}
