//! What happens to a panic, which is always a mistake of ours.
//!
//! Panics of an evaluation and of a decoder are caught where they happen and become a failed trial or
//! an error; printing them as well would only bury the message. So the hook keeps the place of the last
//! panic, and it is told only when nothing has caught it.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;
use std::sync::Mutex;

static LAST: Mutex<String> = Mutex::new(String::new());

/// Run `body`; a panic that gets out of it becomes its message and place.
pub(crate) fn caught<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST.lock() {
            *last = panic.to_string();
        }
    }));
    catch_unwind(AssertUnwindSafe(body)).map_err(|_| LAST.lock().map_or_else(|_| String::new(), |last| last.clone()))
}

/// Tell a panic that nothing has caught.
pub(crate) fn report(message: &str) -> ExitCode {
    let told = format!("error: bartune has a bug: {message}\nwhat was stored before is intact; please report this");
    // Nothing can be done if stderr is gone as well.
    let _ = writeln!(io::stderr(), "{told}");
    ExitCode::from(101)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        let message = caught(|| panic!("seven of nine")).expect_err("it panics");
        assert!(message.contains("seven of nine") && message.contains("panic.rs"));
    }
}
