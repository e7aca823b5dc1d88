//! Live equals a backtest over the same bars, and a restored run equals one that was never stopped.

use std::path::{Path, PathBuf};

use bartune_engine::bars::LoadOptions;
use bartune_engine::simulator::Trade;

use super::*;
use crate::Evaluator;
use crate::data::{self, Dataset};
use crate::{SegmentName, config};

fn example() -> (Plan, Dataset) {
    let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sp500_trend.toml");
    let plan = config::read_study(&study, &[]).unwrap();
    let dataset = data::open(&plan.data, &plan.split, None).unwrap();
    (plan, dataset)
}

fn params(plan: &Plan) -> Params {
    plan.parameters.defaults()
}

fn trades_of(events: &[Event]) -> Vec<Trade> {
    let trade = |event: &Event| match event {
        Event::Exited(trade) => Some(trade.clone()),
        _ => None,
    };
    events.iter().filter_map(trade).collect()
}

#[test]
fn a_segment_live_is_the_backtest_but_for_its_end() {
    let (plan, dataset) = example();
    let params = params(&plan);
    let evaluator = Evaluator::new(&plan, &dataset);
    for name in [SegmentName::Train, SegmentName::Validate] {
        let run = evaluator.backtest(&params, name).unwrap();
        let bars = &dataset.bars;
        let mut live = Live::new(&plan, &params, bars.timeframe_ns()).unwrap();
        if run.segment.start > 0 {
            live.warm_up(&bars.prefix(run.segment.start)).unwrap();
        }
        let (mut trades, mut equity) = (Vec::new(), Vec::new());
        for t in run.segment.clone() {
            let bar = live.update(&bars.bar(t));
            assert_eq!(bar.index, t);
            trades.extend(trades_of(bar.events));
            equity.push(bar.equity.to_bits());
        }
        let expected: Vec<Trade> =
            run.backtest.trades.iter().filter(|trade| trade.exit_reason != ExitReason::SegmentEnd).cloned().collect();
        assert!(expected.len() > 3, "{} trades", expected.len());
        assert_eq!(trades, expected);
        assert_eq!(live.position().is_some(), trades.len() < run.backtest.trades.len());
        // The last close of a backtest is after the closing trade's costs.
        let last = equity.len() - 1;
        let expected: Vec<u64> = run.backtest.equity[..last].iter().map(|value| value.to_bits()).collect();
        assert_eq!(equity[..last], expected);
    }
}

/// The example live over its first bars, with a history of two hundred.
fn started(plan: &Plan, dataset: &Dataset, until: usize) -> Live {
    let mut live = Live::new(plan, &params(plan), dataset.bars.timeframe_ns()).unwrap();
    live.warm_up(&dataset.bars.prefix(200)).unwrap();
    (200..until).for_each(|t| {
        live.update(&dataset.bars.bar(t));
    });
    live
}

fn saved(live: &Live) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.state");
    live.save(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    (folder, path)
}

#[test]
fn a_restored_run_goes_on_as_if_it_had_never_stopped() {
    let (plan, dataset) = example();
    for stop in [100, 200, 201, 777, 1500] {
        let mut live = started(&plan, &dataset, stop);
        let (_folder, path) = saved(&live);
        let mut restored = Live::restore(&plan, &params(&plan), dataset.bars.timeframe_ns(), &path).unwrap();
        assert_eq!((restored.bars_seen(), restored.history_bars()), (live.bars_seen(), 200));
        assert_eq!(restored.equity().to_bits(), live.equity().to_bits());
        for t in stop.max(200)..stop.max(200) + 300 {
            let (a, b) = (live.update(&dataset.bars.bar(t)), restored.update(&dataset.bars.bar(t)));
            assert_eq!(format!("{a:?}"), format!("{b:?}"));
        }
    }
}

#[test]
fn a_state_is_a_bar_file() {
    let (plan, dataset) = example();
    let live = started(&plan, &dataset, 300);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.csv");
    live.save(&path).unwrap();
    let loaded = bartune_engine::bars::load(&path, &LoadOptions::default()).unwrap();
    assert_eq!(loaded.bars.content_hash(), dataset.bars.prefix(300).content_hash());
}

#[test]
fn a_state_of_other_settings_is_refused_with_what_differs() {
    let (plan, dataset) = example();
    let (_folder, path) = saved(&started(&plan, &dataset, 300));
    let timeframe_ns = dataset.bars.timeframe_ns();
    let mut other = params(&plan);
    other.insert("fast".to_owned(), bartune_engine::Value::Int(7));
    let message = Live::restore(&plan, &other, timeframe_ns, &path).unwrap_err().to_string();
    assert!(message.contains("params.fast") && message.contains("→ 7"), "{message}");
}

#[test]
fn a_damaged_state_is_refused() {
    let (plan, dataset) = example();
    let (_folder, path) = saved(&started(&plan, &dataset, 300));
    let text = std::fs::read_to_string(&path).unwrap();
    let cut: String = text.lines().take(250).map(|line| format!("{line}\n")).collect();
    for (damaged, word) in [(cut.as_str(), "its bars are not the 300"), ("time,open\n", "begin"), ("", "begin")] {
        std::fs::write(&path, damaged).unwrap();
        let restored = Live::restore(&plan, &params(&plan), dataset.bars.timeframe_ns(), &path);
        let message = restored.unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn history_of_another_timeframe_is_refused() {
    let (plan, dataset) = example();
    let mut live = Live::new(&plan, &params(&plan), 60_000_000_000).unwrap();
    let message = live.warm_up(&dataset.bars).unwrap_err().to_string();
    assert!(message.contains("1d") && message.contains("1m"), "{message}");
}

#[test]
fn orders_that_stand_are_those_filled_next() {
    let (plan, dataset) = example();
    let mut live = Live::new(&plan, &params(&plan), dataset.bars.timeframe_ns()).unwrap();
    let (mut standing, mut entries) = (Vec::new(), 0);
    for t in 0..2000 {
        let bar = live.update(&dataset.bars.bar(t));
        for event in bar.events {
            match event {
                Event::Entered { side, .. } => {
                    entries += 1;
                    let ordered = |order: &LiveOrder| matches!(order, LiveOrder::Entry { side: of, .. } if of == side);
                    assert!(standing.iter().any(ordered), "bar {t}: {standing:?}");
                }
                Event::Exited(trade) if trade.entry_bar < t => {
                    let ordered = |order: &LiveOrder| match order {
                        LiveOrder::Exit { reason, .. } | LiveOrder::Resting { reason, .. } => {
                            *reason == trade.exit_reason
                        }
                        LiveOrder::Entry { .. } => false,
                    };
                    assert!(standing.iter().any(ordered), "bar {t}: {standing:?}");
                }
                _ => {}
            }
        }
        standing = bar.orders;
    }
    assert!(entries > 5, "{entries}");
}
