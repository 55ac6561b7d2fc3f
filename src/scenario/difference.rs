//! How two scenarios differ: the assumptions edited, with what was and is believed and why.
//!
//! Compared are resolved scenarios, key by key: values by default included, rows of tables filled in, two spellings of one
//! value equal. An [`Edit`] is one quantity, one flag, one list, or a table that only one side has (a channel, a rule, an
//! arm). What cannot move a result (titles, notes, sources) is told apart, and so are settings of the run, and arms and
//! rules that take no part in the comparison. Nothing is simulated here; [`super::blend`] makes scenarios between the two.

use std::collections::BTreeSet;

use super::Scenario;
use super::brief::{brief, plain};
use super::checked::default_of;
use super::expect::inputs::is_input;
use super::quantity::{Form, Parsed, Process, text_of};
use super::raw::{Node, Table, Value, quoted};
use super::registry::{self, Kind, METADATA, ROOT};
use crate::source::{Grade, Source};

/// Settings of the run: they change draws, horizon or unit, and both sides are simulated on the first's.
pub const SETTINGS: [&str; 7] =
    ["start", "months", "paths", "seed", "sampling", "sobol_first", "reference_chip"];

/// How two scenarios differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Assumptions that differ and may move what is compared.
    pub edits: Vec<Edit>,
    /// Edits of arms, and of rules of arms, that take no part in the comparison.
    pub elsewhere: Vec<Edit>,
    /// Settings that differ.
    pub settings: Vec<Change>,
    /// Differences that move no result: words, sources, what is drawn.
    pub remarks: Vec<Change>,
}

/// One assumption that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Key.
    pub key: String,
    /// What it is, in words: "Rented H200: price".
    pub title: String,
    /// Whether it is on both sides.
    pub kind: EditKind,
    /// The values; of a table that only one side has, every value in it.
    pub changes: Vec<Change>,
    /// Parts of the key.
    pub(super) path: Vec<String>,
    /// What the second scenario has there.
    pub(super) node: Option<Node>,
}

/// Whether an edit is on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditKind {
    /// Both sides have it, with other values.
    Changed,
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
}

impl EditKind {
    /// As written in files.
    pub fn id(self) -> &'static str {
        match self {
            EditKind::Changed => "changed",
            EditKind::Added => "added",
            EditKind::Removed => "removed",
        }
    }
}

/// A key with its value on both sides; none where a side does not have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Key.
    pub key: String,
    /// What the key means.
    pub meaning: &'static str,
    /// Unit; empty if it is no quantity.
    pub unit: &'static str,
    /// In the first scenario.
    pub before: Option<Side>,
    /// In the second.
    pub after: Option<Side>,
}

/// A value and why it should be believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The value as text.
    pub value: String,
    /// Where it is written.
    pub origin: String,
    /// Its sources.
    pub sources: Vec<Source>,
    /// Grade of the evidence.
    pub grade: Option<Grade>,
    /// Remark.
    pub note: Option<String>,
}

impl Difference {
    /// Some edits in a few words, with their values if wanted: "Rented H200: price (2.10 → 2.50 USD/chip-hour)". Edits that are told as one
    /// have the name of what only one side has, or of the first.
    pub fn title(&self, edits: &[usize], values: bool) -> String {
        let mut ordered: Vec<&Edit> = edits.iter().map(|edit| &self.edits[*edit]).collect();
        ordered.sort_by_key(|edit| edit.kind == EditKind::Changed || edit.changes.len() == 1);
        match ordered[..] {
            [] => String::new(),
            [one] => one.words(values),
            [one, other] => format!("{} with {}", one.words(values), other.words(values)),
            [first, ..] => {
                format!("{} and {} edits that belong with it", first.words(values), ordered.len() - 1)
            }
        }
    }
}

impl Edit {
    fn words(&self, values: bool) -> String {
        let [Change { before: Some(before), after: Some(after), unit, .. }] = self.changes.as_slice() else {
            return self.title.clone();
        };
        if !values {
            return self.title.clone();
        }
        let unit = match *unit {
            "" | "fraction" | "ratio" | "elasticity" | "log" => String::new(),
            unit => format!(" {unit}"),
        };
        let (was, is) = match [before, after].map(|side| brief(&side.value)) {
            // What tells them apart was left out.
            [was, is] if was == is => (plain(&before.value), plain(&after.value)),
            [was, is] => (was, is),
        };
        format!("{} ({was} → {is}{unit})", self.title)
    }
}

impl Scenario {
    /// How `other` differs from this scenario, as far as the baseline and the headline arm of either are concerned.
    pub fn difference(&self, other: &Scenario) -> Difference {
        let mut walk = Walk { a: self, b: other, found: Difference::default() };
        walk.node(&[], Some(&ROOT), Some(&self.base.tree), Some(&other.base.tree));
        let mut found = walk.found;
        let compared = Compared::of(&[self, other]);
        let (edits, elsewhere) = found.edits.into_iter().partition(|edit| compared.has(&edit.path));
        (found.edits, found.elsewhere) = (edits, elsewhere);
        found
    }

    /// Ids of the baseline and of the arm that headlines speak of, if there is one.
    pub fn compared_arms(&self) -> (Option<&str>, Option<&str>) {
        let mut ids = self.arms.iter().map(|(id, _)| id.as_str());
        (ids.next(), ids.next())
    }

    /// The quantity at a key given in parts; one an arm replaces as that arm has it.
    fn quantity_at(&self, path: &[String]) -> Option<&Parsed> {
        match path {
            [arms, id, set, key] if arms == "arms" && set == "set" => {
                self.arms.iter().find(|(arm, _)| arm == id)?.1.quantity(key)
            }
            _ => self.base.quantity(&path.join(".")),
        }
    }
}

/// The arms that are compared, and their rules.
struct Compared {
    arms: BTreeSet<String>,
    rules: BTreeSet<String>,
}

impl Compared {
    fn of(scenarios: &[&Scenario]) -> Compared {
        let (mut arms, mut rules) = (BTreeSet::new(), BTreeSet::new());
        // Where one has no arm but its baseline, baselines are compared.
        let both = scenarios.iter().all(|scenario| scenario.compared_arms().1.is_some());
        for scenario in scenarios {
            let (baseline, headline) = scenario.compared_arms();
            for id in baseline.into_iter().chain(headline.filter(|_| both)) {
                let of_arm = scenario.base.texts(&format!("arms.{id}.rules"));
                rules.extend(of_arm.into_iter().map(str::to_string));
                arms.insert(id.to_string());
            }
        }
        Compared { arms, rules }
    }

    /// Which arm is compared is decided by the flags of all arms.
    fn has(&self, path: &[String]) -> bool {
        let part = |at: usize| path.get(at).map_or("", String::as_str);
        match (part(0), part(1)) {
            ("arms", id) => self.arms.contains(id),
            ("rules", id) => self.rules.contains(id),
            _ => true,
        }
    }
}

/// Walks two trees side by side.
struct Walk<'a> {
    a: &'a Scenario,
    b: &'a Scenario,
    found: Difference,
}

impl Walk<'_> {
    fn node(&mut self, path: &[String], kind: Option<&'static Kind>, a: Option<&Node>, b: Option<&Node>) {
        if let Some(Kind::Quantity(measure)) = kind {
            return self.quantity(path, measure.unit.text(), (a, b));
        }
        // A table by ids that is not there has none: each of the other's is a thing of its own.
        let nothing = Node { value: Value::Table(Table::new()), origin: self.a.defaults };
        let by_id = matches!(kind, Some(Kind::New(_) | Kind::Of(..) | Kind::Overrides));
        let (a, b) = if by_id { (a.or(Some(&nothing)), b.or(Some(&nothing))) } else { (a, b) };
        match (a.map(|node| &node.value), b.map(|node| &node.value)) {
            (Some(Value::Table(below)), Some(Value::Table(above)))
                if self.one_thing(path, kind, below, above) =>
            {
                let keys: BTreeSet<&String> = below.keys().chain(above.keys()).collect();
                for key in keys {
                    let child = kind.and_then(|kind| match kind {
                        Kind::Overrides => registry::kind_of(key),
                        other => other.child(key),
                    });
                    let of = |table: &'_ Table| table.get(key).map(|entry| entry.node.clone());
                    self.node(&below_path(path, key), child, of(below).as_ref(), of(above).as_ref());
                }
            }
            (Some(Value::List(below)), Some(Value::List(above)))
                if below.len() == above.len()
                    && below.iter().any(|item| item.table().is_some())
                    && !holds_quantities(kind) =>
            {
                for (at, (a, b)) in below.iter().zip(above).enumerate() {
                    let name = at.to_string();
                    let child = kind.and_then(|kind| kind.child(&name));
                    self.node(&below_path(path, &name), child, Some(a), Some(b));
                }
            }
            _ => self.leaf(path, (a, b)),
        }
    }

    /// Whether two tables are one thing with other values, rather than two things.
    fn one_thing(&self, path: &[String], kind: Option<&'static Kind>, a: &Table, b: &Table) -> bool {
        let same = |key: &str| {
            let text = |table: &Table| table.get(key).map(|entry| entry.node.to_toml());
            text(a) == text(b)
        };
        let last = path.last().map_or("", String::as_str);
        if let Some(Kind::Tagged { tag, .. }) = kind {
            return same(tag);
        }
        if ["announced", "reversal", "on"].contains(&last) {
            return a.keys().eq(b.keys());
        }
        // An item of a list has no id: what it speaks of tells which it is.
        last.parse::<usize>().is_err() || ["on", "quantity", "between"].iter().all(|key| same(key))
    }

    fn quantity(&mut self, path: &[String], unit: &'static str, (a, b): (Option<&Node>, Option<&Node>)) {
        let key = path.last().map_or("", String::as_str);
        let (before, after) = (self.a.quantity_at(path), self.b.quantity_at(path));
        let equal = match (before, after) {
            (Some(x), Some(y)) => {
                let stream = |parsed: &Parsed| parsed.meta.stream.clone().unwrap_or_else(|| path.join("."));
                same(x, y) && stream(x) == stream(y)
            }
            (None, None) => true,
            _ => false,
        };
        let side = |scenario: &Scenario, parsed: Option<&Parsed>| {
            parsed.map(|parsed| {
                let provenance = scenario.provenance_of(key, parsed);
                let currency =
                    provenance.currency.map_or(String::new(), |currency| format!(" in {currency}"));
                Side {
                    value: provenance.value + &currency,
                    origin: provenance.origin,
                    sources: provenance.sources,
                    grade: provenance.grade,
                    note: provenance.note,
                }
            })
        };
        let (mut before, mut after) = (side(self.a, before), side(self.b, after));
        if equal {
            let evidence = |side: &Option<Side>| {
                side.as_ref().map(|side| (side.sources.clone(), side.grade, side.note.clone()))
            };
            if evidence(&before) != evidence(&after) {
                let change = self.change(path, unit, before, after);
                self.found.remarks.push(change);
            }
            return;
        }
        if let (Some(x), Some(y), Some((short_x, short_y))) = (&mut before, &mut after, narrowed(a, b)) {
            (x.value, y.value) = (short_x, short_y);
        }
        let shown = [&before, &after].into_iter().flatten();
        let unit = if shown.map(|side| &side.value).any(|value| is_of_members(value)) { "" } else { unit };
        if let (Some(x), Some(y)) = (&mut before, &mut after)
            && x.value == y.value
        {
            // The same words, another meaning: the data behind them, or the draws.
            x.value.push_str(", as it was");
            y.value.push_str(", with other data or another stream");
        }
        let change = self.change(path, unit, before, after);
        self.push(path, change, (a, b));
    }

    fn leaf(&mut self, path: &[String], (a, b): (Option<&Node>, Option<&Node>)) {
        let key = path.join(".");
        let default = default_of(&key);
        let text = |node: Option<&Node>| node.map(Node::to_toml).or(default.map(str::to_string));
        if text(a) == text(b) {
            return;
        }
        let side = |scenario: &Scenario, node: Option<&Node>| {
            let origin = node.map_or("default".into(), |node| scenario.files.describe(node.origin));
            text(node).map(|value| Side { value, origin, sources: Vec::new(), grade: None, note: None })
        };
        let change = self.change(path, "", side(self.a, a), side(self.b, b));
        let (table, last) = (path[0].as_str(), path.last().map_or("", String::as_str));
        if path.len() == 2 && table == "settings" && SETTINGS.contains(&last) {
            self.found.settings.push(change);
        } else if !is_input(&key) || ["tables"].contains(&table) || ["row", "vendor"].contains(&last) {
            self.found.remarks.push(change);
        } else {
            self.push(path, change, (a, b));
        }
    }

    fn change(
        &self,
        path: &[String],
        unit: &'static str,
        before: Option<Side>,
        after: Option<Side>,
    ) -> Change {
        let key = match path {
            [arms, _, set, key] if arms == "arms" && set == "set" => key.clone(),
            _ => path.join("."),
        };
        let meaning = registry::field_of(&key).map_or("", |field| field.doc);
        Change { key: shown(path), meaning, unit, before, after }
    }

    fn push(&mut self, path: &[String], change: Change, (a, b): (Option<&Node>, Option<&Node>)) {
        let kind = match (a, b) {
            (None, Some(_)) if change.before.is_none() => EditKind::Added,
            (Some(_), None) if change.after.is_none() => EditKind::Removed,
            _ => EditKind::Changed,
        };
        let whole = |node: Option<&Node>| node.is_some_and(|node| node.table().is_some());
        let mut changes = vec![change];
        if kind != EditKind::Changed && (whole(a) || whole(b)) {
            let inside = self.inside(path, kind);
            if !inside.is_empty() {
                changes = inside;
            }
        }
        let title = self.title(path, kind);
        let edit = Edit { key: shown(path), title, kind, changes, path: path.to_vec(), node: b.cloned() };
        self.found.edits.push(edit);
    }

    /// Every value of a table that only one side has.
    fn inside(&self, path: &[String], kind: EditKind) -> Vec<Change> {
        let scenario = if kind == EditKind::Added { self.b } else { self.a };
        let shown = scenario.show(&path.join(".")).into_iter().filter(|value| is_input(&value.key));
        shown
            .map(|value| {
                let side = Side {
                    value: value.value,
                    origin: value.origin,
                    sources: value.sources,
                    grade: value.grade,
                    note: value.note,
                };
                let (before, after) =
                    if kind == EditKind::Added { (None, Some(side)) } else { (Some(side), None) };
                Change { key: value.key, meaning: value.doc, unit: value.unit, before, after }
            })
            .collect()
    }

    /// "Rented H200: price", "new channel Rented H300".
    fn title(&self, path: &[String], kind: EditKind) -> String {
        // What both have is told by the title it has in A, which an edit may change.
        let called = |table: &str, id: &str| {
            let key = format!("{table}.{id}");
            let owner = if self.a.base.tree.get(&key).is_some() { self.a } else { self.b };
            owner.base.title(&key, id).to_string()
        };
        let titled = ["workloads", "chips", "regions", "channels", "labs", "rules", "arms"];
        let subject = match path {
            [table, id, ..] if titled.contains(&table.as_str()) => {
                let title = called(table, id);
                // An id alone does not say what it is of; of a whole thing its table's name is added below.
                if title == *id && path.len() > 2 { format!("{} {id}", singular(table)) } else { title }
            }
            [table, id, ..] if table == "currencies" => id.clone(),
            [table, ..] => table.replace('_', " "),
            [] => String::new(),
        };
        let named = if subject == path[0].replace('_', " ") { 1 } else { 2 };
        let rest = &path[named.min(path.len())..];
        let one = singular(&path[0]);
        if rest.is_empty() {
            return match kind {
                EditKind::Added => format!("new {one} {subject}"),
                EditKind::Removed => format!("without {one} {subject}"),
                EditKind::Changed => format!("{one} {subject}"),
            };
        }
        let rest = match path {
            [_, _, set, key] if path[0] == "arms" && set == "set" => vec![format!("its own {key}")],
            _ => self.words(path, named, &called),
        };
        match kind {
            EditKind::Added if registry::field_of(&path.join(".")).is_none() => {
                format!("{subject}: new {}", rest.join(", "))
            }
            EditKind::Removed if registry::field_of(&path.join(".")).is_none() => {
                format!("{subject}: without {}", rest.join(", "))
            }
            _ => format!("{subject}: {}", rest.join(", ")),
        }
    }

    /// The parts of a key below its subject in words.
    fn words(&self, path: &[String], from: usize, called: &dyn Fn(&str, &str) -> String) -> Vec<String> {
        let mut words = Vec::new();
        for at in from..path.len() {
            let (part, above) = (path[at].as_str(), path[at - 1].as_str());
            let is_number = part.parse::<usize>().is_ok();
            let followed = path.get(at + 1).is_some();
            match above {
                // An effect goes by what it acts on.
                "effects" if is_number => {
                    let place = format!("{}.quantity", path[..=at].join("."));
                    let on = self.b.base.text(&place).or(self.a.base.text(&place)).unwrap_or("effect");
                    words.push(on.replace('_', " "));
                }
                "demand" | "efficiency" if at == 3 => words.push(called("workloads", part)),
                "shares" => words.push(format!("share of {}", called("channels", part))),
                "correlations" if is_number => {
                    words.push(format!("number {}", part.parse::<usize>().unwrap_or(0) + 1))
                }
                _ if ["effects", "demand", "efficiency", "shares"].contains(&part) && followed => {}
                _ => words.push(without_unit(part).replace('_', " ")),
            }
        }
        words
    }
}

/// Of two values written as tables with the same keys, some of them alike: what differs, "… , trend_per_year = 0.1".
fn narrowed(a: Option<&Node>, b: Option<&Node>) -> Option<(String, String)> {
    let (a, b) = (a?.table()?, b?.table()?);
    let form = |table: &Table| -> Vec<(String, String)> {
        let entries = table.iter().filter(|(key, _)| !METADATA.contains(&key.as_str()));
        entries.map(|(key, entry)| (key.clone(), text_of(&entry.node))).collect()
    };
    let (a, b) = (form(a), form(b));
    let alike = a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0);
    let differ: Vec<usize> = (0..a.len().min(b.len())).filter(|at| a[*at].1 != b[*at].1).collect();
    if !alike || differ.is_empty() || differ.len() == a.len() {
        return None;
    }
    let words = |side: &[(String, String)]| {
        let parts = differ.iter().map(|at| format!("{} = {}", side[*at].0, side[*at].1));
        parts.collect::<Vec<_>>().join(", ")
    };
    Some((words(&a), words(&b)))
}

/// "channel" of "channels".
fn singular(table: &str) -> &str {
    if table == "currencies" { "currency" } else { table.strip_suffix('s').unwrap_or(table) }
}

/// A key as it is written: parts with dots of their own in quotes.
fn shown(path: &[String]) -> String {
    path.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".")
}

fn below_path(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_string()]).collect()
}

fn holds_quantities(kind: Option<&'static Kind>) -> bool {
    matches!(kind, Some(Kind::List(Kind::Quantity(_))))
}

/// Whether words for a quantity speak of members of a process that have units of their own.
pub fn is_of_members(value: &str) -> bool {
    let members = ["trend_per_year", "volatility_per_sqrt_year", "half_life_months", "jumps", "regimes"];
    members.iter().any(|member| value.contains(member))
}

/// A key without the unit at its end.
fn without_unit(key: &str) -> &str {
    const UNITS: [&str; 22] = [
        "_usd_per_h100e_hour",
        "_usd_per_chip_hour",
        "_incl_chip_usd",
        "_usd_per_kw_year",
        "_usd_per_kwh",
        "_usd_per_kw",
        "_usd_per_chip",
        "_chips_per_month",
        "_flop_per_byte",
        "_real_per_year",
        "_tb_per_s",
        "_per_year",
        "_per_usd",
        "_fraction",
        "_tflops",
        "_h100e",
        "_ratio",
        "_months",
        "_years",
        "_days",
        "_usd",
        "_kw",
    ];
    let cut = UNITS.iter().find_map(|unit| key.strip_suffix(unit));
    cut.filter(|rest| !rest.is_empty()).unwrap_or(key)
}

/// Whether two quantities are the same: the same numbers, in the same currency, drawn in the same way.
fn same(a: &Parsed, b: &Parsed) -> bool {
    a.meta.currency == b.meta.currency
        && match (&a.form, &b.form) {
            (Form::Process(a), Form::Process(b)) => same_process(a, b),
            (Form::Process(_), _) | (_, Form::Process(_)) => false,
            (a, b) => a == b,
        }
}

fn same_process(a: &Process, b: &Process) -> bool {
    let both = |a: &Option<Parsed>, b: &Option<Parsed>| match (a, b) {
        (Some(a), Some(b)) => same_member(a, b),
        (None, None) => true,
        _ => false,
    };
    let jumps = match (&a.jumps, &b.jumps) {
        (Some(a), Some(b)) => {
            same_member(&a.per_year, &b.per_year)
                && same_member(&a.log_mean, &b.log_mean)
                && same_member(&a.log_sd, &b.log_sd)
        }
        (None, None) => true,
        _ => false,
    };
    let regimes = match (&a.regimes, &b.regimes) {
        (None, None) => true,
        // Their members carry places; what is written does not.
        (Some(a), Some(b)) => {
            (a.start, a.demean) == (b.start, b.demean)
                && a.states.len() == b.states.len()
                && a.states.iter().zip(&b.states).all(|(x, y)| {
                    x.id == y.id
                        && x.to == y.to
                        && same_member(&x.mean_spell_months, &y.mean_spell_months)
                        && same_member(&x.drift_per_year, &y.drift_per_year)
                        && both(&x.volatility, &y.volatility)
                })
        }
        _ => false,
    };
    a.anchor == b.anchor
        && same_member(&a.initial, &b.initial)
        && both(&a.trend_per_year, &b.trend_per_year)
        && both(&a.volatility, &b.volatility)
        && both(&a.half_life_months, &b.half_life_months)
        && jumps
        && regimes
}

fn same_member(a: &Parsed, b: &Parsed) -> bool {
    same(a, b) && a.meta.stream == b.meta.stream
}
