//! The documents of a simulated account, and the changes of one call over them.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

use super::clock::Millis;

/// A set of documents and how far its keys are shared. Services name theirs as constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// `service/noun`, such as `ec2/vpc`.
    pub name: &'static str,
    /// Are its documents seen from every region of the account (IAM)?
    pub global: bool,
}

impl Table {
    /// A table whose documents belong to one account and region.
    pub const fn regional(name: &'static str) -> Self {
        Self { name, global: false }
    }

    /// A table whose documents belong to one account and are seen from all regions.
    pub const fn global(name: &'static str) -> Self {
        Self { name, global: true }
    }
}

/// A document and when it was first written, which is what a stale read goes by.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) value: Arc<Value>,
    pub(super) born: Millis,
}

/// How long what was overwritten or deleted is remembered, for stale reads: no script's reads lag further.
const REMEMBERED: Millis = 60_000;

/// What a document was until it was overwritten or deleted; `None` where it was not there.
#[derive(Debug)]
struct Former {
    until: Millis,
    table: String,
    key: String,
    value: Option<Arc<Value>>,
}

/// All documents, by table and full key (`account/region/key`).
#[derive(Debug, Default)]
pub(super) struct Documents {
    tables: BTreeMap<String, BTreeMap<String, Stored>>,
    /// What was lately otherwise, in order of time.
    formers: VecDeque<Former>,
}

/// Documents as they were, where that differs from how they are.
pub(super) type Past = BTreeMap<(String, String), Option<Arc<Value>>>;

impl Documents {
    pub(super) fn get(&self, table: &str, key: &str) -> Option<&Stored> {
        self.tables.get(table)?.get(key)
    }

    pub(super) fn put(&mut self, table: &str, key: &str, value: Arc<Value>, now: Millis) {
        self.remember(table, key, now);
        if !self.tables.contains_key(table) {
            self.tables.insert(table.to_owned(), BTreeMap::new());
        }
        if let Some(rows) = self.tables.get_mut(table) {
            match rows.get_mut(key) {
                Some(stored) => stored.value = value,
                None => {
                    rows.insert(key.to_owned(), Stored { value, born: now });
                }
            }
        }
    }

    pub(super) fn delete(&mut self, table: &str, key: &str, now: Millis) {
        self.remember(table, key, now);
        if let Some(rows) = self.tables.get_mut(table) {
            rows.remove(key);
        }
    }

    fn remember(&mut self, table: &str, key: &str, until: Millis) {
        while self.formers.front().is_some_and(|one| one.until + REMEMBERED < until) {
            self.formers.pop_front();
        }
        let value = self.get(table, key).map(|stored| Arc::clone(&stored.value));
        let (table, key) = (table.to_owned(), key.to_owned());
        self.formers.push_back(Former { until, table, key, value });
    }

    /// What was otherwise at a time in the last minute.
    pub(super) fn at(&self, time: Millis) -> Past {
        // The latest first, so that the earliest of a key after that time stands in the end.
        let since = self.formers.iter().rev().filter(|one| one.until > time);
        since.map(|one| ((one.table.clone(), one.key.clone()), one.value.clone())).collect()
    }

    pub(super) fn scan<'a>(
        &'a self,
        table: &str,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Stored)> {
        self.tables.get(table).into_iter().flat_map(move |rows| {
            let from = (Bound::Included(prefix), Bound::Unbounded);
            rows.range::<str, _>(from).take_while(move |(key, _)| key.starts_with(prefix))
        })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&String, &String, &Stored)> {
        self.tables
            .iter()
            .flat_map(|(table, rows)| rows.iter().map(move |(key, stored)| (table, key, stored)))
    }

    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let filled = self.tables.iter().filter(|(_, rows)| !rows.is_empty());
        filled.map(|(table, rows)| (table.clone(), rows.len())).collect()
    }
}

/// What one call would change: `None` is a deletion. Dropped, it has changed nothing.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) rows: BTreeMap<(&'static str, String), Option<Arc<Value>>>,
}

/// The documents as one call sees them: those committed, under those it has written itself.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    base: &'a Documents,
    pub(super) changes: Changes,
    /// Documents born later than this are not seen: a stale read.
    pub(super) seen_until: Millis,
    /// What a stale read sees otherwise than it is.
    pub(super) past: Past,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(base: &'a Documents) -> Self {
        Self { base, changes: Changes::default(), seen_until: Millis::MAX, past: Past::new() }
    }

    pub(super) fn get(&self, table: &'static str, key: &str) -> Option<Arc<Value>> {
        if !self.changes.rows.is_empty()
            && let Some(change) = self.changes.rows.get(&(table, key.to_owned()))
        {
            return change.clone();
        }
        if !self.past.is_empty()
            && let Some(was) = self.past.get(&(table.to_owned(), key.to_owned()))
        {
            return was.clone();
        }
        let stored = self.base.get(table, key)?;
        (stored.born <= self.seen_until).then(|| Arc::clone(&stored.value))
    }

    pub(super) fn put(&mut self, table: &'static str, key: String, value: Value) {
        self.changes.rows.insert((table, key), Some(Arc::new(value)));
    }

    pub(super) fn delete(&mut self, table: &'static str, key: String) {
        self.changes.rows.insert((table, key), None);
    }

    /// Every document whose full key starts with `prefix`, in order of key.
    pub(super) fn scan(&self, table: &'static str, prefix: &str) -> Vec<(String, Arc<Value>)> {
        let seen = |stored: &Stored| stored.born <= self.seen_until;
        let base = self.base.scan(table, prefix).filter(|(_, stored)| seen(stored));
        let base = base.map(|(key, stored)| (key.clone(), Arc::clone(&stored.value)));
        let from = (table, prefix.to_owned());
        let mut changed = self
            .changes
            .rows
            .range(from..)
            .take_while(|((of, key), _)| *of == table && key.starts_with(prefix))
            .peekable();
        if changed.peek().is_none() && self.past.is_empty() {
            return base.collect();
        }
        let mut rows: BTreeMap<String, Arc<Value>> = base.collect();
        let from = (table.to_owned(), prefix.to_owned());
        let were = self
            .past
            .range(from..)
            .take_while(|((of, key), _)| of == table && key.starts_with(prefix));
        for ((_, key), was) in were {
            match was {
                Some(value) => rows.insert(key.clone(), Arc::clone(value)),
                None => rows.remove(key),
            };
        }
        for ((_, key), change) in changed {
            match change {
                Some(value) => rows.insert(key.clone(), Arc::clone(value)),
                None => rows.remove(key),
            };
        }
        rows.into_iter().collect()
    }
}
