//! The same computation with the widest vectors that the machine has.
//!
//! Vectors change how many kernels are computed at once and nothing else: no operation is fused or reordered, so that
//! every machine gets the same bits.

/// Something to compute. `run` and all that it calls should be `#[inline(always)]`, to be compiled anew for each kind of
/// machine.
pub(super) trait Work {
    /// What comes out.
    type Output;

    /// Compute it.
    fn run(self) -> Self::Output;
}

/// Run with 256-bit vectors where there are any.
pub(super) fn widely<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "a function compiled for AVX2 may only run where there is AVX2, which was just asked")]
        // SAFETY: the machine has AVX2.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(test)]
mod tests {
    use super::super::exponential::exp;
    use super::super::mass::masses;
    use super::*;

    #[derive(Clone, Copy)]
    struct Sample<'a>(&'a [f64]);

    impl Work for Sample<'_> {
        type Output = Vec<f64>;

        #[inline(always)]
        fn run(self) -> Vec<f64> {
            let scales = vec![1.5; self.0.len()];
            let mut found = vec![0.0; self.0.len()];
            masses(&mut found, self.0, &scales, (-0.3, 0.4, 1.5));
            found.iter_mut().zip(self.0).for_each(|(mass, &x)| *mass += 0.1 * exp(-x * x) + x / 3.0);
            found
        }
    }

    #[test]
    fn wide_vectors_give_the_same_bits() {
        let points: Vec<f64> = (0..1_003).map(|step| f64::from(step) * 0.017_3 - 8.0).collect();
        assert_eq!(widely(Sample(&points)), Sample(&points).run());
    }
}
