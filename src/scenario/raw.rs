//! TOML as a tree whose every node knows where it was written.
//!
//! Syntax errors are located and collected. Numbers are kept as written (integers and floats apart), dates as text. What
//! the keys mean is `registry`'s business, how trees are laid over each other `overlay`'s. The tree is sorted by key, so
//! that the order of a file never matters.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::diagnostic::{Diagnostic, Files, Origin};

/// Deepest nesting of tables and lists.
pub const MAX_DEPTH: usize = 64;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is written.
    pub value: Value,
    /// Where.
    pub origin: Origin,
}

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A float, NaN and infinities included.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// An unquoted date or time, as text.
    Date(String),
    /// An array.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

/// Entries by key. A copy shares them until one of the two is changed, since every arm and every pin has a tree of its own
/// that differs in little.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table(Arc<BTreeMap<String, Entry>>);

impl Table {
    /// A table without entries.
    pub fn new() -> Table {
        Table::default()
    }

    /// Whether the two are copies of one and neither has been changed since. Answers without a look at the entries, and so says no
    /// of equal tables that were read apart.
    fn is_shared_with(&self, other: &Table) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Table {
    type Target = BTreeMap<String, Entry>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Table {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(String, Entry)> for Table {
    fn from_iter<I: IntoIterator<Item = (String, Entry)>>(entries: I) -> Table {
        Table(Arc::new(entries.into_iter().collect()))
    }
}

impl<const N: usize> From<[(String, Entry); N]> for Table {
    fn from(entries: [(String, Entry); N]) -> Table {
        entries.into_iter().collect()
    }
}

impl IntoIterator for Table {
    type Item = (String, Entry);
    type IntoIter = std::collections::btree_map::IntoIter<String, Entry>;
    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a Table {
    type Item = (&'a String, &'a Entry);
    type IntoIter = std::collections::btree_map::Iter<'a, String, Entry>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A key with its place and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key is written.
    pub key: Origin,
    /// Its value.
    pub node: Node,
}

impl Entry {
    /// Whether this is known to be what `other` is, places included, without a look into tables.
    pub fn is_still(&self, other: &Entry) -> bool {
        self.key == other.key && self.node.is_still(&other.node)
    }
}

impl Node {
    /// Whether this is known to be what `other` is, places included, without a look into tables.
    pub fn is_still(&self, other: &Node) -> bool {
        self.origin == other.origin
            && match (&self.value, &other.value) {
                (Value::Table(own), Value::Table(others)) => own.is_shared_with(others),
                (Value::List(own), Value::List(others)) => {
                    own.len() == others.len()
                        && own.iter().zip(others).all(|(own, other)| own.is_still(other))
                }
                (own, other) => own == other,
            }
    }
    /// What kind of thing it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Date(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
    /// The table, if it is one.
    pub fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }
    /// The list, if it is one.
    pub fn list(&self) -> Option<&[Node]> {
        if let Value::List(list) = &self.value { Some(list) } else { None }
    }
    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }
    /// The number, if it is one, whole or not.
    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Integer(n) => Some(n as f64),
            Value::Float(x) => Some(x),
            _ => None,
        }
    }
    /// The flag, if it is one.
    pub fn boolean(&self) -> Option<bool> {
        if let Value::Boolean(flag) = self.value { Some(flag) } else { None }
    }
    /// The entry at a dotted key below this node.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match key.rsplit_once('.') {
            Some((table, last)) => self.get(table)?.table()?.get(last),
            None => self.table()?.get(key),
        }
    }
    /// The value at a dotted key below this node; items of a list go by number.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
        let node = match &self.value {
            Value::Table(table) => &table.get(first)?.node,
            Value::List(list) => list.get(first.parse::<usize>().ok()?)?,
            _ => return None,
        };
        rest.map_or(Some(node), |rest| node.get(rest))
    }
    /// As TOML on one line, keys sorted.
    pub fn to_toml(&self) -> String {
        match &self.value {
            Value::Text(text) => toml::Value::String(text.clone()).to_string(),
            Value::Integer(n) => n.to_string(),
            Value::Float(x) => toml::Value::Float(*x).to_string(),
            Value::Boolean(flag) => flag.to_string(),
            Value::Date(text) => text.clone(),
            Value::List(list) => {
                format!("[{}]", list.iter().map(Node::to_toml).collect::<Vec<_>>().join(", "))
            }
            Value::Table(table) if table.is_empty() => "{}".into(),
            Value::Table(table) => {
                let entries =
                    table.iter().map(|(key, entry)| format!("{} = {}", quoted(key), entry.node.to_toml()));
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A key as TOML writes it: bare if it can be.
pub fn quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.to_string() } else { toml::Value::String(key.to_string()).to_string() }
}

/// A text that is not TOML as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// Every syntax error, nesting beyond [`MAX_DEPTH`] and integers beyond 64 bits, located.
    pub problems: Vec<Diagnostic>,
    /// What could be read, where all syntax errors are in values, so that tables stand as they were meant.
    pub rest: Option<Node>,
}

/// The tree of text number `file`.
///
/// # Errors
/// What is not TOML in it, and what is.
pub fn parse(files: &Files, file: u32) -> Result<Node, Broken> {
    let text = files.of(Origin { file, start: 0, end: 0 }).text.clone();
    let (table, errors) = DeTable::parse_recoverable(&text);
    let mut reader = Reader { file, offset: 0, problems: Vec::new() };
    reader.syntax(&errors, &text, value_at);
    let node = reader.table_node(table.get_ref(), Origin { file, start: 0, end: 0 }, 0);
    if reader.problems.is_empty() {
        return Ok(node);
    }
    let in_value = |error: &Error| error.span().is_some_and(|span| value_at(&text, span.start).is_some());
    let rest = errors.iter().all(in_value).then_some(node);
    Err(Broken { problems: reader.problems, rest })
}

/// The value written in `text`, which starts at byte `offset` of text number `file`.
///
/// # Errors
/// Every syntax error, nesting beyond [`MAX_DEPTH`] and integers beyond 64 bits, located.
pub fn parse_value(text: &str, file: u32, offset: usize) -> Result<Node, Vec<Diagnostic>> {
    let (value, errors) = DeValue::parse_recoverable(text);
    let mut reader = Reader { file, offset, problems: Vec::new() };
    reader.syntax(&errors, text, |text, _| Some(text.trim()));
    let node = reader.node(&value, 0);
    if reader.problems.is_empty() { Ok(node) } else { Err(reader.problems) }
}

/// The value, without a remark, behind the equals sign of the line in which a place behind that sign is.
fn value_at(text: &str, at: usize) -> Option<&str> {
    let line = line_at(text, at)?;
    let equals = line.start + text[line.start..at].find('=')?;
    Some(text[equals + 1..line.end].split('#').next().unwrap_or_default().trim())
}

/// The line around a place.
fn line_at(text: &str, at: usize) -> Option<Range<usize>> {
    let (before, behind) = text.split_at_checked(at)?;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Some(start..at + behind.find('\n').unwrap_or(behind.len()))
}

/// How a value that is no TOML is probably meant to be written.
fn remedy(value: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some((year, month)) = value.split_once('-')
        && digits(year)
        && digits(month)
    {
        return Some(format!("a month is text: \"{year}-{month}\""));
    }
    if let Some(percent) = value.strip_suffix('%').and_then(|text| number(text.trim_end())) {
        return Some(format!("there is no percent sign: {value} is {}", percent / 100.0));
    }
    if let Some((whole, part)) = value.split_once(',')
        && digits(whole)
        && digits(part)
    {
        let thousands = part.len() == 3 && whole != "0";
        let or = if thousands { format!(", a thousand is not parted: {whole}{part}") } else { String::new() };
        return Some(format!("decimals stand behind a point: {whole}.{part}{or}"));
    }
    let word = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    (word && value.starts_with(|first: char| first.is_ascii_alphabetic()))
        .then(|| format!("words stand in quotes: {value:?}"))
}

/// How the parser tells a key that is written twice.
const DUPLICATE: &str = "duplicate key";

/// Whether a line starts a table.
fn is_header(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

/// Where the table ends that a place is in.
fn table_end(text: &str, at: usize) -> usize {
    let mut end = at;
    for line in text[at..].split_inclusive('\n') {
        if end > at && is_header(line) {
            return end;
        }
        end += line.len();
    }
    end
}

/// Where what is written on the line around `at`, a table or the key before an equals sign, was first written in the same
/// place: a table in the text, a key in its table.
fn first_of(text: &str, at: usize) -> Option<Range<usize>> {
    let line = &text[line_at(text, at)?];
    let header = is_header(line);
    let named = |line: &str| {
        let name = if header { line.split('#').next() } else { line.split_once('=').map(|(key, _)| key) };
        name.map(|name| name.split_whitespace().collect::<String>()).filter(|name| !name.is_empty())
    };
    let wanted = named(line)?;
    let (mut start, mut first) = (0, None);
    for line in text.split_inclusive('\n') {
        if start + line.len() > at {
            break;
        }
        let found = || {
            let from = start + (line.len() - line.trim_start().len());
            let shown = line.trim_start().split(if header { '#' } else { '=' }).next().unwrap_or_default();
            from..from + shown.trim_end().len()
        };
        if !header && is_header(line) {
            first = None;
        } else if first.is_none() && is_header(line) == header && named(line).as_ref() == Some(&wanted) {
            first = Some(found());
        }
        start += line.len();
    }
    first
}

struct Reader {
    file: u32,
    offset: usize,
    problems: Vec<Diagnostic>,
}

impl Reader {
    fn origin(&self, span: Range<usize>) -> Origin {
        let place = |at: usize| (at + self.offset) as u32;
        Origin { file: self.file, start: place(span.start), end: place(span.end) }
    }

    /// Tells `errors`; `value` finds the value that is wrong at a place.
    fn syntax(&mut self, errors: &[Error], text: &str, value: fn(&str, usize) -> Option<&str>) {
        let mut doubled = 0..0;
        for error in errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            let problem =
                Diagnostic::error(self.origin(span.clone()), format!("not TOML: {}", error.message()));
            if error.message() == DUPLICATE {
                // What stands in a table that is there twice is there twice for that reason alone.
                if doubled.contains(&span.start) {
                    continue;
                }
                if line_at(text, span.start).is_some_and(|line| is_header(&text[line])) {
                    doubled = span.end..table_end(text, span.end);
                }
                self.problems.push(match first_of(text, span.start) {
                    Some(first) => {
                        problem.related(self.origin(first), "the first").hint("keep one of the two")
                    }
                    None => problem,
                });
                continue;
            }
            self.problems.push(match value(text, span.start).and_then(remedy) {
                Some(remedy) => problem.hint(remedy),
                None => problem,
            });
        }
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let origin = self.origin(value.span());
        if depth > MAX_DEPTH {
            let problem = Diagnostic::error(origin, "nested too deeply");
            self.problems
                .push(problem.note(format!("allowed: at most {MAX_DEPTH} levels of tables and lists")));
            return Node { value: Value::Boolean(false), origin };
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(n) => Value::Integer(n),
                Err(_) => {
                    self.problems.push(Diagnostic::error(origin, "an integer beyond 64 bits"));
                    Value::Integer(0)
                }
            },
            DeValue::Float(float) => match float.as_str().parse::<f64>() {
                Ok(x) => Value::Float(x),
                Err(_) => {
                    self.problems.push(Diagnostic::error(origin, "not a number"));
                    Value::Float(0.0)
                }
            },
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(list) => Value::List(list.iter().map(|item| self.node(item, depth + 1)).collect()),
            DeValue::Table(table) => return self.table_node(table, origin, depth),
        };
        Node { value, origin }
    }

    fn table_node(&mut self, table: &DeTable<'_>, origin: Origin, depth: usize) -> Node {
        let entries = table.iter().map(|(key, value)| {
            let entry = Entry { key: self.origin(key.span()), node: self.node(value, depth + 1) };
            (key.get_ref().to_string(), entry)
        });
        Node { value: Value::Table(entries.collect()), origin }
    }
}

#[cfg(test)]
mod tests {
    use super::{remedy, value_at};

    #[test]
    fn common_slips_have_their_remedy() {
        for (value, told) in [
            ("2026-10", Some("a month is text: \"2026-10\"")),
            ("10%", Some("there is no percent sign: 10% is 0.1")),
            ("0,5", Some("decimals stand behind a point: 0.5")),
            ("1,500", Some("decimals stand behind a point: 1.500, a thousand is not parted: 1500")),
            ("sobol", Some("words stand in quotes: \"sobol\"")),
            ("2026-10-01", None),
            ("{ uniform = [1, 2 }", None),
            ("", None),
        ] {
            assert_eq!(remedy(value).as_deref(), told, "{value}");
        }
        let text = "a = 1\nstart = 2026-10 # when\nb = 2";
        assert_eq!(value_at(text, 14), Some("2026-10"));
        assert_eq!(value_at(text, text.len()), Some("2"));
        assert_eq!(value_at("paths", 5), None);
        assert_eq!(value_at("paths = 2", 3), None);
    }
}
