//! Loops compiled twice: for any machine, and for those with wider vectors, which are found when the program runs.
//!
//! Both do the same operations in the same order on each number, and multiplications and additions are never fused, so
//! that results are the same to the last bit.

/// A piece of work whose loops gain from wider vectors. [`run`](Self::run) and what it calls are `#[inline(always)]`, or else
/// they are compiled for any machine only.
pub(crate) trait Wide {
    /// What comes of it.
    type Output;

    /// Do it.
    fn run(self) -> Self::Output;
}

/// Run with the widest vectors that this machine has.
#[inline]
pub(crate) fn widely<W: Wide>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the machine has just been found to have the instructions.
        #[expect(unsafe_code, reason = "the compiler cannot know what was found when the program runs")]
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<W: Wide>(work: W) -> W::Output {
    work.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products and sums, which fusing would change.
    struct Dot<'a>(&'a [f64], &'a [f64]);

    impl Wide for Dot<'_> {
        type Output = Vec<u64>;

        #[inline(always)]
        fn run(self) -> Vec<u64> {
            self.0.iter().zip(self.1).map(|(a, b)| (a * b + a / b).to_bits()).collect()
        }
    }

    #[test]
    fn wider_vectors_change_no_bit() {
        let a: Vec<f64> = (1..1000_u32).map(|t| f64::from(t).sqrt()).collect();
        let b: Vec<f64> = a.iter().rev().copied().collect();
        assert_eq!(widely(Dot(&a, &b)), Dot(&a, &b).run());
    }
}
