//! Accumulation: on-balance volume, Chaikin's oscillator, Williams' line, the session's average price.

use wickra_core::{Adl, Indicator};

use crate::function::adapter::{Step, hlcv};

/// On-balance volume. Starts at the first bar's volume, as in TA-Lib.
#[derive(Debug, Clone, Default)]
pub(in crate::function) struct OnBalanceVolume {
    previous_close: Option<f64>,
    total: f64,
}

impl Step<2, 1> for OnBalanceVolume {
    #[inline]
    fn step(&mut self, [close, volume]: [f64; 2]) -> [f64; 1] {
        if !(close.is_finite() && volume.is_finite()) {
            return [f64::NAN];
        }
        let previous = self.previous_close.replace(close);
        if previous.is_none_or(|previous| close > previous) {
            self.total += volume;
        } else if previous.is_some_and(|previous| close < previous) {
            self.total -= volume;
        }
        [self.total]
    }
}

/// Difference of two exponential averages of the accumulation/distribution line. As in TA-Lib both start
/// at the line's first value (and not at a mean), and the slower one's length is waited for.
#[derive(Debug, Clone)]
pub(in crate::function) struct ChaikinOscillator {
    line: Adl,
    weights: [f64; 2],
    averages: Option<[f64; 2]>,
    missing: usize,
}

impl ChaikinOscillator {
    /// Fast minus slow.
    pub(in crate::function) fn new(fast: usize, slow: usize) -> Self {
        Self {
            line: Adl::new(),
            weights: [fast, slow].map(|length| 2.0 / (length + 1) as f64),
            averages: None,
            missing: fast.max(slow) - 1,
        }
    }
}

impl Step<4, 1> for ChaikinOscillator {
    #[inline]
    fn step(&mut self, input: [f64; 4]) -> [f64; 1] {
        if !input.iter().all(|x| x.is_finite()) {
            return [f64::NAN];
        }
        let Some(line) = self.line.update(hlcv(input)) else {
            return [f64::NAN];
        };
        let averages = self.averages.get_or_insert([line; 2]);
        for (average, weight) in averages.iter_mut().zip(self.weights) {
            *average = *average * (1.0 - weight) + line * weight;
        }
        if self.missing > 0 {
            self.missing -= 1;
            return [f64::NAN];
        }
        [averages[0] - averages[1]]
    }
}

/// Williams' accumulation/distribution: on a rising close its distance from the true low is added, on a
/// falling one that from the true high. Starts at 0, as in TA-Lib.
#[derive(Debug, Clone, Default)]
pub(in crate::function) struct WilliamsAccumulation {
    previous_close: Option<f64>,
    total: f64,
}

impl Step<3, 1> for WilliamsAccumulation {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 1] {
        if !(high.is_finite() && low.is_finite() && close.is_finite()) {
            return [f64::NAN];
        }
        if let Some(previous) = self.previous_close.replace(close) {
            if close > previous {
                self.total += close - low.min(previous);
            } else if close < previous {
                self.total += close - high.max(previous);
            }
        }
        [self.total]
    }
}

const NANOS_PER_DAY: f64 = 86_400e9;
const NANOS_PER_HOUR: f64 = 3_600e9;

/// Volume-weighted average of the typical price since the session began; the typical price itself
/// while the session has had no volume.
#[derive(Debug, Clone)]
pub(in crate::function) struct SessionVwap {
    start_ns: f64,
    session: f64,
    value_sum: f64,
    volume_sum: f64,
}

impl SessionVwap {
    /// Sessions begin each day at `start_hour`, UTC.
    pub(in crate::function) fn new(start_hour: f64) -> Self {
        Self { start_ns: start_hour * NANOS_PER_HOUR, session: f64::NAN, value_sum: 0.0, volume_sum: 0.0 }
    }
}

impl Step<5, 1> for SessionVwap {
    #[inline]
    fn step(&mut self, input: [f64; 5]) -> [f64; 1] {
        if !input.iter().all(|x| x.is_finite()) {
            return [f64::NAN];
        }
        let [high, low, close, volume, time] = input;
        let session = ((time - self.start_ns) / NANOS_PER_DAY).floor();
        if session != self.session {
            (self.session, self.value_sum, self.volume_sum) = (session, 0.0, 0.0);
        }
        let typical = (high + low + close) / 3.0;
        self.value_sum += typical * volume;
        self.volume_sum += volume;
        [if self.volume_sum > 0.0 { self.value_sum / self.volume_sum } else { typical }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vwap_starts_anew_with_each_session() {
        let mut vwap = SessionVwap::new(22.0);
        let at = |hour: f64, price: f64, volume: f64| [price, price, price, volume, hour * NANOS_PER_HOUR];
        let bars = [at(20.0, 1.0, 1.0), at(21.0, 4.0, 2.0), at(22.0, 9.0, 5.0), at(24.0, 3.0, 5.0)];
        assert_eq!(bars.map(|bar| vwap.step(bar)[0]), [1.0, 3.0, 9.0, 6.0]);
    }

    #[test]
    fn a_session_without_volume_has_its_typical_price() {
        let mut vwap = SessionVwap::new(0.0);
        assert_eq!(vwap.step([4.0, 1.0, 1.0, 0.0, 0.0]), [2.0]);
    }

    #[test]
    fn obv_starts_with_the_first_volume() {
        let mut obv = OnBalanceVolume::default();
        let bars = [[5.0, 10.0], [6.0, 3.0], [6.0, 7.0], [4.0, 1.0]];
        assert_eq!(bars.map(|bar| obv.step(bar)[0]), [10.0, 13.0, 13.0, 12.0]);
    }
}
