//! The scenario language as data: every table, every key, its kind, unit, range, default and meaning.
//!
//! Whatever speaks of keys reads this: the checks, "did you mean", `show`, the page of keys in `docs/keys.md`, and
//! defaults. A key that is not in `keys` does not exist. Rules between keys are in `check`.

mod keys;

use super::diagnostic::nearest;
use crate::units::Unit;

pub use keys::{EXPECT, EXPECT_FILE, FIGURES, SCENARIO, SIZES};

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A quantity in any of its forms.
    Quantity(Measure),
    /// A plain number.
    Number(Measure),
    /// Free text.
    Text,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// An integer in a range, both ends included.
    Integer {
        /// Least.
        low: i64,
        /// Most.
        high: i64,
    },
    /// `true` or `false`.
    Boolean,
    /// A month, `"YYYY-MM"`.
    Month,
    /// A date, `"YYYY"`, `"YYYY-MM"` or `"YYYY-MM-DD"`.
    Date,
    /// The id of something defined elsewhere in the scenario.
    Id(Ids),
    /// The dotted key of a quantity.
    Key,
    /// A row of a CSV table: `tables.<name>`.
    Row(&'static str),
    /// A table with fixed keys.
    Table(&'static Schema),
    /// A table whose keys depend on the word under `tag`.
    Tagged {
        /// The deciding key.
        tag: &'static str,
        /// Word and schema.
        cases: &'static [(&'static str, &'static Schema)],
    },
    /// A table whose keys are new ids.
    New(&'static Kind),
    /// A table whose keys are ids defined elsewhere.
    Of(Ids, &'static Kind),
    /// A list.
    List(&'static Kind),
    /// Either of two; the second if a table or list is written.
    Either(&'static Kind, &'static Kind),
    /// Keys of the scenario with the values that replace them.
    Overrides,
    /// The same for a run of a pin, in which every key may differ.
    Changes,
}

/// Unit and range of a number.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Unit.
    pub unit: Unit,
    /// Values outside are errors, over the whole support of a distribution.
    pub allowed: Range,
    /// Central values outside are warnings.
    pub usual: Range,
}

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end.
    pub low: f64,
    /// The lower end itself is outside.
    pub low_open: bool,
    /// Upper end.
    pub high: f64,
    /// The upper end itself is outside.
    pub high_open: bool,
}

impl Range {
    /// Both ends included.
    pub const fn closed(low: f64, high: f64) -> Range {
        Range { low, low_open: false, high, high_open: false }
    }
    /// The lower end excluded.
    pub const fn above(low: f64, high: f64) -> Range {
        Range { low, low_open: true, high, high_open: false }
    }
    /// The upper end excluded.
    pub const fn below(low: f64, high: f64) -> Range {
        Range { low, low_open: false, high, high_open: true }
    }
    /// Whether `x` is in it. NaN is not.
    pub fn contains(&self, x: f64) -> bool {
        let above = if self.low_open { x > self.low } else { x >= self.low };
        let below = if self.high_open { x < self.high } else { x <= self.high };
        above && below
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let low = if self.low_open { "above" } else { "at least" };
        let high = if self.high_open { "below" } else { "at most" };
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) if !self.low_open && !self.high_open => write!(f, "{} to {}", self.low, self.high),
            (true, true) => write!(f, "{low} {}, {high} {}", self.low, self.high),
            (true, false) => write!(f, "{low} {}", self.low),
            (false, true) => write!(f, "{high} {}", self.high),
            (false, false) => f.write_str("any number"),
        }
    }
}

/// Kinds of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Workloads.
    Workload,
    /// Chips.
    Chip,
    /// Regions.
    Region,
    /// Channels.
    Channel,
    /// Labs.
    Lab,
    /// Rules.
    Rule,
    /// Sources.
    Source,
    /// Currencies.
    Currency,
    /// Arms.
    Arm,
}

impl Ids {
    /// All of them.
    pub const ALL: [Ids; 9] = [
        Ids::Workload,
        Ids::Chip,
        Ids::Region,
        Ids::Channel,
        Ids::Lab,
        Ids::Rule,
        Ids::Source,
        Ids::Currency,
        Ids::Arm,
    ];
    /// The table that defines them.
    pub const fn table(self) -> &'static str {
        match self {
            Ids::Workload => "workloads",
            Ids::Chip => "chips",
            Ids::Region => "regions",
            Ids::Channel => "channels",
            Ids::Lab => "labs",
            Ids::Rule => "rules",
            Ids::Source => "sources",
            Ids::Currency => "currencies",
            Ids::Arm => "arms",
        }
    }
    /// One of them, in messages.
    pub const fn one(self) -> &'static str {
        match self {
            Ids::Workload => "workload",
            Ids::Chip => "chip",
            Ids::Region => "region",
            Ids::Channel => "channel",
            Ids::Lab => "lab",
            Ids::Rule => "rule",
            Ids::Source => "source",
            Ids::Currency => "currency",
            Ids::Arm => "arm",
        }
    }
    /// One of them with its article.
    pub fn a_one(self) -> String {
        let article = if self == Ids::Arm { "an" } else { "a" };
        format!("{article} {}", self.one())
    }
}

/// A table's keys.
#[derive(Debug)]
pub struct Schema {
    /// What it is, in messages.
    pub name: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
}

impl Schema {
    /// The field of a key.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name; a unit at its end.
    pub key: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be given.
    pub need: Need,
    /// What it means, in a line.
    pub doc: &'static str,
}

/// Whether a key must be given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need {
    /// It must.
    Required,
    /// It may be absent, which means something.
    Optional,
    /// Absent, it is this, as TOML.
    Default(&'static str),
}

/// Keys of which exactly one family gives a quantity its form.
pub const FORMS: &[&str] = &[
    "value",
    "uniform",
    "triangular",
    "pert",
    "normal",
    "lognormal",
    "beta",
    "discrete",
    "mixture",
    "empirical",
    "family",
    "initial",
    "schedule",
    "history",
];

/// Keys beside a quantity's form that say where it comes from.
pub const METADATA: &[&str] = &["source", "note", "as_of", "grade", "stream", "currency"];

/// What a dotted key holds, if the language has it. Ids in it are taken as they come.
pub fn kind_of(key: &str) -> Option<&'static Kind> {
    let mut kind: &'static Kind = &ROOT;
    for part in key.split('.') {
        kind = kind.child(part)?;
    }
    Some(kind)
}

/// The field of a dotted key, if it is a key with a name of its own rather than an id.
pub fn field_of(key: &str) -> Option<&'static Field> {
    let (table, last) = key.rsplit_once('.').unwrap_or(("", key));
    let kind = if table.is_empty() { &ROOT } else { kind_of(table)? };
    kind.field(last)
}

/// The nearest key of the language to one that does not exist: its first wrong part replaced.
pub fn suggestion(key: &str) -> Option<String> {
    let mut kind: &'static Kind = &ROOT;
    let mut parts: Vec<&str> = key.split('.').collect();
    for at in 0..parts.len() {
        match kind.child(parts[at]) {
            Some(child) => kind = child,
            None => {
                let names: Vec<&str> = match kind {
                    Kind::Table(schema) => schema.fields.iter().map(|field| field.key).collect(),
                    Kind::Tagged { cases, .. } => {
                        cases.iter().flat_map(|(_, schema)| schema.fields).map(|field| field.key).collect()
                    }
                    _ => return None,
                };
                parts[at] = nearest(parts[at], names)?;
                return Some(parts.join("."));
            }
        }
    }
    None
}

/// The kind of the whole file.
pub static ROOT: Kind = Kind::Table(&SCENARIO);

impl Kind {
    /// The kind of what lies under `key` in a table of this kind.
    pub fn child(&'static self, key: &str) -> Option<&'static Kind> {
        match self {
            Kind::Table(schema) => schema.field(key).map(|field| &field.kind),
            Kind::Tagged { cases, .. } => {
                cases.iter().find_map(|(_, schema)| schema.field(key)).map(|field| &field.kind)
            }
            Kind::New(inner) | Kind::Of(_, inner) => Some(inner),
            Kind::List(inner) if key.parse::<usize>().is_ok() => Some(inner),
            Kind::Either(_, second) => second.child(key),
            _ => None,
        }
    }

    /// The field that describes `key` in a table of this kind.
    fn field(&'static self, key: &str) -> Option<&'static Field> {
        match self {
            Kind::Table(schema) => schema.field(key),
            Kind::Tagged { cases, .. } => cases.iter().find_map(|(_, schema)| schema.field(key)),
            Kind::Either(_, second) => second.field(key),
            _ => None,
        }
    }
}

/// The reference page of every key, in Markdown: `docs/keys.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# Keys of the scenario language\n\nMade from the registry in `src/scenario/registry/`; see `docs/scenario.md` for the forms a quantity takes.\n",
    );
    section(&mut page, "", &SCENARIO);
    page
}

fn section(page: &mut String, place: &str, schema: &'static Schema) {
    let title = if place.is_empty() { "the file".to_string() } else { format!("`{place}`") };
    page.push_str(&format!("\n## {title}: {}\n\n| key | holds | allowed | default | meaning |\n| --- | --- | --- | --- | --- |\n", schema.name));
    for field in schema.fields {
        let default = match field.need {
            Need::Required => "required".into(),
            Need::Optional => String::new(),
            Need::Default(value) => format!("`{value}`"),
        };
        let (holds, allowed) = describe(&field.kind);
        page.push_str(&format!("| `{}` | {holds} | {allowed} | {default} | {} |\n", field.key, field.doc));
    }
    for field in schema.fields {
        let place = if place.is_empty() { field.key.to_string() } else { format!("{place}.{}", field.key) };
        subsections(page, &place, &field.kind);
    }
}

fn subsections(page: &mut String, place: &str, kind: &'static Kind) {
    match kind {
        Kind::Table(schema) => section(page, place, schema),
        Kind::Tagged { cases, .. } => cases.iter().for_each(|(_, schema)| section(page, place, schema)),
        Kind::New(inner) | Kind::Of(_, inner) => subsections(page, &format!("{place}.<id>"), inner),
        Kind::List(inner) => subsections(page, &format!("{place}[]"), inner),
        Kind::Either(_, second) => subsections(page, place, second),
        _ => {}
    }
}

/// What a kind holds and what it allows, in words.
pub fn describe(kind: &Kind) -> (String, String) {
    match kind {
        Kind::Quantity(m) => (format!("quantity, {}", m.unit.text()), m.allowed.to_string()),
        Kind::Number(m) => (format!("number, {}", m.unit.text()), m.allowed.to_string()),
        Kind::Text => ("text".into(), String::new()),
        Kind::Choice(words) => ("a word".into(), words.join(", ")),
        Kind::Integer { low, high: i64::MAX } => ("integer".into(), format!("{low} to 2^63 − 1")),
        Kind::Integer { low, high } => ("integer".into(), format!("{low} to {high}")),
        Kind::Boolean => ("true or false".into(), String::new()),
        Kind::Month => ("month".into(), "\"YYYY-MM\"".into()),
        Kind::Date => ("date".into(), "\"YYYY\", \"YYYY-MM\" or \"YYYY-MM-DD\"".into()),
        Kind::Id(ids) => (format!("id of {}", ids.a_one()), format!("one of [{}]", ids.table())),
        Kind::Key => ("key of a quantity".into(), String::new()),
        Kind::Row(table) => (format!("row of `tables.{table}`"), String::new()),
        Kind::Table(_) | Kind::Tagged { .. } => ("table".into(), String::new()),
        Kind::New(_) => ("table by new ids".into(), String::new()),
        Kind::Of(ids, _) => (format!("table by {}", ids.one()), format!("ids of [{}]", ids.table())),
        Kind::List(inner) => {
            let (holds, allowed) = describe(inner);
            (format!("list: {holds}"), allowed)
        }
        Kind::Either(first, second) => {
            let ((a, allowed), (b, _)) = (describe(first), describe(second));
            (format!("{a}, or {b}"), allowed)
        }
        Kind::Overrides => (
            "table by key".into(),
            "any key of this page outside [settings], [arms] and [correlations]".into(),
        ),
        Kind::Changes => ("table by key".into(), "any key of this page that is not about pins".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_place() {
        assert!(
            matches!(kind_of("channels.x.price_usd_per_chip_hour"), Some(Kind::Quantity(m)) if m.unit == Unit::UsdPerChipHour)
        );
        assert!(matches!(kind_of("chips.h20.efficiency.training.mfu_fraction"), Some(Kind::Quantity(_))));
        assert!(matches!(kind_of("rules.r.announced.probability"), Some(Kind::Quantity(_))));
        assert!(kind_of("channels.x.colour").is_none());
    }

    #[test]
    fn ranges_say_what_they_allow() {
        assert_eq!(Range::closed(0.0, 1.0).to_string(), "0 to 1");
        assert_eq!(Range::above(0.0, f64::INFINITY).to_string(), "above 0");
        assert_eq!(Range::above(0.0, 1.0).to_string(), "above 0, at most 1");
        assert!(!Range::above(0.0, 1.0).contains(0.0) && Range::above(0.0, 1.0).contains(1.0));
        assert!(!Range::closed(0.0, 1.0).contains(f64::NAN));
    }

    #[test]
    fn money_keys_are_in_money_units_and_no_other() {
        fn walk(place: &str, kind: &'static Kind) {
            match kind {
                Kind::Quantity(m) => {
                    let money = place.contains("usd") && !place.ends_with("per_usd");
                    assert_eq!(m.unit.is_money(), money, "{place}");
                }
                Kind::Table(schema) => {
                    schema.fields.iter().for_each(|f| walk(&format!("{place}.{}", f.key), &f.kind))
                }
                Kind::Tagged { cases, .. } => cases.iter().for_each(|(_, schema)| {
                    schema.fields.iter().for_each(|f| walk(&format!("{place}.{}", f.key), &f.kind));
                }),
                Kind::New(inner) | Kind::Of(_, inner) | Kind::List(inner) => walk(place, inner),
                Kind::Either(_, second) => walk(place, second),
                _ => {}
            }
        }
        walk("", &ROOT);
    }
}
