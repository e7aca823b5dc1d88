//! A connection to a PostgreSQL server that comes back when it is lost.
//!
//! A URL is read once into a [`PostgresUrl`], which never shows its password again: not in `Debug`,
//! not in `Display`, not in an error. A `PostgresConnection` opens on first use, keeps prepared
//! statements, and, when the server went away, connects again with growing pauses until its patience
//! ends. Work that may be repeated is repeated (`run`); work that may not is
//! reported as lost (`run_once`), and whoever asked decides.
//!
//! It does not pool: a study has one writer, and workers never touch the database.

use std::collections::BTreeMap;
use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Client, Config, Statement};

use super::tls::TlsPolicy;
use crate::error::{Fault, StorageError};
use crate::url::redacted;

/// How long a server may take to answer a call for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Where a connection that is silently gone is noticed.
const SILENCE: Duration = Duration::from_secs(15);
/// The first pause between two attempts; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long to go on calling a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for another session's lock.
pub(crate) const LOCK_TIMEOUT_MS: u64 = 10_000;

/// A server, a database and who asks, as `postgresql://user:password@host:port/database?sslmode=…`
/// says it. SQLAlchemy's spelling with a driver (`postgresql+psycopg2://`) is read as well.
///
/// ```
/// use bartune_storage::postgres::PostgresUrl;
///
/// let url = PostgresUrl::parse("postgresql://me:secret@db.example/studies?sslmode=require")?;
/// assert_eq!(url.to_string(), "postgresql://me@db.example/studies");
/// assert!(!format!("{url:?}").contains("secret"));
/// # Ok::<(), bartune_storage::StorageError>(())
/// ```
#[derive(Clone)]
pub struct PostgresUrl {
    config: Config,
    tls: TlsPolicy,
    shown: String,
}

impl PostgresUrl {
    /// Whether a location is one of PostgreSQL's.
    #[must_use]
    pub fn is_one(location: &str) -> bool {
        let scheme = location.split_once("://").map(|(scheme, _)| scheme.split('+').next().unwrap_or(scheme));
        matches!(scheme, Some("postgresql" | "postgres"))
    }

    /// Read a URL. Where it names no password, the environment variable `PGPASSWORD` may.
    ///
    /// # Errors
    ///
    /// [`StorageError::UnsupportedUrl`] for another kind of URL, [`StorageError::InvalidPostgresUrl`].
    pub fn parse(location: &str) -> Result<Self, StorageError> {
        if !Self::is_one(location) {
            let scheme = location.split_once("://").map_or("file", |(scheme, _)| scheme).to_owned();
            return Err(StorageError::UnsupportedUrl { scheme });
        }
        let shown = redacted(location);
        let invalid = |problem: String| StorageError::InvalidPostgresUrl { server: shown.clone(), problem };
        let (bare, options) = split_options(location);
        let tls = TlsPolicy::parse(options.get("sslmode").copied(), options.get("sslrootcert").copied());
        let tls = tls.map_err(invalid)?;
        // What the parser says may quote a piece of the password, so it is not repeated.
        let mut config: Config = bare.parse().map_err(|_| {
            invalid(
                "write postgresql://user:password@host:port/database, with %-codes for `@`, `/`, `?` in a password"
                    .into(),
            )
        })?;
        if config.get_hosts().is_empty() {
            config.host("localhost");
        }
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("bartune");
        }
        config.ssl_mode(tls.mode());
        config
            .keepalives_idle(SILENCE)
            .keepalives_interval(SILENCE / 3)
            .keepalives_retries(3)
            .tcp_user_timeout(SILENCE);
        Ok(Self { config, tls, shown })
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.shown).finish()
    }
}

/// The URL without driver and TLS options, in the form that the client reads, and these options.
fn split_options(location: &str) -> (String, BTreeMap<&str, &str>) {
    let rest = location.split_once("://").map_or(location, |(_, rest)| rest);
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let (ours, theirs): (Vec<_>, Vec<_>) = pairs.partition(|pair| pair.starts_with("ssl"));
    let ours = ours.into_iter().filter_map(|pair| pair.split_once('=')).collect();
    let query = if theirs.is_empty() { String::new() } else { format!("?{}", theirs.join("&")) };
    (format!("postgresql://{address}{query}"), ours)
}

/// An open connection with its prepared statements.
pub(crate) struct Link {
    /// The client.
    pub(crate) client: Client,
    statements: BTreeMap<String, Statement>,
}

impl Link {
    /// A statement, prepared on first use.
    pub(crate) fn statement(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Run `job` in a transaction that writes.
    pub(crate) fn transact<T>(&mut self, job: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.enclose("BEGIN", job)
    }

    /// Run `job` on one snapshot.
    pub(crate) fn snapshot<T>(&mut self, job: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.enclose("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", job)
    }

    /// Run `job` between `begin`, which may be several statements, and COMMIT; roll back if it fails.
    pub(crate) fn enclose<T>(
        &mut self,
        begin: &str,
        job: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let began = self.client.batch_execute(begin).map_err(Fault::from);
        let result = began.and_then(|()| job(self));
        if let Err(fault) = result {
            // What went wrong first is what matters; a lost connection rolls back by itself.
            if !fault.is_lost_connection() {
                let _ = self.client.batch_execute("ROLLBACK");
            }
            return Err(fault);
        }
        self.client.batch_execute("COMMIT")?;
        result
    }
}

/// A connection that opens on use and comes back when it is lost.
pub(crate) struct PostgresConnection {
    url: PostgresUrl,
    link: Option<Link>,
    /// How often a link was made: whoever keeps something in the session looks whether it is a new one.
    generation: u64,
}

impl fmt::Debug for PostgresConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConnection").field("url", &self.url).field("generation", &self.generation).finish()
    }
}

impl PostgresConnection {
    /// Connect to a server. The first call is not repeated: a wrong address is told at once.
    pub(crate) fn open(url: PostgresUrl) -> Result<Self, StorageError> {
        let mut connection = Self { url, link: None, generation: 0 };
        let opened = connection.attempt(&mut |_: &mut Link| Ok(()));
        opened.map_err(|fault| fault.on(connection.server()))?;
        Ok(connection)
    }

    /// The server as it may be shown.
    pub(crate) fn server(&self) -> &str {
        &self.url.shown
    }

    /// The number of the session, which grows with each new one.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Do what may be repeated: it is, if the connection is lost meanwhile.
    pub(crate) fn run<T>(&mut self, mut job: impl FnMut(&mut Link) -> Result<T, Fault>) -> Result<T, StorageError> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.attempt(&mut job) {
                Err(fault) if fault.is_lost_connection() && began.elapsed() < PATIENCE => {
                    sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                result => return result.map_err(|fault| fault.on(self.server())),
            }
        }
    }

    /// Do what must not be repeated blindly: if the connection is lost meanwhile, nobody knows whether
    /// it was done. A connection that was lost before is opened again first.
    pub(crate) fn run_once<T>(
        &mut self,
        mut job: impl FnMut(&mut Link) -> Result<T, Fault>,
    ) -> Result<T, StorageError> {
        if self.link.as_ref().is_none_or(|link| link.client.is_closed()) {
            self.run(|_| Ok(()))?;
        }
        self.attempt(&mut job).map_err(|fault| fault.on(self.server()))
    }

    fn attempt<T>(&mut self, job: &mut impl FnMut(&mut Link) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.link.as_ref().is_none_or(|link| link.client.is_closed()) {
            self.link = None;
            self.link = Some(connect(&self.url)?);
            self.generation += 1;
        }
        let link = self.link.as_mut().expect("it has just been opened");
        let result = job(link);
        if result.as_ref().is_err_and(Fault::is_lost_connection) {
            self.link = None;
        }
        result
    }
}

fn connect(url: &PostgresUrl) -> Result<Link, Fault> {
    let invalid = |problem| StorageError::InvalidPostgresUrl { server: url.shown.clone(), problem };
    let connector = url.tls.connector().map_err(invalid)?;
    let mut client = url.config.connect(connector)?;
    // Compiling a batch's statement would take several times as long as running it.
    client.batch_execute(&format!(
        "SET lock_timeout = {LOCK_TIMEOUT_MS}; SET client_min_messages = warning; SET DateStyle = 'ISO, YMD'; SET jit = off"
    ))?;
    Ok(Link { client, statements: BTreeMap::new() })
}

/// Whether an error says that the server, or the way to it, is gone for now.
pub(crate) fn is_lost(error: &postgres::Error) -> bool {
    const GONE: [SqlState; 4] = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    match error.code() {
        Some(code) => GONE.contains(code) || code.code().starts_with("08"),
        None => error.is_closed() || has_io_source(error),
    }
}

/// A broken or refused connection; a failed TLS handshake also comes as one, but is for good.
fn has_io_source(error: &postgres::Error) -> bool {
    use std::error::Error;
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            let is_tls = io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
            return !is_tls && io.kind() != std::io::ErrorKind::InvalidData;
        }
        source = inner.source();
    }
    // A call that was not answered in time has no source.
    error.to_string().contains("timeout")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_in_no_text_that_is_made_of_a_url() {
        for location in [
            "postgresql://me:hunter2@host/db",
            "postgres://me:hunter2@host:5433/db?sslmode=require",
            "postgresql+psycopg2://me:hunter2@host/db",
            "postgresql://me@host/db?password=hunter2",
            "postgresql://me:hunter2@ho st:port/db",
            "postgresql://me:hunt/hunter2@host/db",
            "postgresql://me:hunter2@host/db?sslmode=nonsense",
            "postgresql://me:hunter2@host/db?nonsense=hunter2",
        ] {
            let text = match PostgresUrl::parse(location) {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!text.contains("hunter2"), "{location}: {text}");
        }
    }

    #[test]
    fn drivers_and_tls_options_are_ours_and_the_rest_is_the_clients() {
        let (bare, options) =
            split_options("postgresql+psycopg2://me@host/db?sslmode=verify-ca&host=/run/pg&sslrootcert=/ca.pem");
        assert_eq!(bare, "postgresql://me@host/db?host=/run/pg");
        assert_eq!(options["sslmode"], "verify-ca");
        assert_eq!(options["sslrootcert"], "/ca.pem");
    }

    #[test]
    fn a_server_that_is_not_there_is_named_without_its_password() {
        // Port 1 of this host answers to nobody.
        let url = PostgresUrl::parse("postgresql://me:hunter2@127.0.0.1:1/db").unwrap();
        let Err(error) = connect(&url) else { panic!("somebody answered") };
        assert!(error.is_lost_connection(), "{error:?}");
        let error = error.on(&url.shown);
        assert!(matches!(error, StorageError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("postgresql://me@127.0.0.1:1/db"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
