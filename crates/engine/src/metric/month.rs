//! The monthly returns table.

use super::Calendar;
use super::input::step_return;

/// One month's return.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthlyReturn {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: i8,
    /// Equity at the month's last day over that of the month before (at first: the cash), minus one.
    pub total_return: f64,
}

/// The return of each calendar month that has bars, in order; the first and last may be partial.
/// `daily_equity` comes from [`daily_equity`](super::daily_equity) with the same calendar.
#[must_use]
pub fn monthly_returns(cash: f64, daily_equity: &[f64], calendar: &Calendar) -> Vec<MonthlyReturn> {
    let mut before = cash;
    calendar
        .months()
        .iter()
        .filter_map(|month| {
            let after = *daily_equity.get(month.end - 1)?;
            let total_return = step_return(std::mem::replace(&mut before, after), after);
            Some(MonthlyReturn { year: month.year, month: month.month, total_return })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_compound_their_days_and_start_from_the_cash() {
        // Days of January, January, February 1970.
        let calendar = Calendar::new(&[0, 1, 31]);
        let months = monthly_returns(100.0, &[120.0, 150.0, 75.0], &calendar);
        let table: Vec<_> = months.iter().map(|m| (m.year, m.month, m.total_return)).collect();
        assert_eq!(table, [(1970, 1, 0.5), (1970, 2, -0.5)]);
    }
}
