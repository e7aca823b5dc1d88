//! One study as far as it has been read: its trials, its page, its verdict.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use bartune::Evaluator;
use bartune::export::AnyStorage;
use bartune::report::{Ledger, Report, Subject};
use bartune::search::storage::{StudyInfo, TrialRecord};
use bartune::search::trial::TrialState;
use bartune::study::{Control, Session};
use bartune::validation::{Validation, ValidationOptions, validate};

use super::library::Known;

/// Trials are read this many at a time.
const PART: u64 = 2_000;
/// Of this many that are new the whole history is read, which has no metrics.
const MANY: u64 = 10_000;
/// Making a page takes at most one part in so many of the time.
const REST: u32 = 4;

/// What became of a verdict.
#[derive(Debug, Clone)]
enum Judging {
    NotYet,
    Working,
    /// When the study had so many trials.
    Done(u64, Result<Arc<Validation>, String>),
}

/// One study.
pub(super) struct Shelf {
    read: Option<Read>,
    made: Option<Arc<Made>>,
    judging: Arc<Mutex<Judging>>,
}

/// What has been read of it.
struct Read {
    ledger: Ledger,
    /// Which study it was: its key, and the identity of the last trial.
    key: (i64, String),
    /// Whether some trials may still change.
    is_unfinished: bool,
}

/// A report, and what it was made of.
pub(super) struct Made {
    pub(super) report: Report,
    /// How the study was then: the same as its state's, once nothing changes any more.
    pub(super) revision: String,
    at: Instant,
    took: Duration,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self { read: None, made: None, judging: Arc::new(Mutex::new(Judging::NotYet)) }
    }

    /// The numbers of the best trials, best first.
    pub(super) fn best(&self) -> Vec<u64> {
        self.read.as_ref().map(|read| read.ledger.best()).unwrap_or_default()
    }

    /// How far the verdict is: a part of the revision, and a word for people.
    pub(super) fn verdict_state(&self) -> &'static str {
        match *self.judging.lock().unwrap_or_else(PoisonError::into_inner) {
            Judging::NotYet => "",
            Judging::Working => "working",
            Judging::Done(..) => "done",
        }
    }

    /// The report, made anew if the study has changed and the last one did not cost too much for that.
    pub(super) fn report(
        &mut self,
        storage: &AnyStorage,
        (info, url): (&StudyInfo, &str),
        known: Option<&Arc<Known>>,
        is_running: bool,
    ) -> Result<Arc<Made>> {
        let revision = format!("{}/{}/{is_running}/{}", info.id.0, info.trials, self.verdict_state());
        if let Some(made) = &self.made
            && (made.revision == revision || made.at.elapsed() < made.took * REST)
        {
            return Ok(Arc::clone(made));
        }
        let began = Instant::now();
        let report = match known {
            Some(known) => self.report_of_known((info, url), known, is_running)?,
            None => {
                self.read_on(
                    info,
                    |from, to| Ok(storage.trials_in(info.id, from..to)?),
                    || Ok(storage.history(info.id)?),
                    None,
                )?;
                Report::of_stored(storage, (info, &bartune::study::shown_storage(url)), self.ledger(), now())?
            }
        };
        let made = Arc::new(Made { report, revision, at: Instant::now(), took: began.elapsed() });
        self.made = Some(Arc::clone(&made));
        Ok(made)
    }

    fn report_of_known(
        &mut self,
        (info, url): (&StudyInfo, &str),
        known: &Arc<Known>,
        is_running: bool,
    ) -> Result<Report> {
        let (plan, dataset) = (&known.plan, &known.dataset);
        let session = Session::open(plan, dataset, url)?;
        self.read_on(info, |from, to| Ok(session.trials(from..to)?), || Ok(session.history()?), Some(known))?;
        let evaluator = Evaluator::new(plan, dataset);
        let found = self.judge(known, (info.trials, url), is_running);
        let storage = bartune::study::shown_storage(url);
        let subject = Subject { plan, dataset, text: &known.text, session: &session, storage: &storage, trial: None };
        let validation = found.as_ref().map(Arc::as_ref).map_err(String::as_str);
        Ok(Report::of_study(&subject, &evaluator, self.ledger(), validation, now())?)
    }

    fn ledger(&self) -> &Ledger {
        &self.read.as_ref().expect("a study is read before it is shown").ledger
    }

    /// Read what is new; everything, if the study is another one or was changed behind.
    fn read_on(
        &mut self,
        info: &StudyInfo,
        part: impl Fn(u64, u64) -> Result<Vec<TrialRecord>>,
        history: impl Fn() -> Result<Vec<TrialRecord>>,
        known: Option<&Arc<Known>>,
    ) -> Result<()> {
        let goes_on = match &self.read {
            Some(read) if !read.is_unfinished && read.key.0 == info.id.0 && info.trials < read.ledger.next() + MANY => {
                read.ledger.is_empty() || is_same_end(read, &part(read.ledger.next() - 1, read.ledger.next())?)
            }
            _ => false,
        };
        if !goes_on {
            let records = history()?;
            let space = known.map(|known| &known.plan.parameters.space);
            self.read = Some(Read {
                ledger: Ledger::of(&info.directions, space, &records),
                key: (info.id.0, end(records.last())),
                is_unfinished: records.iter().any(is_unfinished),
            });
            return Ok(());
        }
        let Some(read) = &mut self.read else { return Ok(()) };
        loop {
            let next = read.ledger.next();
            let records = part(next, next + PART)?;
            records.iter().for_each(|record| read.ledger.add(record));
            read.is_unfinished |= records.iter().any(is_unfinished);
            if let Some(last) = records.last() {
                read.key.1 = end(Some(last));
            }
            if (records.len() as u64) < PART {
                return Ok(());
            }
        }
    }

    /// What is known of the winner's reality: worked out in the background once the study rests.
    fn judge(
        &self,
        known: &Arc<Known>,
        (trials, url): (u64, &str),
        is_running: bool,
    ) -> Result<Arc<Validation>, String> {
        if !known.is_judged {
            return Err("the server was told not to work it out".to_owned());
        }
        let mut judging = self.judging.lock().unwrap_or_else(PoisonError::into_inner);
        let working = "the verdict is being worked out; this page shows it once it is there";
        match &*judging {
            Judging::Done(of, found) if *of == trials => return found.clone(),
            Judging::Working => return Err(working.to_owned()),
            _ if is_running => return Err("the study is being searched; the verdict comes once it rests".to_owned()),
            _ => *judging = Judging::Working,
        }
        drop(judging);
        let (known, url, judging) = (Arc::clone(known), url.to_owned(), Arc::clone(&self.judging));
        std::thread::spawn(move || {
            let found = worked_out(&known, &url);
            *judging.lock().unwrap_or_else(PoisonError::into_inner) = Judging::Done(trials, found);
        });
        Err(working.to_owned())
    }
}

/// The verdict on the winner, on one thread: a page is no reason to take the machine from a search.
fn worked_out(known: &Known, url: &str) -> Result<Arc<Validation>, String> {
    let options = ValidationOptions { workers: std::num::NonZeroUsize::MIN, ..ValidationOptions::default() };
    let (plan, dataset) = (&known.plan, &known.dataset);
    let evaluator = Evaluator::new(plan, dataset).with_cache(options.cache);
    let observe = &mut |_: &str, _: f64| {};
    let found = Session::open(plan, dataset, url)
        .and_then(|session| validate((&evaluator, dataset), &session, None, &options, (&Control::default(), observe)));
    found.map(Arc::new).map_err(|error| error.to_string())
}

fn is_unfinished(record: &TrialRecord) -> bool {
    matches!(record.trial.state, TrialState::Running | TrialState::Waiting)
}

/// What tells the last trial from that of another study.
fn end(record: Option<&TrialRecord>) -> String {
    record.map_or_else(String::new, |record| format!("{}/{:?}", record.trial.number, record.trial.started_ms))
}

fn is_same_end(read: &Read, last: &[TrialRecord]) -> bool {
    !last.is_empty() && end(last.last()) == read.key.1
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
