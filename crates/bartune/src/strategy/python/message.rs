//! What goes over the socket: questions as JSON, answers as bytes.
//!
//! An answer begins with a letter: `E` a text that says what failed, `H` JSON of what the strategy depends on, `C` columns:
//! nanoseconds of the call (8 bytes), bars (4), flags (1), masks in words of 64 bars, and a number for each bar that enters,
//! distance by distance. All little-endian. Flags, from the lowest bit on: which of the four conditions have a mask; that
//! there are two masks instead, of where a long and where a short position is held; which of the three distances there are.

use std::collections::BTreeMap;

use bartune_engine::{Mask, Params};
use serde_json::{Map, Value, json};

use super::super::column::{Columns, Question};
use crate::identity::param;

/// Bytes of a failure or a greeting that are read.
const LONGEST_TEXT: usize = 1 << 16;
const HEAD: usize = 14;
/// The flag of an answer that says where positions are held.
const HELD: u8 = 1 << 4;
/// The bit of the first distance.
const DISTANCES: u8 = 5;

/// What a worker says.
#[derive(Debug)]
pub(super) enum Answer {
    Failed(String),
    Hello(Hello),
    Columns { columns: Columns, nanoseconds: u64 },
}

/// What a strategy's results depend on besides bars and parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Hello {
    /// SHA-256 of each of its files.
    sources: BTreeMap<String, String>,
    /// Versions of what they import.
    packages: BTreeMap<String, String>,
    /// The language's version.
    python: String,
}

impl Hello {
    /// It in one canonical text.
    pub(super) fn version(&self) -> String {
        let sources = self.sources.iter().map(|(name, hash)| format!("source {name} {hash}"));
        let packages = self.packages.iter().map(|(name, version)| format!("package {name} {version}"));
        let python = format!("python {}", self.python);
        sources.chain(packages).chain([python]).collect::<Vec<_>>().join("\n")
    }
}

/// A question.
pub(super) fn request(question: &Question<'_>) -> Result<Vec<u8>, String> {
    let address = question.bars.address()?;
    let text = json!({
        "file": {
            "id": address.id,
            "path": address.path,
            "offsets": address.offsets,
            "bars": address.whole,
            "timezone": question.bars.timezone().iana_name().unwrap_or("UTC"),
            "timeframe_ns": question.bars.timeframe_ns(),
        },
        "first": address.part.start,
        "bars": address.part.len(),
        "params": params(question.params),
    });
    Ok(text.to_string().into_bytes())
}

/// What is sent, with its length before it.
pub(super) fn framed(text: &[u8]) -> Result<Vec<u8>, String> {
    let length = u32::try_from(text.len()).map_err(|_| "there is too much to be sent".to_owned())?;
    Ok([&length.to_le_bytes(), text].concat())
}

fn params(params: &Params) -> Map<String, Value> {
    params.iter().map(|(name, value)| (name.clone(), param(value))).collect()
}

/// The most bytes that an answer about so many bars can have.
pub(super) fn longest(bars: usize) -> usize {
    LONGEST_TEXT.max(HEAD + 4 * bars.div_ceil(64) * 8 + 3 * bars * 8)
}

/// An answer about so many bars; `None` if it is none.
pub(super) fn answer(bytes: &[u8], bars: usize) -> Option<Answer> {
    let (kind, rest) = bytes.split_first()?;
    match kind {
        b'E' => Some(Answer::Failed(String::from_utf8_lossy(rest).into_owned())),
        b'H' => Some(Answer::Hello(serde_json::from_slice(rest).ok()?)),
        b'C' => columns(rest, bars),
        _ => None,
    }
}

fn columns(rest: &[u8], bars: usize) -> Option<Answer> {
    let (nanoseconds, rest) = rest.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (&flags, mut rest) = rest.split_first()?;
    if u32::from_le_bytes(*count) as usize != bars {
        return None;
    }
    let mut columns = conditions(flags, &mut rest, bars)?;
    let has_distances = flags >> DISTANCES != 0;
    let entries = if has_distances { entries(&columns) } else { Vec::new() };
    let mut next_distance = |distance: u8| -> Option<Option<Vec<f64>>> {
        if flags >> (DISTANCES + distance) & 1 == 0 {
            return Some(None);
        }
        let values = split(&mut rest, 8 * entries.len())?;
        Some(Some(scattered(values, &entries, bars)))
    };
    (columns.stop_loss, columns.take_profit, columns.trailing_stop) =
        (next_distance(0)?, next_distance(1)?, next_distance(2)?);
    rest.is_empty().then(|| Answer::Columns { columns, nanoseconds: u64::from_le_bytes(*nanoseconds) })
}

/// The conditions that an answer has, or that follow from what it holds.
fn conditions(flags: u8, rest: &mut &[u8], bars: usize) -> Option<Columns> {
    let mut next_mask = || mask_of(split(rest, bars.div_ceil(64) * 8)?, bars);
    if flags & HELD != 0 {
        let (long, short) = (next_mask()?, next_mask()?);
        return (flags & (HELD - 1) == 0).then(|| Columns::of_held(&long, &short));
    }
    let mut given = |bit: u8| if flags >> bit & 1 == 1 { next_mask() } else { Some(Mask::falses(bars)) };
    Some(Columns {
        long_entry: given(0)?,
        long_exit: given(1)?,
        short_entry: given(2)?,
        short_exit: given(3)?,
        ..Columns::default()
    })
}

/// So many bytes off the front.
fn split<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (part, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(part)
}

/// `None` where a bit past the last bar is set.
fn mask_of(bytes: &[u8], bars: usize) -> Option<Mask> {
    let mut mask = Mask::falses(bars);
    let (words, _) = bytes.as_chunks::<8>();
    for (word, bytes) in mask.words_mut().iter_mut().zip(words) {
        *word = u64::from_le_bytes(*bytes);
    }
    let past = mask.words().last().map_or(0, |last| if bars.is_multiple_of(64) { 0 } else { last >> (bars % 64) });
    (past == 0).then_some(mask)
}

/// The bars that enter, ascending.
fn entries(columns: &Columns) -> Vec<usize> {
    let words = columns.long_entry.words().iter().zip(columns.short_entry.words());
    let mut bars = Vec::new();
    for (index, (long, short)) in words.enumerate() {
        let mut word = long | short;
        while word != 0 {
            bars.push(index * 64 + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
    bars
}

/// Distances at the bars that enter; nothing else is ever read.
fn scattered(bytes: &[u8], entries: &[usize], bars: usize) -> Vec<f64> {
    let mut values = vec![f64::NAN; bars];
    let (numbers, _) = bytes.as_chunks::<8>();
    for (&bar, number) in entries.iter().zip(numbers) {
        values[bar] = f64::from_le_bytes(*number);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(masks: &[u64], flags: u8, distances: &[f64]) -> Vec<u8> {
        let mut bytes = b"C".to_vec();
        bytes.extend(7_u64.to_le_bytes());
        bytes.extend(10_u32.to_le_bytes());
        bytes.push(flags);
        masks.iter().for_each(|mask| bytes.extend(mask.to_le_bytes()));
        distances.iter().for_each(|distance| bytes.extend(distance.to_le_bytes()));
        bytes
    }

    #[test]
    fn distances_stand_at_the_bars_that_enter() {
        let Some(Answer::Columns { columns, nanoseconds }) =
            answer(&packed(&[0b10, 0b1000], 0b1010_0101, &[1.0, 2.0, 3.0, 4.0]), 10)
        else {
            panic!("it is well formed")
        };
        assert_eq!(nanoseconds, 7);
        let stop = columns.stop_loss.expect("there is one");
        assert!(stop[1] == 1.0 && stop[3] == 2.0 && stop[0].is_nan() && stop.len() == 10);
        assert_eq!(columns.take_profit, None);
        assert_eq!(columns.trailing_stop.map(|values| values[3]), Some(4.0));
    }

    #[test]
    fn what_is_held_is_entered_where_it_begins() {
        let held = packed(&[0b10_0011, 0b1100], HELD | 1 << DISTANCES, &[1.0, 2.0, 3.0]);
        let Some(Answer::Columns { columns, .. }) = answer(&held, 10) else { panic!("it is well formed") };
        let stop = columns.stop_loss.clone().expect("there is one");
        assert_eq!([stop[0], stop[2], stop[5]], [1.0, 2.0, 3.0]);
        let positions = [1, 1, -1, -1, 0, 1, 0, 0, 0, 0];
        assert_eq!(Columns { stop_loss: None, ..columns }, Columns::of_positions(&positions));
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_no_answer() {
        let whole = packed(&[0b10], 0b10_0001, &[1.0]);
        assert!(answer(&whole, 10).is_some());
        let past_the_end = packed(&[1 << 10], 1, &[]);
        let both_kinds = packed(&[0, 0, 0], HELD | 1, &[]);
        for wrong in [&whole[..whole.len() - 1], &[&*whole, &[0]].concat(), &past_the_end, &both_kinds] {
            assert!(answer(wrong, 10).is_none());
        }
        assert!(answer(&whole, 11).is_none() && answer(&whole, 100).is_none());
        assert!(answer(b"", 10).is_none() && answer(b"X", 10).is_none() && answer(b"H{", 10).is_none());
    }
}
