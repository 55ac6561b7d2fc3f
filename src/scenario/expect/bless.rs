//! New values in a file of pins, everything else left as it was written.
//!
//! Only `value`, `std_error`, `digest` and `pinned` of the entries named are touched, and the table `[pinned]` of recorded
//! inputs: comments, order, blank lines and the spelling of other values stay. Nothing here writes to disk.

use std::collections::BTreeMap;
use std::fmt;

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::Stamp;

/// What an entry is to say from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Number of the entry.
    pub index: usize,
    /// Its value.
    pub value: f64,
    /// Its standard error, if a check needs it.
    pub std_error: Option<f64>,
    /// Its digest, if a check needs it.
    pub digest: Option<String>,
    /// How it was taken.
    pub stamp: Stamp,
}

/// Why a text cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlessError {
    /// It is not TOML.
    NotToml(String),
    /// It has no entry of that number.
    NoEntry(usize),
    /// `[pinned]` is not a table.
    NoRecords,
}

impl fmt::Display for BlessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BlessError::NotToml(why) => write!(f, "not TOML: {why}"),
            BlessError::NoEntry(index) => write!(f, "there is no [[expect]] entry number {index}"),
            BlessError::NoRecords => write!(f, "`pinned` is not a table"),
        }
    }
}

impl std::error::Error for BlessError {}

/// `text` with the entries of `edits` changed and `records` of inputs, by name, added to those that entries still name;
/// the others are dropped.
///
/// # Errors
/// [`BlessError`].
pub fn blessed(text: &str, edits: &[Edit], records: &BTreeMap<String, String>) -> Result<String, BlessError> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| BlessError::NotToml(error.message().to_string()))?;
    for edit in edits {
        let entry = entry(&mut document, edit.index).ok_or(BlessError::NoEntry(edit.index))?;
        put(entry, "value", Value::from(edit.value));
        match edit.std_error {
            Some(std_error) => put(entry, "std_error", Value::from(std_error)),
            None => drop(entry.remove("std_error")),
        }
        match &edit.digest {
            Some(digest) => put(entry, "digest", Value::from(digest.as_str())),
            None => drop(entry.remove("digest")),
        }
        put(entry, "pinned", stamp(&edit.stamp));
    }
    let named: Vec<String> =
        (0..).map_while(|index| entry(&mut document, index).map(name_of)).flatten().collect();
    let table = document.entry("pinned").or_insert_with(|| Item::Table(Table::new()));
    let table = table.as_table_like_mut().ok_or(BlessError::NoRecords)?;
    let known: Vec<String> = table.iter().map(|(name, _)| name.to_string()).collect();
    for name in known.iter().filter(|name| !named.contains(name)) {
        table.remove(name);
    }
    for name in named.iter().filter(|name| !known.contains(name)) {
        if let Some(record) = records.get(name) {
            // A string of several lines reads, and shows its differences, line by line.
            let written = format!("'''\n{record}'''").parse::<Value>();
            let value = written.map_err(|error| BlessError::NotToml(error.message().to_string()))?;
            table.insert(name, Item::Value(value));
        }
    }
    if table.is_empty() {
        document.remove("pinned");
    }
    Ok(document.to_string())
}

/// The record of inputs an entry names.
fn name_of(entry: &mut dyn TableLike) -> Option<String> {
    Some(entry.get("pinned")?.as_table_like()?.get("inputs")?.as_str()?.to_string())
}

/// An entry of `expect`, whether written as `[[expect]]` or in a list.
fn entry(document: &mut DocumentMut, index: usize) -> Option<&mut dyn TableLike> {
    match document.get_mut("expect")? {
        Item::ArrayOfTables(tables) => tables.get_mut(index).map(|table| table as &mut dyn TableLike),
        Item::Value(Value::Array(list)) => {
            list.get_mut(index)?.as_inline_table_mut().map(|table| table as &mut dyn TableLike)
        }
        _ => None,
    }
}

/// Replaces a value and keeps the comment behind it; a key that is new comes last.
fn put(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(table.insert(key, Item::Value(new))),
    }
}

fn stamp(stamp: &Stamp) -> Value {
    let mut table = InlineTable::new();
    table.insert("why", stamp.why.as_str().into());
    table.insert("version", stamp.version.as_str().into());
    table.insert("platform", stamp.platform.as_str().into());
    table.insert("paths", (stamp.paths as i64).into());
    table.insert("seed", (stamp.seed as i64).into());
    table.insert("sampling", stamp.sampling.as_str().into());
    if let Some(draws) = &stamp.draws {
        table.insert("draws", draws.as_str().into());
    }
    if let Some(inputs) = &stamp.inputs {
        table.insert("inputs", inputs.as_str().into());
    }
    Value::InlineTable(table)
}
