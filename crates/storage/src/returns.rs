//! Daily returns of a trial as one compressed blob.
//!
//! Before compression (zstd) a blob is the number of segments (one byte); for each of them, by name, the
//! length of the name (one byte), the name, and the number of days (`u32`, little-endian); and then the numbers
//! of all segments one after the other, `f32`, byte-shuffled: all first bytes, all second ones, and so on.
//! Neighbouring returns have like exponents and unlike mantissas, so that shuffled bytes pack better.
//!
//! Bit-exact: NaN payloads and the sign of zero come back.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bartune_search::storage::DailyReturns;
use zstd::bulk::Compressor;

use crate::codec::Problem;

/// The longest name of a segment, in bytes.
pub(crate) const LONGEST_SEGMENT: usize = 255;

/// zstd's own default; higher levels gain nothing on noise.
const LEVEL: i32 = 3;

/// What a blob may unpack to, so that a damaged one cannot ask for all memory: 64 MB, some 60,000 years.
const LARGEST: usize = 1 << 26;

thread_local! {
    /// Making one takes half as long as compressing a trial's returns.
    static COMPRESSOR: RefCell<Compressor<'static>> =
        RefCell::new(Compressor::new(LEVEL).expect("a known level and memory for one"));
}

/// The blob of a trial's returns.
pub(crate) fn pack(returns: &DailyReturns) -> Vec<u8> {
    let mut plain = vec![u8::try_from(returns.len()).unwrap_or(u8::MAX)];
    for (segment, values) in returns {
        plain.push(u8::try_from(segment.len()).unwrap_or(u8::MAX));
        plain.extend(segment.as_bytes());
        plain.extend(u32::try_from(values.len()).unwrap_or(u32::MAX).to_le_bytes());
    }
    for byte in 0..4 {
        plain.extend(returns.values().flatten().map(|value| value.to_le_bytes()[byte]));
    }
    COMPRESSOR
        .with_borrow_mut(|compressor| compressor.compress(&plain))
        .expect("a buffer in memory that is large enough can be written")
}

/// The returns of a blob.
pub(crate) fn unpack(blob: &[u8]) -> Result<DailyReturns, Problem> {
    let broken = || format!("{} bytes of daily returns cannot be read", blob.len());
    let size = zstd::bulk::Decompressor::upper_bound(blob).filter(|size| *size <= LARGEST).ok_or_else(broken)?;
    let plain = zstd::bulk::decompress(blob, size).map_err(|error| format!("{}: {error}", broken()))?;
    read(&plain).ok_or_else(broken)
}

fn read(plain: &[u8]) -> Option<DailyReturns> {
    let (&count, mut rest) = plain.split_first()?;
    let mut segments = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (&length, after) = rest.split_first()?;
        let (name, after) = after.split_at_checked(usize::from(length))?;
        let (days, after) = after.split_first_chunk()?;
        segments.push((std::str::from_utf8(name).ok()?, usize::try_from(u32::from_le_bytes(*days)).ok()?));
        rest = after;
    }
    let days: usize = segments.iter().map(|(_, days)| days).sum();
    if rest.len() != days.checked_mul(4)? {
        return None;
    }
    let mut values = (0..days).map(|day| f32::from_le_bytes(std::array::from_fn(|byte| rest[byte * days + day])));
    let take = |(name, days): (&str, usize)| (name.to_owned(), values.by_ref().take(days).collect());
    Some(segments.into_iter().map(take).collect::<BTreeMap<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_segments() -> DailyReturns {
        let values = vec![0.01, -0.02, 0.0, -0.0, f32::NAN, f32::INFINITY];
        DailyReturns::from([("train".to_owned(), values), ("validate".to_owned(), vec![0.5]), (String::new(), vec![])])
    }

    #[test]
    fn every_bit_comes_back() {
        let bits = |returns: &DailyReturns| -> Vec<(String, Vec<u32>)> {
            returns.iter().map(|(name, values)| (name.clone(), values.iter().map(|v| v.to_bits()).collect())).collect()
        };
        let back = unpack(&pack(&two_segments())).unwrap();
        assert_eq!(bits(&back), bits(&two_segments()));
    }

    #[test]
    fn days_without_a_position_cost_next_to_nothing() {
        let idle = DailyReturns::from([("train".to_owned(), vec![0.0; 1_260])]);
        assert!(pack(&idle).len() < 64, "{}", pack(&idle).len());
    }

    #[test]
    fn a_damaged_blob_is_told_and_asks_for_no_memory() {
        let blob = pack(&two_segments());
        for damaged in [&blob[..blob.len() - 1], &[], b"not zstd at all"] {
            let problem = unpack(damaged).unwrap_err();
            assert!(problem.contains("daily returns cannot be read"), "{problem}");
        }
        // Sound zstd around a list that promises more days than there are.
        let plain = [1, 1, b'a', 255, 255, 255, 255, 0];
        assert!(unpack(&zstd::bulk::compress(&plain, LEVEL).unwrap()).is_err());
    }
}
