use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::config::{Plan, parse_study};
use crate::data::{self, Dataset};
use crate::evaluator::Evaluator;
use crate::study::{Control, Ending, RunOptions, run, summarize};

const STUDY: &str = r#"
name = "small"
[data]
path = "bars.parquet"
synth = { bars = 3000, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 20] }
slow = { int = [10, 60] }
stop = { float = [0.5, 5.0], step = 0.25 }
filter = { bool = true }
rsi_max = { float = [50, 90], when = "filter" }
exit = { choice = ["cross", "target"] }
[strategy]
require = ["fast < slow"]
long_entry = "cross_above(sma(close, fast), sma(close, slow)) and (not filter or rsi(close, 14) < rsi_max)"
long_exit = "exit == 'cross' and cross_below(sma(close, fast), sma(close, slow))"
stop_loss = "stop * atr(14)"
[objective]
maximize = "sharpe"
constraints = ["trades >= 40"]
"#;

struct World {
    folder: TempDir,
    plan: Plan,
    dataset: Dataset,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plan = parse_study("study.toml", STUDY, folder.path(), &[]).expect("the study is well formed");
        let dataset = data::open(&plan.data, &plan.split, None).expect("the bars can be made");
        Self { folder, plan, dataset }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn session(&self, database: &str) -> Session<'_> {
        let url = format!("sqlite:///{}", self.path(database).display());
        Session::open_or_create(&self.plan, &self.dataset, &url).expect("the store can be made")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder can be made");
        std::fs::write(&path, text).expect("the file can be written");
        path
    }

    /// A folder with a good trial for each slow average, numbered from 1.
    fn folder_of(&self, count: i64) -> PathBuf {
        for index in 0..count {
            let trial =
                json!({"parameters": params(10 + index), "score": index as f64 / 8.0, "metrics": {"trades": 50}});
            self.write(&format!("old/trial_{}.json", index + 1), trial.to_string());
        }
        self.path("old")
    }
}

fn params(slow: i64) -> Value {
    json!({"fast": 3, "slow": slow, "stop": 0.5, "filter": false, "rsi_max": 70.0, "exit": "cross"})
}

fn import_one(world: &World, source: &Path) -> (ImportReport, Vec<TrialRecord>) {
    let mut session = world.session("study.db");
    let report = import(&mut session, &[source.to_path_buf()], &ImportOptions::default()).expect("it can be read");
    let trials = session.trials(0..u64::MAX).expect("they can be read");
    (report, trials)
}

#[test]
fn a_folder_of_trials_is_imported_in_the_order_of_its_numbers() {
    let world = World::new();
    let (report, trials) = import_one(&world, &world.folder_of(12));
    assert_eq!((report.imported, report.refused.len()), (12, 0), "{report:?}");
    let values: Vec<f64> = trials.iter().map(|record| record.trial.values[0]).collect();
    assert_eq!(values, (0..12).map(|index| f64::from(index) / 8.0).collect::<Vec<_>>());
    let record = &trials[10];
    assert!(is_imported(record));
    assert!(record.trial.user_attrs[IMPORTED].as_str().is_some_and(|source| source.ends_with("trial_11.json")));
    assert!(!record.trial.params.contains_key("rsi_max"), "it is inactive without the filter");
    assert_eq!(record.metrics["imported"]["trades"], 50.0);
    assert_eq!(record.identity, "");
}

#[test]
fn what_cannot_be_imported_is_named_and_the_rest_is_kept() {
    let world = World::new();
    let folder = world.folder_of(3);
    let spoiled = |key: &str, value: Value| {
        let mut trial = json!({"parameters": params(40), "score": 1.0});
        trial["parameters"][key] = value;
        trial.to_string()
    };
    let without = |key: &str| {
        let mut trial = json!({"parameters": params(40), "score": 1.0});
        trial["parameters"].as_object_mut().expect("an object").remove(key);
        trial.to_string()
    };
    for (name, text) in [
        ("a", "{\"parameters\": ".to_owned()),
        ("b", spoiled("slow", json!(61))),
        ("c", spoiled("stop", json!(0.6))),
        ("d", spoiled("fast", json!(50))),
        ("e", without("exit")),
        ("f", spoiled("leverage", json!(2))),
        ("g", spoiled("filter", json!(true)).replace("70.0", "\"high\"")),
        ("h", spoiled("slow", json!(10))),
    ] {
        world.write(&format!("old/trial_{name}.json"), text);
    }
    let (report, trials) = import_one(&world, &folder);
    assert_eq!((report.imported, trials.len()), (3, 3), "{report:?}");
    let words = [
        "not JSON",
        "`slow` cannot be 61: it is a whole number from 10 to 60",
        "`stop` cannot be 0.6: it is a number from 0.5 to 5 in steps of 0.25",
        "`fast` cannot be 50",
        "no value for `exit`",
        "no parameter `leverage`",
        "`rsi_max` cannot be \"high\"",
        "those of trial 0, with another result: 0, not 1",
    ];
    assert_eq!(report.refused.len(), words.len(), "{report:#?}");
    for ((refusal, words), name) in report.refused.iter().zip(words).zip('a'..) {
        assert!(refusal.source.ends_with(&format!("trial_{name}.json")), "{refusal:?}");
        assert!(refusal.reason.contains(words), "{refusal:?} does not say `{words}`");
    }
}

#[test]
fn a_relation_that_is_broken_is_named() {
    let world = World::new();
    let mut trial = json!({"parameters": params(12), "score": 1.0});
    trial["parameters"]["fast"] = json!(15);
    let (report, _) = import_one(&world, &world.write("trial.json", trial.to_string()));
    assert!(report.refused[0].reason.contains("it breaks `require`: fast < slow"), "{report:?}");
}

#[test]
fn importing_again_changes_nothing() {
    let world = World::new();
    let folder = world.folder_of(5);
    let (_, first) = import_one(&world, &folder);
    let (report, second) = import_one(&world, &folder);
    assert_eq!((report.imported, report.present), (0, 5));
    assert_eq!(first, second);
}

#[test]
fn scores_that_stand_for_nothing_become_reasons() {
    let world = World::new();
    let trial = |slow: i64, score: Value| json!({"parameters": params(slow), "score": score}).to_string();
    world.write("old/trial_1.json", trial(10, json!(-1e6)));
    world.write("old/trial_2.json", trial(11, Value::Null));
    world.write("old/trial_3.json", trial(12, json!(0.5)).replace("0.5}", "NaN}"));
    let options = ImportOptions { penalties: vec![-1e6], ..ImportOptions::default() };
    let mut session = world.session("study.db");
    let report = import(&mut session, &[world.path("old")], &options).expect("it can be read");
    assert_eq!(report.imported, 3, "{report:?}");
    let trials = session.trials(0..3).expect("they can be read");
    for (record, words) in trials.iter().zip(["stands for no result", "no score", "no score"]) {
        assert_eq!((record.trial.state, record.trial.values.len()), (TrialState::Pruned, 0));
        assert!(record.reason.as_ref().is_some_and(|reason| reason.contains(words)), "{record:?}");
    }
    assert_eq!(summarize(&session, 1).expect("it can be read").counts.infeasible, 3);
}

#[test]
fn unknown_parameters_are_left_away_when_told_so() {
    let world = World::new();
    let mut trial = json!({"parameters": params(12), "score": 1.0});
    trial["parameters"]["leverage"] = json!(2);
    let source = world.write("trial.json", trial.to_string());
    let options = ImportOptions { unknown: UnknownParams::Ignore, ..ImportOptions::default() };
    let report = import(&mut world.session("study.db"), &[source], &options).expect("it can be read");
    assert_eq!((report.imported, report.refused.len()), (1, 0));
}

/// Imports, runs and gives back what the store then holds, but for times.
fn run_on(world: &World, database: &str, budgets: &[u64]) -> (Vec<TrialRecord>, Ending) {
    let mut ending = Ending::Interrupted;
    for &trials in budgets {
        let mut session = world.session(database);
        let evaluator = Evaluator::new(&world.plan, &world.dataset);
        let options = RunOptions { trials, ..RunOptions::of(&world.plan) };
        ending = run(&mut session, &evaluator, &options, &Control::default(), |_| {}).expect("it runs");
    }
    let mut records = world.session(database).trials(0..u64::MAX).expect("they can be read");
    records.iter_mut().for_each(|record| (record.trial.started_ms, record.trial.finished_ms) = (None, None));
    (records, ending)
}

#[test]
fn a_search_goes_on_after_what_was_imported_and_its_budget_is_its_own() {
    let world = World::new();
    let sources = [world.folder_of(30)];
    for database in ["whole.db", "parts.db"] {
        import(&mut world.session(database), &sources, &ImportOptions::default()).expect("it can be read");
    }
    let (whole, ending) = run_on(&world, "whole.db", &[40]);
    let (parts, _) = run_on(&world, "parts.db", &[7, 22, 40]);
    assert_eq!(ending, Ending::Budget);
    let own = whole.iter().filter(|record| !is_imported(record) && record.trial.duplicate_of.is_none()).count();
    assert_eq!(own, 40, "imported trials cost no budget");
    assert_eq!(whole, parts, "continuing gives the same study");
}

#[test]
fn an_export_can_be_imported_in_every_format() {
    let world = World::new();
    let (trials, _) = run_on(&world, "study.db", &[60]);
    let distinct: Vec<&TrialRecord> = trials.iter().filter(|record| record.trial.duplicate_of.is_none()).collect();
    let url = format!("sqlite:///{}", world.path("study.db").display());
    let storage = crate::export::open_read_only(&url).expect("it is there");
    let study = crate::export::StoredStudy::find(&*storage, &url, "small").expect("it is there");
    for ending in ["csv", "parquet", "json"] {
        let file = world.path(&format!("trials.{ending}"));
        assert_eq!(study.write(&file).expect("it can be written"), trials.len() as u64);
        let mut session = world.session(&format!("{ending}.db"));
        let report = import(&mut session, &[file], &ImportOptions::default()).expect("it can be read");
        assert!(report.refused.is_empty(), "{ending}: {report:?}");
        let found = session.trials(0..u64::MAX).expect("they can be read");
        assert_eq!(found.len(), distinct.len(), "{ending}");
        for (found, expected) in found.iter().zip(&distinct) {
            let mut expected = (*expected).clone();
            expected.metrics.retain(|_, metrics| !metrics.is_empty());
            assert_eq!(found.trial.params, expected.trial.params, "{ending}");
            assert_eq!(found.trial.values, expected.trial.values, "{ending}");
            assert_eq!(found.trial.state, expected.trial.state, "{ending}");
            assert_eq!(found.trial.constraints, expected.trial.constraints, "{ending}");
            assert_eq!(found.reason, expected.reason, "{ending}");
            assert_eq!(found.metrics, expected.metrics, "{ending}");
        }
    }
}

#[test]
fn a_table_of_optuna_is_read() {
    let world = World::new();
    let table = "\
number,value,datetime_start,datetime_complete,duration,params_exit,params_fast,params_filter,params_rsi_max,params_slow,params_stop,state
0,1.5,2026-01-02 03:04:05.678901,2026-01-02 03:04:06,0 days,cross,3.0,False,,30.0,0.75,COMPLETE
1,,2026-01-02 03:04:05,,,target,4.0,True,66.6,30.0,0.5,FAIL
2,0.25,2026-01-02 03:04:05,2026-01-02 03:04:06,0 days,target,5.0,True,66.6,30.0,0.5,PRUNED
3,,2026-01-02 03:04:05,,,target,5.0,True,67.6,30.0,0.5,RUNNING
";
    let (report, trials) = import_one(&world, &world.write("trials.csv", table));
    assert_eq!((report.imported, report.unfinished, report.refused.len()), (3, 1, 0), "{report:?}");
    let states: Vec<TrialState> = trials.iter().map(|record| record.trial.state).collect();
    assert_eq!(states, [TrialState::Complete, TrialState::Fail, TrialState::Pruned]);
    assert_eq!(trials[0].trial.started_ms, Some(1_767_323_045_678));
    assert_eq!(trials[2].trial.values, [0.25]);
    assert_eq!(trials[1].trial.params.len(), 6);
}

#[test]
fn a_source_that_is_none_stops_the_import_before_anything_is_stored() {
    let world = World::new();
    let good = world.folder_of(2);
    std::fs::create_dir(world.path("empty")).expect("it can be made");
    let notes = world.write("notes.txt", "nothing");
    for (source, words) in [
        (world.path("nowhere"), "give a folder"),
        (world.path("nowhere.csv"), "No such file"),
        (world.path("empty"), "no trial_*.json"),
        (notes, "give a folder"),
        (world.write("other.csv", "a,b\n1,2\n"), "none of its columns is a parameter"),
        (world.write("several.csv", "params_fast,values_0,values_1\n1,2,3\n"), "several objectives"),
    ] {
        let mut session = world.session("study.db");
        let error = import(&mut session, &[good.clone(), source], &ImportOptions::default()).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
        assert!(session.history().expect("it can be read").is_empty());
    }
}
