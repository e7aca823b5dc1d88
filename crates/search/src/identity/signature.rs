//! A signature as bytes: half the size of its digits, and never anything but a SHA-256.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

/// The SHA-256 of a canonical JSON; shown and read as 64 lower-case hexadecimal digits.
///
/// ```
/// use bartune_search::identity::Signature;
///
/// let signature = Signature::of_text("{}");
/// assert_eq!(signature.to_string(), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
/// assert_eq!(signature.to_string().parse(), Ok(signature));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature([u8; 32]);

/// A text that is no signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not a signature, which is 64 hexadecimal digits in lower case")]
pub struct NotASignature {
    /// The text, cut where it is long.
    pub text: String,
}

impl Signature {
    /// The signature of a canonical JSON.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The signature with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = NotASignature;

    fn from_str(text: &str) -> Result<Self, NotASignature> {
        parse(text).map(Self).ok_or_else(|| NotASignature { text: text.chars().take(80).collect() })
    }
}

fn digit(nibble: u8) -> u8 {
    b"0123456789abcdef"[usize::from(nibble)]
}

fn parse(text: &str) -> Option<[u8; 32]> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_bytes_go_both_ways() {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (0xab, 0x09);
        let signature = Signature::from_bytes(bytes);
        let text = format!("ab{}09", "0".repeat(60));
        assert_eq!(signature.to_string(), text);
        assert_eq!(text.parse(), Ok(signature));
        assert_eq!(signature.as_bytes(), &bytes);
    }

    #[test]
    fn what_is_no_signature_is_named() {
        for text in ["", "ab", &"g".repeat(64), &"A".repeat(64), &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
            let error = text.parse::<Signature>().expect_err(text);
            assert!(error.to_string().contains(&error.text), "{error}");
        }
    }
}
