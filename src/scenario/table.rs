//! CSV files: rows that stand for a chip or a region, samples, and histories.
//!
//! The only place that reads CSV. Every cell keeps its line, an empty cell is not given, and what a row gives is laid
//! under what the scenario says, with the row's addresses as its source. Columns in other units are converted here, by
//! `units`. A row gives no cost of capital: the table's is nominal, the model's is real.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checked::Known;
use super::diagnostic::{Diagnostic, FileKind, Files, Origin, nearest};
use super::overlay::merge;
use super::raw::{Entry, Node, Table, Value};
use super::registry::{Kind, ROOT};
use super::texts::Unread;
use crate::random::fit::Fit;
use crate::units::kilowatts_from_watts;

/// A CSV file with the places of its cells.
#[derive(Clone, Debug)]
pub struct Csv {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Rows of cells, as many as columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its text without the blanks around it.
    pub text: String,
    /// Where it is.
    pub origin: Origin,
}

impl Csv {
    /// Position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }
}

/// CSV files read so far, by path, and what was fitted to them.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Fits to histories, by model and observations.
    pub fits: BTreeMap<String, Result<Fit, String>>,
    read: BTreeMap<PathBuf, Result<Arc<Csv>, Diagnostic>>,
}

impl Library {
    /// A library that has read nothing and knows the fits of both.
    pub fn of_both(a: &Library, b: &Library) -> Library {
        let fits = a.fits.iter().chain(&b.fits).map(|(key, fit)| (key.clone(), fit.clone())).collect();
        Library { fits, ..Library::default() }
    }

    /// The CSV file named at `name`, relative to the file that names it.
    ///
    /// # Errors
    /// That it cannot be read, or where it is malformed.
    pub fn open(&mut self, files: &mut Files, name: &Node, text: &str) -> Result<&Csv, Diagnostic> {
        let path = files.of(name.origin).folder.join(text);
        self.read
            .entry(path.clone())
            .or_insert_with(|| {
                let text = files.texts.read(&path).map_err(|Unread { why, hint }| {
                    Diagnostic::error(name.origin, format!("cannot read {}: {why}", path.display()))
                        .hint(hint.unwrap_or("paths are relative to the file that names them".into()))
                })?;
                let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
                let file = files.add(path.display().to_string(), FileKind::Table, folder, text);
                parse(files, file).map(Arc::new)
            })
            .as_deref()
            .map_err(Clone::clone)
    }
}

fn parse(files: &Files, file: u32) -> Result<Csv, Diagnostic> {
    let text = files.of(Origin { file, start: 0, end: 0 }).text.clone();
    if let Some(at) = unclosed_quote(&text) {
        let origin = Origin { file, start: at as u32, end: at as u32 + 1 };
        let problem = Diagnostic::error(origin, "malformed CSV: a quote that is never closed");
        return Err(problem.hint("close it at the end of its cell; a quote within quotes is written twice"));
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let malformed = |error: csv::Error| {
        let at = error.position().map_or(0, |position| position.byte() as u32);
        Diagnostic::error(Origin { file, start: at, end: at }, format!("malformed CSV: {}", reason(&error)))
    };
    let header = reader.headers().map_err(malformed)?.iter().map(str::to_string).collect();
    let header: Vec<String> = header;
    for (at, column) in header.iter().enumerate() {
        if !column.is_empty() && header[..at].contains(column) {
            let end = text.find('\n').unwrap_or(text.len()) as u32;
            let problem = Diagnostic::error(
                Origin { file, start: 0, end },
                format!("two columns are called {column:?}"),
            );
            return Err(problem.hint("give each column a name of its own"));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let spans = cell_spans(&text, start, record.len());
        let cell = |(text, (start, end)): (&str, (usize, usize))| Cell {
            text: text.to_string(),
            origin: Origin { file, start: start as u32, end: end as u32 },
        };
        rows.push(record.iter().zip(spans).map(cell).collect());
    }
    Ok(Csv { header, rows })
}

fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("a row of {len} cells under a header of {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".into(),
        _ => error.to_string(),
    }
}

/// Spans of `count` cells from byte `start`, the quotes around a cell included.
fn cell_spans(text: &str, start: usize, count: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() && matches!(bytes[at], b'\n' | b'\r') {
        at += 1;
    }
    let mut spans = Vec::with_capacity(count);
    for _ in 0..count {
        let end = cell_end(bytes, at).unwrap_or(bytes.len());
        spans.push((at, end));
        at = (end + 1).min(bytes.len());
    }
    spans
}

/// Where the cell that begins at `begin` ends; none if it begins with a quote that is never closed.
fn cell_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin;
    if bytes.get(at) == Some(&b'"') {
        at += 1;
        loop {
            at += bytes[at..].iter().position(|byte| *byte == b'"')? + 1;
            if bytes.get(at) != Some(&b'"') {
                break;
            }
            at += 1;
        }
    }
    Some(at + bytes[at..].iter().take_while(|byte| !matches!(byte, b',' | b'\n' | b'\r')).count())
}

/// The quote that opens a cell and is never closed.
fn unclosed_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match cell_end(bytes, at) {
            Some(end) => at = end + 1,
            None => return Some(at),
        }
    }
    None
}

/// How columns become a field of the scenario.
struct Column {
    field: &'static str,
    from: From,
}

enum From {
    /// Text as it stands.
    Text(&'static str),
    /// A number.
    Number(&'static str),
    /// Watts, given in kilowatts.
    Watts(&'static str),
    /// Columns `_low`, `_mid`, `_high`: a triangular distribution.
    Spread(&'static str),
}

const fn column(field: &'static str, from: From) -> Column {
    Column { field, from }
}

const CHIP_COLUMNS: &[Column] = &[
    column("title", From::Text("name")),
    column("vendor", From::Text("vendor")),
    column("origin", From::Text("origin")),
    column("peak_bf16_tflops", From::Number("bf16_dense_tflops")),
    column("peak_8bit_tflops", From::Number("fp8_dense_tflops")),
    column("peak_4bit_tflops", From::Number("fp4_dense_tflops")),
    column("memory_tb_per_s", From::Number("memory_tb_per_s")),
    column("all_in_power_kw", From::Watts("all_in_power_w_per_chip")),
];

const REGION_COLUMNS: &[Column] = &[
    column("title", From::Text("name")),
    column("electricity_usd_per_kwh", From::Spread("electricity_usd_per_kwh")),
    column("pue_ratio", From::Spread("pue")),
    column("shell_usd_per_kw", From::Spread("shell_capex_usd_per_kw")),
    column("opex_usd_per_kw_year", From::Number("opex_usd_per_kw_year")),
];

/// Lays the rows that chips and regions name under what the scenario says of them. Also gives the keys of those whose
/// row could not be read. Where nothing of this has changed since `known`, what was filled in there is taken.
pub fn fill_rows(
    tree: &mut Node,
    files: &mut Files,
    library: &mut Library,
    known: Option<Known<'_>>,
) -> (Vec<Diagnostic>, BTreeSet<String>) {
    if let Some(known) = known.filter(|known| known.has_rows_of(tree)) {
        if let (Value::Table(root), Some(filled)) = (&mut tree.value, known.checked.tree.table()) {
            for name in ["chips", "regions", "sources"] {
                root.extend(filled.get(name).map(|entry| (name.to_string(), entry.clone())));
            }
        }
        return Default::default();
    }
    let (mut problems, mut incomplete) = (Vec::new(), BTreeSet::new());
    for (name, columns) in [("chips", CHIP_COLUMNS), ("regions", REGION_COLUMNS)] {
        let rows: Vec<(String, Node)> = tree
            .get(name)
            .and_then(Node::table)
            .map(|table| {
                let row = |(id, entry): (&String, &Entry)| Some((id.clone(), entry.node.get("row")?.clone()));
                table.iter().filter_map(row).collect()
            })
            .unwrap_or_default();
        let file = tree.get("tables").and_then(|tables| tables.get(name)).cloned();
        for (id, row) in rows {
            let before = problems.len();
            let Some(wanted) = row.text() else { continue };
            match find_row(file.as_ref(), name, &row, wanted, files, library) {
                Ok((header, cells)) => {
                    let (under, source) = row_table(name, wanted, &header, &cells, columns, &mut problems);
                    lay_under(tree, name, &id, under);
                    add_source(tree, &format!("{name}:{wanted}"), source);
                }
                Err(problem) => problems.push(problem),
            }
            if problems.len() > before {
                incomplete.insert(format!("{name}.{id}"));
            }
        }
    }
    (problems, incomplete)
}

fn find_row(
    file: Option<&Node>,
    name: &str,
    row: &Node,
    wanted: &str,
    files: &mut Files,
    library: &mut Library,
) -> Result<(Vec<String>, Vec<Cell>), Diagnostic> {
    let missing = || {
        Diagnostic::error(row.origin, format!("`row` needs a table of {name}"))
            .hint(format!("name the CSV file in [tables]: {name} = \"….csv\""))
    };
    let file = file.ok_or_else(missing)?;
    let csv = library.open(files, file, file.text().ok_or_else(missing)?)?;
    let id = csv
        .column("id")
        .ok_or_else(|| Diagnostic::error(file.origin, format!("the table of {name} has no column `id`")))?;
    let mut found = csv.rows.iter().filter(|cells| cells[id].text == wanted);
    match (found.next(), found.next()) {
        (Some(cells), None) => Ok((csv.header.clone(), cells.clone())),
        (Some(first), Some(second)) => {
            Err(Diagnostic::error(second[id].origin, format!("the table of {name} has two rows {wanted:?}"))
                .related(first[id].origin, "the first")
                .hint("keep one, or give them ids of their own"))
        }
        (None, _) => {
            let problem = Diagnostic::error(row.origin, format!("the table of {name} has no row {wanted:?}"));
            Err(match nearest(wanted, csv.rows.iter().map(|cells| cells[id].text.as_str())) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem,
            })
        }
    }
}

/// What a row says of a chip or region, and the bibliography entry of the row.
fn row_table(
    name: &str,
    id: &str,
    header: &[String],
    cells: &[Cell],
    columns: &[Column],
    problems: &mut Vec<Diagnostic>,
) -> (Table, Table) {
    let cell = |column: &str| {
        let at = header.iter().position(|name| name == column);
        at.map(|at| &cells[at]).filter(|cell| !cell.text.is_empty())
    };
    let source_key = format!("{name}:{id}");
    let mut number = |column: &str| {
        let cell = cell(column)?;
        match cell.text.parse::<f64>() {
            Ok(x) => Some((x, cell.origin)),
            Err(_) => {
                let problem = Diagnostic::error(cell.origin, format!("column {column} is not a number"));
                problems.push(problem.label(format!("found {:?}", cell.text)));
                None
            }
        }
    };
    let mut under = Table::new();
    for Column { field, from } in columns {
        let node = match from {
            From::Text(column) => cell(column).map(|cell| text_node(&cell.text, cell.origin)),
            From::Number(column) => {
                number(column).map(|(x, origin)| sourced("value", float(x, origin), &source_key))
            }
            From::Watts(column) => number(column)
                .map(|(x, origin)| sourced("value", float(kilowatts_from_watts(x), origin), &source_key)),
            From::Spread(column) => {
                let ends = ["low", "mid", "high"].map(|end| number(&format!("{column}_{end}")));
                spread(ends).map(|(form, node)| sourced(form, node, &source_key))
            }
        };
        if let Some(node) = node {
            under.insert(field.to_string(), Entry { key: node.origin, node });
        }
    }
    let origin = cells.first().map(|cell| cell.origin).unwrap_or_default();
    let mut source = Table::new();
    let mut say = |key: &str, text: &str, origin| {
        source.insert(key.into(), Entry { key: origin, node: text_node(text, origin) });
    };
    say("title", &format!("row {id} of the table of {name}"), origin);
    if let Some(urls) = cell("source_urls") {
        say("url", &urls.text, urls.origin);
    }
    if let Some(note) = cell("note") {
        say("note", &note.text, note.origin);
    }
    (under, source)
}

/// Three columns as a form: triangular, or what is left of it where some are empty.
fn spread(ends: [Option<(f64, Origin)>; 3]) -> Option<(&'static str, Node)> {
    let list = |ends: &[(f64, Origin)]| Node {
        value: Value::List(ends.iter().map(|&(x, origin)| float(x, origin)).collect()),
        origin: Origin { end: ends[ends.len() - 1].1.end, ..ends[0].1 },
    };
    match ends {
        [Some(low), Some(mid), Some(high)] if low.0 < high.0 => Some(("triangular", list(&[low, mid, high]))),
        [Some(low), None, Some(high)] if low.0 < high.0 => Some(("uniform", list(&[low, high]))),
        [_, Some(mid), _] => Some(("value", float(mid.0, mid.1))),
        [Some(one), _, _] | [_, _, Some(one)] => Some(("value", float(one.0, one.1))),
        [None, None, None] => None,
    }
}

fn float(x: f64, origin: Origin) -> Node {
    Node { value: Value::Float(x), origin }
}

fn text_node(text: &str, origin: Origin) -> Node {
    Node { value: Value::Text(text.into()), origin }
}

fn sourced(form: &str, node: Node, source: &str) -> Node {
    let origin = node.origin;
    let entries = [(form, node), ("source", text_node(source, origin))];
    let table = entries.map(|(key, node)| (key.to_string(), Entry { key: origin, node }));
    Node { value: Value::Table(Table::from(table)), origin }
}

fn lay_under(tree: &mut Node, name: &str, id: &str, under: Table) {
    let Value::Table(root) = &mut tree.value else { return };
    let Some(Value::Table(table)) = root.get_mut(name).map(|entry| &mut entry.node.value) else { return };
    let Some(entry) = table.get_mut(id) else { return };
    let kind: Option<&'static Kind> = ROOT.child(name).and_then(|kind| kind.child(id));
    let origin = entry.node.origin;
    let over = std::mem::replace(&mut entry.node, Node { value: Value::Table(under), origin });
    merge(&mut entry.node, over, kind);
}

fn add_source(tree: &mut Node, key: &str, source: Table) {
    let Value::Table(root) = &mut tree.value else { return };
    let origin = source["title"].key;
    let wrap = |table| Entry { key: origin, node: Node { value: Value::Table(table), origin } };
    let sources = root.entry("sources".into()).or_insert_with(|| wrap(Table::new()));
    if let Value::Table(sources) = &mut sources.node.value {
        sources.insert(key.into(), wrap(source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_places_across_quotes_and_empty_cells() {
        let text = "a,b,c\n1,\"x, y\",\n";
        assert_eq!(cell_spans(text, 6, 3), [(6, 7), (8, 14), (15, 15)]);
        assert_eq!(&text[8..14], "\"x, y\"");
    }

    #[test]
    fn three_columns_make_a_triangle_and_fewer_what_is_left() {
        let at = |x| Some((x, Origin::default()));
        assert_eq!(spread([at(1.0), at(2.0), at(3.0)]).map(|(form, _)| form), Some("triangular"));
        assert_eq!(spread([at(1.0), None, at(3.0)]).map(|(form, _)| form), Some("uniform"));
        assert_eq!(spread([None, at(2.0), None]).map(|(form, _)| form), Some("value"));
        assert_eq!(spread([None, None, None]), None);
    }
}
