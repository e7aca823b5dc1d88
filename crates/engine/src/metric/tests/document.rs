//! `docs/metrics.md` is the catalogue's.

use std::path::Path;

use crate::metric::{catalogue, markdown};

#[test]
fn the_documentation_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let page = markdown();
    if std::env::var_os("BARTUNE_BLESS").is_some() {
        std::fs::write(&path, &page).expect("docs can be written when blessing");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/metrics.md is out of date: run the tests with BARTUNE_BLESS=1");
}

#[test]
fn every_metric_is_a_row_with_six_cells() {
    let page = markdown();
    for metric in catalogue() {
        let start = format!("| `{}` | {} |", metric.name, metric.unit.label());
        let row = page.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("{} has no row", metric.name));
        assert_eq!(row.replace("\\|", "").matches('|').count(), 7, "{row}");
    }
}
