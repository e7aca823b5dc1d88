//! How bars are divided into train, validate and test.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::options::{Options, SegmentOptions};
use super::section::Problems;
use crate::diagnostic::{Located, Span};

/// How bars are divided; shares or dates.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitPlan {
    /// In-sample: what the search sees.
    pub train: SegmentPlan,
    /// Out-of-sample, shown beside, never searched on.
    pub validate: Option<SegmentPlan>,
    /// The vault.
    pub test: Option<SegmentPlan>,
    /// Time left out between segments.
    pub embargo: Duration,
}

/// One segment: a share of the bars, or nanoseconds since 1970 `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SegmentPlan {
    /// Share of all bars, taken after the segment before it.
    Share(f64),
    /// Opens in `[from, to)`, nanoseconds since 1970 UTC.
    Dates(i64, i64),
}

pub(super) fn resolve(options: &Options, timezone: &TimeZone, problems: &Problems) -> SplitPlan {
    let written = &options.split;
    let part =
        |part: &Option<Located<SegmentOptions>>| part.as_ref().and_then(|part| segment(part, timezone, problems));
    let (train, validate, test) = (part(&written.train), part(&written.validate), part(&written.test));
    let nothing = written.train.is_none() && written.validate.is_none() && written.test.is_none();
    if written.train.is_none() && !nothing {
        problems.push_with_help("E105", &written.span, "`split.train` is missing", "for example `train = 0.6`");
    }
    let shares: Vec<f64> = [&train, &validate, &test]
        .into_iter()
        .filter_map(|part| match part {
            Some(SegmentPlan::Share(share)) => Some(*share),
            _ => None,
        })
        .collect();
    let given = [&train, &validate, &test].into_iter().flatten().count();
    if !shares.is_empty() && shares.len() != given {
        problems.push("E109", &written.span, "a split is given in shares or in dates, not in both");
    }
    if shares.iter().sum::<f64>() > 1.0 + 1e-9 {
        problems.push(
            "E109",
            &written.span,
            format!("the shares of the split add up to {}, more than 1", shares.iter().sum::<f64>()),
        );
    }
    let places = [&written.train, &written.validate, &written.test].map(|part| part.as_ref().map(|part| &part.span));
    in_order(&[train, validate, test], &places, problems);
    let embargo = written.embargo.as_ref().map_or(Duration::ZERO, |embargo| embargo.value);
    if nothing {
        return SplitPlan {
            train: SegmentPlan::Share(0.6),
            validate: Some(SegmentPlan::Share(0.2)),
            test: Some(SegmentPlan::Share(0.2)),
            embargo,
        };
    }
    SplitPlan { train: train.unwrap_or(SegmentPlan::Share(0.6)), validate, test, embargo }
}

fn segment(part: &Located<SegmentOptions>, timezone: &TimeZone, problems: &Problems) -> Option<SegmentPlan> {
    match &part.value {
        SegmentOptions::Share(share) if *share > 0.0 && *share <= 1.0 => Some(SegmentPlan::Share(*share)),
        SegmentOptions::Share(share) => {
            problems.push(
                "E109",
                &part.span,
                format!("{share} is no share of the bars: it must be above 0 and at most 1, as in 0.6"),
            );
            None
        }
        SegmentOptions::Dates(from, to) => {
            let (from, to) = (date(from, part, timezone, problems)?, date(to, part, timezone, problems)?);
            if from < to {
                return Some(SegmentPlan::Dates(from, to));
            }
            problems.push("E109", &part.span, "the segment ends before it begins");
            None
        }
    }
}

/// Local midnight of a date, or a local date and time, as nanoseconds since 1970 UTC.
fn date(text: &str, part: &Located<SegmentOptions>, timezone: &TimeZone, problems: &Problems) -> Option<i64> {
    let moment = text.trim().parse::<jiff::civil::DateTime>().ok();
    let nanos = moment
        .and_then(|moment| timezone.to_ambiguous_timestamp(moment).compatible().ok())
        .and_then(|timestamp| i64::try_from(timestamp.as_nanosecond()).ok());
    if nanos.is_none() {
        problems.push_with_help(
            "E109",
            &part.span,
            format!("`{text}` is no date"),
            "write \"2018-01-01\" or \"2018-01-01T09:30\"",
        );
    }
    nanos
}

fn in_order(segments: &[Option<SegmentPlan>], places: &[Option<&Span>], problems: &Problems) {
    let mut before_ended = i64::MIN;
    for (segment, place) in segments.iter().zip(places) {
        let (Some(SegmentPlan::Dates(from, to)), Some(place)) = (segment, place) else { continue };
        if *from < before_ended {
            let help = "train, then validate, then test, each beginning when or after the one before has ended";
            problems.push_with_help("E109", place, "this segment begins before the one before it has ended", help);
        }
        before_ended = *to;
    }
}
