//! Lines of `bartune stream`: one JSON object each.

use bartune::engine::simulator::{Decision, Distances, Event, Position, Side, SkipReason, Trade};
use bartune::live::{Live, LiveBar, LiveOrder};
use bartune::table::{exit_name, side_name};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Everything that one bar brought, in the order of the documentation.
pub(crate) fn live_bar(bar: &LiveBar<'_>) -> String {
    let mut lines = Lines::default();
    lines.push(&json!({
        "bar": bar.index,
        "time": time(bar.bar.time),
        "equity": bar.equity,
        "decision": bar.decision.as_ref().map(decision),
    }));
    for event in bar.events {
        match event {
            Event::Entered { side, size, price, .. } => {
                let fill = json!({ "bar": bar.index, "action": entering(*side), "side": side_name(*side), "size": size, "price": price, "reason": "entry" });
                lines.push(&json!({ "fill": fill }));
            }
            Event::Exited(trade) => {
                lines.push(&json!({ "fill": exit_fill(trade) }));
                lines.push(&json!({ "trade": trade_json(trade) }));
            }
            Event::Skipped { side, reason, .. } => {
                let reason = skip_name(*reason);
                lines.push(&json!({ "skipped": { "bar": bar.index, "side": side_name(*side), "reason": reason } }));
            }
            Event::Bankrupt { bar } => lines.push(&json!({ "bankrupt": { "bar": bar } })),
        }
    }
    for order in &bar.orders {
        lines.push(&json!({ "order": order_json(bar.index, order) }));
    }
    lines.0
}

/// The last line: what is still open, and what the account is worth.
pub(crate) fn live_end(live: &Live) -> String {
    let position = live.position().map(|position| position_json(live, position));
    let mut lines = Lines::default();
    lines.push(&json!({
        "position": position,
        "bars": live.bars_seen(),
        "history_bars": live.history_bars(),
        "equity": live.equity(),
    }));
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn push(&mut self, value: &Value) {
        self.0.push_str(&value.to_string());
        self.0.push('\n');
    }
}

fn decision(decision: &Decision) -> Value {
    let mut object = Map::new();
    object.insert("long_entry".to_owned(), decision.long_entry.into());
    object.insert("long_exit".to_owned(), decision.long_exit.into());
    object.insert("short_entry".to_owned(), decision.short_entry.into());
    object.insert("short_exit".to_owned(), decision.short_exit.into());
    add_distances(&mut object, &decision.distances);
    object.into()
}

/// Only the distances that the strategy has; an undefined one is null.
fn add_distances(object: &mut Map<String, Value>, distances: &Distances) {
    let named =
        [("stop_loss", distances.stop), ("take_profit", distances.target), ("trailing_stop", distances.trailing)];
    for (name, distance) in named {
        if let Some(distance) = distance {
            object.insert(name.to_owned(), json!(distance));
        }
    }
}

fn order_json(bar: usize, order: &LiveOrder) -> Value {
    match order {
        LiveOrder::Exit { side, size, reason } => json!({
            "bar": bar, "type": "market", "action": entering(side.opposite()), "side": side_name(*side),
            "size": size, "reason": exit_name(*reason),
        }),
        LiveOrder::Resting { side, size, price, reason } => json!({
            "bar": bar, "type": exit_name(*reason), "action": entering(side.opposite()), "side": side_name(*side),
            "size": size, "price": price,
        }),
        LiveOrder::Entry { side, distances } => {
            let mut object = Map::new();
            let named =
                [("type", "market"), ("action", entering(*side)), ("side", side_name(*side)), ("reason", "entry")];
            object.insert("bar".to_owned(), bar.into());
            object.extend(named.map(|(name, value)| (name.to_owned(), value.into())));
            add_distances(&mut object, distances);
            object.into()
        }
    }
}

fn exit_fill(trade: &Trade) -> Value {
    json!({
        "bar": trade.exit_bar, "action": entering(trade.side.opposite()), "side": side_name(trade.side),
        "size": trade.size, "price": trade.exit_price, "reason": exit_name(trade.exit_reason),
    })
}

fn trade_json(trade: &Trade) -> Value {
    json!({
        "side": side_name(trade.side),
        "size": trade.size,
        "entry_bar": trade.entry_bar,
        "entry_price": trade.entry_price,
        "exit_bar": trade.exit_bar,
        "exit_price": trade.exit_price,
        "exit_reason": exit_name(trade.exit_reason),
        "pnl": trade.pnl,
        "commission": trade.commission,
        "slippage": trade.slippage,
        "max_adverse": trade.max_adverse,
        "max_favorable": trade.max_favorable,
        "ambiguous": trade.ambiguous,
    })
}

fn position_json(live: &Live, position: &Position) -> Value {
    json!({
        "side": side_name(position.side),
        "size": position.size,
        "entry_bar": position.entry_bar,
        "entry_time": live.time_of(position.entry_bar).map(time),
        "entry_price": position.entry_price,
        "bars_held": position.bars_held,
        "stop_loss": position.levels.stop,
        "take_profit": position.levels.target,
        "trailing_stop": position.levels.trailing_stop(position.side),
    })
}

/// What an order on this side does to the market.
fn entering(side: Side) -> &'static str {
    match side {
        Side::Long => "buy",
        Side::Short => "sell",
    }
}

fn skip_name(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::UndefinedDistance => "undefined_distance",
        SkipReason::Unaffordable => "unaffordable",
        SkipReason::Deadline => "deadline",
        SkipReason::AccountRule => "account_rule",
    }
}

/// An instant in UTC.
fn time(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(i128::from(nanoseconds))
        .map_or_else(|_| nanoseconds.to_string(), |time| time.to_string())
}
