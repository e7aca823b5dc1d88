//! Bayesian optimisation with a Gaussian process, for one objective and some hundreds of trials.
//!
//! | file | job |
//! |---|---|
//! | `data` | the trials seen as coordinates and standardised values |
//! | `kernel` | Matérn 5/2 with one length scale a parameter |
//! | `regression` | the process: likelihood and its gradient, priors, fit, mean and variance |
//! | `lbfgs` | a minimiser for boxes |
//! | `improvement` | the logarithms of expected improvement and of meeting a constraint, and their gradients |
//! | `acquisition` | what a trial at a point is worth |
//! | `search` | where that is most |
//!
//! **Model.** Values are standardised and modelled with a noise variance of their own. The parameters of
//! the kernel maximise likelihood times priors, both Optuna's; the search begins at 1 every time, so that
//! a fresh sampler finds the same. They are fitted anew for each trial below 40 and for a twentieth more
//! trials from there on; the trials themselves always enter.
//!
//! - **Trials in flight** enter with the value that is expected of them, so that proposals keep apart.
//! - **Constraints** are modelled by a process each, and the improvement is multiplied by the probability that
//!   they are met; while nothing is feasible, only that counts. Infeasible trials enter with what values they have.
//!   Pruned trials that are feasible and trials without a value do not enter.
//! - **Infinite values** count as the largest or smallest finite one.
//! - **Conditions**: a parameter that is absent lies in the middle of its axis, an absent choice is a
//!   choice of its own. **Relations**: only points where they hold are considered.
//! - **Ties**: the first point found wins. A point that is known already is passed over.
//! - **Several objectives** are refused: use `nsga2`.
//!
//! # Source
//!
//! Rasmussen, Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1, eq. 5.9 (likelihood
//! and gradient); Gardner et al., "Bayesian Optimization with Inequality Constraints", 2014; Ament et al.,
//! "Unexpected Improvements to Expected Improvement", NeurIPS 2023 (logarithm);
//! Ginsbourger et al., "Kriging Is Well-Suited to Parallelize Optimization", 2010 (trials in flight). Kernel,
//! priors and noise floor are those of Optuna 5's `GPSampler`.

mod acquisition;
mod data;
mod improvement;
mod kernel;
mod lbfgs;
mod regression;
mod search;

use super::{Request, Sampler, SamplerError};
use crate::space::Assignment;
use acquisition::Acquisition;
use data::{Goals, Layout};
use regression::Fit;
use search::Search;

/// The options of [`Gp`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpOptions {
    /// Random draws until so many trials count. Default 10.
    pub startup_trials: usize,
    /// Random points that are looked at; the best of them are improved. Default 1,024.
    pub candidates: usize,
    /// How many of them are improved, with the best trial seen. Default 8.
    pub starts: usize,
    /// The model is made from at most so many trials: a quarter of them the best, the rest the newest.
    /// A proposal costs its cube. Default 400.
    pub trials: usize,
    /// Equal parameters give equal values: no noise is fitted. Default: no.
    pub deterministic: bool,
}

impl Default for GpOptions {
    fn default() -> Self {
        Self { startup_trials: 10, candidates: 1024, starts: 8, trials: 400, deterministic: false }
    }
}

/// The sampler.
#[derive(Debug, Clone, Default)]
pub struct Gp {
    options: GpOptions,
    /// The last fits, and the hash of what they were made from.
    fitted: Option<(u64, Vec<Fit>)>,
}

impl Gp {
    /// A sampler with these options.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for an option out of its range.
    pub fn try_new(options: GpOptions) -> Result<Self, SamplerError> {
        for (option, got) in
            [("candidates", options.candidates), ("starts", options.starts), ("trials", options.trials)]
        {
            if got == 0 {
                let got = got.to_string();
                return Err(SamplerError::Option { sampler: "gp", option, expected: "at least 1", got });
            }
        }
        Ok(Self { options, fitted: None })
    }

    /// The kernels' parameters for these goals: fitted to the first of the trials, up to the last milestone.
    fn fits(&mut self, request: &Request<'_>, layout: &Layout, (rows, goals): (&[usize], &Goals)) -> Vec<Fit> {
        let earlier = &rows[..milestone(rows.len())];
        let past = Goals::of(request, layout, earlier, self.options.trials);
        // What is modelled for the first time is fitted to all that there is.
        let (rows, goals) = if past.is_like(goals) { (earlier, &past) } else { (rows, goals) };
        let seen = rows.last().map_or(0, |row| row + 1);
        // The direction is part of what was fitted; a view's hash does not know it.
        let key = request.view.fingerprint(seen) ^ request.directions[0] as u64;
        if let Some((cached, fits)) = &self.fitted
            && *cached == key
        {
            return fits.clone();
        }
        let fits: Vec<Fit> = goals.iter().map(|goal| Fit::of(&goal.data, self.options.deterministic)).collect();
        self.fitted = Some((key, fits.clone()));
        fits
    }
}

/// Up to how many of so many trials the kernel is fitted.
fn milestone(trials: usize) -> usize {
    let twentieth = (trials / 20).max(1);
    // The largest power of 2 that is not above it: milestones of one stretch are evenly spaced.
    let spacing = 1 << twentieth.ilog2();
    trials / spacing * spacing
}

impl Sampler for Gp {
    fn name(&self) -> &'static str {
        "gp"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        if request.directions.len() != 1 || request.view.objectives() != 1 {
            return Err(SamplerError::Objectives { sampler: self.name(), objectives: request.directions.len() });
        }
        if !request.view.is_of(request.space) {
            return Err(SamplerError::OtherSpace);
        }
        let mut stream = request.stream();
        let rows = data::usable(&request.view);
        let layout = Layout::of(request.space);
        if rows.len() < self.options.startup_trials.max(1) || layout.is_empty() {
            return Ok(request.space.sample_uniform(&mut stream)?);
        }
        let goals = Goals::of(request, &layout, &rows, self.options.trials);
        let fits = self.fits(request, &layout, (&rows, &goals));
        let mut worth = Acquisition::of(&goals, &fits);
        worth.believe(&layout.pending(request));
        let (incumbent, options) = (&goals.best[..], &self.options);
        let search = Search { request, layout: &layout, worth: &worth, incumbent, options };
        match search.best(&mut stream)? {
            Some(assignment) => Ok(assignment),
            None => Ok(request.space.sample_uniform(&mut stream)?),
        }
    }
}

#[cfg(test)]
mod tests;
