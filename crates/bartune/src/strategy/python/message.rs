//! What goes over the socket: questions as JSON, answers as bytes.
//!
//! An answer begins with a letter: `E` a text that says what failed, `H` JSON of what the strategy depends on, `C` columns:
//! nanoseconds of the call (8 bytes), bars (4), which distances there are (1), four masks in words of 64 bars, and a
//! number for each bar that enters, distance by distance. All little-endian.

use std::collections::BTreeMap;

use bartune_engine::{Mask, Params};
use serde_json::{Map, Value, json};

use super::super::column::{Columns, Question};
use crate::identity::param;

/// Bytes of a failure or a greeting that are read.
const LONGEST_TEXT: usize = 1 << 16;
const HEAD: usize = 14;

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
    let (flags, mut rest) = rest.split_first()?;
    if u32::from_le_bytes(*count) as usize != bars || flags >> 3 != 0 {
        return None;
    }
    let mut next_mask = || {
        let (mask, left) = rest.split_at_checked(bars.div_ceil(64) * 8)?;
        rest = left;
        mask_of(mask, bars)
    };
    let mut columns = Columns {
        long_entry: next_mask()?,
        long_exit: next_mask()?,
        short_entry: next_mask()?,
        short_exit: next_mask()?,
        ..Columns::default()
    };
    let entries = entries(&columns);
    let mut next_distance = |bit: u8| -> Option<Option<Vec<f64>>> {
        if flags >> bit & 1 == 0 {
            return Some(None);
        }
        let (values, left) = rest.split_at_checked(8 * entries.len())?;
        rest = left;
        Some(Some(scattered(values, &entries, bars)))
    };
    (columns.stop_loss, columns.take_profit, columns.trailing_stop) =
        (next_distance(0)?, next_distance(1)?, next_distance(2)?);
    rest.is_empty().then(|| Answer::Columns { columns, nanoseconds: u64::from_le_bytes(*nanoseconds) })
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

    fn packed(masks: [u64; 4], flags: u8, distances: &[f64]) -> Vec<u8> {
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
            answer(&packed([0b10, 0, 0b1000, 0], 0b101, &[1.0, 2.0, 3.0, 4.0]), 10)
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
    fn what_is_cut_short_or_too_long_is_no_answer() {
        let whole = packed([0b10, 0, 0, 0], 1, &[1.0]);
        assert!(answer(&whole, 10).is_some());
        for wrong in
            [&whole[..whole.len() - 1], &[whole.as_slice(), &[0]].concat(), &packed([1 << 10, 0, 0, 0], 0, &[])]
        {
            assert!(answer(wrong, 10).is_none());
        }
        assert!(answer(&whole, 11).is_none() && answer(&whole, 100).is_none());
        assert!(answer(b"", 10).is_none() && answer(b"X", 10).is_none() && answer(b"H{", 10).is_none());
    }
}
