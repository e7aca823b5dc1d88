//! `bartune run`: search, or continue a search.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bartune::compare::compare;
use bartune::config::{Plan, read_study};
use bartune::data::Dataset;
use bartune::engine::language::CacheStats;
use bartune::preflight::{PreflightOptions, Severity, outside, preflight};
use bartune::resources::{self, Wish};
use bartune::study::{self, Control, Ending, RunOptions, Session, Summary};
use bartune::{Evaluator, SegmentName};
use serde_json::json;

use super::study::{open_data, read_plan, storage_url};
use super::validate::{self, Judged};
use crate::args::RunArgs;
use crate::exit::Exit;
use crate::output::{self, LiveView};

/// Probe trials before a run: enough to find what is wrong, too few to be felt.
const QUICK_PROBES: usize = 8;

pub(crate) fn run(args: &RunArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &overrides(args))?;
    let dataset = open_data(&mut plan, &args.study)?;
    let url = storage_url(&args.storage, &args.study.study);
    let baseline = args.baseline.as_ref().map(|path| read_study(path, &[])).transpose()?;
    let shown = bartune::study::shown_storage(&url);
    if let Some(name) = &args.fresh {
        Session::delete(&plan, &url, name)?;
    }
    let mut session = Session::open_or_create(&plan, &dataset, &url)?;
    let wish = Wish { workers: plan.search.workers, memory: args.memory };
    let given = resources::divide(&plan, dataset.segments.searchable_bars(), &wish);
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(given.cache);
    let is_new = session.trial_count() == 0;
    if is_new && !args.no_check && !looks_sound(&plan, &dataset, &evaluator, baseline.as_ref())? {
        return Ok(Exit::No);
    }
    let control = Arc::new(Control::default());
    stop_on_signal(&control)?;
    let left = plan.search.trials.saturating_sub(session.trial_count());
    let given = resources::measure(&plan, &evaluator, given, left);
    if !args.json {
        output::tell(&output::choices(&plan, &session.sampler(), &given));
    }
    let options = RunOptions { workers: given.workers, ..RunOptions::of(&plan) };
    let began = Instant::now();
    let quiet = args.no_progress || args.json;
    let mut view = LiveView::new(quiet, options.trials, args.log_json.as_deref())?;
    let (mut evaluated, mut proposing) = (0, Duration::ZERO);
    let ending = study::run(&mut session, &evaluator, &options, &control, |progress| {
        (evaluated, proposing) = (progress.evaluated, progress.proposing);
        view.show(progress);
    });
    view.finish();
    let ending = ending.map_err(intact)?;
    let (elapsed, cache) = (began.elapsed(), evaluator.cache_stats());
    let is_over = matches!(ending, Ending::Budget | Ending::Exhausted);
    let is_judged = is_over && evaluated > 0 && !args.no_validate;
    let judge = || validate::after_run((&evaluator, &dataset), &session, (&given, &control));
    let began = Instant::now();
    let verdict = is_judged.then(judge).transpose()?.flatten().map(|found| (found, began.elapsed()));
    let report =
        Report { plan: &plan, session: &session, url: &shown, ending, evaluated, proposing, elapsed, cache, verdict };
    let exit = match report.print(args.json) {
        // A terminal that was closed takes the run with it, and cannot be told so.
        Err(error) if ending == Ending::Interrupted && error.is::<std::io::Error>() => Exit::Interrupted,
        printed => printed?,
    };
    if let (Some(baseline), false) = (&baseline, args.json) {
        against_baseline(&session, &plan, &dataset, baseline)?;
    }
    Ok(exit)
}

/// A store that fails has failed a batch: what is in it is whole. The last line says so.
fn intact(error: bartune::Error) -> anyhow::Error {
    let is_store = matches!(error, bartune::Error::Storage(_));
    let error = anyhow::Error::from(error);
    if !is_store {
        return error;
    }
    error.context("the run stopped; the study is intact as it is stored, run the same command again to continue")
}

/// The quick part of what `bartune check` looks at; tells what it found. Whether running makes sense.
fn looks_sound(plan: &Plan, dataset: &Dataset, evaluator: &Evaluator<'_>, baseline: Option<&Plan>) -> Result<bool> {
    let options = PreflightOptions { probes: NonZeroUsize::new(QUICK_PROBES), pilot: None };
    let found = preflight(plan, dataset, evaluator, &options)?;
    let mut findings = found.findings;
    findings.extend(baseline.and_then(|champion| outside(plan, champion)));
    let worth_telling = findings.iter().filter(|finding| finding.severity < Severity::Note);
    worth_telling.for_each(|finding| output::tell(output::finding_text(finding).trim_end()));
    let pointless = findings.iter().any(|finding| finding.severity == Severity::Stop);
    if pointless {
        output::tell("nothing was run; `bartune check` tells more, `--no-check` runs all the same");
    }
    Ok(!pointless)
}

/// The winner beside the champion that it was to beat, on the validate segment where there is one.
fn against_baseline(session: &Session<'_>, plan: &Plan, dataset: &Dataset, champion: &Plan) -> Result<()> {
    let Some(winner) = study::summarize(session, 1)?.top.into_iter().next() else { return Ok(()) };
    let segment = if dataset.segments.validate.is_some() { SegmentName::Validate } else { SegmentName::Train };
    let (own, other) = (Evaluator::new(plan, dataset), Evaluator::new(champion, dataset));
    let first = other.backtest(&champion.parameters.defaults(), segment)?;
    let second = own.backtest(&plan.parameters.to_params(&winner.trial.params), segment)?;
    let (calendar, days) = own.calendar(first.segment.clone());
    let found = compare(&first, &second, &calendar, days);
    let labels = [format!("the baseline `{}`", champion.name), format!("the winner, trial {}", winner.trial.number)];
    let labels = [labels[0].as_str(), labels[1].as_str()];
    output::print(&format!("\nagainst the baseline, on the {} segment\n", segment.key()))?;
    output::print(&output::comparison_report(&found, labels))
}

/// Options that have a key in the study file go the same way as `--set`.
fn overrides(args: &RunArgs) -> Vec<String> {
    let key = |key: &str, value: Option<String>| value.map(|value| format!("{key}={value}"));
    [
        key("search.trials", args.trials.map(|trials| trials.to_string())),
        key("search.seed", args.seed.map(|seed| seed.to_string())),
        key("search.workers", args.workers.map(|workers| workers.to_string())),
        key("search.timeout", args.timeout.clone()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The first signal ends the run after the trials in flight, the second at once.
fn stop_on_signal(control: &Arc<Control>) -> Result<()> {
    let control = Arc::clone(control);
    let handler = move || {
        if control.is_stopped() {
            std::process::exit(130);
        }
        control.stop();
    };
    ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")
}

struct Report<'a> {
    plan: &'a Plan,
    session: &'a Session<'a>,
    url: &'a str,
    ending: Ending,
    evaluated: u64,
    proposing: Duration,
    elapsed: Duration,
    cache: CacheStats,
    /// And how long it took.
    verdict: Option<(Judged, Duration)>,
}

impl Report<'_> {
    fn print(&self, as_json: bool) -> Result<Exit> {
        let summary = study::summarize(self.session, output::TOP)?;
        if as_json {
            output::print_json(&self.json(&summary))?;
        } else {
            output::print(&output::run_report(self.plan, &summary))?;
            if let Some((judged, _)) = &self.verdict {
                output::print(&output::verdict_in_short(&judged.found))?;
            }
            output::print(&self.closing())?;
        }
        Ok(match (self.ending, summary.best()) {
            (Ending::Interrupted, _) => Exit::Interrupted,
            (_, None) => Exit::No,
            _ => Exit::Fine,
        })
    }

    fn closing(&self) -> String {
        let how = match self.ending {
            Ending::Budget => "the budget is spent",
            Ending::Exhausted => "every point of the space has been tried",
            Ending::Interrupted => "interrupted; the study is intact, run the same command again to continue",
            Ending::TimedOut => "the timeout ran out; the study is intact, run the same command again to continue",
        };
        let rate = self.evaluated as f64 / self.elapsed.as_secs_f64().max(1e-9);
        format!(
            "\n{} new trials in {} ({rate:.0}/s): {how}\n{}study `{}` in {}\n",
            self.evaluated,
            output::duration(self.elapsed),
            self.reuse(),
            self.plan.name,
            self.url
        )
    }

    /// How many series had been computed before; nothing if none was asked for.
    fn reuse(&self) -> String {
        let share = |rate: f64| {
            let megabytes = self.cache.bytes as f64 / 1e6;
            format!("{} of the series came from earlier trials ({megabytes:.0} MB kept)\n", output::percent(rate))
        };
        self.cache.hit_rate().map(share).unwrap_or_default()
    }

    fn json(&self, summary: &Summary) -> serde_json::Value {
        let seconds = self.elapsed.as_secs_f64();
        json!({
            "study": self.plan.name,
            "storage": self.url,
            "trials": bartune::json::counts(&summary.counts),
            "best": summary.best().map(|best| bartune::json::best(self.plan, best)),
            "verdict": self.verdict.as_ref().map(|(judged, _)| judged.found.judgement().verdict.name()),
            "verdict_seconds": self.verdict.as_ref().map(|(_, took)| took.as_secs_f64()),
            "verdict_stages": self.verdict.as_ref().map(|(judged, _)| judged.stages_json()),
            "seconds": seconds,
            "proposing_seconds": self.proposing.as_secs_f64(),
            "trials_per_second": self.evaluated as f64 / seconds.max(1e-9),
            "peak_rss_mb": output::peak_rss_mb(),
            "cache": {
                "hits": self.cache.hits,
                "misses": self.cache.misses,
                "evictions": self.cache.evictions,
                "bytes": self.cache.bytes,
                "max_bytes": self.cache.max_bytes,
            },
        })
    }
}
