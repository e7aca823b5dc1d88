//! The stored study behind a plan: create, continue, adopt, refuse, start afresh.
//!
//! A session that writes holds the study's lease from opening to drop.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use bartune_search::storage::{Abridgement, DailyReturns, Lease, Storage, StudyInfo, TrialRecord, VaultOpening};
use bartune_search::trial::StudyDirection;
use bartune_storage::url::redacted;
use bartune_storage::{AnyStorage, MemoryStorage, StorageError, lease};
use serde_json::{Value, json};

use super::foreign;
use crate::config::{Plan, SamplerPlan};
use crate::data::Dataset;
use crate::error::Error;
use crate::identity::{FINGERPRINT, Identity, fingerprint};

/// Study attribute that holds the name of the study's sampler.
const SAMPLER: &str = "bartune:sampler";
/// Study attribute that holds the engine's version at the study's creation.
const VERSION: &str = "bartune:version";
/// Study attribute that holds how many trials another program had made when Bartune went on with the study.
const ADOPTED: &str = "bartune:adopted";

/// Trials that are read at a time where all are looked at.
const PART: u64 = 4_096;

/// A database URL: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db` or `postgresql://…`.
pub type StorageUrl = String;

/// The store a study file uses when none is named: a database beside it, with its name.
#[must_use]
pub fn default_storage(study_file: &Path) -> StorageUrl {
    format!("sqlite:///{}", study_file.with_extension("db").display())
}

/// What a study's trials depend on, by the study file's keys.
type Fingerprint = BTreeMap<String, Value>;

/// One study in one store, checked to be the plan's.
pub struct Session<'a> {
    plan: &'a Plan,
    identity: Identity,
    storage: AnyStorage,
    study: StudyInfo,
    /// Held by a session that writes trials, and when it was last renewed.
    lease: Option<(Lease, Instant)>,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // A lease that cannot be given back ends by itself, or with this process.
        if let Some((lease, _)) = self.lease.take() {
            let _ = self.storage.swap_lease(self.study.id, Some(&lease.token), None);
        }
    }
}

impl<'a> Session<'a> {
    /// Open the plan's study to write it, creating it if it is not there, and take its lease.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] when the stored study was made with other settings, [`Error::Incompatible`]
    /// when another program made it with parameters that the study file has not, [`Error::Storage`].
    pub fn open_or_create(plan: &'a Plan, dataset: &Dataset, url: &str) -> Result<Self, Error> {
        let mut storage = bartune_storage::open(url)?;
        let study = match storage.study(&plan.name)? {
            Some(study) => study,
            None => storage.create_study(&plan.name, &plan.objective.directions())?,
        };
        let lease = lease::claim(&mut *storage, study.id)?;
        // What another process did to it until just now is seen only with the lease in hand.
        let study = storage.study(&plan.name)?.unwrap_or(study);
        let mut session = Self::new(plan, dataset, storage, study);
        session.lease = Some((lease, Instant::now()));
        session.claim(dataset, url)?;
        Ok(session)
    }

    /// A session whose study is gone with it.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] never happens in memory.
    pub fn in_memory(plan: &'a Plan, dataset: &Dataset) -> Result<Self, Error> {
        let mut storage = MemoryStorage::new();
        let study = storage.create_study(&plan.name, &plan.objective.directions())?;
        Ok(Self::new(plan, dataset, Box::new(storage), study))
    }

    /// Open the plan's study to read it; nothing in the store changes.
    ///
    /// # Errors
    ///
    /// [`Error::NoStudy`], [`Error::Changed`], [`Error::Incompatible`], [`Error::Storage`].
    pub fn open(plan: &'a Plan, dataset: &Dataset, url: &str) -> Result<Self, Error> {
        Self::existing(plan, dataset, url, bartune_storage::open_read_only(url))
    }

    /// Open the plan's study to record an opening of its vault.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_to_test(plan: &'a Plan, dataset: &Dataset, url: &str) -> Result<Self, Error> {
        // A store that is not there must not be created by a test.
        drop(Self::open(plan, dataset, url)?);
        Self::existing(plan, dataset, url, bartune_storage::open(url))
    }

    fn existing(
        plan: &'a Plan,
        dataset: &Dataset,
        url: &str,
        storage: Result<AnyStorage, StorageError>,
    ) -> Result<Self, Error> {
        let missing = || Error::NoStudy { name: plan.name.clone(), storage: redacted(url) };
        let storage = storage.map_err(|error| match error {
            StorageError::Missing { .. } => missing(),
            other => other.into(),
        })?;
        let study = storage.study(&plan.name)?.ok_or_else(missing)?;
        let session = Self::new(plan, dataset, storage, study);
        session.check(&session.fingerprint(dataset), url)?;
        Ok(session)
    }

    /// Delete the plan's study, if `given` is its name.
    ///
    /// # Errors
    ///
    /// [`Error::FreshName`] when it is not, [`Error::Storage`].
    pub fn delete(plan: &Plan, url: &str, given: &str) -> Result<(), Error> {
        if given != plan.name {
            return Err(Error::FreshName { given: given.to_owned(), name: plan.name.clone() });
        }
        let mut storage = bartune_storage::open(url)?;
        if let Some(study) = storage.study(&plan.name)? {
            // Not under the hands of a process that writes it. The lease goes with the study.
            lease::claim(&mut *storage, study.id)?;
            storage.delete_study(study.id)?;
        }
        Ok(())
    }

    pub(super) fn new(plan: &'a Plan, dataset: &Dataset, storage: AnyStorage, study: StudyInfo) -> Self {
        let identity = Identity::new(plan, dataset.bars.content_hash(), &dataset.segments);
        Self { plan, identity, storage, study, lease: None }
    }

    fn fingerprint(&self, dataset: &Dataset) -> Fingerprint {
        fingerprint(self.plan, dataset.bars.content_hash(), &dataset.segments)
    }

    /// Check the study, and write the fingerprint into one that has none: an empty one, or one that
    /// another program made.
    fn claim(&mut self, dataset: &Dataset, url: &str) -> Result<(), Error> {
        let fingerprint = self.fingerprint(dataset);
        self.check(&fingerprint, url)?;
        if self.study.user_attrs.contains_key(FINGERPRINT) {
            return Ok(());
        }
        let adopted = (self.study.trials > 0).then(|| (ADOPTED, json!(self.study.trials)));
        let attrs = [
            (VERSION, json!(env!("CARGO_PKG_VERSION"))),
            (SAMPLER, json!(self.chosen_sampler().name())),
            // Last: a study that has it is wholly ours.
            (FINGERPRINT, Value::Object(fingerprint.into_iter().collect())),
        ];
        for (key, value) in adopted.into_iter().chain(attrs) {
            self.storage.set_study_attr(self.study.id, key, &value)?;
            self.study.user_attrs.insert(key.to_owned(), value);
        }
        Ok(())
    }

    fn check(&self, now: &Fingerprint, url: &str) -> Result<(), Error> {
        let name = self.plan.name.clone();
        match self.study.user_attrs.get(FINGERPRINT) {
            Some(Value::Object(stored)) => match differences(stored, now) {
                differences if differences.is_empty() => Ok(()),
                differences => Err(Error::Changed { name, storage: redacted(url), differences }),
            },
            _ => match self.incompatibilities()? {
                problems if problems.is_empty() => Ok(()),
                problems => Err(Error::Incompatible { name, storage: redacted(url), problems }),
            },
        }
    }

    /// Why a study that Bartune did not make cannot be continued by the plan.
    fn incompatibilities(&self) -> Result<Vec<String>, Error> {
        let directions = self.plan.objective.directions();
        if self.study.directions != directions {
            let words = |direction: &StudyDirection| format!("{direction:?}").to_lowercase();
            let all = |directions: &[StudyDirection]| directions.iter().map(words).collect::<Vec<_>>().join(" and ");
            let (theirs, ours) = (all(&self.study.directions), all(&directions));
            return Ok(vec![format!("  objective: {theirs} in the study, {ours} in the file")]);
        }
        if self.study.trials == 0 {
            return Ok(Vec::new());
        }
        let records = self.storage.history(self.study.id)?;
        Ok(foreign::incompatibilities(&self.plan.parameters.space, &records))
    }

    /// The study's sampler: what `auto` chose when the study was made, so that a larger budget does not
    /// change it.
    #[must_use]
    pub fn sampler(&self) -> SamplerPlan {
        let chosen = self.study.user_attrs.get(SAMPLER).and_then(Value::as_str).and_then(SamplerPlan::named);
        match (&self.plan.search.sampler, chosen) {
            (SamplerPlan::Auto, Some(chosen)) => chosen,
            _ => self.chosen_sampler(),
        }
    }

    fn chosen_sampler(&self) -> SamplerPlan {
        let (search, objectives) = (&self.plan.search, self.plan.objective.targets.len());
        search.sampler.resolved(&self.plan.parameters.space, objectives, search.trials).0
    }

    pub(crate) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// Trials in the store when the session was opened.
    #[must_use]
    pub fn trial_count(&self) -> u64 {
        self.study.trials
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    /// Every trial in number order, without its metrics.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn history(&self) -> Result<Vec<TrialRecord>, Error> {
        Ok(foreign::adapted(&self.plan.parameters.space, self.storage.history(self.study.id)?))
    }

    /// Show `visit` what became of every trial, in number order, part by part: state, values, constraints and
    /// reason, without parameters and metrics. Memory does not grow with the study.
    pub(super) fn for_each_result(&self, mut visit: impl FnMut(&TrialRecord)) -> Result<(), Error> {
        let mut next = 0;
        loop {
            let records = self.storage.results_in(self.study.id, next..next + PART)?;
            if records.is_empty() {
                return Ok(());
            }
            // As in the history: a missing number is a trial that counts for nothing, of two the first counts.
            for record in &records {
                while next < record.trial.number {
                    visit(&foreign::hole(next));
                    next += 1;
                }
                if next == record.trial.number {
                    visit(record);
                    next += 1;
                }
            }
        }
    }

    /// Trials `numbers`, with their metrics and daily returns; a duplicate has those of its original.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn trials(&self, numbers: Range<u64>) -> Result<Vec<TrialRecord>, Error> {
        let mut records = self.storage.trials_in(self.study.id, numbers)?;
        for record in &mut records {
            if let Some(original) = record.trial.duplicate_of {
                let original = self.storage.trials_in(self.study.id, original..original + 1)?;
                let Some(original) = original.into_iter().next() else { continue };
                record.metrics = original.metrics;
                record.daily_returns = original.daily_returns;
                record.is_abridged = original.is_abridged;
            }
        }
        Ok(records)
    }

    /// One trial with its metrics.
    ///
    /// # Errors
    ///
    /// [`Error::NoTrial`], [`Error::Storage`].
    pub fn trial(&self, number: u64) -> Result<TrialRecord, Error> {
        let found = self.trials(number..number.saturating_add(1))?.into_iter().next();
        found.ok_or_else(|| Error::NoTrial { name: self.plan.name.clone(), number, trials: self.study.trials })
    }

    /// The daily returns of a trial, as fractions, one a local day of each segment; a duplicate's are its
    /// original's. `None` where they are not kept: [`Evaluator::evaluate`](crate::Evaluator::evaluate) gives
    /// them again, to the last bit, from the trial's parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn daily_returns(&self, number: u64) -> Result<Option<DailyReturns>, Error> {
        Ok(self.storage.daily_returns(self.study.id, number)?)
    }

    /// Store trials, and abridge earlier ones with them.
    pub(crate) fn append(&mut self, batch: &[TrialRecord], abridgement: &Abridgement) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        self.storage.append_and_abridge(self.study.id, batch, abridgement)?;
        self.study.trials += batch.len() as u64;
        Ok(())
    }

    pub(crate) fn replace_unfinished(&mut self, batch: &[TrialRecord]) -> Result<(), Error> {
        Ok(self.storage.replace_unfinished(self.study.id, batch)?)
    }

    /// Give a sign of life, if one is due.
    pub(crate) fn keep_lease(&mut self) -> Result<(), Error> {
        let Some((lease, renewed)) = &mut self.lease else { return Ok(()) };
        if renewed.elapsed() < lease::RENEWAL {
            return Ok(());
        }
        *renewed = Instant::now();
        match self.storage.renew_lease(self.study.id, &lease.token, lease::end_from_now()) {
            // The next batch finds out who has it now.
            Ok(_) => Ok(()),
            Err(error) if error.is_transient() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn vault_openings(&self) -> Result<Vec<VaultOpening>, Error> {
        Ok(self.storage.vault_openings(self.study.id)?)
    }

    pub(crate) fn record_vault_opening(&mut self, opening: &VaultOpening) -> Result<(), Error> {
        Ok(self.storage.record_vault_opening(self.study.id, opening)?)
    }
}

/// One line a key that differs: `search.seed: 1 → 2`.
pub(crate) fn differences(stored: &serde_json::Map<String, Value>, now: &BTreeMap<String, Value>) -> Vec<String> {
    let shown = |value: Option<&Value>| {
        let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
        if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
    };
    let keys: BTreeSet<&String> = stored.keys().chain(now.keys()).collect();
    keys.into_iter()
        .filter(|key| stored.get(*key) != now.get(*key))
        .map(|key| format!("  {key}: {} → {}", shown(stored.get(key)), shown(now.get(key))))
        .collect()
}
