//! One live writer a study.
//!
//! A lease names its owner: host, place (the kernel's boot and the process namespace), process and
//! the process's start, with a random token, the time it was taken and the time it ends unless it
//! is renewed. Whoever wants to write takes it ([`claim`]) by compare-and-swap on the token, renews
//! it while working ([`RENEWAL`]), and every batch is written only if the token is still there, so
//! that a writer that was believed dead and wakes up again writes nothing.
//!
//! | found | taken over |
//! |---|---|
//! | no lease | at once |
//! | an owner at the same place whose process is gone, or is another one of the same number | at once |
//! | an owner at the same place that lives | never |
//! | an owner elsewhere, its lease not ended | no |
//! | an owner elsewhere, its lease ended | at once |
//! | an owner elsewhere whose lease ends later than any lease can | after a lease's length without a renewal |
//!
//! The last case is that of a clock that jumped; a pause is measured on the monotonic clock. A lease's
//! end never moves back. A clock that is wrong can thus delay a takeover, and in the worst case let
//! one happen too early, which the token makes harmless: the old owner's next batch is refused.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use bartune_search::storage::{Lease, Storage, StudyId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::error::{Fault, StorageError};

/// A lease ends so long after its last renewal.
pub const TERM: Duration = Duration::from_secs(60);
/// How often an owner renews.
pub const RENEWAL: Duration = Duration::from_secs(15);
/// How often a lease is looked at while waiting for a sign of life.
const LOOK: Duration = Duration::from_secs(1);
/// How often a claim that was overtaken by another is tried again.
const ATTEMPTS: u32 = 30;

/// What is known about a lease's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It may be taken over.
    Free,
    /// Its owner lives, or may live.
    Owned,
    /// Its end says nothing: some clock jumped.
    Doubtful,
}

/// A lease that this store has taken.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) study: StudyId,
    pub(crate) token: String,
}

impl Held {
    /// Whether the lease found is this one.
    pub(crate) fn check(&self, found: Option<&Lease>) -> Result<(), Fault> {
        let owner = match found {
            Some(found) if found.token == self.token => return Ok(()),
            Some(found) => format!("pid {} on {} took it over", found.pid, found.host),
            None => "its lease was taken away".to_owned(),
        };
        Err(StorageError::LeaseLost { owner }.into())
    }
}

/// Take the lease of a study for this process.
///
/// # Errors
///
/// [`StorageError::Owned`] when another process has it, and what the store itself reports.
pub fn claim<S: Storage<Error = StorageError> + ?Sized>(storage: &mut S, id: StudyId) -> Result<Lease, StorageError> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let found = storage.lease(id)?;
        if let Some(found) = &found {
            let is_free = match standing(found, &Lease::of_this_process(), alive) {
                Standing::Free => true,
                Standing::Owned => false,
                Standing::Doubtful => is_silent(storage, id, found)?,
            };
            if !is_free {
                return Err(owned(found));
            }
        }
        let lease = Lease::of_this_process();
        if storage.swap_lease(id, found.as_ref().map(|found| found.token.as_str()), Some(&lease))? {
            return Ok(lease);
        }
        last = found;
        sleep(LOOK / 10);
    }
    let unknown = Lease { host: "an unknown host".to_owned(), ..Lease::of_this_process() };
    Err(owned(&last.unwrap_or(unknown)))
}

/// The lease of a study whose owner lives, or may live: who is writing to it, for those who only look. The lease of a process
/// that was killed is none.
///
/// # Errors
///
/// What the store itself reports.
pub fn living<S: Storage<Error = StorageError> + ?Sized>(
    storage: &S,
    id: StudyId,
) -> Result<Option<Lease>, StorageError> {
    let is_free = |found: &Lease| standing(found, &Lease::of_this_process(), alive) == Standing::Free;
    Ok(storage.lease(id)?.filter(|found| !is_free(found)))
}

/// The end of a lease that is renewed now.
#[must_use]
pub fn end_from_now() -> i64 {
    now_ms().saturating_add(milliseconds(TERM))
}

/// What only the process knows about itself.
trait OfThisProcess {
    fn of_this_process() -> Self;
}

impl OfThisProcess for Lease {
    fn of_this_process() -> Self {
        let (pid, since_ms) = (std::process::id(), now_ms());
        let process_start = process_start(pid).unwrap_or_default();
        Self {
            token: token(&format!("{pid} {process_start}")),
            host: host(),
            place: place(),
            pid,
            process_start,
            since_ms,
            expires_ms: since_ms.saturating_add(milliseconds(TERM)),
            renewals: 0,
        }
    }
}

/// What is known about the owner of a lease, for a process that asks with its own.
fn standing(found: &Lease, asker: &Lease, alive: impl Fn(&Lease) -> bool) -> Standing {
    let is_near = !found.place.is_empty() && found.host == asker.host && found.place == asker.place;
    if is_near && !found.process_start.is_empty() {
        return if alive(found) { Standing::Owned } else { Standing::Free };
    }
    let now = asker.since_ms;
    if now > found.expires_ms {
        Standing::Free
    } else if found.expires_ms.saturating_sub(now) > 2 * milliseconds(TERM) {
        Standing::Doubtful
    } else {
        Standing::Owned
    }
}

/// Whether the very process that took a lease still runs here.
fn alive(lease: &Lease) -> bool {
    process_start(lease.pid).is_some_and(|start| start == lease.process_start)
}

/// Whether a lease is not renewed for as long as one lasts.
fn is_silent<S: Storage<Error = StorageError> + ?Sized>(
    storage: &S,
    id: StudyId,
    found: &Lease,
) -> Result<bool, StorageError> {
    let began = Instant::now();
    while began.elapsed() < TERM {
        sleep(LOOK);
        let now = storage.lease(id)?;
        let is_same = now.as_ref().is_some_and(|now| now.token == found.token && now.renewals == found.renewals);
        if !is_same {
            return Ok(now.is_none());
        }
    }
    Ok(true)
}

fn owned(lease: &Lease) -> StorageError {
    let since = Timestamp::from_millisecond(lease.since_ms).map_or_else(|_| "an unknown time".to_owned(), words);
    let seconds = lease.expires_ms.saturating_sub(now_ms()).clamp(0, milliseconds(TERM)) / 1000 + 1;
    StorageError::Owned { host: lease.host.clone(), pid: lease.pid, since, free_in: format!("{seconds} s") }
}

fn words(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Different for each lease ever taken: it need not be secret.
fn token(who: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    let nanoseconds = Timestamp::now().as_nanosecond();
    let count = TAKEN.fetch_add(1, Ordering::Relaxed);
    let digest = Sha256::digest(format!("{} {} {who} {nanoseconds} {count}", host(), place()));
    crate::codec::identity_text(&digest[..16])
}

fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn host() -> String {
    let name = read("/proc/sys/kernel/hostname").or_else(|| std::env::var("HOSTNAME").ok());
    name.or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_else(|| "unknown".to_owned())
}

/// Where process numbers mean the same: one boot of one kernel, one namespace. Empty where the system
/// does not tell, and then only the lease's end counts.
fn place() -> String {
    let namespace = fs::read_link("/proc/self/ns/pid").ok();
    let boot = read("/proc/sys/kernel/random/boot_id");
    boot.zip(namespace).map(|(boot, namespace)| format!("{boot} {}", namespace.display())).unwrap_or_default()
}

/// When a living process began, as the kernel counts; none for one that is dead or a zombie.
fn process_start(pid: u32) -> Option<String> {
    let stat = read(&format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold anything; the fields after it are numbered from 3.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18)?;
    (!matches!(state, "Z" | "X" | "x")).then(|| start.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn lease(host: &str, expires_in_s: i64) -> Lease {
        Lease {
            token: "t".to_owned(),
            host: host.to_owned(),
            place: "boot pid:[1]".to_owned(),
            pid: 7,
            process_start: "100".to_owned(),
            since_ms: NOW,
            expires_ms: NOW + expires_in_s * 1000,
            renewals: 0,
        }
    }

    #[test]
    fn at_the_same_place_the_process_decides_whatever_the_clock_says() {
        let asker = lease("here", 60);
        for expires_in_s in [-100_000, -1, 30, 100_000] {
            let found = lease("here", expires_in_s);
            assert_eq!(standing(&found, &asker, |_| true), Standing::Owned);
            assert_eq!(standing(&found, &asker, |_| false), Standing::Free);
        }
    }

    #[test]
    fn elsewhere_the_end_decides_unless_no_lease_can_end_so_late() {
        let asker = lease("here", 60);
        let of = |expires_in_s| standing(&lease("there", expires_in_s), &asker, |_| panic!("nobody can look there"));
        assert_eq!(of(-1), Standing::Free);
        assert_eq!(of(0), Standing::Owned);
        assert_eq!(of(60), Standing::Owned);
        assert_eq!(of(86_400), Standing::Doubtful);
    }

    #[test]
    fn another_namespace_on_the_same_host_is_elsewhere() {
        let mut found = lease("here", 30);
        found.place = "boot pid:[2]".to_owned();
        assert_eq!(standing(&found, &lease("here", 60), |_| false), Standing::Owned);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_lives_and_one_that_began_at_another_time_does_not() {
        let mut mine = Lease::of_this_process();
        assert!(alive(&mine), "{mine:?}");
        mine.process_start.push('1');
        assert!(!alive(&mine), "its number was given to another process");
    }

    #[test]
    fn no_two_leases_have_one_token() {
        assert_ne!(Lease::of_this_process().token, Lease::of_this_process().token);
    }
}
