//! Studies that come from elsewhere and go elsewhere: import, export, studies, delete, `trials --why`.

use crate::store;
use crate::support::{Sandbox, assert_ran};

const STUDY: &str = "examples/sp500_trend.toml";
const DATABASE: &str = "examples/sp500_trend.db";

/// A folder `old` with so many trials of the example's space.
fn folder_of_trials(sandbox: &Sandbox, count: u64) {
    std::fs::create_dir(sandbox.path("old")).expect("it can be made");
    for index in 0..count {
        let (fast, slow) = (5 + index % 10, 50 + index / 10);
        let text = format!(
            r#"{{"parameters": {{"fast": {fast}, "slow": {slow}, "stop": 2.5, "filter": false}},
                "score": {{"score": 0.{index:03}, "metrics": {{"trades": 40}}}}}}"#
        );
        sandbox.write(&format!("old/trial_{index}.json"), &text);
    }
}

#[test]
fn help_of_the_commands_that_exchange_studies() {
    let sandbox = Sandbox::new();
    for command in ["import", "export", "studies", "delete"] {
        assert_ran!(format!("help_{command}"), sandbox.run(&format!("{command} --help")));
    }
}

#[test]
fn imported_trials_come_first_and_the_search_goes_on_from_them() {
    let sandbox = Sandbox::new();
    folder_of_trials(&sandbox, 30);
    sandbox.write("old/trial_broken.json", "{");
    let ran = sandbox.run(&format!("import {STUDY} old")).exits(1).says("trial_broken.json: it is not JSON");
    assert!(ran.stdout.starts_with("30 trials imported, 1 refused\n"), "{ran}");
    let json = sandbox.run(&format!("import {STUDY} old --json")).exits(1).json();
    assert_eq!((json["imported"].as_u64(), json["present"].as_u64()), (Some(0), Some(30)));
    assert_eq!(json["refused"][0]["source"], "old/trial_broken.json");
    let ran = sandbox.run(&format!("run {STUDY} --trials 40")).exits(0);
    assert!(ran.stdout.contains("30 imported"), "{ran}");
    assert!(ran.stdout.contains("\n40 new trials in"), "imported trials cost no budget\n{ran}");
    let imported = "SELECT count(*) FROM trial_user_attributes WHERE key = 'bartune:imported'";
    assert_eq!(store::rows(&sandbox.path(DATABASE), imported), ["30"]);
    // Nothing is known of what they depended on, so there is nothing to verify.
    let verified = sandbox.run(&format!("verify {STUDY} --json")).exits(0).json();
    assert_eq!(verified["skipped"], 30);
}

#[test]
fn a_study_in_another_store_is_the_same_study_and_goes_on_there() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 60 --json")).exits(0);
    sandbox.run(&format!("test {STUDY}")).exits(0);
    sandbox.run(&format!("export {STUDY} --to sqlite:///copy.db")).exits(0).says("copied to study `sp500-trend`");
    let both = [DATABASE, "copy.db"].map(|name| sandbox.path(name));
    let same = |sql: &str| assert_eq!(store::rows(&both[0], sql), store::rows(&both[1], sql), "{sql}");
    store::assert_same(&store::trials(&both[0]), &store::trials(&both[1]));
    same("SELECT number, datetime_start, datetime_complete FROM trials ORDER BY number");
    same("SELECT key, value_json FROM study_user_attributes ORDER BY key");
    same("SELECT study_name, direction FROM studies JOIN study_directions USING (study_id)");
    same("SELECT opened_ms, trial_number, keys_json, packed FROM bartune_vault JOIN bartune_keys USING (keys_id)");
    for store in ["", "--storage sqlite:///copy.db"] {
        sandbox.run(&format!("run {STUDY} --trials 90 --json {store}")).exits(0);
    }
    store::assert_same(&store::trials(&both[0]), &store::trials(&both[1]));
    // What grew there is no longer a copy of what is here.
    sandbox.run(&format!("run {STUDY} --trials 95 --json --storage sqlite:///copy.db")).exits(0);
    sandbox.run(&format!("export {STUDY} --to sqlite:///copy.db")).exits(2).says("another study `sp500-trend` already");
    sandbox.run(&format!("export {STUDY} --to sqlite:///copy.db --as second")).exits(0);
    sandbox.run("export second --storage copy.db -o second.json").exits(0).says("trials written to second.json");
}

#[test]
fn a_list_of_studies_and_the_end_of_one() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 40 --json --storage all.db")).exits(0);
    sandbox.run(&format!("run {STUDY} --trials 20 --json --storage all.db --set name=other")).exits(0);
    let list = sandbox.run("studies all.db").exits(0).stdout;
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("study") && lines[0].ends_with("states"), "{list}");
    assert!(lines[2].starts_with("other") && lines[3].starts_with("sp500-trend"), "{list}");
    let json = sandbox.run("studies sqlite:///all.db --json").exits(0).json();
    assert_eq!(json["studies"][1]["trials"], 40);
    assert_eq!(json["studies"][1]["directions"][0], "maximize");
    assert!(json["studies"][1]["best"]["value"].is_number());
    sandbox.run("studies nowhere.db").exits(2).says("no database at `nowhere.db`");
    sandbox.run("studies").exits(2).says("BARTUNE_STORAGE");
    sandbox.run("delete other").exits(2).says("--storage URL");
    sandbox.run("delete other --storage all.db").exits(2).says("repeat the command with `--yes`");
    sandbox.run("delete third --storage all.db --yes").exits(2).says("no study `third`");
    assert_eq!(store::count(&sandbox.path("all.db")), 60);
    sandbox.run("delete other --storage all.db --yes").exits(0).says("is deleted, with its 20 trials");
    assert_eq!(store::count(&sandbox.path("all.db")), 40);
    sandbox.run(&format!("delete {STUDY} --storage all.db --yes")).exits(0);
    sandbox.run("studies all.db").exits(0).says("has no studies");
}

#[test]
fn a_study_in_use_is_not_deleted_and_its_owner_is_named() {
    let sandbox = Sandbox::new();
    let mut writer = sandbox.start(&format!("run {STUDY} --trials 1000000"));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    while store::count(&sandbox.path(DATABASE)) == 0 {
        assert!(std::time::Instant::now() < deadline, "the run stored nothing in two minutes");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let delete = format!("delete {STUDY} --storage {DATABASE} --yes");
    let refused = sandbox.run(&delete).exits(2);
    assert!(refused.stderr.contains(&format!("pid {}", writer.id())), "{refused}");
    assert!(writer.try_wait().expect("it was started here").is_none(), "the writer was disturbed");
    writer.kill().expect("it was started here");
    writer.wait().expect("it was started here");
    assert!(store::count(&sandbox.path(DATABASE)) > 0);
    sandbox.run(&delete).exits(0).says("is deleted");
}

#[test]
fn nothing_is_made_by_looking_or_deleting() {
    let sandbox = Sandbox::new();
    for line in ["studies new.db", "export s --storage new.db -o s.csv", "delete s --storage new.db --yes"] {
        sandbox.run(line).exits(2);
    }
    assert!(!sandbox.path("new.db").exists() && !sandbox.path("s.csv").exists());
    sandbox.run(&format!("export {STUDY}")).exits(2).says("--output");
}

#[test]
fn why_two_trials_are_one_or_two() {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("run {STUDY} --trials 20 --json")).exits(0);
    sandbox
        .run(&format!(
            "run {STUDY} --trials 20 --json --set name=dear --set execution.commission=9bps --storage {DATABASE}"
        ))
        .exits(0);
    assert_ran!("why_different", sandbox.run(&format!("trials {STUDY} --why 0 1")));
    let same = sandbox.run(&format!("trials {STUDY} --why 3 3")).exits(0).stdout;
    assert!(same.starts_with("trial 3 and trial 3 are the same trial: "), "{same}");
    // Proposals before the first results are the same, and only the costs differ.
    assert_ran!("why_costs", sandbox.run(&format!("trials {STUDY} --why 0 0 --with dear")));
    sandbox.run(&format!("trials {STUDY} --why 0 99")).exits(2).says("has no trial 99");
    sandbox.run(&format!("trials {STUDY} --why 0 0 --with none")).exits(2).says("no study `none`");
    sandbox.run(&format!("trials {STUDY} --why 0")).exits(2);
}
