//! What is wrong with a scenario: collected, located, with the remedy.
//!
//! A [`Diagnostic`] points at one place of one file (or flag), says what was read and what is allowed, and where it can
//! names the nearest valid spelling and the fix. They are gathered, never thrown one at a time, and come out in the order
//! of the files and the places in them, so that a file always gives the same text. Nothing here knows the language.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::texts::Texts;
use crate::encoding::sha256;

/// What a text was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The scenario or one it extends.
    Scenario,
    /// Given by `--with`.
    Overlay,
    /// A `--set` flag or a change made by an analysis: `key=value`.
    Flag,
    /// A CSV file.
    Table,
    /// A file of pins beside a scenario.
    Pins,
    /// The defaults of the language.
    Default,
}

/// A text a scenario was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFile {
    /// As the user gave it.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Folder that relative paths in it start from.
    pub folder: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Where its lines start, once somebody asks.
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// Line of a byte, from 0, and where it starts.
    fn line(&self, at: usize) -> (usize, usize) {
        let starts = self.lines.get_or_init(|| {
            let after = self.text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next);
            std::iter::once(0).chain(after).collect()
        });
        let line = starts.partition_point(|start| *start as usize <= at) - 1;
        (line, starts[line] as usize)
    }
}

/// Every text a scenario was read from, in order of reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    /// Where texts are read from.
    pub texts: Texts,
    list: Vec<Arc<SourceFile>>,
}

impl Files {
    /// None yet, to be read from `texts`.
    pub fn from(texts: Texts) -> Files {
        Files { texts, list: Vec::new() }
    }
    /// Adds a text and returns its number.
    pub fn add(&mut self, name: String, kind: FileKind, folder: PathBuf, text: String) -> u32 {
        let sha256 = sha256(text.as_bytes());
        self.list.push(Arc::new(SourceFile {
            name,
            kind,
            folder,
            text: text.into(),
            sha256,
            lines: OnceLock::new(),
        }));
        self.list.len() as u32 - 1
    }
    /// Adds the texts of `later` and returns by how much their numbers grew.
    pub fn append(&mut self, later: &Files) -> u32 {
        let by = self.list.len() as u32;
        self.list.extend(later.list.iter().cloned());
        by
    }
    /// The text a place is in.
    pub fn of(&self, origin: Origin) -> &SourceFile {
        &self.list[origin.file as usize]
    }
    /// Whether a place is in a change made from outside: a `--set` flag, or one made by an analysis.
    pub fn is_change(&self, origin: Origin) -> bool {
        self.of(origin).kind == FileKind::Flag
    }
    /// Whether a place is in a text that lies over that of another: a change over files, an overlay over a scenario, a scenario over
    /// what it extends. Of two overlays, and of two files that are extended side by side, it is not told.
    pub fn lies_over(&self, origin: Origin, other: Origin) -> bool {
        match (self.of(origin).kind, self.of(other).kind) {
            (FileKind::Flag, _) | (FileKind::Overlay, FileKind::Scenario) => true,
            // What is extended is read later.
            (FileKind::Scenario, FileKind::Scenario) => origin.file < other.file,
            _ => false,
        }
    }
    /// All texts in order of reading.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.list.iter().map(Arc::as_ref)
    }
    /// Line and column of a place, counted from 1; columns are characters.
    pub fn line_column(&self, origin: Origin) -> (usize, usize) {
        let file = self.of(origin);
        let at = floor_char(&file.text, origin.start as usize);
        let (line, start) = file.line(at);
        (line + 1, file.text[start..at].chars().count() + 1)
    }
    /// A place for people: `file:line:column`, `file:line` in tables, the flag itself, or `default`.
    pub fn describe(&self, origin: Origin) -> String {
        let file = self.of(origin);
        let (line, column) = self.line_column(origin);
        match file.kind {
            FileKind::Scenario | FileKind::Overlay | FileKind::Pins => {
                format!("{}:{line}:{column}", file.name)
            }
            FileKind::Table => format!("{}:{line}", file.name),
            FileKind::Flag => format!("{} {}", file.name, file.text),
            FileKind::Default => "default".into(),
        }
    }
}

/// A place: a span of bytes in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Number of the text in [`Files`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The scenario is not run.
    Error,
    /// It is run.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Diagnostic {
    /// Where.
    pub origin: Origin,
    /// How grave.
    pub severity: Severity,
    /// It is about how well a file is documented, and of no interest to who runs it.
    pub routine: bool,
    /// What is wrong, naming the key.
    pub title: String,
    /// What was read there, beside the caret.
    pub label: String,
    /// A second place that matters, and why.
    pub related: Option<Box<(Origin, String)>>,
    /// What is allowed, or other facts.
    pub notes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at `origin`.
    pub fn error(origin: Origin, title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            origin,
            severity: Severity::Error,
            routine: false,
            title: title.into(),
            label: String::new(),
            related: None,
            notes: Vec::new(),
            hint: None,
        }
    }
    /// A warning at `origin`.
    pub fn warning(origin: Origin, title: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(origin, title) }
    }
    /// With a text beside the caret.
    pub fn label(self, label: impl Into<String>) -> Diagnostic {
        Diagnostic { label: label.into(), ..self }
    }
    /// With a fact.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }
    /// With a remedy.
    pub fn hint(self, hint: impl Into<String>) -> Diagnostic {
        Diagnostic { hint: Some(hint.into()), ..self }
    }
    /// In one line: what is wrong, what was read and what is allowed.
    pub fn line(&self) -> String {
        let label = if self.label.is_empty() { String::new() } else { format!(": {}", self.label) };
        let notes: String = self.notes.iter().map(|note| format!("; {note}")).collect();
        format!("{}{label}{notes}", self.title)
    }
    /// With a second place.
    pub fn related(self, origin: Origin, why: impl Into<String>) -> Diagnostic {
        Diagnostic { related: Some(Box::new((origin, why.into()))), ..self }
    }
}

/// Problems of one scenario, with the texts they point into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics {
    /// The texts.
    pub files: Files,
    /// The problems.
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Puts `list` in the order of files and places, once each.
    pub fn new(files: Files, mut list: Vec<Diagnostic>) -> Diagnostics {
        list.sort();
        list.dedup();
        Diagnostics { files, list }
    }
    /// Those that bear on what a run means.
    pub fn pressing(&self) -> Diagnostics {
        let list = self.list.iter().filter(|problem| !problem.routine).cloned().collect();
        Diagnostics { files: self.files.clone(), list }
    }
    /// Those that do not read like one of `others`.
    pub fn without(&self, others: &Diagnostics) -> Diagnostics {
        let words = |files: &Files, problem: &Diagnostic| render_one(files, problem, &Renderer::plain());
        let told: Vec<String> = others.list.iter().map(|other| words(&others.files, other)).collect();
        let news = self.list.iter().filter(|problem| !told.contains(&words(&self.files, problem)));
        Diagnostics { files: self.files.clone(), list: news.cloned().collect() }
    }
    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }
    /// Number of errors and of warnings.
    pub fn count(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error).count();
        (errors, self.list.len() - errors)
    }
    /// All of them as text, coloured or plain, each followed by an empty line.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        self.list.iter().map(|d| render_one(&self.files, d, &renderer) + "\n\n").collect()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

fn render_one(files: &Files, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut marks = vec![(diagnostic.origin, diagnostic.label.as_str(), AnnotationKind::Primary)];
    // A default is written nowhere that could be shown.
    let (defaults, written): (Vec<_>, Vec<_>) =
        diagnostic.related.iter().partition(|place| files.of(place.0).kind == FileKind::Default);
    marks.extend(written.iter().map(|place| (place.0, place.1.as_str(), AnnotationKind::Context)));
    let together = marks.iter().all(|(at, ..)| at.file == diagnostic.origin.file);
    let title = level.primary_title(diagnostic.title.as_str());
    let mut report = if files.of(diagnostic.origin).text.is_empty() {
        // There is no line to show.
        let place = annotate_snippets::Origin::path(files.of(diagnostic.origin).name.as_str());
        title.element(place.line(1).char_column(1))
    } else if together {
        title.element(snippet(files, &marks))
    } else {
        title.elements(marks.chunks(1).map(|mark| snippet(files, mark)))
    };
    for place in &defaults {
        report = report.element(Level::NOTE.message(format!("by default {}", place.1)));
    }
    for note in &diagnostic.notes {
        report = report.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(hint) = &diagnostic.hint {
        report = report.element(Level::HELP.message(hint.as_str()));
    }
    renderer.render(&[report])
}

/// The lines that places of one text start on, with the places marked in them; a place of several lines is marked to the
/// end of its first.
fn snippet<'a>(
    files: &'a Files,
    marks: &[(Origin, &'a str, AnnotationKind)],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let file = files.of(marks[0].0);
    let text: &str = &file.text;
    let line_of = |at: u32| {
        let at = floor_char(text, at as usize);
        let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        (start, start + text[start..end].trim_end_matches('\r').len())
    };
    let lines: Vec<(usize, usize)> = marks.iter().map(|(at, ..)| line_of(at.start)).collect();
    let first = lines.iter().map(|line| line.0).min().unwrap_or(0);
    let last = lines.iter().map(|line| line.1).max().unwrap_or(text.len());
    let line_number = text[..first].matches('\n').count() + 1;
    let mut shown = Snippet::source(&text[first..last]).line_start(line_number).path(file.name.as_str());
    for ((at, label, kind), line) in marks.iter().zip(lines) {
        let from = floor_char(text, at.start as usize).min(line.1);
        let to = floor_char(text, at.end as usize).clamp(from, line.1);
        let mark = kind.span(from - first..to - first);
        shown = shown.annotation(if label.is_empty() { mark } else { mark.label(*label) });
    }
    shown
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The candidate nearest to `word`, if it is near enough to be what was meant. One that ends in another unit only, or goes
/// on where the word ends, is nearer than one of another name; one that is half alike must at least start alike.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = |word: &'_ str| word.rsplit_once('_').map(|(name, _)| name.to_string());
    let own = name(word);
    let goes_on = |candidate: &str| candidate.strip_prefix(word).is_some_and(|rest| rest.starts_with('_'));
    let unit_apart = |candidate: &str| own.is_some() && name(candidate) == own || goes_on(candidate);
    let similarity = |candidate: &str| {
        let similarity = strsim::normalized_damerau_levenshtein(word, candidate);
        let alike = similarity >= 0.6 || word.chars().next() == candidate.chars().next();
        if unit_apart(candidate) {
            f64::midpoint(1.0, similarity)
        } else if alike {
            similarity
        } else {
            0.0
        }
    };
    nearest_by(0.5, similarity, candidates)
}

/// The id among those of a table, `id` aside, that is so near to it that a slip is likely.
pub fn slipped<'a>(id: &str, table: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similarity = |other: &str| strsim::normalized_damerau_levenshtein(id, other);
    nearest_by(0.7, similarity, table.into_iter().filter(|other| *other != id))
}

fn nearest_by<'a>(
    least: f64,
    similarity: impl Fn(&str) -> f64,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (similarity(candidate), candidate))
        .filter(|(similarity, _)| *similarity >= least)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_by_line_and_column_of_characters() {
        let mut files = Files::default();
        let file = files.add("a.toml".into(), FileKind::Scenario, PathBuf::new(), "é = 1\nb = 2\n".into());
        assert_eq!(files.describe(Origin { file, start: 5, end: 6 }), "a.toml:1:5");
        assert_eq!(files.describe(Origin { file, start: 7, end: 8 }), "a.toml:2:1");
    }

    #[test]
    fn problems_come_in_the_order_of_places_and_once() {
        let mut files = Files::default();
        let file = files.add("a.toml".into(), FileKind::Scenario, PathBuf::new(), "b = 2\n".into());
        let late = Diagnostic::error(Origin { file, start: 4, end: 5 }, "late");
        let early = Diagnostic::error(Origin { file, start: 0, end: 1 }, "early");
        let all = Diagnostics::new(files, vec![late.clone(), early.clone(), late.clone()]);
        assert_eq!(all.list, [early, late]);
    }

    #[test]
    fn the_nearest_name_must_be_near() {
        assert_eq!(nearest("mfu_fracton", ["mbu_fraction", "mfu_fraction"]), Some("mfu_fraction"));
        assert_eq!(nearest("zebra", ["mbu_fraction", "mfu_fraction"]), None);
        assert_eq!(nearest("lag_months", ["lag_days", "ramp_months"]), Some("lag_days"));
        assert_eq!(nearest("until", ["quantity"]), None);
        assert_eq!(nearest("idle", ["title", "idle_share_fraction"]), Some("idle_share_fraction"));
    }
}
