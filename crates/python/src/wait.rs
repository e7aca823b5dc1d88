//! Long work beside the interpreter: Python's lock is free meanwhile, and Ctrl-C is heard.
//!
//! The work runs on a thread of its own. The calling thread passes its messages to Python and looks for signals.
//! On one, work with a [`Control`] is told to stop and waited for, so that it ends at a clean point; other work only
//! reads, and is left to end by itself.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bartune::study::Control;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use pyo3::prelude::*;

use crate::error::lost_worker;

/// Signals are looked for this often.
const TICK: Duration = Duration::from_millis(50);

enum Message<M, T> {
    Told(M),
    Done(T),
}

/// Where work tells how far it is.
pub(crate) struct Teller<M, T>(Sender<Message<M, T>>);

impl<M, T> Teller<M, T> {
    /// Tell something; nobody listens any more if the work was left alone.
    pub(crate) fn tell(&self, message: M) {
        let _ = self.0.send(Message::Told(message));
    }
}

/// Work that tells nothing and changes nothing.
pub(crate) fn read_only<T: Send + 'static>(py: Python<'_>, work: impl FnOnce() -> T + Send + 'static) -> PyResult<T> {
    watch(py, None, |(): ()| Ok(()), move |_| work())
}

/// Work that tells how far it is. An exception of `heard` ends it as Ctrl-C does.
pub(crate) fn watch<M: Send + 'static, T: Send + 'static>(
    py: Python<'_>,
    control: Option<Arc<Control>>,
    mut heard: impl FnMut(M) -> PyResult<()>,
    work: impl FnOnce(&Teller<M, T>) -> T + Send + 'static,
) -> PyResult<T> {
    let (sender, receiver) = unbounded();
    thread::spawn(move || {
        let teller = Teller(sender);
        let done = work(&teller);
        let _ = teller.0.send(Message::Done(done));
    });
    let mut stopped: Option<PyErr> = None;
    loop {
        let message = py.detach(|| next(&receiver));
        let outcome = match message {
            Ok(Some(Message::Done(done))) => return stopped.map_or(Ok(done), Err),
            Ok(Some(Message::Told(message))) if stopped.is_none() => heard(message),
            Ok(_) => Ok(()),
            Err(()) => return Err(stopped.unwrap_or_else(lost_worker)),
        };
        if let Err(error) = outcome.and_then(|()| py.check_signals()) {
            match (&control, &stopped) {
                (Some(control), None) => control.stop(),
                // Asked a second time, or nothing to be kept whole.
                _ => return Err(error),
            }
            stopped = Some(error);
        }
    }
}

fn next<M, T>(receiver: &Receiver<Message<M, T>>) -> Result<Option<Message<M, T>>, ()> {
    match receiver.recv_timeout(TICK) {
        Ok(message) => Ok(Some(message)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(()),
    }
}
