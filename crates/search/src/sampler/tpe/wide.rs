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

/// Run with 512-bit or 256-bit vectors where there are any.
#[cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "a function compiled for AVX may only run where there is AVX, which is asked just before"
    )
)]
pub(super) fn widely<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected;
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
            // SAFETY: the machine has both.
            return unsafe { with_avx512(work) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has AVX2.
            return unsafe { with_avx2(work) };
        }
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
fn with_avx512<W: Work>(work: W) -> W::Output {
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
    use super::super::mass::mixed_masses;
    use super::*;

    #[derive(Clone, Copy)]
    struct Sample<'a>(&'a [f64]);

    impl Work for Sample<'_> {
        type Output = Vec<f64>;

        #[inline(always)]
        fn run(self) -> Vec<f64> {
            let scales = vec![1.5; self.0.len()];
            let mut found = vec![0.0; self.0.len()];
            mixed_masses(&mut found, self.0, &scales, (-0.3, 0.4));
            found.iter_mut().zip(self.0).for_each(|(mass, &x)| *mass += 0.1 * exp(-x * x) + x / 3.0);
            found
        }
    }

    #[test]
    fn wide_vectors_give_the_same_bits() {
        let points: Vec<f64> = (0..1_003).map(|step| f64::from(step) * 0.017_3 - 8.0).collect();
        let plain = Sample(&points).run();
        assert_eq!(widely(Sample(&points)), plain);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "as in `widely`, also where there is more than AVX2")]
            // SAFETY: the machine has AVX2.
            let found = unsafe { with_avx2(Sample(&points)) };
            assert_eq!(found, plain);
        }
    }
}
