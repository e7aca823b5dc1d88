//! Which column of a file is which, by the names that vendors and libraries use.
//!
//! Names are compared in lower case, without `<>`, with `_` for blanks, dots and dashes, and without
//! a leading number (`1. open`). Where several columns qualify, the earlier name in the list wins, then
//! the earlier column. Anything else in the file (`Adj Close`, `symbol`, …) is ignored.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::DataError;

/// The names of each column that we look for, most telling first.
const KNOWN: [(&str, &[&str]); 6] = [
    (
        "time",
        &[
            "datetime",
            "timestamp",
            "date_time",
            "open_time",
            "opentime",
            "time_open",
            "ts",
            "ts_event",
            "gmt_time",
            "local_time",
            "time_utc",
            "date",
            "time",
            "day",
            "unix",
            "epoch",
            "t",
            "__index_level_0__",
            "index",
            "",
        ],
    ),
    ("open", &["open", "o", "open_price", "opening_price", "price_open", "first"]),
    ("high", &["high", "h", "high_price", "price_high", "max"]),
    ("low", &["low", "l", "low_price", "price_low", "min"]),
    ("close", &["close", "c", "close_price", "closing_price", "price_close", "last", "close_last"]),
    ("volume", &["volume", "vol", "v", "base_volume", "tick_volume", "tickvol", "qty", "quantity"]),
];

/// Where each column was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnIndices {
    /// The time, or the date of a pair of date and time of day.
    pub(super) time: usize,
    /// The time of day, where the file keeps it apart from the date.
    pub(super) time_of_day: Option<usize>,
    /// Open, high, low and close.
    pub(super) prices: [usize; 4],
    /// Volume, where the file has it.
    pub(super) volume: Option<usize>,
}

impl ColumnIndices {
    /// The columns in their usual order, for a text file without a heading. `prices` is where the
    /// prices begin: 1 after a time, 2 after a date and a time of day.
    pub(super) fn in_order(prices: usize, columns: usize) -> Self {
        Self {
            time: 0,
            time_of_day: (prices > 1).then_some(1),
            prices: [prices, prices + 1, prices + 2, prices + 3],
            volume: (columns > prices + 4).then_some(prices + 4),
        }
    }

    /// All indices in use.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        [Some(self.time), self.time_of_day, self.volume].into_iter().flatten().chain(self.prices)
    }
}

/// What finding columns needs to know.
pub(super) struct Search<'a> {
    /// The file, for messages.
    pub(super) path: &'a Path,
    /// Its column names, in order.
    pub(super) names: &'a [String],
    /// Names chosen by the user: ours to the file's.
    pub(super) overrides: &'a BTreeMap<String, String>,
}

impl Search<'_> {
    /// Finds the columns.
    pub(super) fn find(&self) -> Result<ColumnIndices, DataError> {
        self.check_overrides()?;
        let found: Vec<Option<usize>> = KNOWN.iter().map(|(ours, known)| self.locate(ours, known)).collect();
        let missing: Vec<&'static str> = KNOWN
            .iter()
            .zip(&found)
            .filter(|((ours, _), index)| index.is_none() && *ours != "volume")
            .map(|((ours, _), _)| *ours)
            .collect();
        match found[..] {
            [Some(time), Some(open), Some(high), Some(low), Some(close), volume] => Ok(ColumnIndices {
                time,
                time_of_day: self.time_of_day(time),
                prices: [open, high, low, close],
                volume,
            }),
            _ => Err(DataError::MissingColumns {
                path: self.path.to_owned(),
                hint: self.hint(&missing),
                missing,
                found: self.names.to_vec(),
            }),
        }
    }

    fn check_overrides(&self) -> Result<(), DataError> {
        for (ours, theirs) in self.overrides {
            let is_known = KNOWN.iter().any(|(known, _)| known == ours);
            if !is_known || !self.names.contains(theirs) {
                let known: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
                let reason = if is_known {
                    format!("the file has no column `{theirs}`, only {}", list(self.names))
                } else {
                    format!("`{ours}` is not one of {}", known.join(", "))
                };
                return Err(DataError::ColumnOption { path: self.path.to_owned(), reason });
            }
        }
        Ok(())
    }

    fn locate(&self, ours: &str, known: &[&str]) -> Option<usize> {
        if let Some(theirs) = self.overrides.get(ours) {
            return self.names.iter().position(|name| name == theirs);
        }
        let normal: Vec<String> = self.names.iter().map(|name| normalise(name)).collect();
        known.iter().find_map(|known| normal.iter().position(|name| name == known)).or_else(|| {
            let is_volume = |name: &String| ours == "volume" && name.starts_with("volume_");
            normal.iter().position(is_volume)
        })
    }

    /// A column `time` beside a column `date` is its time of day.
    fn time_of_day(&self, time: usize) -> Option<usize> {
        let is_date = normalise(&self.names[time]) == "date" && !self.overrides.contains_key("time");
        is_date.then(|| self.names.iter().position(|name| normalise(name) == "time")).flatten()
    }

    fn hint(&self, missing: &[&str]) -> String {
        let Some(first) = missing.first() else {
            return String::new();
        };
        let known = KNOWN.iter().find(|(ours, _)| ours == first).map_or(&[][..], |(_, known)| *known);
        let nearest = self
            .names
            .iter()
            .filter(|name| !name.trim().is_empty())
            .map(|name| (strsim::osa_distance(&normalise(name), first), name))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= 2);
        let usual = known.iter().filter(|name| !name.is_empty()).take(4).copied().collect::<Vec<_>>();
        match nearest {
            Some((_, name)) => {
                format!("did you mean `{name}`? say so with `columns = {{ {first} = \"{name}\" }}`")
            }
            None => {
                format!("usual names are {}; name another one with `columns = {{ {first} = \"…\" }}`", usual.join(", "))
            }
        }
    }
}

/// Column names as a sentence shows them, the first dozen of them.
pub(in super::super) fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{}`", shorten(name))).collect();
    let more = if names.len() > 12 { ", …" } else { "" };
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") + more }
}

/// Text short enough for a message, without control characters.
pub(super) fn shorten(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect();
    if text.chars().count() > 40 { clean + "…" } else { clean }
}

fn normalise(name: &str) -> String {
    let name = name.trim().trim_matches(['<', '>', '"', '\'', '\u{feff}']).to_lowercase();
    let unnumbered = name.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', ' ']);
    unnumbered.trim_end_matches(')').replace(" (", "_").replace([' ', '.', '-', '/', '('], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(names: &[&str], overrides: &[(&str, &str)]) -> Result<ColumnIndices, DataError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let overrides = overrides.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let path = Path::new("bars.csv");
        Search { path, names: &names, overrides: &overrides }.find()
    }

    #[test]
    fn the_usual_headings_are_understood() {
        let plain = ColumnIndices::in_order(1, 6);
        for names in [
            ["datetime", "open", "high", "low", "close", "volume"],
            ["Date", "Open", "High", "Low", "Close", "Volume"],
            ["TIMESTAMP", "O", "H", "L", "C", "V"],
            ["<DATE>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"],
            ["timestamp", "1. open", "2. high", "3. low", "4. close", "5. volume"],
            ["Open time", "Open", "High", "Low", "Close", "Volume BTC"],
            ["", "open", "high", "low", "close", "Volume (BTC)"],
            ["time (UTC)", "open", "high", "low", "Close/Last", "vol"],
            ["__index_level_0__", "open", "high", "low", "close", "volume"],
        ] {
            assert_eq!(find(&names, &[]).unwrap(), plain, "{names:?}");
        }
    }

    #[test]
    fn close_is_not_adj_close_and_volume_may_be_absent() {
        let found = find(&["Date", "Adj Close", "Open", "High", "Low", "Close"], &[]).unwrap();
        assert_eq!((found.prices, found.volume), ([2, 3, 4, 5], None));
    }

    #[test]
    fn a_date_and_a_time_are_a_pair_but_a_datetime_needs_none() {
        let pair = find(&["Date", "Time", "Open", "High", "Low", "Close"], &[]).unwrap();
        assert_eq!((pair.time, pair.time_of_day), (0, Some(1)));
        let whole = find(&["Date", "Time", "Datetime", "Open", "High", "Low", "Close"], &[]).unwrap();
        assert_eq!((whole.time, whole.time_of_day), (2, None));
    }

    #[test]
    fn overrides_win_and_are_checked() {
        let names = ["when", "open", "high", "low", "close", "mid"];
        let found = find(&names, &[("time", "when"), ("close", "mid")]).unwrap();
        assert_eq!((found.time, found.prices[3]), (0, 5));
        let unknown = find(&names, &[("tme", "when")]).unwrap_err().to_string();
        assert!(unknown.contains("`tme` is not one of time, open"), "{unknown}");
        let absent = find(&names, &[("time", "whne")]).unwrap_err().to_string();
        assert!(absent.contains("no column `whne`"), "{absent}");
    }

    #[test]
    fn missing_columns_are_named_with_a_near_miss() {
        let message = find(&["date", "open", "hihg", "low", "close"], &[]).unwrap_err().to_string();
        assert!(message.contains("high") && message.contains("did you mean `hihg`?"), "{message}");
        let message = find(&["date", "price"], &[]).unwrap_err().to_string();
        assert!(message.contains("open, high, low, close"), "{message}");
    }
}
