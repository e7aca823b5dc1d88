//! A study into another store: every row, with its numbers, attributes and openings of the vault.
//!
//! The copy is written in batches, each a transaction. One that was cut short is continued by copying
//! again: what is there already must be the beginning of what is copied, else nothing is written.

use std::collections::BTreeMap;

use bartune_search::storage::{StudyInfo, TrialRecord};

use bartune_storage::lease;

use super::{AnyStorage, CHUNK, StoredStudy};
use crate::error::Error;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Trials in the study.
    pub trials: u64,
    /// Trials that an earlier, interrupted copy had already.
    pub present: u64,
}

/// Copy a study into the store `to`, under `name`; `place` is that store as messages show it.
///
/// # Errors
///
/// [`Error::CopyExists`] when there is another study of that name, [`Error::Storage`].
pub fn copy(study: &StoredStudy<'_>, to: &mut AnyStorage, (place, name): (&str, &str)) -> Result<Copied, Error> {
    let exists = || Error::CopyExists { name: name.to_owned(), storage: place.to_owned() };
    let from = &study.info;
    let target = match to.study(name)? {
        None => to.create_study(name, &from.directions)?,
        Some(target) if is_beginning(study, to, &target)? => target,
        Some(_) => return Err(exists()),
    };
    let lease = lease::claim(to, target.id)?;
    for (key, value) in from.user_attrs.iter().filter(|(key, value)| target.user_attrs.get(*key) != Some(*value)) {
        to.set_study_attr(target.id, key, value)?;
    }
    for (key, value) in from.system_attrs.iter().filter(|(key, value)| target.system_attrs.get(*key) != Some(*value)) {
        to.set_study_system_attr(target.id, key, value)?;
    }
    let present = target.trials;
    let mut first = present;
    loop {
        // As they are stored: a duplicate's metrics are its original's and are not copied twice.
        let records = study.storage.trials_in(from.id, first..first + CHUNK)?;
        if records.is_empty() {
            break;
        }
        first += records.len() as u64;
        to.append(target.id, &records)?;
    }
    let known = to.vault_openings(target.id)?.len();
    for opening in study.storage.vault_openings(from.id)?.iter().skip(known) {
        to.record_vault_opening(target.id, opening)?;
    }
    to.swap_lease(target.id, Some(&lease.token), None)?;
    Ok(Copied { trials: first, present })
}

/// Whether `target` is what an interrupted copy of the study leaves.
fn is_beginning(study: &StoredStudy<'_>, to: &AnyStorage, target: &StudyInfo) -> Result<bool, Error> {
    let from = &study.info;
    let attributes_agree = target.user_attrs.iter().all(|(key, value)| from.user_attrs.get(key) == Some(value))
        && target.system_attrs.iter().all(|(key, value)| from.system_attrs.get(key) == Some(value));
    if target.directions != from.directions || target.trials > from.trials || !attributes_agree {
        return Ok(false);
    }
    for first in (0..target.trials).step_by(CHUNK as usize) {
        let range = first..(first + CHUNK).min(target.trials);
        let there = to.trials_in(target.id, range.clone())?;
        let here = study.storage.trials_in(from.id, range)?;
        if !here.iter().zip(&there).all(|(here, there)| is_same(here, there)) || here.len() != there.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Equal in all that a store keeps. NaN is itself, and zero has no sign, since stores drop it. A trial may have
/// been abridged after it was copied.
fn is_same(left: &TrialRecord, right: &TrialRecord) -> bool {
    if left.is_abridged != right.is_abridged {
        let bare = |record: &TrialRecord| TrialRecord {
            metrics: BTreeMap::new(),
            daily_returns: BTreeMap::new(),
            is_abridged: false,
            ..record.clone()
        };
        return is_same(&bare(left), &bare(right));
    }
    let text = |record: &TrialRecord| format!("{record:?}").replace("-0.0", "0.0");
    left == right || text(left) == text(right)
}
