//! Regression trees, and the variance that each parameter alone causes in one.
//!
//! A tree cuts the space into boxes with one value each. Averaged over all other parameters, a leaf adds its
//! value to the marginal of one parameter over its interval (or its choices), times its share of all other
//! axes. The variance of the marginal is the parameter's part; all of it is exact.
//!
//! Numbers are split at the middle between two neighbouring values, choices one against all others. Of equally
//! good splits the first found is taken.
//!
//! # Source
//!
//! Breiman et al., "Classification and Regression Trees", 1984; Hutter, Hoos, Leyton-Brown, ICML 2014,
//! algorithm 2.

/// What a tree knows of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Feature {
    /// A number in `[low, high]`.
    Number { low: f64, high: f64 },
    /// An index below `count`.
    Choice { count: usize },
}

/// A node; children come after their parents.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Leaf {
        value: f64,
    },
    /// Left: not above the threshold, or this very choice.
    Split {
        feature: usize,
        threshold: f64,
        left: usize,
        right: usize,
    },
}

/// A tree over all of its features' ranges.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    pub(super) features: Vec<Feature>,
    pub(super) nodes: Vec<Node>,
}

/// How far a tree may grow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    pub(super) max_depth: usize,
}

/// Samples: one column a feature, and the targets.
#[derive(Debug)]
pub(super) struct Samples<'a> {
    pub(super) columns: &'a [Vec<f64>],
    pub(super) targets: &'a [f64],
}

impl Samples<'_> {
    fn mean(&self, rows: &[usize]) -> f64 {
        rows.iter().map(|&row| self.targets[row]).sum::<f64>() / rows.len() as f64
    }

    fn variance(&self, rows: &[usize]) -> f64 {
        let mean = self.mean(rows);
        let square = |&row: &usize| (self.targets[row] - mean) * (self.targets[row] - mean);
        rows.iter().map(square).sum::<f64>() / rows.len() as f64
    }
}

/// A way to split a node, and how much of the squares it explains.
struct Cut {
    feature: usize,
    threshold: f64,
    gain: f64,
}

impl Tree {
    /// Grow a tree from samples, each as often as it is in `rows`.
    pub(super) fn grow(features: &[Feature], samples: &Samples<'_>, rows: Vec<usize>, growth: Growth) -> Self {
        let mut tree = Self { features: features.to_vec(), nodes: Vec::new() };
        tree.grow_node(samples, rows, growth.max_depth);
        tree
    }

    fn grow_node(&mut self, samples: &Samples<'_>, rows: Vec<usize>, depth: usize) -> usize {
        let node = self.nodes.len();
        self.nodes.push(Node::Leaf { value: samples.mean(&rows) });
        if depth == 0 || rows.len() < 2 || samples.variance(&rows) <= f64::EPSILON {
            return node;
        }
        let Some(Cut { feature, threshold, .. }) = self.best_cut(samples, &rows) else {
            return node;
        };
        let (left, right): (Vec<usize>, Vec<usize>) =
            rows.into_iter().partition(|&row| self.is_left(feature, threshold, samples.columns[feature][row]));
        let left = self.grow_node(samples, left, depth - 1);
        let right = self.grow_node(samples, right, depth - 1);
        self.nodes[node] = Node::Split { feature, threshold, left, right };
        node
    }

    fn is_left(&self, feature: usize, threshold: f64, value: f64) -> bool {
        match self.features[feature] {
            Feature::Number { .. } => value <= threshold,
            Feature::Choice { .. } => value == threshold,
        }
    }

    fn best_cut(&self, samples: &Samples<'_>, rows: &[usize]) -> Option<Cut> {
        let mean = samples.mean(rows);
        let mut best: Option<Cut> = None;
        for (feature, kind) in self.features.iter().enumerate() {
            let column = &samples.columns[feature];
            let mut offer = |threshold: f64, sum: f64, count: usize| {
                // Of centred targets the other side's sum is the negative.
                let gain = sum * sum * (1.0 / count as f64 + 1.0 / (rows.len() - count) as f64);
                if best.as_ref().is_none_or(|best| gain > best.gain) {
                    best = Some(Cut { feature, threshold, gain });
                }
            };
            match kind {
                Feature::Number { .. } => number_cuts(column, samples.targets, rows, mean, &mut offer),
                Feature::Choice { count } => {
                    choice_cuts(column, samples.targets, rows, (mean, *count), &mut offer);
                }
            }
        }
        best
    }

    /// Mean and variance over the whole space, and the variance of each feature's marginal.
    pub(super) fn variances(&self) -> (f64, Vec<f64>) {
        let mut marginals: Vec<Marginal> = self.features.iter().map(|_| Marginal::default()).collect();
        let whole: Vec<Part> = self.features.iter().map(Part::whole).collect();
        let mut leaves = Vec::new();
        self.visit(0, whole, &mut |parts, value| {
            let shares: Vec<f64> =
                parts.iter().zip(&self.features).map(|(part, feature)| part.share(feature)).collect();
            leaves.push((value, shares.iter().product::<f64>()));
            for (index, marginal) in marginals.iter_mut().enumerate() {
                let others: f64 =
                    shares.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, share)| share).product();
                marginal.pieces.push((parts[index].clone(), value * others));
            }
        });
        let mean: f64 = leaves.iter().map(|(value, share)| value * share).sum();
        let variance = leaves.iter().map(|(value, share)| share * (value - mean) * (value - mean)).sum();
        let marginals =
            marginals.iter().zip(&self.features).map(|(marginal, feature)| marginal.variance(feature, mean));
        (variance, marginals.collect())
    }

    fn visit(&self, node: usize, parts: Vec<Part>, leaf: &mut impl FnMut(&[Part], f64)) {
        match &self.nodes[node] {
            Node::Leaf { value } => leaf(&parts, *value),
            Node::Split { feature, threshold, left, right } => {
                let [left_part, right_part] = parts[*feature].split(*threshold);
                let with = |part: Part| {
                    let mut parts = parts.clone();
                    parts[*feature] = part;
                    parts
                };
                self.visit(*left, with(left_part), leaf);
                self.visit(*right, with(right_part), leaf);
            }
        }
    }
}

/// Offer every threshold between two different neighbours.
fn number_cuts(column: &[f64], targets: &[f64], rows: &[usize], mean: f64, offer: &mut impl FnMut(f64, f64, usize)) {
    let mut order = rows.to_vec();
    order.sort_by(|&a, &b| column[a].total_cmp(&column[b]));
    let mut sum = 0.0;
    for (index, pair) in order.windows(2).enumerate() {
        sum += targets[pair[0]] - mean;
        let (below, above) = (column[pair[0]], column[pair[1]]);
        if below < above {
            let middle = below / 2.0 + above / 2.0;
            // Between two neighbouring numbers there is no middle.
            offer(if middle < above { middle } else { below }, sum, index + 1);
        }
    }
}

/// Offer each choice that some rows have and some have not.
fn choice_cuts(
    column: &[f64],
    targets: &[f64],
    rows: &[usize],
    (mean, count): (f64, usize),
    offer: &mut impl FnMut(f64, f64, usize),
) {
    let mut sums = vec![(0.0, 0_usize); count];
    for &row in rows {
        let (sum, members) = &mut sums[(column[row] as usize).min(count - 1)];
        *sum += targets[row] - mean;
        *members += 1;
    }
    for (choice, (sum, members)) in sums.into_iter().enumerate() {
        if 0 < members && members < rows.len() {
            offer(choice as f64, sum, members);
        }
    }
}

/// What a leaf covers of one feature.
#[derive(Debug, Clone)]
enum Part {
    Interval(f64, f64),
    Choices(Vec<bool>),
}

impl Part {
    fn whole(feature: &Feature) -> Self {
        match feature {
            Feature::Number { low, high } => Self::Interval(*low, *high),
            Feature::Choice { count } => Self::Choices(vec![true; *count]),
        }
    }

    fn split(&self, threshold: f64) -> [Self; 2] {
        match self {
            Self::Interval(low, high) => {
                let threshold = threshold.clamp(*low, *high);
                [Self::Interval(*low, threshold), Self::Interval(threshold, *high)]
            }
            Self::Choices(members) => {
                let side = |is_left: bool| {
                    let members = members.iter().enumerate();
                    Self::Choices(
                        members.map(|(choice, &is_in)| is_in && (choice as f64 == threshold) == is_left).collect(),
                    )
                };
                [side(true), side(false)]
            }
        }
    }

    /// Its share of the feature.
    fn share(&self, feature: &Feature) -> f64 {
        match (self, feature) {
            (Self::Interval(from, to), Feature::Number { low, high }) => (to - from) / (high - low),
            (Self::Choices(members), _) => members.iter().filter(|&&is_in| is_in).count() as f64 / members.len() as f64,
            (Self::Interval(..), Feature::Choice { .. }) => 0.0,
        }
    }
}

/// What the leaves add to one feature's marginal.
#[derive(Debug, Default)]
struct Marginal {
    pieces: Vec<(Part, f64)>,
}

impl Marginal {
    fn variance(&self, feature: &Feature, mean: f64) -> f64 {
        match feature {
            Feature::Number { low, high } => self.interval_variance(*low, *high, mean),
            Feature::Choice { count } => {
                let value = |choice: usize| -> f64 {
                    let covers = |part: &Part| matches!(part, Part::Choices(members) if members[choice]);
                    self.pieces.iter().filter(|(part, _)| covers(part)).map(|(_, value)| value).sum()
                };
                (0..*count).map(|choice| (value(choice) - mean).powi(2)).sum::<f64>() / *count as f64
            }
        }
    }

    /// The marginal is constant between the ends of all intervals.
    fn interval_variance(&self, low: f64, high: f64, mean: f64) -> f64 {
        let mut ends: Vec<f64> = vec![low, high];
        let intervals = || {
            self.pieces.iter().filter_map(|(part, value)| match part {
                Part::Interval(from, to) => Some((*from, *to, *value)),
                Part::Choices(_) => None,
            })
        };
        intervals().for_each(|(from, to, _)| ends.extend([from, to]));
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        let mut starts = vec![0.0; ends.len()];
        let place = |end: f64| ends.partition_point(|&other| other < end);
        for (from, to, value) in intervals().filter(|(from, to, _)| from < to) {
            starts[place(from)] += value;
            starts[place(to)] -= value;
        }
        let (mut level, mut variance) = (0.0, 0.0);
        for (index, pair) in ends.windows(2).enumerate() {
            level += starts[index];
            variance += (pair[1] - pair[0]) / (high - low) * (level - mean) * (level - mean);
        }
        variance
    }
}
