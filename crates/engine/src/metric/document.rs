//! The catalogue as a page of documentation.

use std::fmt::Write;

use super::{CompositeOptions, Family, families};

const HEAD: &str = "\
# Metrics

<!-- Written by the metric catalogue. Change it there, then run `BARTUNE_BLESS=1 cargo test -p bartune-engine metric`. -->

Every number that `bartune` reports about a backtest, and that an objective or a constraint can name.

- **Returns are per calendar day** in the data's timezone: equity at the day's last bar over that of the day before,
  minus one; the first day starts from the cash. Days without bars do not exist.
- **Ratios are annualised** with the data's own trading days per year: distinct days over years of span. A span below 60 days
  says too little: there it is 365.25 if a Saturday has bars, 313 if a Sunday has, else 252. The risk-free rate is zero.
- **Risk is positive, results keep their sign**: `max_drawdown = 0.2` lost 20 %, `worst_day = -0.03` lost 3 %.
- **A metric without a value is undefined, with a reason**, and makes a trial infeasible that needs it. It is never NaN, infinite or a
  made-up number.

Symbols: `C` cash at the start, `E` equity, `n` days, `D` trading days per year, `r` daily returns, `m` monthly returns, `d` distance of a
day's equity from its peak as a share of it, `N` trades, `p` profits of the trades after commissions, `costs` commissions and slippage,
`notional` price · size · point value of a fill, `MAE`/`MFE` largest open loss/profit of a trade, `sd` the standard deviation with n − 1,
`μₖ` central moments, `Φ` the normal distribution.
";

const COMPOSITE: &str = "\
## The composite score

`composite` = Σ wᵢ·nᵢ / Σ wᵢ, where nᵢ is the metric's place between its worst and its best bound, clamped to 0…1, so a better metric
never lowers the score. Below 30 trades it is scaled by N / 30. Nothing lost counts as the best bound of the profit factor and of Sortino;
nothing won or lost as a profit factor of 1 and a Sortino of 0. Without a trade there is no score. Defaults:

| term | weight | worst | best |
|---|---|---|---|
";

const REFERENCES: &str = "
## References

- Bailey, D. and López de Prado, M. (2012). The Sharpe ratio efficient frontier. Journal of Risk 15(2).
- Faith, C. (2007). Way of the Turtle. McGraw-Hill.
- Joanes, D. and Gill, C. (1998). Comparing measures of sample skewness and kurtosis. The Statistician 47(1).
- Keating, C. and Shadwick, W. (2002). A universal performance measure. Journal of Performance Measurement 6(3).
- Kelly, J. (1956). A new interpretation of information rate. Bell System Technical Journal 35(4).
- Kestner, L. (2013). (Re-)Introducing the K-ratio. SSRN.
- Martin, P. and McCann, B. (1989). The Investor's Guide to Fidelity Funds. Wiley.
- Schwager, J. (2012). Hedge Fund Market Wizards. Wiley.
- Sharpe, W. (1994). The Sharpe ratio. Journal of Portfolio Management 21(1).
- Sortino, F. and van der Meer, R. (1991). Downside risk. Journal of Portfolio Management 17(4).
- Sweeney, J. (1996). Campaign Trading. Wiley.
- Tharp, V. (2007). Trade Your Way to Financial Freedom, 2nd ed. McGraw-Hill; (2008). Definitive Guide to Position Sizing.
- Young, T. (1991). Calmar ratio: a smoother tool. Futures 20(1).
";

/// The documentation of every metric, in Markdown (`docs/metrics.md`).
#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for family in families() {
        write_family(&mut page, family).expect("writing to a string cannot fail");
    }
    write_composite(&mut page).expect("writing to a string cannot fail");
    page.push_str(REFERENCES);
    page
}

fn write_family(page: &mut String, family: &Family) -> std::fmt::Result {
    writeln!(page, "\n## {}\n", family.title)?;
    writeln!(page, "| metric | unit | better | meaning | formula | source |")?;
    writeln!(page, "|---|---|---|---|---|---|")?;
    for metric in family.metrics {
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} |",
            metric.name,
            metric.unit.label(),
            metric.better.label(),
            cell(metric.doc),
            cell(metric.formula),
            cell(metric.source),
        )?;
    }
    Ok(())
}

fn write_composite(page: &mut String) -> std::fmt::Result {
    write!(page, "\n{COMPOSITE}")?;
    for (name, term) in CompositeOptions::default().terms() {
        let note = if name == "net_profit" { " (share of the cash)" } else { "" };
        writeln!(page, "| `{name}`{note} | {} | {} | {} |", term.weight, term.worst, term.best)?;
    }
    Ok(())
}

/// A text inside a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
