//! Markets whose edge is known: none at all, or that of one parameter set of the study.
//!
//! A market is a row of bars whose moves have no direction (each is as likely as its mirror image, given all before it),
//! plus a drift while the planted strategy holds a position: with it in the position's direction. Without the drift no
//! strategy that reads past bars can earn anything before costs.

use std::f64::consts::PI;

use bartune::engine::bars::{BarColumns, BarValues, Bars, Checks, parse_timeframe};
use bartune::search::stream::RandomStream;
use jiff::tz::TimeZone;

/// Averages of the planted strategy.
pub(crate) const FAST: usize = 14;
pub(crate) const SLOW: usize = 80;
/// Bars a year: four hours each, without a break.
pub(crate) const BARS_PER_YEAR: f64 = 365.25 * 6.0;

/// Where moves without direction come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generator {
    /// Independent normal moves.
    Normal,
    /// Volatility in clusters (GARCH) and fat tails (Student's t with four degrees of freedom).
    Clusters,
    /// Stretches of real bars, each bar mirrored or not by a coin.
    Real,
}

pub(crate) const GENERATORS: [Generator; 3] = [Generator::Normal, Generator::Clusters, Generator::Real];

impl Generator {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Clusters => "clusters",
            Self::Real => "real bars",
        }
    }
}

/// A bar's shape: logarithms of close over open, of the high over the higher of the two, of the lower over the low.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    change: f64,
    above: f64,
    below: f64,
}

/// The shapes of real bars, as large on average as those of the other generators.
pub(crate) fn moves(bars: &Bars) -> Vec<Move> {
    let (open, high, low, close) = (bars.open(), bars.high(), bars.low(), bars.close());
    let shape = |t: usize| Move {
        change: (close[t] / open[t]).ln(),
        above: (high[t] / open[t].max(close[t])).ln(),
        below: (open[t].min(close[t]) / low[t]).ln(),
    };
    let shapes: Vec<Move> = (0..bars.len()).map(shape).collect();
    let variance = shapes.iter().map(|shape| shape.change * shape.change).sum::<f64>() / shapes.len() as f64;
    let scale = typical() / variance.sqrt();
    let scaled =
        |shape: Move| Move { change: shape.change * scale, above: shape.above * scale, below: shape.below * scale };
    shapes.into_iter().map(scaled).collect()
}

/// Standard deviation of a bar's move: 50 % a year.
fn typical() -> f64 {
    0.5 / BARS_PER_YEAR.sqrt()
}

/// What one market is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) generator: Generator,
    pub(crate) seed: u64,
    pub(crate) bars: usize,
    /// Drift a bar in the direction of the planted position, in typical moves.
    pub(crate) drift: f64,
}

/// Make a market.
pub(crate) fn market(recipe: Recipe, real: &[Move]) -> Bars {
    let timeframe_ns = parse_timeframe("4h").expect("a timeframe");
    let mut source = Source::new(recipe, real);
    let (mut columns, mut closes) = (BarColumns::default(), Vec::with_capacity(recipe.bars));
    let mut price: f64 = 100.0;
    // Moving sums, so that a bar costs the same however long the averages are.
    let (mut fast, mut slow) = (0.0, 0.0);
    for t in 0..recipe.bars {
        // What the planted strategy holds during this bar was decided at the close before it.
        let position = if t < SLOW { 0.0 } else { f64::from(fast / FAST as f64 > slow / SLOW as f64) };
        let Move { change, above, below } = source.next();
        let open = price;
        price *= (change + position * recipe.drift * typical()).exp();
        let (high, low) = (open.max(price) * above.exp(), open.min(price) * (-below).exp());
        let time = 1_546_300_800_000_000_000 + t as i64 * timeframe_ns;
        columns.push(&BarValues { time, open, high, low, close: price, volume: 100.0 });
        closes.push(price);
        fast += price - if t >= FAST { closes[t - FAST] } else { 0.0 };
        slow += price - if t >= SLOW { closes[t - SLOW] } else { 0.0 };
    }
    let checks = Checks { timeframe_ns: Some(timeframe_ns), ..Checks::default() };
    Bars::try_new(columns, TimeZone::UTC, checks).expect("made in order")
}

/// One move after another.
struct Source<'a> {
    generator: Generator,
    random: RandomStream,
    real: &'a [Move],
    /// Variance, relative to its mean.
    variance: f64,
    /// The next real bar.
    place: usize,
}

impl<'a> Source<'a> {
    fn new(recipe: Recipe, real: &'a [Move]) -> Self {
        let random = RandomStream::new(recipe.seed, recipe.generator as u64, 0);
        Self { generator: recipe.generator, random, real, variance: 1.0, place: 0 }
    }

    fn next(&mut self) -> Move {
        match self.generator {
            Generator::Normal => {
                let change = self.normal() * typical();
                self.shaped(change, typical())
            }
            Generator::Clusters => {
                let size = typical() * self.variance.sqrt();
                // Student's t with four degrees of freedom has the variance 2.
                let chi: f64 = (0..4).map(|_| self.normal().powi(2)).sum();
                let unit = self.normal() / (chi / 4.0).sqrt() / 2.0_f64.sqrt();
                self.variance = (0.03 + 0.07 * self.variance * unit * unit + 0.9 * self.variance).min(50.0);
                self.shaped(unit * size, size)
            }
            Generator::Real => self.real(),
        }
    }

    /// Highs and lows beyond the body: as often far as near.
    fn shaped(&mut self, change: f64, size: f64) -> Move {
        let mut beyond = || -0.35 * size * (1.0 - self.random.uniform()).ln();
        Move { change, above: beyond(), below: beyond() }
    }

    /// Real bars in stretches of 40 on average (D. N. Politis, J. P. Romano, 1994), each mirrored or not.
    fn real(&mut self) -> Move {
        if self.random.below(40) == 0 || self.place + 1 >= self.real.len() {
            self.place = self.random.below(self.real.len() as u64) as usize;
        } else {
            self.place += 1;
        }
        let Move { change, above, below } = self.real[self.place];
        if self.random.below(2) == 0 {
            return Move { change, above, below };
        }
        Move { change: -change, above: below, below: above }
    }

    /// G. E. P. Box, M. E. Muller (1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.random.uniform()).ln()).sqrt();
        radius * (2.0 * PI * self.random.uniform()).cos()
    }
}
