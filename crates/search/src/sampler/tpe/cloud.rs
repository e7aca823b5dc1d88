//! Kernels of several parameters, so ordered that those near a point are found without looking at all.
//!
//! Trials are points in units of the least kernel width. They lie in trees of 32, 64, 128, … points, the oldest
//! in the largest, as the binary digits of their number say (J. L. Bentley, J. B. Saxe, 1980); the youngest, fewer
//! than 32, lie in none. A tree halves its points along the longest side of their box (a k-d tree) down to
//! leaves of 32. So a new trial costs the building of a few small trees, seldom that of a large one.
//!
//! A visit lists the points within a squared distance, which may shrink on the way. Coordinates are rounded to
//! 32 bits: they only decide what is looked at, and [`SLACK`] covers the rounding.
//!
//! **Invariant:** the trees follow from the points in order of rank. So does the order of a visit.

/// Points in a leaf.
const LEAF: usize = 32;

/// Distances are rounded by less than this, up to some 20 widths.
const SLACK: f32 = 0.05;

/// On an axis of choices, points this far apart have different ones.
pub(super) const CHOICE_SPACING: f32 = 4.0;

/// What an axis measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Widths.
    Number,
    /// Choices: equal or not.
    Choice,
}

/// Where a visit looks: the axes' intervals, of the cell of a grid value or of no length.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) low: Vec<f32>,
    pub(super) high: Vec<f32>,
    /// What another choice adds to the squared distance.
    pub(super) other_choice: f32,
}

/// A balanced tree over points of consecutive ranks.
#[derive(Debug, Clone)]
struct Tree {
    /// By leaf, ascending in each.
    ranks: Vec<u32>,
    /// By leaf, then by axis.
    points: Vec<f32>,
    /// Low and high by axis for each node; node 1 is the root, `2n` and `2n + 1` are the halves of `n`.
    boxes: Vec<f32>,
}

/// The trees.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    measures: Vec<Measure>,
    /// By rank, then by axis.
    points: Vec<f32>,
    trees: Vec<Tree>,
    in_trees: usize,
}

impl Cloud {
    pub(super) fn new(measures: Vec<Measure>) -> Self {
        Self { measures, points: Vec::new(), trees: Vec::new(), in_trees: 0 }
    }

    /// Number of points.
    fn len(&self) -> usize {
        self.points.len() / self.measures.len()
    }

    /// Add the next points, one after the other.
    pub(super) fn extend(&mut self, points: impl Iterator<Item = f32>) {
        self.points.extend(points);
        let leaves = self.len() / LEAF;
        // The trees there should be, largest first; those that are there already stay.
        let (mut start, mut index) = (0, 0);
        for digit in (0..usize::BITS).rev().filter(|&digit| leaves >> digit & 1 == 1) {
            let size = LEAF << digit;
            if self.trees.get(index).is_none_or(|tree| tree.ranks.len() != size) {
                self.trees.truncate(index);
                self.trees.push(Tree::new(&self.points, &self.measures, start..start + size));
            }
            (start, index) = (start + size, index + 1);
        }
        self.trees.truncate(index);
        self.in_trees = start;
    }

    /// Call `take` for every point within a squared distance of a place; it answers the distance from then on.
    pub(super) fn visit(&self, place: &Place, mut limit: f32, mut take: impl FnMut(u32) -> f32) {
        let axes = self.measures.len();
        // Then the largest tree first: the nearest points let the distance shrink.
        for (index, point) in self.points[self.in_trees * axes..].chunks_exact(axes).enumerate() {
            if self.distance(place, point) <= limit + SLACK {
                limit = take((self.in_trees + index) as u32);
            }
        }
        for tree in &self.trees {
            let root = tree.distance(&self.measures, place, 1);
            tree.visit(self, place, (1, root), &mut limit, &mut take);
        }
    }

    fn distance(&self, place: &Place, point: &[f32]) -> f32 {
        let axes = self.measures.iter().zip(point).enumerate();
        axes.map(|(axis, (&measure, &x))| place.beyond(measure, axis, x, x)).sum()
    }
}

impl Place {
    /// What an axis adds to the squared distance from an interval.
    #[inline]
    fn beyond(&self, measure: Measure, axis: usize, low: f32, high: f32) -> f32 {
        let gap = (self.low[axis] - high).max(low - self.high[axis]).max(0.0);
        match measure {
            Measure::Number => gap * gap,
            Measure::Choice if gap > 1.0 => self.other_choice,
            Measure::Choice => 0.0,
        }
    }
}

impl Tree {
    fn new(points: &[f32], measures: &[Measure], ranks: std::ops::Range<usize>) -> Self {
        let axes = measures.len();
        let leaves = ranks.len() / LEAF;
        let mut tree = Self {
            ranks: ranks.map(|rank| rank as u32).collect(),
            points: Vec::new(),
            boxes: vec![0.0; 2 * leaves * 2 * axes],
        };
        let mut ranks = std::mem::take(&mut tree.ranks);
        tree.build(points, axes, 1, &mut ranks);
        tree.points = vec![0.0; ranks.len() * axes];
        for (leaf, ranks) in tree.points.chunks_exact_mut(LEAF * axes).zip(ranks.chunks_exact(LEAF)) {
            for (column, &rank) in ranks.iter().enumerate() {
                (0..axes).for_each(|axis| leaf[axis * LEAF + column] = points[rank as usize * axes + axis]);
            }
        }
        tree.ranks = ranks;
        tree
    }

    /// Order the ranks under a node, and note its box.
    fn build(&mut self, points: &[f32], axes: usize, node: usize, ranks: &mut [u32]) {
        let at = |rank: u32, axis: usize| points[rank as usize * axes + axis];
        let (mut longest, mut length) = (0, -1.0);
        for axis in 0..axes {
            let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
            for &rank in ranks.iter() {
                let x = at(rank, axis);
                (low, high) = (low.min(x), high.max(x));
            }
            self.boxes[(node * axes + axis) * 2..][..2].copy_from_slice(&[low, high]);
            if high - low > length {
                (longest, length) = (axis, high - low);
            }
        }
        if ranks.len() == LEAF {
            ranks.sort_unstable();
            return;
        }
        let middle = ranks.len() / 2;
        ranks.select_nth_unstable_by(middle, |&a, &b| at(a, longest).total_cmp(&at(b, longest)).then(a.cmp(&b)));
        let (left, right) = ranks.split_at_mut(middle);
        self.build(points, axes, 2 * node, left);
        self.build(points, axes, 2 * node + 1, right);
    }

    fn distance(&self, measures: &[Measure], place: &Place, node: usize) -> f32 {
        let axes = measures.len();
        let sides = self.boxes[node * axes * 2..][..axes * 2].chunks_exact(2).zip(measures).enumerate();
        sides.map(|(axis, (side, &measure))| place.beyond(measure, axis, side[0], side[1])).sum()
    }

    /// Visit a node whose distance is known, its nearer half first.
    fn visit(
        &self,
        cloud: &Cloud,
        place: &Place,
        (node, distance): (usize, f32),
        limit: &mut f32,
        take: &mut impl FnMut(u32) -> f32,
    ) {
        if distance > *limit + SLACK {
            return;
        }
        let leaves = self.ranks.len() / LEAF;
        if node >= leaves {
            self.visit_leaf(&cloud.measures, place, node - leaves, limit, take);
            return;
        }
        let [left, right] = [2 * node, 2 * node + 1].map(|half| (half, self.distance(&cloud.measures, place, half)));
        let (near, far) = if left.1 <= right.1 { (left, right) } else { (right, left) };
        self.visit(cloud, place, near, limit, take);
        self.visit(cloud, place, far, limit, take);
    }

    fn visit_leaf(
        &self,
        measures: &[Measure],
        place: &Place,
        leaf: usize,
        limit: &mut f32,
        take: &mut impl FnMut(u32) -> f32,
    ) {
        let axes = measures.len();
        let columns = &self.points[leaf * LEAF * axes..][..LEAF * axes];
        let mut distances = [0.0_f32; LEAF];
        for (axis, column) in columns.chunks_exact(LEAF).enumerate() {
            let (low, high) = (place.low[axis], place.high[axis]);
            match measures[axis] {
                Measure::Number => {
                    for (distance, &x) in distances.iter_mut().zip(column) {
                        let (left, right) = (low - x, x - high);
                        let gap = if left > right { left } else { right };
                        let gap = if gap > 0.0 { gap } else { 0.0 };
                        *distance += gap * gap;
                    }
                }
                Measure::Choice => {
                    for (distance, &x) in distances.iter_mut().zip(column) {
                        *distance += if (x - low).abs() > 1.0 { place.other_choice } else { 0.0 };
                    }
                }
            }
        }
        for (&distance, &rank) in distances.iter().zip(&self.ranks[leaf * LEAF..]) {
            if distance <= *limit + SLACK {
                *limit = take(rank);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_visit_finds_all_that_is_near_however_the_points_came(
            points in prop::collection::vec((0.0..100.0_f32, 0.0..100.0_f32, 0_u8..3), 1..700),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            at in (0.0..100.0_f32, 0.0..100.0_f32, 0_u8..3),
            radius in 0.0..60.0_f32,
        ) {
            let measures = vec![Measure::Number, Measure::Number, Measure::Choice];
            let flat = |points: &[(f32, f32, u8)]| -> Vec<f32> {
                points.iter().flat_map(|&(x, y, c)| [x, y, f32::from(c) * CHOICE_SPACING]).collect()
            };
            let mut whole = Cloud::new(measures.clone());
            whole.extend(flat(&points).into_iter());
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(points.len())).collect();
            cuts.sort_unstable();
            let mut grown = Cloud::new(measures);
            let mut start = 0;
            for cut in cuts.into_iter().chain([points.len()]) {
                grown.extend(flat(&points[start..cut]).into_iter());
                start = cut;
            }
            let corner = vec![at.0, at.1, f32::from(at.2) * CHOICE_SPACING];
            let place = Place { low: corner.clone(), high: corner, other_choice: 20.0 };
            let limit = radius * radius;
            let visited = |cloud: &Cloud| {
                let mut ranks = Vec::new();
                cloud.visit(&place, limit, |rank| { ranks.push(rank); limit });
                ranks
            };
            prop_assert_eq!(visited(&whole), visited(&grown));
            let mut found = visited(&whole);
            found.sort_unstable();
            let near = |&(x, y, c): &(f32, f32, u8)| {
                let other = if c == at.2 { 0.0 } else { 20.0 };
                (x - at.0) * (x - at.0) + (y - at.1) * (y - at.1) + other
            };
            for (rank, point) in points.iter().enumerate() {
                let is_found = found.binary_search(&(rank as u32)).is_ok();
                prop_assert!(is_found || near(point) > limit, "{rank} of {}", points.len());
                prop_assert!(!is_found || near(point) < limit + 0.1);
            }
        }
    }
}
