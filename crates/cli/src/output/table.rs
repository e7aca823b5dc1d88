//! Plain text tables: the first column to the left, the rest to the right; a last column of words to the left.

/// A table with a header row.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    ends_in_words: bool,
}

impl Table {
    pub(crate) fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut table = Self::default();
        table.row(header);
        table
    }

    /// Align the last column to the left.
    pub(crate) fn ending_in_words(mut self) -> Self {
        self.ends_in_words = true;
        self
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as lines, with a rule under the header.
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            text.push_str(&self.line(row, &widths));
            if index == 0 {
                // The rule ends with the numbers: words may run far beyond the window's edge.
                let ruled = widths.len() - usize::from(self.ends_in_words);
                let words = if self.ends_in_words { self.rows[0][ruled].chars().count() + 2 } else { 0 };
                let total = widths[..ruled].iter().sum::<usize>() + 2 * ruled.saturating_sub(1) + words;
                text.push_str(&format!("{}\n", "─".repeat(total)));
            }
        }
        text
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let is_left = |column: usize| column == 0 || self.ends_in_words && column + 1 == widths.len();
        let cell = |(column, (cell, &width)): (usize, (&String, &usize))| match is_left(column) {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        };
        let cells: Vec<String> = row.iter().zip(widths).enumerate().map(cell).collect();
        format!("{}\n", cells.join("  ").trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(["metric", "train"]);
        table.row(["sharpe", "1.25"]);
        table.row(["é", "-0.5"]);
        assert_eq!(table.render(), "metric  train\n─────────────\nsharpe   1.25\né        -0.5\n");
    }

    #[test]
    fn words_at_the_end_begin_under_their_heading() {
        let mut table = Table::new(["trial", "value", "parameters"]).ending_in_words();
        table.row(["1", "0.5", "fast=10 slow=200"]);
        table.row(["12", "0.25", "fast=9 slow=20"]);
        let lines = [
            "trial  value  parameters",
            "────────────────────────",
            "1        0.5  fast=10 slow=200",
            "12      0.25  fast=9 slow=20",
            "",
        ];
        assert_eq!(table.render(), lines.join("\n"));
    }
}
