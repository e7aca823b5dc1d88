//! Metrics as compact blobs: bit-exact, without names, undefined ones for nothing.
//!
//! The names stand once in a [`Layout`], which many trials share: segments, each with its metrics.
//! A blob is a list of two-bit tags, four a byte, lowest bits first, padded with zeros, and then the
//! numbers themselves, little-endian. For each segment of the layout comes one tag (0 absent, 1
//! present), then, if it is present, one for each of its metrics:
//!
//! | tag | number |
//! |---|---|
//! | 0 | undefined |
//! | 1 | `i16`: counts |
//! | 2 | `f32`: where it is exact |
//! | 3 | `f64` |
//!
//! Each number takes the smallest form that gives its very bits back, NaN payloads and the sign of
//! zero included. Trials of which metrics were left out have layouts of their own, `{"abridged": {…}}`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Metrics by segment, then by name.
pub(crate) type Metrics = BTreeMap<String, BTreeMap<String, f64>>;

/// Whether a blob has all of a trial's metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    #[default]
    Full,
    Abridged,
}

/// The key under which an abridged layout stands in its JSON; that of a segment has a list.
const ABRIDGED: &str = "abridged";

/// The segments and names that blobs of this layout hold, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Layout {
    extent: Extent,
    segments: BTreeMap<String, Vec<String>>,
}

impl Extent {
    /// The extent of a record's metrics.
    pub(crate) fn of(is_abridged: bool) -> Self {
        if is_abridged { Self::Abridged } else { Self::Full }
    }
}

impl Layout {
    /// A layout without a place.
    pub(crate) fn empty(extent: Extent) -> Self {
        Self { extent, segments: BTreeMap::new() }
    }

    /// Whether its blobs have all of a trial's metrics.
    pub(crate) fn extent(&self) -> Extent {
        self.extent
    }

    /// Whether every segment and metric has its place.
    pub(crate) fn covers(&self, metrics: &Metrics) -> bool {
        metrics.iter().all(|(segment, values)| {
            let Some(names) = self.segments.get(segment) else { return false };
            // Both are sorted: what comes next has its place after what came before.
            let mut names = names.iter();
            values.keys().all(|name| names.any(|known| known == name))
        })
    }

    /// This layout with places for `metrics` as well.
    pub(crate) fn extended(&self, metrics: &Metrics) -> Self {
        let mut segments = self.segments.clone();
        for (segment, values) in metrics {
            let names = segments.entry(segment.clone()).or_default();
            for name in values.keys() {
                if let Err(position) = names.binary_search(name) {
                    names.insert(position, name.clone());
                }
            }
        }
        Self { extent: self.extent, segments }
    }

    /// As it stands in `bartune_keys`: `{"train": ["cagr", …], …}`.
    pub(crate) fn to_json(&self) -> Value {
        match self.extent {
            Extent::Full => json!(self.segments),
            Extent::Abridged => json!({ ABRIDGED: self.segments }),
        }
    }

    /// From `bartune_keys`.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let inner = value.get(ABRIDGED).filter(|inner| inner.is_object());
        let extent = Extent::of(inner.is_some());
        let mut segments = BTreeMap::new();
        for (segment, names) in inner.unwrap_or(value).as_object()? {
            let names = names.as_array()?.iter();
            let names = names.map(|name| name.as_str().map(str::to_owned));
            let names = names.collect::<Option<Vec<_>>>()?;
            names.is_sorted().then(|| segments.insert(segment.clone(), names))?;
        }
        Some(Self { extent, segments })
    }

    /// The blob of `metrics`, all of which this layout must cover.
    pub(crate) fn pack(&self, metrics: &Metrics) -> Vec<u8> {
        let mut packer = Packer::default();
        for (segment, names) in &self.segments {
            let values = metrics.get(segment);
            packer.tag(u8::from(values.is_some()));
            let Some(values) = values else { continue };
            let mut values = values.iter().peekable();
            for name in names {
                packer.number(values.next_if(|(next, _)| *next == name).map(|(_, value)| *value));
            }
        }
        packer.tags.extend(packer.numbers);
        packer.tags
    }

    /// The metrics of a blob; `None` if it is not one of this layout.
    pub(crate) fn unpack(&self, blob: &[u8]) -> Option<Metrics> {
        let mut tags = Tags { blob, next: 0 };
        let mut plan = Vec::new();
        for (segment, names) in &self.segments {
            if tags.next()? == 1 {
                let tagged = names.iter().map(|name| Some((name, tags.next()?)));
                plan.push((segment, tagged.collect::<Option<Vec<_>>>()?));
            }
        }
        let mut numbers = blob.get(tags.next.div_ceil(4)..)?;
        let mut metrics = Metrics::new();
        for (segment, tagged) in plan {
            let mut values = BTreeMap::new();
            for (name, tag) in tagged {
                if let Some(value) = take_number(&mut numbers, tag)? {
                    values.insert(name.clone(), value);
                }
            }
            metrics.insert(segment.clone(), values);
        }
        numbers.is_empty().then_some(metrics)
    }
}

/// A blob being written.
#[derive(Default)]
struct Packer {
    tags: Vec<u8>,
    tag_count: usize,
    numbers: Vec<u8>,
}

impl Packer {
    fn tag(&mut self, tag: u8) {
        let shift = 2 * (self.tag_count % 4);
        if shift == 0 {
            self.tags.push(0);
        }
        if let Some(last) = self.tags.last_mut() {
            *last |= tag << shift;
        }
        self.tag_count += 1;
    }

    fn number(&mut self, value: Option<f64>) {
        let Some(value) = value else {
            return self.tag(0);
        };
        let is_same = |other: f64| other.to_bits() == value.to_bits();
        if is_same(f64::from(value as i16)) {
            self.tag(1);
            self.numbers.extend((value as i16).to_le_bytes());
        } else if is_same(f64::from(value as f32)) {
            self.tag(2);
            self.numbers.extend((value as f32).to_le_bytes());
        } else {
            self.tag(3);
            self.numbers.extend(value.to_le_bytes());
        }
    }
}

/// Reads tags from the start of a blob.
struct Tags<'a> {
    blob: &'a [u8],
    next: usize,
}

impl Tags<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.blob.get(self.next / 4)?;
        let tag = byte >> (2 * (self.next % 4)) & 3;
        self.next += 1;
        Some(tag)
    }
}

/// The next number, or none for the tag 0; the outer `None` if the blob ends too early.
fn take_number(numbers: &mut &[u8], tag: u8) -> Option<Option<f64>> {
    Some(match tag {
        0 => None,
        1 => Some(f64::from(i16::from_le_bytes(take(numbers)?))),
        2 => Some(f64::from(f32::from_le_bytes(take(numbers)?))),
        _ => Some(f64::from_le_bytes(take(numbers)?)),
    })
}

fn take<const N: usize>(numbers: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = numbers.split_first_chunk()?;
    *numbers = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metrics(values: &[(&str, &[(&str, f64)])]) -> Metrics {
        let segment = |(name, values): &(&str, &[(&str, f64)])| {
            let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value));
            ((*name).to_owned(), values.collect())
        };
        values.iter().map(segment).collect()
    }

    fn bits(metrics: &Metrics) -> Vec<(&str, Vec<(&str, u64)>)> {
        metrics
            .iter()
            .map(|(segment, values)| {
                let values = values.iter().map(|(name, value)| (name.as_str(), value.to_bits()));
                (segment.as_str(), values.collect())
            })
            .collect()
    }

    #[test]
    fn a_count_takes_two_bytes_and_an_undefined_metric_none() {
        let full = metrics(&[("train", &[("sharpe", 0.1), ("trades", 120.0)])]);
        let layout = Layout::default().extended(&full);
        // One byte of three tags, then 8 and 2 bytes.
        assert_eq!(layout.pack(&full).len(), 11);
        let part = metrics(&[("train", &[("trades", 120.0)])]);
        assert!(layout.covers(&part));
        assert_eq!(layout.pack(&part), [0b01_00_01, 120, 0]);
        assert_eq!(layout.unpack(&layout.pack(&part)), Some(part));
    }

    #[test]
    fn an_empty_segment_is_not_a_missing_one() {
        let both = metrics(&[("train", &[("trades", 1.0)]), ("validate", &[])]);
        let layout = Layout::default().extended(&both);
        assert_eq!(layout.unpack(&layout.pack(&both)), Some(both));
        let none = Metrics::new();
        assert_eq!(layout.unpack(&layout.pack(&none)), Some(none));
    }

    #[test]
    fn layouts_survive_json() {
        let layout = Layout::default().extended(&metrics(&[("b", &[("y", 1.0), ("x", 2.0)]), ("a", &[])]));
        assert_eq!(layout.to_json().to_string(), r#"{"a":[],"b":["x","y"]}"#);
        assert_eq!(Layout::from_json(&layout.to_json()), Some(layout));
    }

    #[test]
    fn an_abridged_layout_is_not_taken_for_a_full_one_with_a_segment_of_that_name() {
        let full = Layout::default().extended(&metrics(&[("abridged", &[("x", 1.0)])]));
        let abridged = Layout::empty(Extent::Abridged).extended(&metrics(&[("train", &[("x", 1.0)])]));
        assert_eq!(abridged.to_json().to_string(), r#"{"abridged":{"train":["x"]}}"#);
        for layout in [full, abridged] {
            assert_eq!(Layout::from_json(&layout.to_json()), Some(layout));
        }
    }

    #[test]
    fn a_blob_that_is_too_short_or_too_long_is_refused() {
        let full = metrics(&[("train", &[("sharpe", 0.1)])]);
        let layout = Layout::default().extended(&full);
        let blob = layout.pack(&full);
        assert_eq!(layout.unpack(&blob[..blob.len() - 1]), None);
        assert_eq!(layout.unpack(&[&blob[..], &[0]].concat()), None);
        assert_eq!(layout.unpack(&[]), None);
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(
            values in proptest::collection::btree_map("[a-z]{1,3}", any::<u64>(), 0..9),
            small in proptest::collection::btree_map("[a-z]{1,3}", any::<i16>(), 0..9),
        ) {
            let values = values.into_iter().map(|(name, bits)| (name, f64::from_bits(bits)));
            let small = small.into_iter().map(|(name, count)| (name, f64::from(count) / 4.0));
            let metrics = Metrics::from([
                ("train".to_owned(), values.collect()),
                ("validate".to_owned(), small.collect()),
            ]);
            let layout = Layout::default().extended(&metrics);
            let back = layout.unpack(&layout.pack(&metrics)).unwrap();
            prop_assert_eq!(bits(&back), bits(&metrics));
        }
    }
}
