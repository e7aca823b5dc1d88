//! A guard in a Redis set: pipelined scripts of a thousand signatures each.
//!
//! A guard `name` has these keys, all in one slot of a cluster:
//!
//! | key | holds |
//! |---|---|
//! | `bartune:guard:{name}:signatures` | the set |
//! | `bartune:guard:{name}:token` | a random number, made with the guard |
//! | `bartune:guard:{name}:answers:CLIENT` | what a client's latest batch was answered, for an hour |
//!
//! **A server that lost its data** (restarted without persistence, flushed, evicted) has lost the token
//! too: each script compares it first and fails if it is another.
//!
//! **A connection that broke** after a batch was sent leaves open whether it was stored. The batch is
//! sent again under its number, and a script that has answered a number before gives that answer again.
//!
//! Needs Redis 3.2, or anything that speaks its language and runs Lua.

use std::hash::{BuildHasher, RandomState};
use std::thread::sleep;
use std::time::Duration;

use redis::{Client, Connection, ConnectionLike, ErrorKind, Pipeline, RedisError};

use super::{Guard, GuardError, Signature, check_name, in_order};
use crate::error::StorageError;

/// How long a server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before a lost connection is tried once more.
const PAUSE: Duration = Duration::from_millis(250);
/// Signatures in one script; Lua unpacks no more than some 8,000 values.
const CHUNK: usize = 1_000;
/// The code with which a script says that the token is another.
const LOST: &str = "BARTUNELOST";

const OPEN: &str = "redis.call('SET', KEYS[1], ARGV[1], 'NX') return redis.call('GET', KEYS[1])";
/// Before each of the others: is this the guard that was opened?
const CHECK: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('BARTUNELOST') end ";
const ADD: &str = "
local answer = redis.call('HGET', KEYS[3], ARGV[2])
if answer then return tonumber(answer) end
local new = redis.call('SADD', KEYS[2], unpack(ARGV, 3))
redis.call('HSET', KEYS[3], ARGV[2], new)
redis.call('EXPIRE', KEYS[3], 3600)
return new";
const CONTAINS: &str = "
local found = {}
for i = 2, #ARGV do found[i - 1] = redis.call('SISMEMBER', KEYS[2], ARGV[i]) end
return found";
const LEN: &str = "return redis.call('SCARD', KEYS[2])";
const CLEAR: &str = "redis.call('DEL', KEYS[2]) return 0";

/// A set of signatures on a Redis server.
pub struct RedisGuard {
    client: Client,
    connection: Option<Connection>,
    name: String,
    place: String,
    token: String,
    answers: String,
    /// The number of the next script that adds.
    next: u64,
}

impl std::fmt::Debug for RedisGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisGuard").field("name", &self.name).field("place", &self.place).finish_non_exhaustive()
    }
}

impl RedisGuard {
    /// Open the guard `name` on a server, as `redis://user:password@host:6379/0` says it; `rediss://`
    /// needs the feature `redis-tls`.
    ///
    /// # Errors
    ///
    /// [`GuardError::InvalidName`], [`GuardError::InvalidRedisUrl`], and [`GuardError::Store`] when the
    /// server cannot be reached or refuses.
    pub fn open(location: &str, name: &str) -> Result<Self, GuardError> {
        check_name(name)?;
        // What the parser says may quote a piece of the password, so only its category is repeated.
        let client = Client::open(location).map_err(|error| GuardError::InvalidRedisUrl {
            place: crate::url::redacted(location),
            problem: error.category().to_owned(),
        })?;
        let settings = client.get_connection_info();
        let place = format!("redis://{}/{}", settings.addr(), settings.redis_settings().db());
        let client_id = format!("{:016x}{:016x}", random(), random());
        let mut guard = Self {
            answers: key(name, &format!("answers:{client_id}")),
            token: client_id,
            client,
            connection: None,
            name: name.to_owned(),
            place,
            next: 0,
        };
        let (key, proposed) = (key(name, "token"), guard.token.clone());
        guard.token = guard
            .exchange(|connection| redis::cmd("EVAL").arg(OPEN).arg(1).arg(&key).arg(&proposed).query(connection))?;
        Ok(guard)
    }

    /// Run a script once for each chunk, in one pipeline; the arguments before the chunk come from
    /// `before`.
    fn scripts<T: redis::FromRedisValue>(
        &mut self,
        script: &str,
        chunks: &[&[Signature]],
        before: impl Fn(usize) -> Option<u64>,
    ) -> Result<Vec<T>, GuardError> {
        // A pipeline of nothing is refused by the client.
        if chunks.is_empty() {
            return Ok(Vec::new());
        }
        let script = format!("{CHECK}{script}");
        let (token_key, set) = (key(&self.name, "token"), key(&self.name, "signatures"));
        let mut pipeline = Pipeline::new();
        for (index, chunk) in chunks.iter().enumerate() {
            pipeline.cmd("EVAL").arg(&script).arg(3).arg(&token_key).arg(&set).arg(&self.answers).arg(&self.token);
            before(index).into_iter().for_each(|number| {
                pipeline.arg(number);
            });
            chunk.iter().for_each(|signature| {
                pipeline.arg(&signature.as_bytes()[..]);
            });
        }
        self.exchange(|connection| pipeline.query(connection))
    }

    /// Talk to the server; once more, after a pause, if the connection is lost.
    fn exchange<T>(&mut self, talk: impl Fn(&mut Connection) -> Result<T, RedisError>) -> Result<T, GuardError> {
        let first = self.attempt(&talk);
        let result = match first {
            Err(error) if is_lost(&error) => {
                sleep(PAUSE);
                self.attempt(&talk)
            }
            result => result,
        };
        result.map_err(|error| self.worded(&error))
    }

    fn attempt<T>(&mut self, talk: &impl Fn(&mut Connection) -> Result<T, RedisError>) -> Result<T, RedisError> {
        let mut connection = match self.connection.take() {
            Some(connection) if connection.is_open() => connection,
            _ => connect(&self.client)?,
        };
        let result = talk(&mut connection);
        // After any failure a reply may still be under way, which the next question must not get.
        if result.is_ok() {
            self.connection = Some(connection);
        }
        result
    }

    fn worded(&self, error: &RedisError) -> GuardError {
        let server = self.place.clone();
        // The server's own words; they never repeat what was sent.
        let reason = error.to_string();
        if reason.contains(LOST) {
            let reason = "the server was restarted without its data, flushed, or removed it to make room".to_owned();
            return GuardError::Lost { name: self.name.clone(), place: server, reason };
        }
        GuardError::Store(if is_lost(error) {
            StorageError::Unreachable { server, reason }
        } else {
            StorageError::Refused { server, reason }
        })
    }
}

impl Guard for RedisGuard {
    fn add_batch(&mut self, signatures: &[Signature]) -> Result<u64, GuardError> {
        let signatures = in_order(signatures);
        let chunks: Vec<&[Signature]> = signatures.chunks(CHUNK).collect();
        let first = self.next;
        self.next += chunks.len() as u64;
        let new: Vec<u64> = self.scripts(ADD, &chunks, |index| Some(first + index as u64))?;
        Ok(new.into_iter().sum())
    }

    fn contains_batch(&mut self, signatures: &[Signature]) -> Result<Vec<bool>, GuardError> {
        let chunks: Vec<&[Signature]> = signatures.chunks(CHUNK).collect();
        let found: Vec<Vec<bool>> = self.scripts(CONTAINS, &chunks, |_| None)?;
        Ok(found.concat())
    }

    fn len(&mut self) -> Result<u64, GuardError> {
        Ok(self.scripts::<u64>(LEN, &[&[]], |_| None)?.into_iter().sum())
    }

    fn clear(&mut self) -> Result<(), GuardError> {
        self.scripts::<u64>(CLEAR, &[&[]], |_| None).map(drop)
    }
}

fn connect(client: &Client) -> Result<Connection, RedisError> {
    let connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    Ok(connection)
}

/// Whether another attempt may find the server.
fn is_lost(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Io || error.is_unrecoverable_error()
}

fn key(name: &str, what: &str) -> String {
    format!("bartune:guard:{{{name}}}:{what}")
}

/// A number that no other client has: the system seeds each `RandomState` anew.
fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
