//! The command's allocator, and that it keeps what is freed.

use std::ffi::c_long;

use mimalloc::MiMalloc;

/// A trial's columns are megabytes each. The system's allocator gives such memory back to the kernel when it is freed
/// and gets it page by page when the next trial asks; this one keeps it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_purge_delay` of mimalloc (`mimalloc.h`), for which the bindings have no name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Never give freed memory back before the process ends: the next trial needs as much. With the default of a second,
/// two thirds of the system time of a search go into getting pages that were just given back.
const NEVER: c_long = -1;

/// Keeps freed memory, unless the environment says otherwise.
pub(crate) fn keep_freed_memory() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        set_purge_delay(NEVER);
    }
}

#[expect(unsafe_code, reason = "mimalloc has no other way to set an option from within")]
fn set_purge_delay(delay_ms: c_long) {
    // SAFETY: the function stores a number in a table of options by its index, which is one of them; it may be called
    // from any thread at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, delay_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(unsafe_code, reason = "mimalloc has no other way to read an option")]
    fn purge_delay() -> c_long {
        // SAFETY: reads a number from a table of options by its index, which is one of them.
        unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
    }

    /// The default tells that the index still means what it meant: no other option is a thousand.
    #[test]
    fn the_option_is_the_one_whose_default_is_a_thousand_milliseconds() {
        assert_eq!(purge_delay(), 1000);
        set_purge_delay(NEVER);
        assert_eq!(purge_delay(), NEVER);
    }
}
