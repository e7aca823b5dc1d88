//! How often the verdict is right: studies on markets without any edge, and on markets with a known one.
//!
//! ```sh
//! cargo run --release -p bartune --example verdict -- [MARKETS] [THREADS] [FIRST_SEED] > criteria.csv
//! ```
//!
//! MARKETS (default 300) are judged without an edge, and a quarter as many with each planted Sharpe ratio. Each has five
//! years of four-hour bars, searched with 500 trials by the default sampler, and validated with default options. A planted
//! ratio is that of the planted parameters after costs, measured on 800 years of the same market. The table goes to
//! standard error; standard output has every criterion of every market, for whoever wants to look at thresholds.

mod market;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bartune::config::{Plan, StudyText};
use bartune::data::{Dataset, divide};
use bartune::engine::bars::{Bars, LoadOptions, Loaded, load};
use bartune::search::space::{Assignment, ParamValue};
use bartune::study::{Control, RunOptions, Session, run};
use bartune::validation::{Judgement, Validation, ValidationOptions, Verdict, validate};
use bartune::{CacheBudget, Error, Evaluator, SegmentName};

use market::{BARS_PER_YEAR, FAST, GENERATORS, Generator, Move, Recipe, SLOW, market, moves};

const TRIALS: u64 = 500;
const YEARS: f64 = 5.0;
/// Markets of the table in BENCHMARKS.md.
const FIRST_SEED: u64 = 1_000;
/// Planted Sharpe ratios a year; 0 is no edge.
const PLANTED: [f64; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];
/// The rule that the verdict is compared with: the best trial's ratio on validate is above this.
const NAIVE: f64 = 1.0;

/// One market to judge.
#[derive(Debug, Clone, Copy)]
struct Case {
    planted: f64,
    recipe: Recipe,
}

/// What was said of it.
struct Answer {
    case: Case,
    /// `None` where no trial was feasible, so that there is no winner to judge.
    judgement: Option<Judgement>,
    validate_sharpe: Option<f64>,
    /// What the criteria could be made of.
    statistics: Vec<(&'static str, Option<f64>)>,
}

impl Answer {
    fn is(&self, verdict: Verdict) -> bool {
        self.judgement.as_ref().map_or(verdict == Verdict::NotEnoughData, |judgement| judgement.verdict == verdict)
    }

    fn is_naive(&self) -> bool {
        self.validate_sharpe.is_some_and(|sharpe| sharpe > NAIVE)
    }
}

/// What all cases share.
struct Bench {
    plan: Plan,
    template: Loaded,
    real: Vec<Move>,
    first_seed: u64,
}

fn main() -> Result<(), Error> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let markets = numbers.first().copied().unwrap_or(300);
    let threads =
        numbers.get(1).copied().unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let plan = StudyText::read(&folder.join("benches/verdict/study.toml"), &[])?.plan()?;
    let template = load(folder.join("examples/data/sp500_daily.parquet"), &LoadOptions::default())?;
    let real = moves(&template.bars);
    let first_seed = numbers.get(2).map_or(FIRST_SEED, |seed| *seed as u64);
    let bench = Bench { plan, template, real, first_seed };
    let cases = bench.cases(markets)?;
    let answers = bench.answers(&cases, threads)?;
    print_criteria(&answers);
    eprint!("{}", table(&answers));
    Ok(())
}

impl Bench {
    fn cases(&self, markets: usize) -> Result<Vec<Case>, Error> {
        let mut cases = Vec::new();
        for planted in PLANTED {
            for (index, generator) in GENERATORS.into_iter().enumerate() {
                let drift = if planted == 0.0 { 0.0 } else { self.drift_for(generator, planted)? };
                let count = if planted == 0.0 { markets } else { markets / 4 };
                let seeds = (index..count).step_by(GENERATORS.len());
                let bars = (YEARS * BARS_PER_YEAR) as usize;
                cases.extend(seeds.map(|seed| Case {
                    planted,
                    recipe: Recipe { generator, seed: self.first_seed + seed as u64, bars, drift },
                }));
            }
        }
        Ok(cases)
    }

    /// The drift with which the planted parameters have this ratio after costs in the long run.
    fn drift_for(&self, generator: Generator, planted: f64) -> Result<f64, Error> {
        let bars = (200.0 * BARS_PER_YEAR) as usize;
        let ratio = |drift: f64| -> Result<f64, Error> {
            let mut sum = 0.0;
            for path in 0..4 {
                sum += self.planted_sharpe(Recipe { generator, seed: (1 << 32) + path, bars, drift })?;
            }
            Ok(sum / 4.0)
        };
        let (mut low, mut high) = (0.0, 0.2);
        for _ in 0..9 {
            let middle = 0.5 * (low + high);
            if ratio(middle)? < planted { low = middle } else { high = middle }
        }
        let drift = 0.5 * (low + high);
        eprintln!("{}: drift {drift:.4} of a typical move, Sharpe {:.3}", generator.name(), ratio(drift)?);
        Ok(drift)
    }

    fn planted_sharpe(&self, recipe: Recipe) -> Result<f64, Error> {
        let mut dataset = self.dataset(recipe)?;
        dataset.segments.train = 0..dataset.bars.len();
        dataset.segments.validate = None;
        let int = |value: usize| ParamValue::Int(value as i64);
        let planted: Assignment = [
            ("fast".to_owned(), int(FAST)),
            ("slow".to_owned(), int(SLOW)),
            ("stop".to_owned(), ParamValue::Float(12.0)),
            ("filter".to_owned(), ParamValue::Choice(0)),
        ]
        .into_iter()
        .collect();
        let params = self.plan.parameters.to_params(&planted);
        let evaluator = Evaluator::new(&self.plan, &dataset);
        let run = evaluator.backtest(&params, SegmentName::Train)?;
        Ok(run.metrics.get("sharpe").unwrap_or(0.0))
    }

    fn dataset(&self, recipe: Recipe) -> Result<Dataset, Error> {
        let bars: Bars = market(recipe, &self.real);
        let segments = divide(&bars, &self.plan.split)?;
        Ok(Dataset { loaded: Loaded { bars: bars.clone(), report: self.template.report.clone() }, bars, segments })
    }

    /// Judge all cases, each by itself.
    fn answers(&self, cases: &[Case], threads: usize) -> Result<Vec<Answer>, Error> {
        let next = AtomicUsize::new(0);
        let answers = Mutex::new(Vec::with_capacity(cases.len()));
        let work = || -> Result<(), Error> {
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = self.judge(*case)?;
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                answers.push(answer);
                if answers.len() % 100 == 0 {
                    eprintln!("{} of {}", answers.len(), cases.len());
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
        })?;
        let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let order =
            |answer: &Answer| (answer.case.planted, answer.case.recipe.generator as usize, answer.case.recipe.seed);
        answers.sort_by(|a, b| order(a).partial_cmp(&order(b)).expect("no NaN"));
        Ok(answers)
    }

    fn judge(&self, case: Case) -> Result<Answer, Error> {
        let dataset = self.dataset(case.recipe)?;
        let mut plan = self.plan.clone();
        plan.search.trials = TRIALS;
        plan.search.seed = case.recipe.seed;
        plan.adapt(dataset.segments.train.len());
        let cache = CacheBudget::of_bytes(64 << 20);
        let evaluator = Evaluator::new(&plan, &dataset).with_cache(cache);
        let mut session = Session::in_memory(&plan, &dataset)?;
        let options = RunOptions { workers: NonZeroUsize::MIN, ..RunOptions::of(&plan) };
        let control = Control::default();
        run(&mut session, &evaluator, &options, &control, |_| {})?;
        let options = ValidationOptions { workers: NonZeroUsize::MIN, cache, ..ValidationOptions::default() };
        let found = validate((&evaluator, &dataset), &session, None, &options, (&control, &mut |_, _| {}));
        match found {
            Ok(found) => Ok(Answer {
                case,
                validate_sharpe: found.sharpe[1],
                statistics: statistics(&found),
                judgement: Some(found.judgement()),
            }),
            Err(Error::NoWinner { .. }) => {
                Ok(Answer { case, judgement: None, validate_sharpe: None, statistics: Vec::new() })
            }
            Err(error) => Err(error),
        }
    }
}

fn statistics(found: &Validation) -> Vec<(&'static str, Option<f64>)> {
    let walk = found.walk_forward.as_ref().ok();
    let selection = found.selection.as_ref().ok();
    let cross = found.cross_validation.as_ref().ok();
    let plateau = found.plateau.as_ref().ok();
    let mut paths = cross.map_or(Vec::new(), |cross| cross.combinatorial.sharpes.clone());
    paths.sort_by(f64::total_cmp);
    vec![
        ("train_sharpe", found.sharpe[0]),
        ("walk_sharpe", walk.map(|walk| walk.sharpe)),
        ("efficiency", walk.and_then(|walk| walk.efficiency)),
        ("expected_maximum", selection.map(|selection| selection.expected_maximum)),
        ("effective_trials", selection.map(|selection| selection.effective_trials)),
        ("probabilistic", selection.map(|selection| selection.probabilistic)),
        ("validate_probabilistic", selection.and_then(|selection| selection.validate)),
        ("spa", selection.and_then(|selection| selection.reality_check).map(|check| check.consistent)),
        ("typical", selection.map(|selection| selection.typical)),
        ("cscv_loss", cross.map(|cross| cross.overfitting.loss)),
        ("path_low", paths.get(paths.len() / 20).copied()),
        ("path_median", paths.get(paths.len() / 2).copied()),
        ("plateau_ratio", plateau.map(|plateau| plateau.joint_median / plateau.peak)),
    ]
}

fn print_criteria(answers: &[Answer]) {
    let names = answers.iter().find_map(|answer| answer.judgement.as_ref());
    let names: Vec<&str> = names.into_iter().flat_map(|judgement| &judgement.criteria).map(|one| one.name).collect();
    let more: Vec<&str> = answers
        .iter()
        .map(|answer| &answer.statistics)
        .max_by_key(|all| all.len())
        .into_iter()
        .flatten()
        .map(|(name, _)| *name)
        .collect();
    let names = [names, more].concat();
    println!("planted,generator,seed,verdict,validate_sharpe,{}", names.join(",").replace(": ", " "));
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
    for Answer { case, judgement, validate_sharpe, statistics } in answers {
        let criteria = judgement.iter().flat_map(|judgement| &judgement.criteria).map(|one| one.value);
        let values: Vec<String> = criteria.chain(statistics.iter().map(|(_, value)| *value)).map(number).collect();
        let verdict = judgement.as_ref().map_or("no winner", |judgement| judgement.verdict.name());
        let Recipe { generator, seed, .. } = case.recipe;
        println!(
            "{},{},{seed},{verdict},{},{}",
            case.planted,
            generator.name(),
            number(*validate_sharpe),
            values.join(",")
        );
    }
}

/// Shares by planted ratio and generator.
fn table(answers: &[Answer]) -> String {
    let mut text = format!(
        "\n{:>7}  {:<10} {:>7}  {:>7} {:>8} {:>12} {:>15}  {:>18}\n",
        "planted", "market", "markets", "robust", "fragile", "likely noise", "not enough data", "validate above 1"
    );
    for planted in PLANTED {
        let of_ratio = || answers.iter().filter(move |answer| answer.case.planted == planted);
        for generator in GENERATORS {
            let some: Vec<&Answer> = of_ratio().filter(|answer| answer.case.recipe.generator == generator).collect();
            text += &line(planted, generator.name(), &some);
        }
        text += &line(planted, "all", &of_ratio().collect::<Vec<_>>());
    }
    text
}

fn line(planted: f64, market: &str, answers: &[&Answer]) -> String {
    let share = |is: &dyn Fn(&Answer) -> bool| {
        let count = answers.iter().filter(|answer| is(answer)).count();
        format!("{:.1} %", 100.0 * count as f64 / answers.len().max(1) as f64)
    };
    let verdict = |verdict: Verdict| share(&|answer| answer.is(verdict));
    format!(
        "{planted:>7.1}  {market:<10} {:>7}  {:>7} {:>8} {:>12} {:>15}  {:>18}\n",
        answers.len(),
        verdict(Verdict::Robust),
        verdict(Verdict::Fragile),
        verdict(Verdict::LikelyNoise),
        verdict(Verdict::NotEnoughData),
        share(&Answer::is_naive),
    )
}
