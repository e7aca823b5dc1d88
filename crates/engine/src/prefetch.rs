//! Memory that will be read soon is asked for now.
//!
//! A simulation goes from event to event, and each lies in lines of memory that no neighbour has fetched: without this
//! it waits for them at every trade. A request changes no value and cannot fail.

/// Asks for the line that holds this value; nothing where there is none.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 has the instruction, and it reads nothing that a program could see.
        #[expect(unsafe_code, reason = "there is no safe way to ask for memory")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values.get(index);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_as_it_is_and_may_not_exist() {
        let values = [1.0, 2.0];
        (0..5).for_each(|index| prefetch(&values, index));
        prefetch::<f64>(&[], 0);
        assert_eq!(values, [1.0, 2.0]);
    }
}
