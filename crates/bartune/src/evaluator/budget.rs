//! How much memory computed series may take.
//!
//! By default a quarter of the memory that is free when asked, and no more than [`MOST_BYTES`]: what a
//! search reuses is a few hundred series, and beyond that more memory saves little time.

use std::fmt;
use std::str::FromStr;

/// The most that is taken without being asked to.
const MOST_BYTES: u64 = 320 << 20;

/// What is taken where the system does not tell how much is free.
const BLIND_BYTES: u64 = 128 << 20;

/// Bytes for computed series; zero turns their cache off.
///
/// ```
/// use bartune::CacheBudget;
///
/// let budget: CacheBudget = "512MB".parse()?;
/// assert_eq!(budget.bytes(), 512_000_000);
/// assert_eq!("1.5 GiB".parse::<CacheBudget>()?.to_string(), "1610612736 bytes");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheBudget(usize);

impl CacheBudget {
    /// No cache.
    pub const NONE: Self = Self(0);

    /// So many bytes.
    #[must_use]
    pub const fn of_bytes(bytes: usize) -> Self {
        Self(bytes)
    }

    /// A quarter of this host's free memory, within the container's limit if it runs in one, and at most
    /// 320 MiB.
    #[must_use]
    pub fn of_host() -> Self {
        let bytes = free_memory().map_or(BLIND_BYTES, |free| (free / 4).min(MOST_BYTES));
        Self(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0
    }
}

impl fmt::Display for CacheBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

impl FromStr for CacheBudget {
    type Err = String;

    /// `512MB`, `2GB`, `1.5GiB`, `100000`; `0` for none. Multiples of 1000, or of 1024 with an `i`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no amount of memory; write 512MB, 2GB or 1.5GiB, or 0 for none");
        let text = text.trim();
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
        let number: f64 = text[..end].parse().map_err(|_| wrong())?;
        let unit = match text[end..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "kb" | "k" => 1e3,
            "mb" | "m" => 1e6,
            "gb" | "g" => 1e9,
            "tb" | "t" => 1e12,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            _ => return Err(wrong()),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "never negative; a number too large becomes the largest"
        )]
        Ok(Self((number * unit) as usize))
    }
}

/// Bytes of memory that may still be taken; `None` where the system does not tell.
pub(crate) fn free_memory() -> Option<u64> {
    let available = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo_available(&text))?;
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    // A container's limit, of cgroups as they are and as they were.
    let groups = [
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ];
    let left = groups.iter().filter_map(|(limit, used)| Some(number(limit)?.saturating_sub(number(used)?)));
    Some(left.fold(available, u64::min))
}

/// The line `MemAvailable:   12345 kB` in bytes.
fn meminfo_available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_units_of_either_kind() {
        let cases = [
            ("0", 0),
            ("100000", 100_000),
            ("64k", 64_000),
            ("512MB", 512_000_000),
            ("2 gb", 2_000_000_000),
            ("1KiB", 1024),
            ("0.5MiB", 524_288),
            ("1TB", 1_000_000_000_000),
        ];
        for (text, bytes) in cases {
            assert_eq!(text.parse::<CacheBudget>().map(CacheBudget::bytes), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "-1MB", "1XB", "1.2.3MB", "lots"] {
            let problem = text.parse::<CacheBudget>().unwrap_err();
            assert!(problem.contains("512MB"), "{problem}");
        }
    }

    #[test]
    fn the_default_is_a_quarter_of_what_is_free_within_bounds() {
        assert_eq!(meminfo_available("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2 << 20));
        assert_eq!(meminfo_available("MemTotal: 9 kB\n"), None);
        let bytes = CacheBudget::of_host().bytes() as u64;
        assert!(bytes <= MOST_BYTES);
        assert!(free_memory().is_none_or(|free| bytes <= free));
    }
}
