//! Quantities with units, as traders write them: `"4bps"`, `"$2.10/contract"`, `"1tick"`,
//! `"100% equity"`, `"1d"`, `"09:30-16:00"`.
//!
//! Each function takes the text and gives the value, or a sentence that says what would be right.

use std::time::Duration;

use bartune_engine::simulator::{Commission, Session, Size, Slippage};

/// `"4bps"`, `"0.05%"` or `"$2.10/contract"`.
pub(crate) fn commission(text: &str) -> Result<Commission, String> {
    let wrong = || format!("`{text}` is no commission; write \"4bps\", \"0.04%\" or \"$2.10/contract\" (per side)");
    if let Some(fraction) = fraction(text) {
        return checked(fraction, 0.0..=0.5).map(Commission::Fraction).ok_or_else(wrong);
    }
    let money = text
        .trim()
        .strip_suffix("/contract")
        .or_else(|| text.trim().strip_suffix("/unit"))
        .and_then(money)
        .ok_or_else(wrong)?;
    checked(money, 0.0..=1e6).map(Commission::PerContract).ok_or_else(wrong)
}

/// `"1bps"`, `"0.01%"` or `"1tick"`.
pub(crate) fn slippage(text: &str) -> Result<Slippage, String> {
    let wrong = || format!("`{text}` is no slippage; write \"1bps\", \"0.01%\" or \"1tick\" (per side)");
    if let Some(fraction) = fraction(text) {
        return checked(fraction, 0.0..=0.5).map(Slippage::Fraction).ok_or_else(wrong);
    }
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    match unit {
        "tick" | "ticks" => checked(number, 0.0..=10_000.0).map(Slippage::Ticks).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// The most that a size may be of the equity; above all of it, the study file must say what levers it.
const MOST_LEVERAGE: f64 = 1_000.0;

/// `"100% equity"`, `"2 contracts"`, `"$10000"` or `"1% risk"`.
pub(crate) fn size(text: &str) -> Result<Size, String> {
    let wrong = || format!("`{text}` is no size; write \"100% equity\", \"2 contracts\", \"$10000\" or \"1% risk\"");
    let positive = |value: f64, most: f64| (value > 0.0 && value <= most).then_some(value).ok_or_else(wrong);
    if let Some(money) = money(text) {
        return positive(money, 1e15).map(Size::Notional);
    }
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    match unit.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["%", "equity"] | ["%equity"] => positive(number / 100.0, MOST_LEVERAGE).map(Size::EquityFraction),
        ["%", "risk"] | ["%risk"] => positive(number / 100.0, 1.0).map(Size::Risk),
        ["contract" | "contracts" | "unit" | "units" | "share" | "shares"] => {
            positive(number, 1e12).map(Size::Contracts)
        }
        _ => Err(wrong()),
    }
}

/// `"500ms"`, `"30s"`, `"90m"`, `"1h"`, `"1d"`, `"2w"`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no length of time; write \"30s\", \"10m\", \"4h\", \"1d\" or \"2w\"");
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let seconds = match unit {
        "ms" => 1e-3,
        "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return Err(wrong()),
    };
    checked(number * seconds, 0.0..=3.2e9).map(Duration::from_secs_f64).ok_or_else(wrong)
}

/// `"09:30-16:00"`, a window of the local day.
pub(crate) fn session(text: &str) -> Result<Session, String> {
    let wrong = || format!("`{text}` is no session; write \"09:30-16:00\"");
    let (open, close) = text.split_once('-').ok_or_else(wrong)?;
    let session =
        Session { open: minute_of_day(open).map_err(|_| wrong())?, close: minute_of_day(close).map_err(|_| wrong())? };
    if session.open == session.close { Err(format!("the session `{text}` is empty")) } else { Ok(session) }
}

/// `"15:55"`, as minutes since midnight.
pub(crate) fn minute_of_day(text: &str) -> Result<u16, String> {
    let wrong = || format!("`{text}` is no time of day; write \"15:55\"");
    let (hour, minute) = text.trim().split_once(':').ok_or_else(wrong)?;
    let hour: u16 = hour.parse().map_err(|_| wrong())?;
    let minute: u16 = minute.parse().map_err(|_| wrong())?;
    if hour < 24 && minute < 60 { Ok(hour * 60 + minute) } else { Err(wrong()) }
}

/// `"10%"` as a fraction.
pub(crate) fn share(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text)?;
    (unit == "%").then_some(number / 100.0)
}

/// `"4bps"` or `"0.04%"` as a fraction.
fn fraction(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text)?;
    match unit {
        "bps" | "bp" => Some(number / 10_000.0),
        "%" => Some(number / 100.0),
        _ => None,
    }
}

/// `"$10,000"` or `"$2.10"`.
fn money(text: &str) -> Option<f64> {
    let digits = text.trim().strip_prefix('$')?.replace([',', '_'], "");
    digits.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))?;
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim()))
}

fn checked(value: f64, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
    range.contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs() {
        assert_eq!(commission("4bps"), Ok(Commission::Fraction(4.0 / 10_000.0)));
        assert_eq!(commission("0.04%"), Ok(Commission::Fraction(0.04 / 100.0)));
        assert_eq!(commission("$2.10/contract"), Ok(Commission::PerContract(2.1)));
        assert!(commission("4").is_err() && commission("-4bps").is_err() && commission("90%").is_err());
        assert_eq!(slippage("1tick"), Ok(Slippage::Ticks(1.0)));
        assert_eq!(slippage("0.5 ticks"), Ok(Slippage::Ticks(0.5)));
        assert!(slippage("1 pip").is_err());
    }

    #[test]
    fn sizes() {
        assert_eq!(size("100% equity"), Ok(Size::EquityFraction(1.0)));
        assert_eq!(size("1% risk"), Ok(Size::Risk(0.01)));
        assert_eq!(size("2 contracts"), Ok(Size::Contracts(2.0)));
        assert_eq!(size("$10,000"), Ok(Size::Notional(10_000.0)));
        assert!(size("0 contracts").is_err() && size("150% risk").is_err() && size("").is_err() && size("é").is_err());
    }

    #[test]
    fn times() {
        assert_eq!(duration("1d"), Ok(Duration::from_secs(86_400)));
        assert_eq!(duration("1.5h"), Ok(Duration::from_secs(5_400)));
        assert!(duration("1 fortnight").is_err() && duration("999999999w").is_err());
        assert_eq!(session("09:30-16:00"), Ok(Session { open: 570, close: 960 }));
        assert!(session("09:30").is_err() && session("09:30-09:30").is_err() && session("25:00-26:00").is_err());
        assert_eq!(minute_of_day("15:55"), Ok(955));
    }
}
