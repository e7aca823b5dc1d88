//! Strategies in Python through real worker processes: what they decide is what rules decide, what breaks fails its own trial
//! and no other, and no process is left behind.
//!
//! They run in the interpreter that `BARTUNE_TEST_PYTHON` names, which has numpy and pandas (`scripts/test` makes one). Without
//! it they are skipped, but never where `CI` is set.
#![cfg(unix)]

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use bartune::Evaluator;
use bartune::config::{Plan, parse_study};
use bartune::data::{self, Dataset};
use bartune::preflight::{Finding, PreflightOptions, Severity, preflight};
use bartune::search::storage::TrialRecord;
use bartune::strategy::python::{PythonSpec, PythonStrategy};
use bartune::strategy::{ColumnStrategy, Question, Refusal, SharedBars};
use bartune::study::{Control, RunOptions, Session, run};
use bartune::verify::{VerifyScope, verify};

const STUDY: &str = r#"
name = "crosses"
[data]
path = "bars.parquet"
synth = { bars = 3000, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 40] }
slow = { int = [10, 120] }
[objective]
maximize = "total_return"
[search]
trials = 40
sampler = "tpe"
"#;

/// The interpreter for tests; `None` where there is none and none is asked for.
fn interpreter() -> Option<String> {
    let found = std::env::var("BARTUNE_TEST_PYTHON").ok().filter(|path| !path.is_empty());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "BARTUNE_TEST_PYTHON names no interpreter");
    found
}

struct Setting {
    folder: tempfile::TempDir,
    plan: Plan,
    dataset: Dataset,
}

/// A study over made-up bars whose strategy is this source's `signals`; `None` without an interpreter.
fn setting(source: &str, strategy: &str) -> Option<Setting> {
    let interpreter = interpreter()?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("mine.py"), source).expect("it can be written");
    let text =
        format!("{STUDY}[strategy]\npython = \"mine.py:signals\"\ninterpreter = \"{interpreter}\"\n{strategy}\n");
    let plan = parse_study("study.toml", &text, folder.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    Some(Setting { folder, plan, dataset })
}

fn records(plan: &Plan, dataset: &Dataset, workers: usize) -> Vec<TrialRecord> {
    let mut session = Session::in_memory(plan, dataset).expect("memory takes all");
    let evaluator = Evaluator::new(plan, dataset);
    let workers = NonZeroUsize::new(workers).expect("at least one");
    let options = RunOptions { workers, ..RunOptions::of(plan) };
    run(&mut session, &evaluator, &options, &Control::default(), |_| {}).expect("it runs");
    let verified = verify(&session, &evaluator, VerifyScope::All).expect("memory can be read");
    assert_eq!(verified.difference, None);
    let mut records = session.trials(0..u64::MAX).expect("memory gives all back");
    for record in &mut records {
        (record.trial.started_ms, record.trial.finished_ms) = (None, None);
    }
    records
}

fn findings(setting: &Setting) -> Vec<Finding> {
    let evaluator = Evaluator::new(&setting.plan, &setting.dataset);
    let options = PreflightOptions { probes: NonZeroUsize::new(8), pilot: None };
    preflight(&setting.plan, &setting.dataset, &evaluator, &options).expect("it can be probed").findings
}

/// Breaks out of the highest highs, leaves at the lowest lows, once both are defined.
const BREAKOUT: &str = r#"
import numpy as np
from bartune import Signals

def before(column, extreme, n):
    if len(column) < n:
        return np.full(len(column), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(column, n)
    return np.concatenate([np.full(n, np.nan), extreme(windows, axis=1)[:-1]])

def signals(bars, fast, slow):
    ready = np.arange(len(bars)) >= max(fast, slow)
    with np.errstate(invalid="ignore"):
        return Signals(
            long_entry=ready & (bars.close > before(bars.high, np.max, fast)),
            long_exit=ready & (bars.close < before(bars.low, np.min, slow)),
            stop_loss=0.05 * bars.close,
        )
"#;

#[test]
fn a_strategy_in_numpy_gives_the_trials_of_its_rules_bit_for_bit() {
    let rules = "long_entry = \"close > highest(high, fast)[1]\"\nlong_exit = \"close < lowest(low, slow)[1]\"\n\
                 stop_loss = \"0.05 * close\"\n";
    let times = "session = \"02:00-20:00\"\nflat_by = \"22:00\"\nrequire = [\"fast < slow\"]\n";
    for extra in ["", times] {
        let Some(python) = setting(BREAKOUT, extra) else { return };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = format!("{STUDY}[strategy]\n{rules}{extra}");
        let plan = parse_study("study.toml", &text, folder.path(), &[]).expect("it is well formed");
        let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
        let by_python = records(&python.plan, &python.dataset, 2);
        let by_rules = records(&plan, &dataset, 2);
        assert_eq!(by_python.len(), by_rules.len());
        for (one, other) in by_python.iter().zip(&by_rules) {
            assert_ne!(one.identity, other.identity, "another strategy is another trial");
            assert_eq!((&one.trial, &one.metrics, &one.reason), (&other.trial, &other.metrics, &other.reason));
        }
        let traded = by_python.iter().filter(|record| trades(record) > 3.0).count();
        assert!(traded > 20, "{traded}");
        let loud: Vec<Finding> = findings(&python).into_iter().filter(|one| one.severity == Severity::Stop).collect();
        assert!(loud.is_empty(), "{loud:?}");
    }
}

/// The findings about one callable of `python/strategies.py`.
fn told_of(callable: &str) -> Option<Vec<Finding>> {
    let source = include_str!("python/strategies.py");
    let source = format!("{source}\n\nsignals = {callable}\n");
    Some(findings(&setting(&source, "require = [\"fast < slow\"]")?))
}

fn callables(kind: &str) -> Vec<&'static str> {
    let names = include_str!("python/strategies.py").lines().filter_map(|line| line.strip_prefix("def "));
    names.filter(|line| line.starts_with(kind)).filter_map(|line| line.split('(').next()).collect()
}

#[test]
fn each_planted_leak_is_named_with_its_bar_and_time() {
    let leaks = callables("leak_");
    assert_eq!(leaks.len(), 5);
    for callable in leaks {
        let Some(found) = told_of(callable) else { return };
        let leak = found.iter().find(|finding| finding.code == "looks-ahead");
        let leak = leak.unwrap_or_else(|| panic!("{callable}: {found:?}"));
        assert_eq!(leak.severity, Severity::Stop);
        assert!(leak.message.contains("decides otherwise at bar ") && leak.message.contains("(20"), "{}", leak.message);
    }
}

#[test]
fn no_clean_strategy_is_accused() {
    let clean = callables("clean_");
    assert_eq!(clean.len(), 12);
    for callable in clean {
        let Some(found) = told_of(callable) else { return };
        let accused: Vec<&Finding> = found
            .iter()
            .filter(|finding| ["looks-ahead", "not-pure", "not-checked", "failing-strategy"].contains(&finding.code))
            .collect();
        assert!(accused.is_empty(), "{callable}: {accused:?}");
    }
}

#[test]
fn what_depends_on_calls_chance_or_process_is_not_pure() {
    let impure = callables("impure_");
    assert_eq!(impure.len(), 3);
    for callable in impure {
        let Some(found) = told_of(callable) else { return };
        assert!(found.iter().any(|finding| finding.code == "not-pure"), "{callable}: {found:?}");
    }
}

/// Fails for fast averages in the way that `{fault}` says, and does nothing wrong for others.
fn faulty(fault: &str) -> String {
    format!(
        "import numpy as np, os, sys, time, signal, subprocess\nfrom bartune import Signals\n\n\
         def good(bars, slow):\n    return np.where(np.arange(len(bars)) % slow < 5, 1, 0)\n\n\
         def signals(bars, fast, slow):\n    if fast > 20:\n        return good(bars, slow)\n    {fault}\n"
    )
}

/// Reasons of the failed trials of a study whose strategy is faulty, when others have gone on. No process is left.
fn failures(fault: &str) -> Option<Vec<String>> {
    let mut setting = setting(&faulty(fault), "")?;
    setting.plan.search.trials = 16;
    let records = records(&setting.plan, &setting.dataset, 2);
    let failed: Vec<String> = records.iter().filter_map(|record| record.reason.clone()).collect();
    let good = records.iter().filter(|record| !record.trial.values.is_empty()).count();
    assert!(!failed.is_empty() && good > 0 && failed.len() + good == records.len(), "{fault}: {failed:?}");
    let folder = setting.folder.path().to_owned();
    drop(setting);
    assert!(are_gone(&folder), "{fault}");
    Some(failed)
}

/// Processes that this folder is named to, as every worker's and its children's command line does.
fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = folder.display().to_string();
    let ids = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let is_ours = |id: &u32| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        *id != std::process::id() && String::from_utf8_lossy(&line).contains(&folder)
    };
    ids.filter(is_ours).collect()
}

/// Whether none of them is there any more; one that is killed takes a moment to go.
fn are_gone(folder: &Path) -> bool {
    let began = Instant::now();
    while !processes_of(folder).is_empty() {
        if began.elapsed() > Duration::from_secs(5) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

#[test]
fn an_exception_fails_its_trial_with_where_it_was() {
    let Some(failed) = failures("raise ValueError(f'too fast: {fast}')") else { return };
    for reason in failed {
        assert!(reason.starts_with("strategy `mine.py:signals`: ValueError: too fast: "), "{reason}");
        assert!(reason.contains("mine.py, line 10, in signals: raise ValueError"), "{reason}");
    }
}

#[test]
fn leaving_python_by_the_back_door_is_an_exception_too() {
    for (fault, told) in [("sys.exit(3)", "SystemExit: 3"), ("raise KeyboardInterrupt", "KeyboardInterrupt")] {
        let Some(failed) = failures(fault) else { return };
        assert!(failed.iter().all(|reason| reason.contains(told)), "{failed:?}");
    }
}

#[test]
fn a_worker_that_dies_is_replaced_and_its_last_words_are_told() {
    let cases = [
        ("print('so long'); os._exit(3)", "exit status 3"),
        ("print('so long'); os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ("print('so long'); os.kill(os.getpid(), signal.SIGSEGV)", "signal 11 (segmentation fault)"),
    ];
    for (fault, told) in cases {
        let Some(failed) = failures(fault) else { return };
        for reason in failed {
            assert!(reason.starts_with("the worker of strategy `mine.py:signals` broke: "), "{reason}");
            assert!(reason.contains(told), "{reason}");
            assert!(reason.contains("its last words:") && reason.contains("so long"), "{reason}");
        }
    }
}

#[test]
fn a_worker_that_hangs_is_killed_with_what_it_started() {
    let faults = [
        "\n    while True: pass",
        "time.sleep(600)",
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', os.path.dirname(__file__)])",
    ];
    for fault in faults {
        let Some(setting) = setting(&faulty(fault), "") else { return };
        let mut plan = setting.plan.clone();
        plan.search.trial_timeout = Some(Duration::from_millis(1_500));
        plan.search.trials = 6;
        plan.search.sampler = bartune::config::SamplerPlan::Random;
        let began = Instant::now();
        let records = records(&plan, &setting.dataset, 2);
        assert!(began.elapsed() < Duration::from_secs(60));
        let failed: Vec<_> = records.iter().filter_map(|record| record.reason.as_deref()).collect();
        assert!(!failed.is_empty() && failed.len() < records.len(), "{fault}: {failed:?}");
        assert!(failed.iter().all(|reason| *reason == "took longer than `search.trial_timeout`, 1.5 s"), "{failed:?}");
        let folder = setting.folder.path().to_owned();
        drop((plan, setting));
        assert!(are_gone(&folder), "{fault}");
    }
}

#[test]
fn answers_of_a_wrong_shape_or_kind_say_what_would_be_right() {
    let cases = [
        ("return None", "nothing was returned"),
        ("return 1", "`position` has shape ()"),
        ("return np.zeros(len(bars) - 1)", "`position` has 2999 values for 3000 bars"),
        ("return np.zeros(10_000_000)", "`position` has 10000000 values for 3000 bars"),
        ("return np.zeros((len(bars), 2))", "`position` has shape (3000, 2)"),
        ("return np.full(len(bars), np.nan)", "`position` is NaN at bar 0 (and 2999 more)"),
        ("return np.full(len(bars), 2)", "`position` is 2 at bar 0: it is 1, 0 or -1"),
        ("return np.full(len(bars), 0.5)", "`position` is 0.5 at bar 0"),
        ("return np.full(len(bars), 'long')", "dtype <U4"),
        ("return np.array([None] * len(bars))", "dtype object"),
        ("return bars.time", "dtype datetime64[ns]"),
        ("return {'long': bars.close > 0}", "no part `long`"),
        ("return Signals(long_exit=bars.close > 0)", "no entry"),
        ("return Signals(position=bars.close * 0, long_entry=bars.close > 0)", "give one of them"),
        ("return Signals(long_entry=bars.close)", "it is true or false"),
        ("return Signals(long_entry=bars.close > 0, stop_loss=bars.close[1:])", "`stop_loss` has 2999 values"),
        ("return Signals(long_entry=bars.close > 0, stop_loss=bars.time)", "numbers are needed"),
        ("bars.close[0] = 1.0", "read-only"),
        ("raise ValueError('x' * 100_000_000)", "xxx … xxx"),
    ];
    for (fault, told) in cases {
        let Some(answer) = answered(fault) else { return };
        let Err(Refusal::Failed(reason)) = answer else { panic!("{fault}: {answer:?}") };
        assert!(reason.contains(told) && reason.len() < 2_100, "{fault}: {reason}");
    }
}

/// What a strategy with this fault answers where it is at fault; then it answers a good question.
fn answered(fault: &str) -> Option<Result<(), Refusal>> {
    let interpreter = interpreter()?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("mine.py"), faulty(fault)).expect("it can be written");
    let spec =
        PythonSpec { callable: "mine.py:signals", folder: folder.path(), interpreter: Some(&interpreter), lookback: 0 };
    let strategy = PythonStrategy::start(&spec).unwrap_or_else(|error| panic!("{}", error.message));
    let bars = SharedBars::new(bars(3_000));
    let ask = |fast: i64| {
        let params = [("fast", fast), ("slow", 30)];
        let params = params.map(|(name, value)| (name.to_owned(), bartune::engine::Value::Int(value))).into();
        strategy.decide(&Question { bars: &bars, params: &params, limit: None }).map(|columns| {
            assert_eq!(columns.long_entry.len(), 3_000);
        })
    };
    let answer = ask(5);
    assert_eq!(ask(30), Ok(()), "{fault}");
    assert!(!processes_of(folder.path()).is_empty());
    drop(strategy);
    assert!(are_gone(folder.path()), "{fault}");
    Some(answer)
}

fn bars(count: usize) -> bartune::engine::bars::Bars {
    use bartune::engine::bars::{SynthOptions, synth};

    synth(&SynthOptions { bars: count, ..SynthOptions::default() }).expect("they can be made")
}

#[test]
fn printing_reading_and_forking_do_no_harm() {
    let cases = [
        "print('x' * 5_000_000); sys.stdout.flush(); return good(bars, slow)",
        "os.write(1, b'C' * 100_000); return good(bars, slow)",
        "assert sys.stdin.read() == ''; return good(bars, slow)",
        // The child answers as well, into nothing.
        "os.fork(); return good(bars, slow)",
        "\n    if os.fork() == 0: time.sleep(600)\n    return good(bars, slow)",
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', __file__]); return good(bars, slow)",
    ];
    for fault in cases {
        let Some(answer) = answered(fault) else { return };
        assert_eq!(answer, Ok(()), "{fault}");
    }
}

/// Holds a worker that hangs, for the test below, which kills this program.
#[test]
fn hold_a_worker() {
    let Some(folder) = std::env::var_os("BARTUNE_TEST_HOLD") else { return };
    let interpreter = interpreter();
    let spec = PythonSpec {
        callable: "mine.py:signals",
        folder: Path::new(&folder),
        interpreter: interpreter.as_deref(),
        lookback: 0,
    };
    let strategy = PythonStrategy::start(&spec).unwrap_or_else(|error| panic!("{}", error.message));
    let params = [("fast", 5), ("slow", 30)];
    let params = params.map(|(name, value)| (name.to_owned(), bartune::engine::Value::Int(value))).into();
    let _ = strategy.decide(&Question { bars: &SharedBars::new(bars(100)), params: &params, limit: None });
    unreachable!("it hangs until it is killed");
}

#[test]
#[cfg(target_os = "linux")]
fn workers_end_with_a_program_that_is_killed() {
    use std::process::{Command, Stdio};

    if interpreter().is_none() {
        return;
    }
    // The second holds Python's lock, so that no thread of the worker's own could end it.
    for fault in ["time.sleep(600)", "sum(range(10 ** 11))"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let fault = format!("open(os.path.join(os.path.dirname(__file__), 'asked'), 'w').close(); {fault}");
        std::fs::write(folder.path().join("mine.py"), faulty(&fault)).expect("it can be written");
        let mut program = Command::new(std::env::current_exe().expect("it is running"))
            .args(["--exact", "hold_a_worker"])
            .env("BARTUNE_TEST_HOLD", folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("it can be started");
        let began = Instant::now();
        while !folder.path().join("asked").exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "the worker was never asked");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(processes_of(folder.path()).len(), 1);
        program.kill().expect("it can be killed");
        program.wait().expect("it was killed");
        assert!(are_gone(folder.path()), "{fault}");
    }
}

#[test]
fn another_source_of_the_strategy_or_of_what_it_imports_is_another_study() {
    let source =
        "import helper\nimport numpy as np\n\ndef signals(bars, fast, slow):\n    return helper.good(bars, fast)\n";
    let helper = "import numpy as np\n\ndef good(bars, n):\n    return np.where(np.arange(len(bars)) % n < 2, 1, 0)\n";
    let Some(interpreter) = interpreter() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it can be written");
    let url = format!("sqlite:///{}", folder.path().join("study.db").display());
    let opened = |create: bool| {
        let text = format!("{STUDY}[strategy]\npython = \"mine.py:signals\"\ninterpreter = \"{interpreter}\"\n");
        let plan = parse_study("study.toml", &text, folder.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
        let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
        let opened =
            if create { Session::open_or_create(&plan, &dataset, &url) } else { Session::open(&plan, &dataset, &url) };
        opened.map(|_| ()).map_err(|error| error.to_string())
    };
    write("mine.py", source);
    write("helper.py", helper);
    assert_eq!(opened(true), Ok(()));
    assert_eq!(opened(false), Ok(()));
    for (name, before, after) in
        [("mine.py", source, source.replace("fast)\n", "slow)\n")), ("helper.py", helper, helper.replace("< 2", "< 3"))]
    {
        write(name, &after);
        let refused = opened(false).expect_err("it was changed");
        assert!(refused.contains("strategy.graph") && refused.contains("made with other settings"), "{refused}");
        write(name, before);
        assert_eq!(opened(false), Ok(()));
    }
}

#[test]
fn mapped_bars_and_written_ones_give_the_same_study_whatever_the_workers() {
    let Some(setting) = setting(BREAKOUT, "") else { return };
    let path = &setting.plan.data.path;
    let past = std::time::SystemTime::now() - Duration::from_secs(60);
    std::fs::File::options().write(true).open(path).and_then(|file| file.set_modified(past)).expect("it is ours");
    let cache = data::BarCache::at(setting.folder.path().join("cache"));
    let mapped = data::open(&setting.plan.data, &setting.plan.split, Some(&cache)).expect("they are there");
    assert!(mapped.bars.mapped().is_some() && setting.dataset.bars.mapped().is_none());
    let found = records(&setting.plan, &mapped, 3);
    assert_eq!(found, records(&setting.plan, &setting.dataset, 1));
}

#[test]
fn rungs_folds_and_regimes_take_columns_as_they_take_rules() {
    let search = "pruner = \"median\"";
    let Some(interpreter) = interpreter() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("mine.py"), BREAKOUT).expect("it can be written");
    let rules = "long_entry = \"close > highest(high, fast)[1]\"\nlong_exit = \"close < lowest(low, slow)[1]\"\n\
                 stop_loss = \"0.05 * close\"\n";
    let python = format!("python = \"mine.py:signals\"\ninterpreter = \"{interpreter}\"\n");
    let [by_rules, by_python] = [rules, &python].map(|strategy| {
        let text = format!("{STUDY}{search}\n[strategy]\n{strategy}");
        let text = text.replace("[search]", "folds = 3\n[search]");
        let plan = parse_study("study.toml", &text, folder.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
        let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
        records(&plan, &dataset, 2)
    });
    let reports: Vec<_> = by_rules.iter().map(|record| (&record.trial, &record.metrics)).collect();
    assert_eq!(reports, by_python.iter().map(|record| (&record.trial, &record.metrics)).collect::<Vec<_>>());
    assert!(by_rules.iter().any(|record| !record.trial.intermediate_values.is_empty()));
}

#[test]
fn a_strategy_that_fails_on_a_rung_fails_its_trial_and_is_verified() {
    let source = "import numpy as np\n\ndef signals(bars, fast, slow):\n    if len(bars) < 2 * slow:\n        \
                  raise ValueError('too few bars')\n    return np.where(np.arange(len(bars)) % slow < fast, 1, 0)\n";
    let Some(interpreter) = interpreter() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("mine.py"), source).expect("it can be written");
    let text = format!(
        "{STUDY}pruner = \"median\"\n[strategy]\npython = \"mine.py:signals\"\ninterpreter = \"{interpreter}\"\n"
    );
    let plan = parse_study("study.toml", &text, folder.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
    let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
    let records = records(&plan, &dataset, 2);
    let failed =
        records.iter().filter(|record| record.reason.as_deref().is_some_and(|why| why.contains("too few bars")));
    assert!((1..records.len()).contains(&failed.count()));
}

#[test]
fn problems_of_a_study_in_python_have_their_place() {
    let Some(interpreter) = interpreter() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it can be written");
    write(
        "mine.py",
        "def signals(bars, **params):\n    return bars.close > 0\n\nclass Empty:\n    pass\n\nnumber = 3\n",
    );
    write("broken.py", "import numpy as np\n\ndef signals(bars:\n    pass\n");
    write("missing.py", "import numpy as np\nimport no_such_module\n");
    let told = |strategy: &str| {
        let text = format!("{STUDY}[strategy]\n{strategy}\n");
        parse_study("study.toml", &text, folder.path(), &[]).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let with = |callable: &str| format!("python = \"{callable}\"\ninterpreter = \"{interpreter}\"");
    assert_eq!(told(&with("mine.py:signals")), "");
    assert_eq!(told(&with("mine:signals")), "");
    for (callable, message) in [
        ("mine.py", "names no function in a file"),
        ("yours.py:signals", "there is no file "),
        ("mine.py:signal", "`mine.py` has no `signal`; it has signals, Empty"),
        ("mine.py:Empty", "has no method `execute_strategy"),
        ("mine.py:number", "is a int, nothing that can be called"),
        ("broken.py:signals", "SyntaxError"),
        ("missing.py:signals", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("no_such_module:signals", "No module named 'no_such_module'"),
    ] {
        let told = told(&with(callable));
        assert!(told.contains(message) && told.contains("python = "), "{callable}: {told}");
    }
    let rule = told(&format!("{}\nlong_entry = \"close > open\"", with("mine.py:signals")));
    assert!(rule.contains("`strategy.long_entry` is not read: `mine.py:signals` decides"), "{rule}");
    let nobody = told("python = \"mine.py:signals\"\ninterpreter = \"/no/such/python\"");
    assert!(nobody.contains("no worker can be started with /no/such/python"), "{nobody}");
    assert!(told("lookback = 3\nlong_entry = \"close > open\"").contains("with `strategy.python` only"));
}

#[test]
fn a_class_is_made_anew_for_each_trial() {
    let source = "import numpy as np\n\nclass signals:\n    def __init__(self):\n        self.asked = 0\n\n    \
                  def execute_strategy(self, bars, fast, slow):\n        self.asked += 1\n        \
                  return np.where(np.arange(len(bars)) % (slow + self.asked) < fast, 1, 0)\n";
    let Some(setting) = setting(source, "") else { return };
    let found = findings(&setting);
    assert!(found.iter().all(|finding| finding.severity != Severity::Stop), "{found:?}");
    let records = records(&setting.plan, &setting.dataset, 2);
    assert!(records.iter().all(|record| record.reason.is_none()));
}

/// Trades on the train segment; none of a trial that was never run.
fn trades(record: &TrialRecord) -> f64 {
    record.metrics.get("train").and_then(|train| train.get("trades")).copied().unwrap_or(0.0)
}
