//! Trees laid over each other: `extends`, `--with`, `--set`, an arm's `set`.
//!
//! Tables merge key by key and lists are replaced. A quantity is one thing: a new form replaces the old form together
//! with its source, note, date, grade and currency, which spoke of the old number; only its `stream` stays, so that its
//! draws stay common. A table with neither form nor `initial` (metadata, members of a process) is laid over the form
//! that is there. Every change keeps the place it was written at.

use std::path::{Path, PathBuf};

use super::check::misspelt;
use super::diagnostic::{Diagnostic, FileKind, Files, Origin, slipped};
use super::quantity::{PROCESS_MEMBERS, is_form_key};
use super::raw::{self, Entry, Node, Table, Value, quoted};
use super::registry::{self, Ids, Kind, ROOT};
use super::texts::{Texts, Unread, read_text};

/// Longest chain of `extends`.
pub const MAX_EXTENDS: usize = 16;
/// Most files one scenario may be read from.
const MAX_FILES: usize = 256;

/// Keys about pins.
pub const PINS: [&str; 3] = ["expect", "expect_run", "pinned"];

/// Reads files and lays them over each other, collecting what is wrong.
#[derive(Debug, Default)]
pub struct Loader {
    /// Texts read so far.
    pub files: Files,
    /// Problems so far.
    pub problems: Vec<Diagnostic>,
    loads: usize,
}

/// A file on the way from the scenario to the one it extends.
struct Link {
    canonical: PathBuf,
    name: String,
}

impl Loader {
    /// A loader that reads from `texts`.
    pub fn from(texts: Texts) -> Loader {
        Loader::after(Files::from(texts))
    }

    /// A loader that has read `files` already.
    pub fn after(files: Files) -> Loader {
        Loader { files, ..Loader::default() }
    }

    /// The tree of a scenario or overlay file on top of what it extends; none if something in it cannot be read.
    pub fn load(&mut self, path: &Path, kind: FileKind) -> Option<Node> {
        self.file(path, kind, None, &mut Vec::new())
    }

    /// The tree of a scenario given as text; relative paths in it start from `folder`.
    pub fn load_text(&mut self, name: &str, folder: &Path, text: String) -> Option<Node> {
        self.files.texts.allow(folder);
        let file = self.files.add(name.into(), FileKind::Scenario, folder.into(), text);
        self.tree(file, &mut vec![Link { canonical: PathBuf::from(name), name: name.into() }])
    }

    /// The tree of a file of pins, which extends nothing; none if it cannot be read.
    pub fn load_pins(&mut self, path: &Path) -> Option<Node> {
        let name = path.display().to_string();
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let (text, why) = match read_text(path) {
            Ok(text) => (text, None),
            Err(why) => (String::new(), Some(why)),
        };
        let file = self.files.add(name.clone(), FileKind::Pins, folder, text);
        if let Some(why) = why {
            let origin = Origin { file, start: 0, end: 0 };
            self.problems.push(Diagnostic::error(origin, format!("cannot read {name}: {why}")));
            return None;
        }
        raw::parse(&self.files, file).map_err(|broken| self.problems.extend(broken.problems)).ok()
    }

    /// Lays the change `key=value` of a flag called `name` on `tree`.
    pub fn set(&mut self, tree: &mut Node, name: &str, flag: &str) {
        let file = self.files.add(name.into(), FileKind::Flag, PathBuf::new(), flag.into());
        let whole = Origin { file, start: 0, end: flag.len() as u32 };
        let Some(equals) = equals_sign(flag) else {
            self.problems.push(
                Diagnostic::error(whole, "a change is written key=value")
                    .label("no `=`")
                    .hint("for example `--set settings.paths=1000`"),
            );
            return;
        };
        let Some(path) = key_path(&flag[..equals], file) else {
            let origin = Origin { file, start: 0, end: equals as u32 };
            self.problems.push(Diagnostic::error(origin, "not a key").hint("keys are written a.b.c"));
            return;
        };
        self.problems.extend(made_anew(tree, &path));
        let written = &flag[equals + 1..];
        match raw::parse_value(written, file, equals + 1) {
            Ok(value) => self.problems.extend(set(tree, &path, value).err()),
            Err(_) if is_word(written) => {
                let start = equals + 1 + (written.len() - written.trim_start().len());
                let text = written.trim();
                let origin = Origin { file, start: start as u32, end: (start + text.len()) as u32 };
                let value = Node { value: Value::Text(text.into()), origin };
                self.problems.extend(set(tree, &path, value).err());
            }
            Err(problems) => self.problems.extend(problems),
        }
    }

    fn file(
        &mut self,
        path: &Path,
        kind: FileKind,
        from: Option<Origin>,
        chain: &mut Vec<Link>,
    ) -> Option<Node> {
        let name = path.display().to_string();
        let chained = |problem: Diagnostic, chain: &[Link]| {
            if chain.is_empty() {
                return problem;
            }
            let names = chain.iter().map(|link| link.name.as_str()).chain([name.as_str()]);
            problem.note(format!("read by way of: {}", names.collect::<Vec<_>>().join(" -> ")))
        };
        let canonical = self.files.texts.identity(path);
        if chain.iter().any(|link| link.canonical == canonical) {
            let problem = Diagnostic::error(from.unwrap_or_default(), "`extends` goes round in a circle");
            self.problems.push(chained(problem.label("is already being read"), chain));
            return None;
        }
        self.loads += 1;
        if chain.len() >= MAX_EXTENDS || self.loads > MAX_FILES {
            let problem = Diagnostic::error(from.unwrap_or_default(), "`extends` goes too deep");
            let limits = format!("allowed: a chain of {MAX_EXTENDS} files, {MAX_FILES} files in all");
            self.problems.push(chained(problem.note(limits), chain));
            return None;
        }
        let text = match from {
            None => self.files.texts.read_named(path),
            Some(_) => self.files.texts.read(path),
        };
        let text = match text {
            Ok(text) => text,
            Err(Unread { why, hint }) => {
                let origin = from.unwrap_or_else(|| {
                    let file = self.files.add(name.clone(), kind, PathBuf::new(), String::new());
                    Origin { file, start: 0, end: 0 }
                });
                let problem = chained(Diagnostic::error(origin, format!("cannot read {name}: {why}")), chain);
                self.problems.push(hint.into_iter().fold(problem, Diagnostic::hint));
                return None;
            }
        };
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let file = self.files.add(name.clone(), kind, folder, text);
        chain.push(Link { canonical, name });
        let tree = self.tree(file, chain);
        chain.pop();
        tree
    }

    fn tree(&mut self, file: u32, chain: &mut Vec<Link>) -> Option<Node> {
        let mut own = match raw::parse(&self.files, file) {
            Ok(node) => node,
            Err(broken) => {
                self.problems.extend(broken.problems);
                self.problems.extend(broken.rest.iter().flat_map(misspelt));
                return None;
            }
        };
        let Value::Table(table) = &mut own.value else { return Some(own) };
        let Some(extends) = table.remove("extends") else { return Some(own) };
        let parents: Vec<Node> = match extends.node.value {
            Value::List(list) => list,
            _ => vec![extends.node],
        };
        let mut below = Node { value: Value::Table(Table::new()), origin: own.origin };
        let mut complete = true;
        for parent in parents {
            let Some(relative) = parent.text() else {
                let problem = Diagnostic::error(parent.origin, "`extends` names files");
                self.problems.push(
                    problem.label(format!("found {}", parent.kind())).hint("write a file name in quotes"),
                );
                complete = false;
                continue;
            };
            let (folder, kind) =
                (self.files.of(parent.origin).folder.clone(), self.files.of(parent.origin).kind);
            match self.file(&folder.join(relative), kind, Some(parent.origin), chain) {
                Some(mut tree) => {
                    // Pins are about the scenario they stand in, not about what lies on top of it.
                    if let Value::Table(table) = &mut tree.value {
                        PINS.iter().for_each(|key| drop(table.remove(*key)));
                    }
                    merge(&mut below, tree, Some(&ROOT));
                }
                None => complete = false,
            }
        }
        merge(&mut below, own, Some(&ROOT));
        complete.then_some(below)
    }
}

/// Marks the baseline and the headline that remain when only the arms `ids` are compared: those marked among them, else the
/// first of them and the first that is not the baseline. Where they are what the scenario has anyhow, nothing changes.
pub fn choose_arms(loader: &mut Loader, tree: &mut Node, ids: &[String]) {
    let Some(arms) = tree.get("arms").and_then(Node::table) else { return };
    let marked = |id: &str, flag: &str| {
        arms.get(id).and_then(|arm| arm.node.get(flag)).and_then(Node::boolean) == Some(true)
    };
    let compared = |ids: &[&str]| -> Option<[String; 2]> {
        let baseline = ids.iter().find(|id| marked(id, "baseline")).or(ids.first())?;
        let others = || ids.iter().filter(|id| *id != baseline);
        let headline = others().find(|id| marked(id, "headline")).or_else(|| others().next())?;
        Some([baseline.to_string(), headline.to_string()])
    };
    let all: Vec<&str> = arms.keys().map(String::as_str).collect();
    if let Some(stranger) = ids.iter().find(|id| !arms.contains_key(*id)) {
        let title = format!("the saved results are of an arm {stranger:?}, which is not there");
        let problem = Diagnostic::error(tree.origin, title).note(format!("arms: {}", all.join(", ")));
        return loader.problems.push(problem);
    }
    let (own, chosen) = (compared(&all), compared(&ids.iter().map(String::as_str).collect::<Vec<_>>()));
    let Some([baseline, headline]) = chosen.filter(|chosen| Some(chosen) != own.as_ref()) else { return };
    let mut changes = Vec::new();
    for id in all {
        for (flag, holds) in [("baseline", *id == baseline), ("headline", *id == headline)] {
            if marked(id, flag) != holds {
                changes.push(format!("arms.{}.{flag}={holds}", quoted(id)));
            }
        }
    }
    changes.iter().for_each(|change| loader.set(tree, "--arms:", change));
}

/// Lays `over` on `base`, both of `kind`.
pub fn merge(base: &mut Node, over: Node, kind: Option<&'static Kind>) {
    if let Some(Kind::Quantity(_)) = kind {
        return merge_quantity(base, over);
    }
    match (&mut base.value, over.value) {
        (Value::Table(below), Value::Table(above)) => {
            for (key, entry) in above {
                let kind = kind.and_then(|kind| match kind {
                    Kind::Overrides => registry::kind_of(&key),
                    other => other.child(&key),
                });
                insert(below, key, entry, |old, new| merge(old, new, kind));
            }
        }
        (_, value) => *base = Node { value, origin: over.origin },
    }
}

fn insert(table: &mut Table, key: String, entry: Entry, join: impl FnOnce(&mut Node, Node)) {
    match table.get_mut(&key) {
        Some(old) => join(&mut old.node, entry.node),
        None => {
            table.insert(key, entry);
        }
    }
}

fn merge_quantity(base: &mut Node, over: Node) {
    let partial = over.table().is_some_and(|t| !t.is_empty() && !t.keys().any(|key| is_form_key(key)));
    if partial {
        promote(base);
        let (Value::Table(below), Value::Table(above)) = (&mut base.value, over.value) else { return };
        for (key, entry) in above {
            let member = PROCESS_MEMBERS.contains(&key.as_str());
            insert(below, key, entry, |old, new| if member { merge_quantity(old, new) } else { *old = new });
        }
        return;
    }
    let stream = base.table().and_then(|table| table.get("stream")).cloned();
    *base = over;
    if let Some(stream) = stream {
        promote(base);
        if let Value::Table(table) = &mut base.value {
            table.entry("stream".into()).or_insert(stream);
        }
    }
}

/// A bare value as a table that can carry metadata.
fn promote(node: &mut Node) {
    if node.table().is_none() {
        let origin = node.origin;
        let value = std::mem::replace(&mut node.value, Value::Table(Table::new()));
        let entry = Entry { key: origin, node: Node { value, origin } };
        node.value = Value::Table(Table::from([("value".to_string(), entry)]));
    }
}

/// Lays `value` on what is at `path` in `tree`, making tables on the way.
///
/// # Errors
/// That the path names an item that a list has not.
pub fn set(tree: &mut Node, path: &[(String, Origin)], value: Node) -> Result<(), Diagnostic> {
    set_below(tree, path, value, Some(&ROOT))
}

fn set_below(
    node: &mut Node,
    path: &[(String, Origin)],
    value: Node,
    kind: Option<&'static Kind>,
) -> Result<(), Diagnostic> {
    let Some(((key, origin), rest)) = path.split_first() else {
        merge(node, value, kind);
        return Ok(());
    };
    if let Some(Kind::Quantity(_)) = kind {
        let new_form = is_form_key(key) && node.table().is_none_or(|table| !table.contains_key(key));
        if new_form && rest.is_empty() && !joins_quantiles(node, key) {
            let entry = Entry { key: *origin, node: value };
            let over = Node { origin: *origin, value: Value::Table(Table::from([(key.clone(), entry)])) };
            merge_quantity(node, over);
            return Ok(());
        }
        promote(node);
    }
    if let (Value::List(list), Ok(at)) = (&mut node.value, key.parse::<usize>()) {
        let count = list.len();
        return match list.get_mut(at) {
            Some(item) => set_below(item, rest, value, kind.and_then(|kind| kind.child(key))),
            None => Err(Diagnostic::error(*origin, format!("there is no item {key}"))
                .label(format!("the list has {count}, counted from 0"))
                .related(node.origin, "the list")),
        };
    }
    if node.table().is_none() {
        node.value = Value::Table(Table::new());
        node.origin = *origin;
    }
    let child = kind.and_then(|kind| match kind {
        Kind::Quantity(_) => PROCESS_MEMBERS.contains(&key.as_str()).then_some(kind),
        Kind::Overrides => registry::kind_of(key),
        other => other.child(key),
    });
    let Value::Table(table) = &mut node.value else { return Ok(()) };
    let empty = || Entry { key: *origin, node: Node { value: Value::Table(Table::new()), origin: *origin } };
    let new = !table.contains_key(key);
    let entry = table.entry(key.clone()).or_insert_with(empty);
    if new && rest.is_empty() {
        entry.node = value;
        return Ok(());
    }
    set_below(&mut entry.node, rest, value, child)
}

/// A warning that a change makes an arm, where one of much the same name is there. Anything else that is new lacks what it must
/// have, and that is told.
fn made_anew(tree: &Node, path: &[(String, Origin)]) -> Option<Diagnostic> {
    let [(table, _), (id, origin), ..] = path else { return None };
    let arms = tree.get(Ids::Arm.table())?.table()?;
    if table != Ids::Arm.table() || arms.contains_key(id) {
        return None;
    }
    let near = slipped(id, arms.keys().map(String::as_str))?;
    let problem =
        Diagnostic::warning(*origin, format!("{table}.{id} is a new arm: none of that name is changed"));
    Some(problem.hint(format!("did you mean {table}.{near}?")))
}

/// Whether setting `key` adds a quantile, a bound or a family to a quantity elicited by quantiles.
fn joins_quantiles(node: &Node, key: &str) -> bool {
    let elicited = |key: &str| key == "family" || super::quantity::probability(key).is_some();
    elicited(key) && node.table().is_some_and(|table| table.keys().any(|key| elicited(key)))
}

/// The parts of a dotted TOML key with their places; none if it is not one.
pub fn key_path(text: &str, file: u32) -> Option<Vec<(String, Origin)>> {
    let document = format!("{text}=0");
    if text.contains(['\n', '#']) {
        return None;
    }
    let parsed = toml::de::DeTable::parse(&document).ok()?;
    let mut path = Vec::new();
    let mut table = parsed.get_ref();
    loop {
        let (key, value) = table.iter().next()?;
        let (start, end) = (key.span().start as u32, key.span().end as u32);
        path.push((key.get_ref().to_string(), Origin { file, start, end }));
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => return Some(path),
        }
    }
}

/// Where the first `=` outside quotes is.
fn equals_sign(flag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in flag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'=') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// A bare word, which a shell user need not quote twice.
fn is_word(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./:".contains(&b))
}
