//! Running sums over a window that are taken afresh once every `length` values: standard deviation, Bollinger bands,
//! slope of the least-squares line.
//!
//! The sums are those of the distances from the mean of a recent window, since sums of the values themselves cancel
//! to nothing where prices are large and their spread is small. With each value one distance leaves and one comes; after
//! `length` values mean and sums are taken from the window anew, so that rounding errors do not pile up. These are
//! the operations of `wickra-core`'s rolling moments in their order, and so its results to the last bit.
//!
//! Whole columns use that what follows a fresh start depends on nothing before it: [`LANES`] stretches between
//! fresh starts run side by side, each waiting for its own sums only, and roots and divisions are done for many
//! values at once.

use crate::function::adapter::{Step, are_finite, each_bar};

/// Stretches side by side.
const LANES: usize = 4;

/// Values of a lane between two rounds of roots and divisions.
const ROUND: usize = 128;

/// Sums over a window, and what is made of them.
pub(in crate::function) trait Sums<const O: usize>: Copy + Send {
    /// The sums of no values, of distances from `origin`.
    fn around(self, origin: f64) -> Self;

    /// Adds the `index`-th value of the window.
    fn add(&mut self, index: f64, x: f64);

    /// The oldest value leaves and `x` comes.
    fn slide(&mut self, oldest: f64, x: f64);

    /// What [`values`](Self::values) are made of.
    fn parts(&self) -> [f64; 3];

    /// The outputs for a window.
    fn values(&self, parts: [f64; 3]) -> [f64; O];
}

/// A function of running sums over the last `length` values.
#[derive(Debug, Clone)]
pub(in crate::function) struct Refreshed<S, const O: usize> {
    sums: S,
    /// The last values, the oldest at `next`.
    window: Vec<f64>,
    length: usize,
    next: usize,
    until_fresh: usize,
}

impl<S: Sums<O>, const O: usize> Refreshed<S, O> {
    /// Over the last `length` values, at least 1.
    pub(in crate::function) fn new(sums: S, length: usize) -> Self {
        Self { sums, window: Vec::with_capacity(length), length, next: 0, until_fresh: length }
    }

    fn push(&mut self, x: f64) -> Option<[f64; O]> {
        if self.window.len() < self.length {
            // What was summed before the first fresh start would be read by nobody.
            self.window.push(x);
        } else {
            let oldest = std::mem::replace(&mut self.window[self.next], x);
            self.next = if self.next + 1 == self.length { 0 } else { self.next + 1 };
            self.sums.slide(oldest, x);
        }
        self.until_fresh -= 1;
        if self.until_fresh == 0 {
            let (newer, older) = self.window.split_at(self.next);
            self.sums = fresh(self.sums, older.iter().chain(newer).copied());
            self.until_fresh = self.length;
        }
        (self.window.len() == self.length).then(|| self.sums.values(self.sums.parts()))
    }

    /// Whole columns: before the first value, of finite ones only.
    #[inline(always)]
    fn sweep(&mut self, values: &[f64], outputs: &mut [&mut [f64]; O]) {
        let length = self.length;
        outputs.iter_mut().for_each(|output| output[..length - 1].fill(f64::NAN));
        // Stretch `k` begins with the window that ends at bar `k · length − 1`, afresh, and has `length` bars.
        let whole = (values.len() + 1) / length - 1;
        let mut parts = [[0.0; LANES * ROUND]; 3];
        let mut stretch = 1;
        while stretch + LANES <= whole + 1 {
            let firsts = std::array::from_fn(|lane| (stretch + lane) * length - 1);
            self.sweep_lanes::<LANES>(values, (firsts, length), &mut parts, outputs);
            stretch += LANES;
        }
        while stretch * length <= values.len() {
            let first = stretch * length - 1;
            self.sweep_lanes::<1>(values, ([first], length.min(values.len() - first)), &mut parts, outputs);
            stretch += 1;
        }
        self.window.extend_from_slice(&values[values.len() - length..]);
        self.until_fresh = length - values.len() % length;
    }

    /// Stretches of `bars` bars each that begin afresh at the bars `firsts`.
    #[expect(clippy::needless_range_loop, reason = "the lanes go side by side through several arrays")]
    #[inline(always)]
    fn sweep_lanes<const L: usize>(
        &mut self,
        values: &[f64],
        (firsts, bars): ([usize; L], usize),
        parts: &mut [[f64; LANES * ROUND]; 3],
        outputs: &mut [&mut [f64]; O],
    ) {
        let mut sums = fresh_lanes(self.sums, firsts.map(|first| &values[first + 1 - self.length..=first]));
        for start in (0..bars).step_by(ROUND) {
            let round = ROUND.min(bars - start);
            let mut cells = parts.each_mut().map(|part| lanes_of::<L>(part, round));
            // The first bar has the fresh sums; before every other one a value leaves and one comes.
            let first_slide = usize::from(start == 0);
            if start == 0 {
                record(&sums, &mut cells, 0);
            }
            let slides = round - first_slide;
            let comes = firsts.map(|first| &values[first + start + first_slide..][..slides]);
            let leaves = firsts.map(|first| &values[first + start + first_slide - self.length..][..slides]);
            let mut cells = cells.map(|lanes| lanes.map(|cells| &mut cells[first_slide..][..slides]));
            for i in 0..slides {
                for lane in 0..L {
                    sums[lane].slide(leaves[lane][i], comes[lane][i]);
                }
                record(&sums, &mut cells, i);
            }
            if round == bars {
                // The lanes lie side by side in the column as well.
                self.finish(parts, 0, outputs, firsts[0]..firsts[0] + L * bars);
            } else {
                for lane in 0..L {
                    let first = firsts[lane] + start;
                    self.finish(parts, lane * round, outputs, first..first + round);
                }
            }
        }
        self.sums = sums[L - 1];
    }

    /// Writes the outputs of some bars, whose parts begin at `from`.
    #[inline(always)]
    fn finish(
        &self,
        parts: &[[f64; LANES * ROUND]; 3],
        from: usize,
        outputs: &mut [&mut [f64]; O],
        bars: std::ops::Range<usize>,
    ) {
        let count = bars.len();
        let mut outputs = outputs.each_mut().map(|output| &mut output[bars.clone()]);
        let [a, b, c] = parts.each_ref().map(|part| &part[from..from + count]);
        for i in 0..count {
            let values = self.sums.values([a[i], b[i], c[i]]);
            (0..O).for_each(|output| outputs[output][i] = values[output]);
        }
    }
}

/// The first so many cells of each lane.
#[inline(always)]
fn lanes_of<const L: usize>(cells: &mut [f64], count: usize) -> [&mut [f64]; L] {
    let mut lanes = cells.chunks_exact_mut(count);
    std::array::from_fn(|_| lanes.next().expect("there is room for each lane"))
}

/// Writes what the lanes' sums are made of.
#[inline(always)]
fn record<S: Sums<O>, const O: usize, const L: usize>(sums: &[S; L], cells: &mut [[&mut [f64]; L]; 3], at: usize) {
    for (lane, sums) in sums.iter().enumerate() {
        for (cells, value) in cells.iter_mut().zip(sums.parts()) {
            cells[lane][at] = value;
        }
    }
}

/// The sums of a window, around its mean.
fn fresh<S: Sums<O>, const O: usize>(sums: S, window: impl Iterator<Item = f64> + Clone) -> S {
    let (mut total, mut count) = (0.0, 0);
    window.clone().for_each(|x| {
        total += x;
        count += 1;
    });
    let mut sums = sums.around(total / count as f64);
    window.enumerate().for_each(|(index, x)| sums.add(index as f64, x));
    sums
}

/// The same for several windows of one length, side by side.
#[expect(clippy::needless_range_loop, reason = "the lanes go side by side through several arrays")]
#[inline(always)]
fn fresh_lanes<S: Sums<O>, const O: usize, const L: usize>(sums: S, windows: [&[f64]; L]) -> [S; L] {
    let length = windows[0].len();
    let mut totals = [0.0; L];
    for i in 0..length {
        (0..L).for_each(|lane| totals[lane] += windows[lane][i]);
    }
    let mut fresh = totals.map(|total| sums.around(total / length as f64));
    for i in 0..length {
        (0..L).for_each(|lane| fresh[lane].add(i as f64, windows[lane][i]));
    }
    fresh
}

impl<S: Sums<O>, const O: usize> Step<1, O> for Refreshed<S, O> {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; O] {
        if !x.is_finite() {
            return [f64::NAN; O];
        }
        self.push(x).unwrap_or([f64::NAN; O])
    }

    #[inline(always)]
    fn stretch(&mut self, [values]: [&[f64]; 1], mut outputs: [&mut [f64]; O]) {
        let start = values.iter().position(|x| x.is_finite()).unwrap_or(values.len());
        let defined = &values[start..];
        if !self.window.is_empty() || defined.len() < self.length || !are_finite(defined) {
            return each_bar(self, [values], outputs);
        }
        outputs.iter_mut().for_each(|output| output[..start].fill(f64::NAN));
        self.sweep(defined, &mut outputs.map(|output| &mut output[start..]));
    }
}

/// First and second moment of a window.
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: f64,
    origin: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    const fn new(length: usize) -> Self {
        Self { count: length as f64, origin: 0.0, sum: 0.0, squares: 0.0 }
    }

    #[inline(always)]
    fn add(&mut self, x: f64) {
        let distance = x - self.origin;
        self.sum += distance;
        self.squares += distance * distance;
    }

    #[inline(always)]
    fn slide(&mut self, oldest: f64, x: f64) {
        let distance = oldest - self.origin;
        self.sum -= distance;
        self.squares -= distance * distance;
        self.add(x);
    }

    /// The variance of a population: over `n`, not `n − 1`.
    #[inline(always)]
    fn variance(&self, sum: f64, squares: f64) -> f64 {
        let mean = sum / self.count;
        let variance = squares / self.count - mean * mean;
        if variance > 0.0 { variance } else { 0.0 }
    }
}

/// Population standard deviation.
#[derive(Debug, Clone, Copy)]
pub(in crate::function) struct Deviation(Moments);

impl Deviation {
    /// Of the last `length` values, at least 1.
    pub(in crate::function) fn over(length: usize) -> Refreshed<Self, 1> {
        Refreshed::new(Self(Moments::new(length)), length)
    }
}

impl Sums<1> for Deviation {
    fn around(self, origin: f64) -> Self {
        Self(Moments { origin, sum: 0.0, squares: 0.0, ..self.0 })
    }

    #[inline(always)]
    fn add(&mut self, _index: f64, x: f64) {
        self.0.add(x);
    }

    #[inline(always)]
    fn slide(&mut self, oldest: f64, x: f64) {
        self.0.slide(oldest, x);
    }

    #[inline(always)]
    fn parts(&self) -> [f64; 3] {
        [0.0, self.0.sum, self.0.squares]
    }

    #[inline(always)]
    fn values(&self, [_, sum, squares]: [f64; 3]) -> [f64; 1] {
        [self.0.variance(sum, squares).sqrt()]
    }
}

/// Bollinger bands `[upper, middle, lower]`: the mean, and `width` population standard deviations around it.
#[derive(Debug, Clone, Copy)]
pub(in crate::function) struct Bands {
    moments: Moments,
    width: f64,
}

impl Bands {
    /// Of the last `length` values, at least 1.
    pub(in crate::function) fn over(length: usize, width: f64) -> Refreshed<Self, 3> {
        Refreshed::new(Self { moments: Moments::new(length), width }, length)
    }
}

impl Sums<3> for Bands {
    fn around(self, origin: f64) -> Self {
        Self { moments: Moments { origin, sum: 0.0, squares: 0.0, ..self.moments }, ..self }
    }

    #[inline(always)]
    fn add(&mut self, _index: f64, x: f64) {
        self.moments.add(x);
    }

    #[inline(always)]
    fn slide(&mut self, oldest: f64, x: f64) {
        self.moments.slide(oldest, x);
    }

    #[inline(always)]
    fn parts(&self) -> [f64; 3] {
        [self.moments.origin, self.moments.sum, self.moments.squares]
    }

    #[inline(always)]
    fn values(&self, [origin, sum, squares]: [f64; 3]) -> [f64; 3] {
        let middle = origin + sum / self.moments.count;
        let band = self.width * self.moments.variance(sum, squares).sqrt();
        [middle + band, middle, middle - band]
    }
}

/// Slope of the least-squares line through the window, a bar.
#[derive(Debug, Clone, Copy)]
pub(in crate::function) struct Slope {
    count: f64,
    /// Sum of the indices 0 to n − 1.
    index_sum: f64,
    /// n times the sum of the squared indices, less the square of their sum.
    index_spread: f64,
    origin: f64,
    sum: f64,
    /// Sum of the distances, each times its index.
    weighted: f64,
}

impl Slope {
    /// Of the last `length` values, at least 2.
    pub(in crate::function) fn over(length: usize) -> Refreshed<Self, 1> {
        let count = length as f64;
        let index_sum = count * (count - 1.0) / 2.0;
        let squares = (count - 1.0) * count * (2.0 * count - 1.0) / 6.0;
        let index_spread = count * squares - index_sum * index_sum;
        Refreshed::new(Self { count, index_sum, index_spread, origin: 0.0, sum: 0.0, weighted: 0.0 }, length)
    }
}

impl Sums<1> for Slope {
    fn around(self, origin: f64) -> Self {
        Self { origin, sum: 0.0, weighted: 0.0, ..self }
    }

    #[inline(always)]
    fn add(&mut self, index: f64, x: f64) {
        let distance = x - self.origin;
        self.sum += distance;
        self.weighted += index * distance;
    }

    #[inline(always)]
    fn slide(&mut self, oldest: f64, x: f64) {
        // Every index falls by one, which takes the sum off the weighted one, the oldest value's zero excepted.
        let distance = oldest - self.origin;
        self.weighted = self.weighted - self.sum + distance;
        self.sum -= distance;
        self.add(self.count - 1.0, x);
    }

    #[inline(always)]
    fn parts(&self) -> [f64; 3] {
        [0.0, self.sum, self.weighted]
    }

    #[inline(always)]
    fn values(&self, [_, sum, weighted]: [f64; 3]) -> [f64; 1] {
        [(self.count * weighted - self.index_sum * sum) / self.index_spread]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wickra_core::{BollingerBands, Indicator, LinRegSlope, StdDev};

    fn prices(bars: u32) -> Vec<f64> {
        (0..bars).map(|t| 20_000.0 + f64::from(t.wrapping_mul(2_654_435_761) >> 12) * 1e-3 + f64::from(t)).collect()
    }

    fn swept<S: Sums<O>, const O: usize>(mut kernel: Refreshed<S, O>, values: &[f64]) -> [Vec<f64>; O] {
        let mut outputs: [Vec<f64>; O] = std::array::from_fn(|_| vec![7.0; values.len()]);
        kernel.stretch([values], outputs.each_mut().map(Vec::as_mut_slice));
        outputs
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect()
    }

    #[test]
    fn columns_equal_the_indicators_that_they_replace_to_the_last_bit() {
        let values = prices(2000);
        for length in [2, 3, 10, 20, 128, 129, 257, 1000, 1999, 2000, 2001] {
            let [deviation] = swept(Deviation::over(length), &values);
            let mut plain = StdDev::new(length).unwrap();
            let expected: Vec<f64> = values.iter().map(|&x| plain.update(x).unwrap_or(f64::NAN)).collect();
            assert_eq!(bits(&deviation), bits(&expected), "{length}");
            let [slope] = swept(Slope::over(length), &values);
            let mut plain = LinRegSlope::new(length).unwrap();
            let expected: Vec<f64> = values.iter().map(|&x| plain.update(x).unwrap_or(f64::NAN)).collect();
            assert_eq!(bits(&slope), bits(&expected), "{length}");
            let [upper, ..] = swept(Bands::over(length, 2.5), &values);
            let mut plain = BollingerBands::new(length, 2.5).unwrap();
            let expected: Vec<f64> = values.iter().map(|&x| plain.update(x).map_or(f64::NAN, |o| o.upper)).collect();
            assert_eq!(bits(&upper), bits(&expected), "{length}");
        }
    }

    #[test]
    fn a_column_leaves_the_state_of_single_values() {
        let values = prices(1000);
        for length in [1, 2, 7, 20, 300, 999, 1000] {
            let (mut whole, mut single) = (Bands::over(length, 2.0), Bands::over(length, 2.0));
            let mut outputs = [vec![0.0; 1000], vec![0.0; 1000], vec![0.0; 1000]];
            whole.stretch([&values], outputs.each_mut().map(Vec::as_mut_slice));
            let last = values.iter().map(|&x| single.step([x])).last().unwrap();
            assert_eq!(outputs.map(|output| output[999]), last);
            for x in prices(400) {
                assert_eq!(whole.step([x]), single.step([x]), "{length}");
            }
        }
    }

    #[test]
    fn deviation_of_a_small_spread_on_a_large_level_keeps_its_digits() {
        let [deviation] = swept(Deviation::over(4), &[1e8 + 1.0, 1e8 - 1.0, 1e8 + 1.0, 1e8 - 1.0, 1e8 + 1.0]);
        assert_eq!(deviation[3..], [1.0, 1.0]);
    }

    #[test]
    fn slope_of_a_line_is_its_step() {
        let [slope] = swept(Slope::over(3), &[1.0, 3.0, 5.0, 7.0]);
        assert_eq!(slope[2..], [2.0, 2.0]);
    }
}
