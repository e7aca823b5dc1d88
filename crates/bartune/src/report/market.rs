//! The winner on the bars: equity, drawdown, price with trades, months, costs, account.
//!
//! Everything runs on train and validate; of the vault only what its openings recorded is told.

use std::collections::BTreeMap;
use std::ops::Range;

use bartune_engine::Params;
use bartune_engine::account::{AccountOutcome, LossRule};
use bartune_engine::bars::Bars;
use bartune_engine::metric::{self, Calendar};
use bartune_engine::simulator::{Side, Trade};
use jiff::Timestamp;
use serde::Serialize;

use super::thin::{runs, short, shorts, spread};
use crate::error::Error;
use crate::evaluator::{BacktestRun, Evaluator, SegmentName};
use crate::table::exit_name;
use crate::validation::WalkForward;

/// Bars of the price chart; more are put together.
const CANDLES: usize = 5_000;
/// Trades on it; of more, every so-manieth.
const TRADES: usize = 3_000;
/// Points of the curves.
const POINTS: usize = 1_500;
const DAY_MS: i64 = 86_400_000;

/// The winner on the bars before the vault.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Market {
    /// Whether each segment has an account of its own.
    pub(super) is_split: bool,
    pub(super) spans: Vec<Span>,
    pub(super) curve: Curve,
    pub(super) price: Price,
    pub(super) trades: Trades,
    pub(super) months: Vec<Month>,
    pub(super) exits: Vec<Exit>,
    pub(super) costs: Vec<Costs>,
    pub(super) accounts: Vec<AccountCard>,
}

/// Where a segment lies, in local wall-clock milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Span {
    pub(super) name: &'static str,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// Growth since the first day as fractions, and the drawdown of the same days.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Curve {
    pub(super) days: Vec<i64>,
    pub(super) equity: Vec<f64>,
    pub(super) drawdown: Vec<f64>,
    /// Holding the market from the first day on.
    pub(super) hold: Vec<f64>,
    pub(super) walk_days: Vec<i64>,
    /// The walk-forward's pieces, from their own first day on.
    pub(super) walk: Vec<f64>,
    pub(super) walk_drawdown: Vec<f64>,
}

/// Bars, put together where there are many.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Price {
    /// Bars that one candle stands for.
    pub(super) bars_each: usize,
    pub(super) times: Vec<i64>,
    /// Open, close, low, high.
    pub(super) candles: Vec<[f64; 4]>,
}

/// Trades, as columns.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Trades {
    pub(super) total: usize,
    pub(super) entry_times: Vec<i64>,
    pub(super) entry_prices: Vec<f64>,
    pub(super) exit_times: Vec<i64>,
    pub(super) exit_prices: Vec<f64>,
    pub(super) is_long: Vec<u8>,
    pub(super) pnl: Vec<f64>,
    pub(super) reasons: Vec<&'static str>,
}

/// One month's return.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Month {
    pub(super) year: i16,
    pub(super) month: i8,
    pub(super) total_return: f64,
}

/// Trades that ended for one reason.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Exit {
    pub(super) reason: &'static str,
    pub(super) trades: usize,
    pub(super) wins: usize,
    pub(super) pnl: f64,
}

/// What trading cost in one segment, in money.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Costs {
    pub(super) segment: &'static str,
    pub(super) trades: usize,
    pub(super) gross: f64,
    pub(super) commission: f64,
    pub(super) slippage: f64,
    pub(super) net: f64,
}

/// What became of an account with rules.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AccountCard {
    pub(super) segment: &'static str,
    pub(super) outcome: String,
    pub(super) days_traded: u32,
    pub(super) days_stopped: u32,
    /// Smallest share of the room for losses left, day by day.
    pub(super) headroom: Vec<f64>,
}

/// The winner's runs.
pub(super) struct Runs {
    pub(super) all: BacktestRun,
    pub(super) segments: Vec<(SegmentName, BacktestRun)>,
}

impl Runs {
    pub(super) fn of(evaluator: &Evaluator<'_>, params: &Params) -> Result<Self, Error> {
        let segments = [SegmentName::Train, SegmentName::Validate];
        let segments = segments.into_iter().filter(|name| evaluator.range(*name).is_ok());
        Ok(Self {
            all: evaluator.backtest(params, SegmentName::All)?,
            segments: segments
                .map(|name| Ok((name, evaluator.backtest(params, name)?)))
                .collect::<Result<_, Error>>()?,
        })
    }
}

/// What the curves are drawn from: train and validate in one run, or, where an account has rules, one after the other, since
/// an account that has passed or failed trades no more.
struct Track {
    is_split: bool,
    /// In milliseconds since 1970.
    days: Vec<i64>,
    /// The last bar of each day.
    ends: Vec<usize>,
    /// Equity over cash.
    growth: Vec<f64>,
    months: Vec<Month>,
    trades: Vec<Trade>,
}

impl Track {
    fn of(evaluator: &Evaluator<'_>, runs: &Runs) -> Self {
        let is_split = runs.all.backtest.account.is_some();
        let mut track = Self {
            is_split,
            days: Vec::new(),
            ends: Vec::new(),
            growth: Vec::new(),
            months: Vec::new(),
            trades: Vec::new(),
        };
        if is_split {
            runs.segments.iter().for_each(|(_, run)| track.add(evaluator, run));
        } else {
            track.add(evaluator, &runs.all);
        }
        track
    }

    fn add(&mut self, evaluator: &Evaluator<'_>, run: &BacktestRun) {
        let (calendar, _) = evaluator.calendar(run.segment.clone());
        let daily = metric::daily_equity(&run.backtest, &calendar);
        let before = self.growth.last().copied().unwrap_or(1.0);
        self.days.extend(days_of(&calendar));
        self.ends.extend(calendar.days().iter().map(|day| run.segment.start + day.end - 1));
        self.growth.extend(daily.iter().map(|equity| before * equity / run.backtest.cash));
        self.trades.extend(run.backtest.trades.iter().cloned());
        for month in metric::monthly_returns(run.backtest.cash, &daily, &calendar) {
            match self.months.last_mut() {
                // A month in which one segment ends and the next begins.
                Some(last) if (last.year, last.month) == (month.year, month.month) => {
                    last.total_return = (1.0 + last.total_return) * (1.0 + month.total_return) - 1.0;
                }
                _ => self.months.push(Month { year: month.year, month: month.month, total_return: month.total_return }),
            }
        }
    }
}

impl Market {
    pub(super) fn of(evaluator: &Evaluator<'_>, runs: &Runs, walk: Option<&WalkForward>) -> Self {
        let bars = evaluator.bars();
        let track = Track::of(evaluator, runs);
        Self {
            is_split: track.is_split,
            spans: spans(bars, &runs.segments),
            curve: curve(evaluator, &track, walk),
            price: price(bars, runs.all.segment.clone()),
            trades: trades(bars, &track.trades),
            exits: exits(&track.trades),
            months: track.months,
            costs: runs.segments.iter().map(|(name, run)| costs(name.key(), run)).collect(),
            accounts: runs.segments.iter().filter_map(|(name, run)| account(name.key(), run)).collect(),
        }
    }
}

/// A bar's open on the wall clock of its market, in milliseconds since 1970: what a reader of charts means by its time.
fn wall_ms(bars: &Bars, bar: usize) -> i64 {
    let nanoseconds = bars.time()[bar];
    let offset = Timestamp::from_nanosecond(i128::from(nanoseconds))
        .map_or(0, |time| i64::from(bars.timezone().to_offset(time).seconds()));
    nanoseconds.div_euclid(1_000_000) + offset * 1_000
}

fn spans(bars: &Bars, segments: &[(SegmentName, BacktestRun)]) -> Vec<Span> {
    let span = |(name, run): &(SegmentName, BacktestRun)| Span {
        name: name.key(),
        from: wall_ms(bars, run.segment.start),
        to: wall_ms(bars, run.segment.end - 1),
    };
    segments.iter().map(span).collect()
}

/// Days of a calendar, in milliseconds since 1970.
fn days_of(calendar: &Calendar) -> Vec<i64> {
    calendar.days().iter().map(|day| i64::from(day.number) * DAY_MS).collect()
}

/// The share of the highest value so far that is lost, at each value.
fn drawdowns(growth: &[f64]) -> Vec<f64> {
    let mut highest = 1.0_f64;
    let fall = |value: &f64| {
        highest = highest.max(*value);
        if highest > 0.0 { value / highest - 1.0 } else { 0.0 }
    };
    growth.iter().map(fall).collect()
}

fn curve(evaluator: &Evaluator<'_>, track: &Track, walk: Option<&WalkForward>) -> Curve {
    let close = evaluator.bars().close();
    let first = track.ends.first().map_or(f64::NAN, |&bar| close[bar]);
    let hold: Vec<f64> = track.ends.iter().map(|&bar| close[bar] / first).collect();
    let pieces = runs(track.growth.len(), POINTS);
    let (walk_days, walk) = walk.map_or_else(Default::default, |walk| walked(evaluator, walk));
    let walk_pieces = runs(walk.len().min(walk_days.len()), POINTS);
    Curve {
        days: lasts(&track.days, &pieces),
        equity: gains(&track.growth, &pieces),
        drawdown: worst(&drawdowns(&track.growth), &pieces),
        hold: gains(&hold, &pieces),
        walk_days: lasts(&walk_days, &walk_pieces),
        walk: gains(&walk, &walk_pieces),
        walk_drawdown: worst(&drawdowns(&walk), &walk_pieces),
    }
}

/// The days of the walk-forward's pieces, and growth over them.
fn walked(evaluator: &Evaluator<'_>, walk: &WalkForward) -> (Vec<i64>, Vec<f64>) {
    let days = walk.folds.iter().flat_map(|fold| days_of(&evaluator.calendar(fold.out_of_sample.clone()).0));
    let mut growth = 1.0;
    let grown = walk.returns.iter().map(|day| {
        growth *= 1.0 + day;
        growth
    });
    (days.collect(), grown.collect())
}

fn lasts(values: &[i64], pieces: &[Range<usize>]) -> Vec<i64> {
    pieces.iter().map(|piece| values[piece.end - 1]).collect()
}

fn gains(growth: &[f64], pieces: &[Range<usize>]) -> Vec<f64> {
    shorts(pieces.iter().map(|piece| growth[piece.end - 1] - 1.0))
}

fn worst(values: &[f64], pieces: &[Range<usize>]) -> Vec<f64> {
    shorts(pieces.iter().map(|piece| values[piece.clone()].iter().copied().fold(0.0, f64::min)))
}

fn price(bars: &Bars, range: Range<usize>) -> Price {
    let pieces = runs(range.len(), CANDLES);
    let candle = |piece: &Range<usize>| {
        let piece = range.start + piece.start..range.start + piece.end;
        let high = bars.high()[piece.clone()].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let low = bars.low()[piece.clone()].iter().copied().fold(f64::INFINITY, f64::min);
        [bars.open()[piece.start], bars.close()[piece.end - 1], low, high].map(short)
    };
    Price {
        bars_each: range.len().div_ceil(CANDLES),
        times: pieces.iter().map(|piece| wall_ms(bars, range.start + piece.start)).collect(),
        candles: pieces.iter().map(candle).collect(),
    }
}

fn trades(bars: &Bars, trades: &[Trade]) -> Trades {
    let mut shown = Trades { total: trades.len(), ..Trades::default() };
    for trade in spread(trades.len(), TRADES).into_iter().map(|index| &trades[index]) {
        shown.entry_times.push(wall_ms(bars, trade.entry_bar));
        shown.entry_prices.push(short(trade.entry_price));
        shown.exit_times.push(wall_ms(bars, trade.exit_bar));
        shown.exit_prices.push(short(trade.exit_price));
        shown.is_long.push(u8::from(trade.side == Side::Long));
        shown.pnl.push(short(trade.pnl));
        shown.reasons.push(exit_name(trade.exit_reason));
    }
    shown
}

fn exits(trades: &[Trade]) -> Vec<Exit> {
    let mut exits: BTreeMap<&'static str, Exit> = BTreeMap::new();
    for trade in trades {
        let reason = exit_name(trade.exit_reason);
        let exit = exits.entry(reason).or_insert(Exit { reason, trades: 0, wins: 0, pnl: 0.0 });
        exit.trades += 1;
        exit.wins += usize::from(trade.pnl > 0.0);
        exit.pnl += trade.pnl;
    }
    let mut exits: Vec<Exit> = exits.into_values().collect();
    exits.sort_by_key(|exit| std::cmp::Reverse(exit.trades));
    exits
}

fn costs(segment: &'static str, run: &BacktestRun) -> Costs {
    let sum = |of: fn(&Trade) -> f64| run.backtest.trades.iter().map(of).sum::<f64>();
    let (commission, slippage, net) =
        (sum(|trade| trade.commission), sum(|trade| trade.slippage), sum(|trade| trade.pnl));
    Costs { segment, trades: run.backtest.trades.len(), gross: net + commission + slippage, commission, slippage, net }
}

fn account(segment: &'static str, run: &BacktestRun) -> Option<AccountCard> {
    let account = run.backtest.account.as_ref()?;
    let pieces = runs(account.headroom.len(), POINTS);
    let lowest = |piece: Range<usize>| account.headroom[piece].iter().copied().fold(f64::INFINITY, f64::min);
    Some(AccountCard {
        segment,
        outcome: match account.outcome {
            AccountOutcome::Running => "neither passed nor failed".to_owned(),
            AccountOutcome::Passed { day, .. } => format!("passed on day {day}"),
            AccountOutcome::Failed { day, rule: LossRule::DailyLoss, .. } => {
                format!("failed on day {day} by the daily loss limit")
            }
            AccountOutcome::Failed { day, rule: LossRule::Drawdown, .. } => {
                format!("failed on day {day} by the drawdown limit")
            }
        },
        days_traded: account.days_traded,
        days_stopped: account.days_stopped,
        headroom: shorts(pieces.into_iter().map(lowest)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawdown_is_a_share_of_the_highest_so_far() {
        assert_eq!(drawdowns(&[1.0, 0.5, 2.0, 1.0]), [0.0, -0.5, 0.0, -0.5]);
    }

    #[test]
    fn thinning_keeps_the_last_value_and_the_worst_fall_of_each_piece() {
        let growth = [1.5, 0.5, 2.0, 3.0];
        let pieces = runs(4, 2);
        assert_eq!(gains(&growth, &pieces), [-0.5, 2.0]);
        assert_eq!(worst(&drawdowns(&growth), &pieces), [-0.666_667, 0.0]);
    }
}
