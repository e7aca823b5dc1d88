//! Made-up bars with the habits of real ones, the same on every machine.
//!
//! Log returns follow GARCH(1,1) with Student-t innovations, so that tails are fat and volatility
//! clusters; volatility and volume have a shape over the day; volume rises with the size of the move.
//! Highs and lows are those of a Brownian bridge between open and close. With a session, a share of the
//! variance falls into the night. It is nobody's market: there is no edge in it to find.
//!
//! With `h` the variance relative to its mean and `e` a Student-t draw of unit variance:
//!
//! ```text
//! r[t] = drift + sigma * sqrt(shape[t] * h[t]) * e[t]
//! h[t+1] = (1 - A - B) + A * h[t] * e[t]^2 + B * h[t]
//! ```
//!
//! References: T. Bollerslev, "Generalized autoregressive conditional heteroskedasticity", Journal of
//! Econometrics 31 (1986); R. W. Bailey, "Polar generation of random variates with the
//! t-distribution", Mathematics of Computation 62 (1994); for the extremes of a bridge, P. Glasserman,
//! "Monte Carlo Methods in Financial Engineering" (2003), section 6.4.
//!
//! Transcendental functions are `libm`'s and random numbers ChaCha8's: both give the same bits everywhere.

use std::f64::consts::PI;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::clock::{LocalClock, Reading};
use super::{BarColumns, Bars, Checks, DataError, NANOS_PER_DAY, NANOS_PER_MINUTE};

/// Weight of the last squared move in the variance, and of the last variance.
const GARCH_A: f64 = 0.06;
const GARCH_B: f64 = 0.92;

/// Share of a day's variance that falls between two sessions.
const OVERNIGHT_SHARE: f64 = 0.2;

/// Trading days of a market with sessions (weekdays; holidays are not modelled), and of one without.
const WEEKDAYS_PER_YEAR: f64 = 261.0;
const DAYS_PER_YEAR: f64 = 365.25;

/// The log price stays this close to its start, so that prices stay finite however long the walk.
const LOG_RANGE: f64 = 20.0;

/// When the market is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Always, weekends included.
    AllDay,
    /// On weekdays, between two local minutes of the day.
    Weekdays {
        /// Minute of the open, such as 570 for 09:30.
        open_minute: u16,
        /// Minute of the close, such as 960 for 16:00.
        close_minute: u16,
    },
}

/// What bars to make up.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthOptions {
    /// How many bars.
    pub bars: usize,
    /// Length of a bar in nanoseconds.
    pub timeframe_ns: i64,
    /// Other seeds, other bars.
    pub seed: u64,
    /// Local date of the first bar, or of the first weekday after it.
    pub start: Date,
    /// Timezone of the session and of days.
    pub timezone: TimeZone,
    /// When the market is open.
    pub hours: Hours,
    /// First price.
    pub start_price: f64,
    /// Standard deviation of a year's log return.
    pub annual_volatility: f64,
    /// Mean of a year's simple return.
    pub annual_drift: f64,
    /// Degrees of freedom of the innovations, above 2; the fewer, the fatter the tails.
    pub degrees_of_freedom: f64,
    /// Prices are multiples of this; `None` leaves them unrounded.
    pub tick_size: Option<f64>,
    /// Typical volume of a bar.
    pub typical_volume: f64,
}

impl Default for SynthOptions {
    /// Five years of ten-minute bars of a round-the-clock market.
    fn default() -> Self {
        Self {
            bars: 262_782,
            timeframe_ns: 10 * NANOS_PER_MINUTE,
            seed: 1,
            start: jiff::civil::date(2019, 1, 1),
            timezone: TimeZone::UTC,
            hours: Hours::AllDay,
            start_price: 100.0,
            annual_volatility: 0.6,
            annual_drift: 0.05,
            degrees_of_freedom: 5.0,
            tick_size: Some(0.01),
            typical_volume: 100.0,
        }
    }
}

/// Makes up bars.
///
/// # Errors
/// [`DataError::Synth`] with the option that makes no sense.
pub fn synth(options: &SynthOptions) -> Result<Bars, DataError> {
    validate(options)?;
    let slots = slots(options)?;
    let mut walk = Walk::new(options);
    let mut columns = BarColumns::default();
    for slot in slots {
        walk.step(&slot, &mut columns);
    }
    let checks = Checks { timeframe_ns: Some(options.timeframe_ns), ..Checks::default() };
    Bars::try_new(columns, options.timezone.clone(), checks)
}

fn validate(options: &SynthOptions) -> Result<(), DataError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let session_ns = options.session_ns();
    let rules = [
        (options.bars > 0, "at least one bar is needed"),
        (options.timeframe_ns > 0, "the timeframe must be longer than zero"),
        ((1e-6..=1e9).contains(&options.start_price), "the start price must be between 1e-6 and 1e9"),
        (
            positive(options.annual_volatility) && options.annual_volatility <= 10.0,
            "the annual volatility must be above 0 and at most 10 (1000 %)",
        ),
        ((-0.99..=10.0).contains(&options.annual_drift), "the annual drift must be between -0.99 and 10"),
        (
            options.degrees_of_freedom > 2.0 && options.degrees_of_freedom.is_finite(),
            "the degrees of freedom must be above 2, or the variance is infinite",
        ),
        (
            options.tick_size.is_none_or(|tick| positive(tick) && tick <= options.start_price),
            "the tick size must be above 0 and at most the start price",
        ),
        (positive(options.typical_volume) && options.typical_volume <= 1e15, "the volume must be above 0"),
        (session_ns > 0 && session_ns <= NANOS_PER_DAY, "the session must open before it closes, on one day"),
        (
            options.hours == Hours::AllDay
                || options.timeframe_ns <= session_ns
                || options.timeframe_ns == NANOS_PER_DAY,
            "bars of a session must not be longer than the session, or exactly a day",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, reason)) => Err(refuse(reason)),
        None => Ok(()),
    }
}

fn refuse(reason: &str) -> DataError {
    DataError::Synth { reason: reason.to_owned() }
}

impl SynthOptions {
    fn session_ns(&self) -> i64 {
        match self.hours {
            Hours::AllDay => NANOS_PER_DAY,
            Hours::Weekdays { open_minute, close_minute } => {
                (i64::from(close_minute) - i64::from(open_minute)) * NANOS_PER_MINUTE
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean need not be exact")]
    fn bars_per_day(&self) -> f64 {
        match self.hours {
            Hours::AllDay => NANOS_PER_DAY as f64 / self.timeframe_ns as f64,
            Hours::Weekdays { .. } if self.timeframe_ns == NANOS_PER_DAY => 1.0,
            Hours::Weekdays { .. } => (self.session_ns() as f64 / self.timeframe_ns as f64).ceil(),
        }
    }

    fn bars_per_year(&self) -> f64 {
        match self.hours {
            Hours::AllDay => DAYS_PER_YEAR * self.bars_per_day(),
            Hours::Weekdays { .. } => WEEKDAYS_PER_YEAR * self.bars_per_day(),
        }
    }
}

/// When a bar opens, and what is special about its time of day.
struct Slot {
    time: i64,
    /// Variance relative to the day's mean.
    shape: f64,
    /// Whether a closed market lies before it.
    is_first_of_session: bool,
}

fn slots(options: &SynthOptions) -> Result<Vec<Slot>, DataError> {
    let days = jiff::civil::date(1970, 1, 1).until(options.start).map(|span| i64::from(span.get_days()));
    let first_day = days.map_err(|error| refuse(&error.to_string()))?;
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "`as` saturates")]
    let needed_days = (options.bars as f64 / options.bars_per_day() * 1.5) as i64 + 14;
    let last_day = first_day.saturating_add(needed_days);
    // Years 1800 to 2200, well inside what times can hold.
    if first_day < -62_091 || last_day > 84_006 {
        return Err(refuse("so many bars leave the years 1800 to 2200; make fewer, or shorter ones"));
    }
    let clock = LocalClock::new(&options.timezone, first_day * NANOS_PER_DAY, last_day * NANOS_PER_DAY);
    let slots = match options.hours {
        Hours::AllDay => all_day(options, &clock, first_day * NANOS_PER_DAY),
        Hours::Weekdays { open_minute, .. } => sessions(options, &clock, (first_day, open_minute)),
    };
    Ok(slots)
}

fn all_day(options: &SynthOptions, clock: &LocalClock, first_local: i64) -> Vec<Slot> {
    let first = place(clock, first_local);
    let steps = (0_i64..).take(options.bars).map(|step| step * options.timeframe_ns);
    steps
        .map(|passed| {
            let is_intraday = options.timeframe_ns < NANOS_PER_DAY;
            let time = if is_intraday { first + passed } else { place(clock, first_local + passed) };
            #[expect(clippy::cast_precision_loss, reason = "a share of the day")]
            let share = time.rem_euclid(NANOS_PER_DAY) as f64 / NANOS_PER_DAY as f64;
            // Busiest when London and New York both trade.
            let shape = if is_intraday { 1.0 + 0.4 * libm::cos(2.0 * PI * (share - 0.6)) } else { 1.0 };
            Slot { time, shape, is_first_of_session: false }
        })
        .collect()
}

fn sessions(options: &SynthOptions, clock: &LocalClock, (first_day, open_minute): (i64, u16)) -> Vec<Slot> {
    let (offset_ns, session_ns) = match options.timeframe_ns {
        NANOS_PER_DAY => (0, NANOS_PER_DAY),
        _ => (i64::from(open_minute) * NANOS_PER_MINUTE, options.session_ns()),
    };
    let mut slots = Vec::with_capacity(options.bars);
    for day in first_day.. {
        // 1970-01-01 was a Thursday: 3 with Monday as 0.
        let is_weekend = (day + 3).rem_euclid(7) >= 5;
        let mut passed = 0;
        while !is_weekend && passed < session_ns {
            if slots.len() == options.bars {
                return slots;
            }
            #[expect(clippy::cast_precision_loss, reason = "a share of the session")]
            let share = (passed + options.timeframe_ns / 2) as f64 / session_ns as f64;
            let from_noon = 2.0 * share.min(1.0) - 1.0;
            slots.push(Slot {
                time: place(clock, day * NANOS_PER_DAY + offset_ns + passed),
                // Of mean 1 over the session: busy at its open and close.
                shape: 0.7 + 0.9 * from_noon * from_noon,
                is_first_of_session: passed == 0,
            });
            passed += options.timeframe_ns;
        }
    }
    slots
}

fn place(clock: &LocalClock, local: i64) -> i64 {
    match clock.read(local) {
        Reading::Once(instant) | Reading::Skipped(instant) | Reading::Twice { earlier: instant, .. } => instant,
    }
}

/// The state of the random walk.
struct Walk<'a> {
    options: &'a SynthOptions,
    random: ChaCha8Rng,
    /// Standard deviation of a bar's log return, and of a night's.
    sigma: f64,
    overnight_sigma: f64,
    drift: f64,
    log_price: f64,
    relative_variance: f64,
}

impl<'a> Walk<'a> {
    fn new(options: &'a SynthOptions) -> Self {
        let bar_variance = options.annual_volatility * options.annual_volatility / options.bars_per_year();
        let overnight_share = match options.hours {
            Hours::AllDay => 0.0,
            Hours::Weekdays { .. } => OVERNIGHT_SHARE,
        };
        let yearly = libm::log1p(options.annual_drift) - options.annual_volatility * options.annual_volatility / 2.0;
        Self {
            options,
            random: ChaCha8Rng::seed_from_u64(options.seed),
            sigma: (bar_variance * (1.0 - overnight_share)).sqrt(),
            overnight_sigma: (bar_variance * options.bars_per_day() * overnight_share).sqrt(),
            drift: yearly / options.bars_per_year(),
            log_price: 0.0,
            relative_variance: 1.0,
        }
    }

    fn step(&mut self, slot: &Slot, columns: &mut BarColumns) {
        if slot.is_first_of_session && !columns.time.is_empty() {
            let gap = self.overnight_sigma * self.relative_variance.sqrt() * self.student();
            self.log_price = (self.log_price + gap).clamp(-LOG_RANGE, LOG_RANGE);
        }
        let sigma = self.sigma * (slot.shape * self.relative_variance).sqrt();
        let innovation = self.student();
        let open = self.log_price;
        let close = (open + self.drift + sigma * innovation).clamp(-LOG_RANGE, LOG_RANGE);
        let high = open + self.bridge_extreme(close - open, sigma);
        let low = open - self.bridge_extreme(open - close, sigma);
        self.log_price = close;
        columns.time.push(slot.time);
        columns.open.push(self.price(open));
        columns.high.push(self.price(high.max(open).max(close)));
        columns.low.push(self.price(low.min(open).min(close)));
        columns.close.push(self.price(close));
        let volume = self.volume(slot.shape, (close - open).abs() / self.sigma);
        columns.volume.push(volume);
        let squared = self.relative_variance * innovation * innovation;
        let variance = (1.0 - GARCH_A - GARCH_B) + GARCH_A * squared + GARCH_B * self.relative_variance;
        self.relative_variance = variance.min(100.0);
    }

    /// A price of this log distance from the start, on the tick grid.
    fn price(&self, log_price: f64) -> f64 {
        let price = self.options.start_price * libm::exp(log_price);
        match self.options.tick_size {
            Some(tick) => on_grid(price, tick),
            None => price,
        }
    }

    /// Volume of a bar that moved by so many standard deviations.
    fn volume(&mut self, shape: f64, move_in_sigmas: f64) -> f64 {
        let noise = 0.4 * self.normal();
        let exponent = 0.35 * (move_in_sigmas.min(8.0) - 0.8) + noise;
        let volume = self.options.typical_volume * shape * libm::exp(exponent);
        (volume * 1_000.0).round() / 1_000.0
    }

    /// Highest point of a Brownian bridge from 0 to `end` (Glasserman, equation 6.50).
    fn bridge_extreme(&mut self, end: f64, sigma: f64) -> f64 {
        let tail = -2.0 * sigma * sigma * libm::log(self.uniform());
        (end + (end * end + tail).sqrt()) / 2.0
    }

    /// A Student-t draw scaled to unit variance.
    fn student(&mut self) -> f64 {
        let freedom = self.options.degrees_of_freedom;
        let radius = (freedom * (libm::pow(self.uniform(), -2.0 / freedom) - 1.0)).sqrt();
        radius * libm::cos(2.0 * PI * self.uniform()) * ((freedom - 2.0) / freedom).sqrt()
    }

    /// A standard normal draw (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(self.uniform())).sqrt();
        radius * libm::cos(2.0 * PI * self.uniform())
    }

    /// A draw from the open interval from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn uniform(&mut self) -> f64 {
        ((self.random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

/// The nearest multiple of the tick, at least one. Where a whole number of ticks make 1, dividing by it
/// gives the shortest decimals (100.3, not 100.30000000000001).
fn on_grid(price: f64, tick: f64) -> f64 {
    let ticks = (price / tick).round().max(1.0);
    let per_unit = (1.0 / tick).round();
    if per_unit >= 1.0 && (per_unit * tick - 1.0).abs() < 1e-12 { ticks / per_unit } else { ticks * tick }
}

#[cfg(test)]
mod tests;
