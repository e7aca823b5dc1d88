//! Kernels of several parameters in leaves: those near each other side by side, so that what is far from a point is
//! passed over together.
//!
//! Trials are points in units of the least kernel width. They lie in trees of 64, 128, 256, … points, the oldest
//! in the largest, as the binary digits of their number say (J. L. Bentley, J. B. Saxe, 1980); the youngest, fewer
//! than 64, lie in none and make a leaf of their own. A tree halves its points along the longest side of their box (a
//! k-d tree) down to leaves of 64. So a new trial costs the building of a few small trees, seldom that of a large one.
//! Of the trees only the leaves are kept: for all of them at once the distances from a point are found side by side.
//!
//! **Invariant:** the leaves, and their order, follow from the points in order of rank.

use super::wide::{Work, widely};

/// Points in a leaf.
pub(super) const LEAF: usize = 64;

/// Points of a leaf are in the order of halves, quarters, … down to so many, so that these lie near each other too.
const NEIGHBOURS: usize = 8;

/// What an axis measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Widths.
    Number,
    /// Choices: equal or not.
    Choice,
}

/// A trial on one axis: where, and on small grids and among choices which slot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Spot {
    pub(super) coordinate: f64,
    pub(super) slot: u16,
}

/// A point on one axis: the interval of the cell of a grid value, or of no length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Side {
    pub(super) low: f64,
    pub(super) high: f64,
    /// What another choice adds to the squared distance.
    pub(super) other_choice: f64,
}

/// Points of one leaf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'a> {
    pub(super) ranks: &'a [u32],
    coordinates: &'a [f64],
    slots: &'a [u16],
}

/// The leaves of a tree over points of consecutive ranks.
#[derive(Debug, Clone, Default)]
struct Tree {
    /// By leaf.
    ranks: Vec<u32>,
    /// By leaf, then by axis.
    coordinates: Vec<f64>,
    slots: Vec<u16>,
    /// Ends of the leaves' boxes, by axis, then by leaf.
    lows: Vec<f64>,
    highs: Vec<f64>,
}

/// The trees.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    measures: Vec<Measure>,
    /// By rank, then by axis.
    spots: Vec<Spot>,
    trees: Vec<Tree>,
    /// The youngest, as one leaf.
    youngest: Tree,
    in_trees: usize,
}

impl<'a> Leaf<'a> {
    /// Where the points are on an axis.
    #[inline(always)]
    pub(super) fn coordinates(&self, axis: usize) -> &'a [f64] {
        &self.coordinates[axis * self.ranks.len()..][..self.ranks.len()]
    }

    /// Slots on an axis of a small grid or of choices.
    #[inline(always)]
    pub(super) fn slots(&self, axis: usize) -> &'a [u16] {
        &self.slots[axis * self.ranks.len()..][..self.ranks.len()]
    }
}

impl Cloud {
    pub(super) fn new(measures: Vec<Measure>) -> Self {
        Self { measures, spots: Vec::new(), trees: Vec::new(), youngest: Tree::default(), in_trees: 0 }
    }

    /// Number of points.
    fn len(&self) -> usize {
        self.spots.len() / self.measures.len()
    }

    /// Add the next points, one after the other.
    pub(super) fn extend(&mut self, spots: impl Iterator<Item = Spot>) {
        self.spots.extend(spots);
        let leaves = self.len() / LEAF;
        // The trees there should be, largest first; those that are there already stay.
        let (mut start, mut index) = (0, 0);
        for digit in (0..usize::BITS).rev().filter(|&digit| leaves >> digit & 1 == 1) {
            let size = LEAF << digit;
            if self.trees.get(index).is_none_or(|tree| tree.ranks.len() != size) {
                self.trees.truncate(index);
                self.trees.push(Tree::new(&self.spots, self.measures.len(), (start..start + size, LEAF)));
            }
            (start, index) = (start + size, index + 1);
        }
        self.trees.truncate(index);
        self.in_trees = start;
        let length = self.len();
        self.youngest = match length - start {
            0 => Tree::default(),
            rest => Tree::new(&self.spots, self.measures.len(), (start..length, rest)),
        };
    }

    /// The leaves, the youngest first.
    pub(super) fn leaves(&self) -> Vec<Leaf<'_>> {
        let axes = self.measures.len();
        let trees = std::iter::once((&self.youngest, self.youngest.ranks.len().max(1)));
        let trees = trees.chain(self.trees.iter().map(|tree| (tree, LEAF)));
        let leaves = trees.flat_map(|(tree, size)| {
            let ranks = tree.ranks.chunks_exact(size);
            let columns = tree.coordinates.chunks_exact(size * axes).zip(tree.slots.chunks_exact(size * axes));
            ranks.zip(columns).map(|(ranks, (coordinates, slots))| Leaf { ranks, coordinates, slots })
        });
        leaves.collect()
    }

    /// The squared distances of the leaves' boxes from a point, in the order of [`leaves`](Self::leaves).
    pub(super) fn distances(&self, sides: &[Side]) -> Vec<f64> {
        widely(Distances { cloud: self, sides })
    }
}

struct Distances<'a> {
    cloud: &'a Cloud,
    sides: &'a [Side],
}

impl Work for Distances<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run(self) -> Vec<f64> {
        let Cloud { measures, trees, youngest, .. } = self.cloud;
        let mut distances = Vec::new();
        for (number, tree) in std::iter::once(youngest).chain(trees).enumerate() {
            let leaves = if number == 0 { tree.ranks.len().min(1) } else { tree.ranks.len() / LEAF };
            let start = distances.len();
            distances.resize(start + leaves, 0.0);
            for (axis, (side, measure)) in self.sides.iter().zip(measures).enumerate() {
                let (lows, highs) = (&tree.lows[axis * leaves..][..leaves], &tree.highs[axis * leaves..][..leaves]);
                add_distances(&mut distances[start..], *side, *measure, (lows, highs));
            }
        }
        distances
    }
}

/// Add what an axis gives to the squared distances of boxes from a point.
#[inline(always)]
pub(super) fn add_distances(distances: &mut [f64], side: Side, measure: Measure, (lows, highs): (&[f64], &[f64])) {
    for (distance, (&low, &high)) in distances.iter_mut().zip(lows.iter().zip(highs)) {
        let (below, above) = (side.low - high, low - side.high);
        let gap = if below > above { below } else { above };
        let gap = if gap > 0.0 { gap } else { 0.0 };
        *distance += match measure {
            Measure::Number => gap * gap,
            Measure::Choice if gap > 0.0 => side.other_choice,
            Measure::Choice => 0.0,
        };
    }
}

impl Tree {
    /// Over points of these ranks, in leaves of this size.
    fn new(spots: &[Spot], axes: usize, (ranks, size): (std::ops::Range<usize>, usize)) -> Self {
        let mut order: Vec<u32> = ranks.map(|rank| rank as u32).collect();
        halve(spots, axes, &mut order);
        let leaves = order.len() / size;
        let mut tree = Self { lows: vec![0.0; axes * leaves], highs: vec![0.0; axes * leaves], ..Self::default() };
        for (leaf, ranks) in order.chunks_exact(size).enumerate() {
            for axis in 0..axes {
                let on_axis = ranks.iter().map(|&rank| spots[rank as usize * axes + axis]);
                tree.coordinates.extend(on_axis.clone().map(|spot| spot.coordinate));
                tree.slots.extend(on_axis.map(|spot| spot.slot));
                (tree.lows[axis * leaves + leaf], tree.highs[axis * leaves + leaf]) = extent(spots, axes, axis, ranks);
            }
        }
        tree.ranks = order;
        tree
    }
}

/// Order ranks by halves, halves of halves, and so on.
fn halve(spots: &[Spot], axes: usize, ranks: &mut [u32]) {
    if ranks.len() <= NEIGHBOURS {
        ranks.sort_unstable();
        return;
    }
    let (mut longest, mut length) = (0, -1.0);
    for axis in 0..axes {
        let (low, high) = extent(spots, axes, axis, ranks);
        if high - low > length {
            (longest, length) = (axis, high - low);
        }
    }
    let at = |rank: u32| spots[rank as usize * axes + longest].coordinate;
    let middle = ranks.len() / 2;
    ranks.select_nth_unstable_by(middle, |&a, &b| at(a).total_cmp(&at(b)).then(a.cmp(&b)));
    let (left, right) = ranks.split_at_mut(middle);
    halve(spots, axes, left);
    halve(spots, axes, right);
}

/// The least and the largest coordinate on an axis.
fn extent(spots: &[Spot], axes: usize, axis: usize, ranks: &[u32]) -> (f64, f64) {
    ranks.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &rank| {
        let x = spots[rank as usize * axes + axis].coordinate;
        (low.min(x), high.max(x))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spots(points: &[(f64, f64, u16)]) -> impl Iterator<Item = Spot> {
        let spot = |coordinate, slot| Spot { coordinate, slot };
        points.iter().flat_map(move |&(x, y, c)| [spot(x, 0), spot(y, 0), spot(f64::from(c), c)])
    }

    proptest! {
        #[test]
        fn leaves_hold_each_point_once_no_nearer_than_their_distance_however_the_points_came(
            points in prop::collection::vec((0.0..100.0_f64, 0.0..100.0_f64, 0_u16..3), 1..700),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            at in (0.0..100.0_f64, 0.0..100.0_f64, 0_u16..3),
        ) {
            let measures = vec![Measure::Number, Measure::Number, Measure::Choice];
            let mut whole = Cloud::new(measures.clone());
            whole.extend(spots(&points));
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(points.len())).collect();
            cuts.sort_unstable();
            let mut grown = Cloud::new(measures);
            let mut start = 0;
            for cut in cuts.into_iter().chain([points.len()]) {
                grown.extend(spots(&points[start..cut]));
                start = cut;
            }
            let side = |at| Side { low: at, high: at, other_choice: 20.0 };
            let sides = [side(at.0), side(at.1), side(f64::from(at.2))];
            prop_assert_eq!(whole.distances(&sides), grown.distances(&sides));
            let ranks = |cloud: &Cloud| cloud.leaves().iter().flat_map(|leaf| leaf.ranks.to_vec()).collect::<Vec<_>>();
            let mut found = ranks(&whole);
            prop_assert_eq!(&found, &ranks(&grown));
            found.sort_unstable();
            prop_assert_eq!(found, (0..points.len() as u32).collect::<Vec<_>>());
            let distances = whole.distances(&sides);
            prop_assert_eq!(distances.len(), whole.leaves().len());
            for (leaf, distance) in whole.leaves().iter().zip(distances) {
                for (place, &rank) in leaf.ranks.iter().enumerate() {
                    let (x, y, c) = points[rank as usize];
                    let other = if c == at.2 { 0.0 } else { 20.0 };
                    let squared = (x - at.0) * (x - at.0) + (y - at.1) * (y - at.1) + other;
                    prop_assert!(squared >= distance - 1e-9, "{rank}: {squared} and {distance}");
                    prop_assert_eq!((leaf.coordinates(1)[place], leaf.slots(2)[place]), (y, c));
                }
            }
        }
    }
}
