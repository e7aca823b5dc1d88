//! One worker process: a question goes out, an answer comes back, in time or not at all.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

use super::launch::{LastWords, Launch, ending};
use super::message::{self, Answer, Hello};

/// How long a process that has closed its socket has to end.
const LEAVE: Duration = Duration::from_millis(200);

/// A process that has imported the strategy.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    channel: UnixStream,
    words: LastWords,
    /// The last answer's bytes: the next one needs no other memory.
    bytes: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The strategy failed; the worker goes on.
    Refused(String),
    /// The worker has ended, or cannot be understood.
    Ended(String),
    /// It took too long.
    Late,
}

impl Worker {
    /// Start a process and wait until it has imported the strategy.
    pub(super) fn start(launch: &Launch, limit: Duration) -> Result<(Self, Hello), Fault> {
        let (child, channel, words) = launch.spawn().map_err(|error| Fault::Ended(error.to_string()))?;
        let mut worker = Self { child, channel, words, bytes: Vec::new() };
        let deadline = Instant::now() + limit;
        worker.send(&launch.told(), deadline)?;
        match worker.answer(0, deadline)? {
            Answer::Hello(hello) => Ok((worker, hello)),
            Answer::Failed(reason) => Err(Fault::Refused(reason)),
            Answer::Columns { .. } => Err(nonsense()),
        }
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it can still be asked.
    pub(super) fn is_alive(&self) -> bool {
        self.ended().is_none()
    }

    /// How its process has ended, if it has. The process is not waited for: until then its number is no other's.
    fn ended(&self) -> Option<WaitIdStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.group()?), options).ok()?
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Ask for the columns of so many bars.
    pub(super) fn ask(&mut self, request: &[u8], bars: usize, limit: Duration) -> Result<Answer, Fault> {
        let deadline = Instant::now() + limit;
        self.words.clear();
        self.send(request, deadline)?;
        match self.answer(bars, deadline)? {
            Answer::Failed(reason) => Err(Fault::Refused(reason)),
            Answer::Hello(_) => Err(nonsense()),
            columns @ Answer::Columns { .. } => Ok(columns),
        }
    }

    fn send(&mut self, text: &[u8], deadline: Instant) -> Result<(), Fault> {
        let framed = message::framed(text).map_err(Fault::Ended)?;
        self.limit_io(deadline)?;
        self.channel.write_all(&framed).map_err(|error| self.lost(&error))
    }

    fn answer(&mut self, bars: usize, deadline: Instant) -> Result<Answer, Fault> {
        let mut length = [0; 4];
        self.read(&mut length, deadline)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > message::longest(bars) {
            return Err(Fault::Ended(format!(
                "the worker's answer has {length} bytes, more than {bars} bars can need"
            )));
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.resize(length, 0);
        self.read(&mut bytes, deadline)?;
        let answer = message::answer(&bytes, bars).ok_or_else(nonsense);
        self.bytes = bytes;
        answer
    }

    fn read(&mut self, mut bytes: &mut [u8], deadline: Instant) -> Result<(), Fault> {
        while !bytes.is_empty() {
            self.limit_io(deadline)?;
            match self.channel.read(bytes) {
                Ok(0) => return Err(self.lost(&ErrorKind::UnexpectedEof.into())),
                Ok(length) => bytes = &mut bytes[length..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(&error)),
            }
        }
        Ok(())
    }

    fn limit_io(&self, deadline: Instant) -> Result<(), Fault> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Fault::Late);
        }
        let set = self.channel.set_read_timeout(Some(left)).and_then(|()| self.channel.set_write_timeout(Some(left)));
        set.map_err(|error| Fault::Ended(error.to_string()))
    }

    /// What the end of the socket means: a time limit, or the end of the process.
    fn lost(&mut self, error: &io::Error) -> Fault {
        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
            return Fault::Late;
        }
        // It has closed the socket, and so is about to end; if it does not, it is ended.
        let waited = Instant::now();
        let status = loop {
            match self.ended() {
                Some(status) => break Some(status),
                None if waited.elapsed() < LEAVE => std::thread::sleep(Duration::from_millis(2)),
                None => break None,
            }
        };
        let how = status.map_or_else(|| "the worker process closed its socket".to_owned(), |status| ending(&status));
        Fault::Ended(format!("{how}{}", self.words.told()))
    }
}

fn nonsense() -> Fault {
    Fault::Ended("the worker's answer is none: something else has written to its socket".to_owned())
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The group outlives its leader where the strategy has started processes.
        if let Some(group) = self.group() {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
