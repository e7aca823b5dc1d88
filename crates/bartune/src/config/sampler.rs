//! `[search] sampler = …` and the table of its options, `[search.tpe]` and so on.
//!
//! The options are the samplers' own, with their defaults and their checks; here they get keys. Each
//! effective value is kept as a setting of the study, so that a study continued with other options is
//! refused key by key.

use std::collections::BTreeMap;

use bartune_search::sampler::auto::{self, Suited};
use bartune_search::sampler::cmaes::{Cmaes, CmaesOptions, Covariance, Restart};
use bartune_search::sampler::gp::{Gp, GpOptions};
use bartune_search::sampler::grid::Grid;
use bartune_search::sampler::halton::{Halton, HaltonOptions};
use bartune_search::sampler::nsga2::{Crossover, Mutation, Nsga2, NsgaOptions};
use bartune_search::sampler::nsga3::{Nsga3, Nsga3Options};
use bartune_search::sampler::random::Random;
use bartune_search::sampler::sobol::{Sobol, SobolOptions};
use bartune_search::sampler::tpe::{Gamma, Multivariate, Startup, Tpe, TpeOptions};
use bartune_search::sampler::{Sampler, SamplerError};
use bartune_search::space::Space;
use serde_json::{Value, json};

use super::section::{Problems, Section};
use crate::diagnostic::Span;

/// A sampler and its options.
#[derive(Debug, Clone, PartialEq)]
pub enum SamplerPlan {
    /// The one that suits space, budget and objectives, chosen when the study is made.
    Auto,
    /// Uniform draws.
    Random,
    /// Every point of a finite space once.
    Grid,
    /// The scrambled Sobol sequence.
    Sobol(SobolOptions),
    /// The scrambled Halton sequence.
    Halton(HaltonOptions),
    /// Tree-structured Parzen estimator.
    Tpe(TpeOptions),
    /// Covariance matrix adaptation.
    Cmaes(CmaesOptions),
    /// Non-dominated sorting genetic algorithm.
    Nsga2(NsgaOptions),
    /// The same for many objectives.
    Nsga3(Nsga3Options),
    /// Gaussian process.
    Gp(GpOptions),
}

impl SamplerPlan {
    /// Every name that `search.sampler` can have.
    pub const NAMES: [&'static str; 10] =
        ["auto", "random", "grid", "sobol", "halton", "tpe", "cmaes", "nsga2", "nsga3", "gp"];

    /// Its name in study files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Random => "random",
            Self::Grid => "grid",
            Self::Sobol(_) => "sobol",
            Self::Halton(_) => "halton",
            Self::Tpe(_) => "tpe",
            Self::Cmaes(_) => "cmaes",
            Self::Nsga2(_) => "nsga2",
            Self::Nsga3(_) => "nsga3",
            Self::Gp(_) => "gp",
        }
    }

    /// The sampler with this name and its default options.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "random" => Self::Random,
            "grid" => Self::Grid,
            "sobol" => Self::Sobol(SobolOptions::default()),
            "halton" => Self::Halton(HaltonOptions::default()),
            "tpe" => Self::Tpe(TpeOptions::default()),
            "cmaes" => Self::Cmaes(CmaesOptions::default()),
            "nsga2" => Self::Nsga2(NsgaOptions::default()),
            "nsga3" => Self::Nsga3(Nsga3Options::default()),
            "gp" => Self::Gp(GpOptions::default()),
            _ => return None,
        })
    }

    /// For `auto`: the sampler that suits a study, and why; anything else is itself.
    #[must_use]
    pub fn resolved(&self, space: &Space, objectives: usize, budget: u64) -> (Self, Option<String>) {
        if *self != Self::Auto {
            return (self.clone(), None);
        }
        let choice = auto::choose(space, objectives, budget);
        let chosen = match choice.sampler {
            Suited::Grid => Self::Grid,
            Suited::Cmaes => Self::Cmaes(CmaesOptions::default()),
            _ => Self::Tpe(TpeOptions::default()),
        };
        (chosen, Some(choice.reason))
    }

    /// The sampler itself. `auto` must have been resolved; what is left of it draws as TPE does.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for an option out of its range.
    pub fn build(&self) -> Result<Box<dyn Sampler>, SamplerError> {
        Ok(match self.clone() {
            Self::Auto => Box::new(Tpe::default()),
            Self::Random => Box::new(Random),
            Self::Grid => Box::new(Grid::default()),
            Self::Sobol(options) => Box::new(Sobol::new(options)),
            Self::Halton(options) => Box::new(Halton::new(options)),
            Self::Tpe(options) => Box::new(Tpe::try_new(options)?),
            Self::Cmaes(options) => Box::new(Cmaes::try_new(options)?),
            Self::Nsga2(options) => Box::new(Nsga2::try_new(options)?),
            Self::Nsga3(options) => Box::new(Nsga3::try_new(options)?),
            Self::Gp(options) => Box::new(Gp::try_new(options)?),
        })
    }
}

/// A sampler as a study file asks for it.
#[derive(Debug, Clone)]
pub(crate) struct SamplerOptions {
    pub(crate) plan: SamplerPlan,
    /// Effective options by key, for the study's fingerprint.
    pub(crate) settings: BTreeMap<&'static str, Value>,
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self { plan: SamplerPlan::Auto, settings: BTreeMap::new() }
    }
}

/// Read the sampler's name and its table; a table of another sampler is a problem, as nothing reads it.
pub(crate) fn read(search: &Section<'_>) -> SamplerOptions {
    let words = SamplerPlan::NAMES.map(|name| (name, name));
    let name = search.word("sampler", &words).unwrap_or("auto");
    let mut plan = SamplerPlan::named(name).unwrap_or(SamplerPlan::Auto);
    let mut settings = BTreeMap::new();
    for table in SamplerPlan::NAMES {
        let Some(section) = search.section(table) else { continue };
        if table != name {
            let message = format!("`[search.{table}]` is not read: the sampler is \"{name}\"");
            let help = format!("write `sampler = \"{table}\"`, or remove the table");
            search.problems().push_with_help("E110", section.span(), message, help);
            continue;
        }
        let span = section.span().clone();
        let mut keys = Keys { section: &section, settings: BTreeMap::new() };
        options(&mut plan, &mut keys);
        settings = keys.settings;
        report(&plan, &span, search.problems());
        section.finish();
    }
    SamplerOptions { plan, settings }
}

/// Tell what the sampler itself finds wrong with its options.
fn report(plan: &SamplerPlan, span: &Span, problems: &Problems) {
    if let Err(SamplerError::Option { sampler, option, expected, got }) = plan.build() {
        problems.push("E104", span, format!("`search.{sampler}.{option}` must be {expected}, not {got}"));
    }
}

fn options(plan: &mut SamplerPlan, keys: &mut Keys<'_, '_>) {
    match plan {
        SamplerPlan::Auto | SamplerPlan::Random | SamplerPlan::Grid => {}
        SamplerPlan::Sobol(options) => keys.flag("scramble", &mut options.scramble),
        SamplerPlan::Halton(options) => keys.flag("scramble", &mut options.scramble),
        SamplerPlan::Tpe(options) => tpe(options, keys),
        SamplerPlan::Cmaes(options) => cmaes(options, keys),
        SamplerPlan::Nsga2(options) => nsga(options, keys),
        SamplerPlan::Nsga3(options) => {
            nsga(&mut options.common, keys);
            keys.count("divisions", &mut options.divisions);
        }
        SamplerPlan::Gp(options) => {
            keys.count("startup_trials", &mut options.startup_trials);
            keys.count("candidates", &mut options.candidates);
            keys.count("starts", &mut options.starts);
            keys.count("trials", &mut options.trials);
            keys.flag("deterministic", &mut options.deterministic);
        }
    }
}

fn tpe(options: &mut TpeOptions, keys: &mut Keys<'_, '_>) {
    keys.count("startup_trials", &mut options.startup_trials);
    keys.word("startup", &[("sobol", Startup::Sobol), ("random", Startup::Random)], &mut options.startup);
    keys.number("sharpness", &mut options.sharpness);
    keys.number("parabola", &mut options.parabola);
    keys.count("candidates", &mut options.candidates);
    let (mut fraction, mut limit) = (None, 25);
    keys.maybe_number("gamma", &mut fraction);
    keys.count("gamma_limit", &mut limit);
    match fraction {
        Some(fraction) => options.gamma = Gamma::Linear { fraction, limit },
        None if keys.given("gamma_limit") => options.gamma = Gamma::Linear { fraction: 0.1, limit },
        None => {}
    }
    keys.number("prior_weight", &mut options.prior_weight);
    let mut joint = matches!(options.multivariate, Multivariate::Joint);
    if keys.given("multivariate") {
        keys.flag("multivariate", &mut joint);
        options.multivariate = if joint { Multivariate::Joint } else { Multivariate::Independent };
    }
    keys.flag("constant_liar", &mut options.constant_liar);
    keys.flag("magic_clip", &mut options.magic_clip);
    keys.flag("endpoints", &mut options.endpoints);
    keys.flag("exact", &mut options.exact);
}

fn cmaes(options: &mut CmaesOptions, keys: &mut Keys<'_, '_>) {
    keys.number("sigma", &mut options.sigma);
    keys.maybe_count("population", &mut options.population);
    let covariances =
        [("automatic", Covariance::Automatic), ("full", Covariance::Full), ("separable", Covariance::Separable)];
    keys.word("covariance", &covariances, &mut options.covariance);
    let restarts = [("never", Restart::Never), ("ipop", Restart::Ipop), ("bipop", Restart::Bipop)];
    keys.word("restart", &restarts, &mut options.restart);
    keys.count("population_growth", &mut options.population_growth);
    keys.count("startup_trials", &mut options.startup_trials);
    keys.maybe_number("margin", &mut options.margin);
    keys.number("parabola", &mut options.parabola);
}

fn nsga(options: &mut NsgaOptions, keys: &mut Keys<'_, '_>) {
    keys.count("population", &mut options.population);
    keys.number("crossover_probability", &mut options.crossover_probability);
    keys.number("swapping_probability", &mut options.swapping_probability);
    keys.maybe_number("mutation_probability", &mut options.mutation_probability);
    let crossovers = [
        ("uniform", Crossover::Uniform),
        ("blx_alpha", Crossover::BlxAlpha { alpha: 0.5 }),
        ("spx", Crossover::Spx { epsilon: None }),
        ("sbx", Crossover::Sbx { eta: None, uniform_probability: 0.5, child_probability: 0.5 }),
        ("vsbx", Crossover::VSbx { eta: None, uniform_probability: 0.5, child_probability: 0.5 }),
        ("undx", Crossover::Undx { sigma_xi: 0.5, sigma_eta: None }),
    ];
    keys.word("crossover", &crossovers, &mut options.crossover);
    let mut eta = None;
    keys.maybe_number("mutation_eta", &mut eta);
    if let Some(eta) = eta {
        options.mutation = Mutation::Polynomial { eta };
    }
}

/// The keys of one table. Each reader keeps the effective value.
struct Keys<'a, 'b> {
    section: &'a Section<'b>,
    settings: BTreeMap<&'static str, Value>,
}

impl Keys<'_, '_> {
    fn given(&self, key: &'static str) -> bool {
        self.section.get(key).is_some()
    }

    fn count(&mut self, key: &'static str, into: &mut usize) {
        let mut value = Some(*into);
        self.maybe_count(key, &mut value);
        *into = value.unwrap_or(*into);
    }

    fn maybe_count(&mut self, key: &'static str, into: &mut Option<usize>) {
        if let Some(number) = self.section.integer(key) {
            match usize::try_from(number.value) {
                Ok(count) => *into = Some(count),
                Err(_) => self.section.problems().push("E104", &number.span, format!("`{key}` is a count, 0 or more")),
            }
        }
        self.settings.insert(key, json!(into));
    }

    fn number(&mut self, key: &'static str, into: &mut f64) {
        *into = self.section.number(key).map_or(*into, |number| number.value);
        self.settings.insert(key, json!(into));
    }

    fn maybe_number(&mut self, key: &'static str, into: &mut Option<f64>) {
        *into = self.section.number(key).map(|number| number.value).or(*into);
        self.settings.insert(key, json!(into));
    }

    fn flag(&mut self, key: &'static str, into: &mut bool) {
        *into = self.section.boolean(key).map_or(*into, |flag| flag.value);
        self.settings.insert(key, json!(into));
    }

    fn word<T: Copy + PartialEq>(&mut self, key: &'static str, words: &[(&'static str, T)], into: &mut T) {
        *into = self.section.word(key, words).unwrap_or(*into);
        let name = words.iter().find(|(_, word)| word == into).map(|(name, _)| *name);
        self.settings.insert(key, json!(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Plan, parse_study};

    fn parse(search: &str) -> Result<Plan, String> {
        let text = format!(
            "name = \"s\"\n[data]\npath = \"bars.csv\"\n[params]\nn = {{ int = [2, 50] }}\n[strategy]\n\
             long_entry = \"close > sma(close, n)\"\n[search]\n{search}\n"
        );
        parse_study("s.toml", &text, std::path::Path::new(""), &[]).map_err(|problems| problems.to_string())
    }

    #[test]
    fn every_sampler_has_a_name_that_reads_back() {
        for name in SamplerPlan::NAMES {
            assert_eq!(SamplerPlan::named(name).map(|plan| plan.name()), Some(name));
            let plan = parse(&format!("sampler = \"{name}\"")).expect("it has defaults");
            assert_eq!(plan.search.sampler.name(), name);
            assert!(plan.search.sampler.build().is_ok());
        }
    }

    #[test]
    fn without_a_sampler_it_is_chosen_by_space_and_budget() {
        let plan = parse("trials = 1000").expect("it is well formed");
        let (chosen, why) = plan.search.sampler.resolved(&plan.parameters.space, 1, 1_000);
        assert_eq!((chosen, why.is_some()), (SamplerPlan::Grid, true));
        let (chosen, _) = plan.search.sampler.resolved(&plan.parameters.space, 1, 20);
        assert_eq!(chosen.name(), "tpe");
    }

    #[test]
    fn options_are_read_and_kept_as_settings() {
        let plan = parse("sampler = \"nsga2\"\n[search.nsga2]\npopulation = 20\ncrossover = \"sbx\"")
            .expect("it is well formed");
        let SamplerPlan::Nsga2(options) = &plan.search.sampler else { panic!("another sampler") };
        assert_eq!(options.population, 20);
        assert!(matches!(options.crossover, Crossover::Sbx { .. }));
        assert_eq!(plan.search.sampler_settings["population"], 20);
        assert_eq!(plan.search.sampler_settings["crossover"], "sbx");
        assert_eq!(plan.search.sampler_settings["crossover_probability"], 0.9);
    }

    #[test]
    fn the_share_of_good_trials_is_an_option_of_tpe() {
        let gamma = |table: &str| {
            let plan = parse(&format!("sampler = \"tpe\"\n[search.tpe]\n{table}")).expect("it is well formed");
            let SamplerPlan::Tpe(options) = plan.search.sampler else { panic!("another sampler") };
            (options.gamma, options.startup)
        };
        assert_eq!(gamma(""), (Gamma::Automatic, Startup::Sobol));
        assert_eq!(gamma("gamma = 0.2\nstartup = \"random\"").0, Gamma::Linear { fraction: 0.2, limit: 25 });
        assert_eq!(gamma("gamma_limit = 50").0, Gamma::Linear { fraction: 0.1, limit: 50 });
        assert_eq!(gamma("startup = \"random\"").1, Startup::Random);
    }

    #[test]
    fn a_sampler_is_made_from_its_name_and_its_lines() {
        let plan =
            crate::config::parse_sampler("tpe", "candidates = 32\nmultivariate = false").expect("it is well formed");
        let SamplerPlan::Tpe(options) = plan else { panic!("another sampler") };
        assert_eq!((options.candidates, options.multivariate), (32, Multivariate::Independent));
        assert_eq!(crate::config::parse_sampler("random", "").expect("it has none"), SamplerPlan::Random);
        for (name, lines) in [("tpx", ""), ("tpe", "candidate = 3"), ("gp", "starts = -1"), ("tpe", "= 3")] {
            assert!(crate::config::parse_sampler(name, lines).is_err(), "{name} {lines}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let problem = |search| parse(search).expect_err("it is wrong");
        assert!(problem("sampler = \"gp\"\n[search.tpe]\ncandidates = 3").contains("`[search.tpe]` is not read"));
        assert!(
            problem("sampler = \"cmaes\"\n[search.cmaes]\nsigma = -1.0")
                .contains("`search.cmaes.sigma` must be above 0")
        );
        assert!(problem("sampler = \"cmaes\"\n[search.cmaes]\nsigme = 0.1").contains("did you mean `sigma`"));
        assert!(problem("sampler = \"cmeas\"").contains("did you mean \"cmaes\""));
        assert!(problem("sampler = \"gp\"\n[search.gp]\nstarts = -2").contains("a count, 0 or more"));
    }
}
