//! Lists of names that stand once in `bartune_keys` and are referred to by id.
//!
//! Rows of that table are never changed or deleted, so ids stay valid as long as the transaction that
//! made them commits: after a failed one, forget them all.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::codec::{self, Problem};
use crate::error::Fault;
use crate::pack::{Extent, Layout, Metrics};

/// The table itself, in one or the other database.
pub(crate) trait KeyTable {
    /// The id of a list, which is added if it is new.
    fn id_of(&mut self, list: &str) -> Result<i64, Fault>;
    /// The newest list of metrics' names whose text is, or is not, LIKE [`ABRIDGED_LAYOUT`], with its id.
    fn newest_layout(&mut self, extent: Extent) -> Result<Option<(i64, String)>, Fault>;
}

/// What the text of an abridged layout looks like to SQL.
pub(crate) const ABRIDGED_LAYOUT: &str = r#"{"abridged": {%"#;

/// The lists known so far.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    ids: BTreeMap<String, i64>,
    layouts: BTreeMap<Extent, (i64, Layout)>,
}

impl Keys {
    /// The id of a list.
    pub(crate) fn intern(&mut self, table: &mut impl KeyTable, list: &Value) -> Result<i64, Fault> {
        let text = codec::json_text(list);
        if let Some(id) = self.ids.get(&text) {
            return Ok(*id);
        }
        let id = table.id_of(&text)?;
        self.ids.insert(text, id);
        Ok(id)
    }

    /// A layout with a place for each of `metrics`: the newest one of this extent, extended if need be, so
    /// that a study in which now this and now that metric is undefined keeps to one.
    pub(crate) fn layout_for(
        &mut self,
        table: &mut impl KeyTable,
        (extent, metrics): (Extent, &Metrics),
    ) -> Result<(i64, &Layout), Fault> {
        if !self.layouts.contains_key(&extent) {
            let newest = table.newest_layout(extent)?.and_then(|(id, text)| {
                let layout = Layout::from_json(&codec::parse_attribute(&text).ok()?)?;
                Some((id, layout))
            });
            self.layouts.extend(newest.map(|newest| (extent, newest)));
        }
        let known = self.layouts.get(&extent);
        if !known.is_some_and(|(_, layout)| layout.covers(metrics)) {
            let layout = known.map_or_else(|| Layout::empty(extent), |(_, layout)| layout.clone()).extended(metrics);
            let id = self.intern(table, &layout.to_json())?;
            self.layouts.insert(extent, (id, layout));
        }
        let (id, layout) = self.layouts.get(&extent).expect("it was covered, or has just been made");
        Ok((*id, layout))
    }
}

/// The lists as they are read back.
#[derive(Debug, Default)]
pub(crate) struct KeyLists {
    layouts: BTreeMap<i64, Layout>,
    names: BTreeMap<i64, Vec<String>>,
}

impl KeyLists {
    /// Take in a row of the table.
    pub(crate) fn add(&mut self, id: i64, text: &str) -> Result<(), Problem> {
        let list = codec::parse_attribute(text)?;
        if let Some(names) = list.as_array() {
            let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
            self.names.insert(id, names.collect());
        } else if let Some(layout) = Layout::from_json(&list) {
            self.layouts.insert(id, layout);
        }
        Ok(())
    }

    /// The names of a list of constraints.
    pub(crate) fn names(&self, id: i64) -> Result<&[String], Problem> {
        self.names.get(&id).map(Vec::as_slice).ok_or_else(|| "its constraints' names are missing".to_owned())
    }

    /// The metrics in a blob.
    pub(crate) fn unpack(&self, id: i64, blob: &[u8]) -> Result<Metrics, Problem> {
        let layout = self.layouts.get(&id).ok_or_else(|| format!("there is no layout {id}"))?;
        layout.unpack(blob).ok_or_else(|| format!("{} bytes of metrics do not fit layout {id}", blob.len()))
    }

    /// Whether blobs of a layout have all of a trial's metrics.
    pub(crate) fn extent(&self, id: i64) -> Extent {
        self.layouts.get(&id).map_or(Extent::Full, Layout::extent)
    }
}
