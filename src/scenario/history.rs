//! Forms that are read from files: samples, and histories fitted by maximum likelihood.

use super::diagnostic::{Diagnostic, Origin, nearest};
use super::quantity::{Form, Reader, Support};
use super::raw::{Entry, Node};
use super::table::Csv;

impl Reader<'_> {
    /// The values of `{ file, column }`, with the places of their cells.
    pub(super) fn samples(&mut self, key: &str, entry: &Entry) -> Option<Vec<(f64, Origin)>> {
        self.only(key, &entry.node, &["file", "column"])?;
        let csv = self.csv(key, entry)?;
        let at = self.csv_column(key, entry, &csv, "column", None)?;
        let cells: Vec<_> =
            csv.rows.iter().map(|row| &row[at]).filter(|cell| !cell.text.is_empty()).collect();
        if cells.is_empty() {
            self.problems.push(Diagnostic::error(entry.node.origin, format!("{key}: the column is empty")));
            return None;
        }
        cells.into_iter().map(|cell| self.cell_number(key, &cell.text, cell.origin)).collect()
    }

    pub(super) fn history(&mut self, _key: &str, _node: &Node) -> Option<(Form, Support)> {
        None
    }

    fn csv(&mut self, key: &str, entry: &Entry) -> Option<Csv> {
        let Some((node, name)) = entry.node.get("file").and_then(|node| Some((node, node.text()?))) else {
            self.problems.push(Diagnostic::error(
                entry.node.origin,
                format!("{key} needs `file`, the name of a CSV file"),
            ));
            return None;
        };
        match self.library.open(self.files, node, name) {
            Ok(csv) => Some(csv.clone()),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// Position of the column named under `name`.
    fn csv_column(
        &mut self,
        key: &str,
        entry: &Entry,
        csv: &Csv,
        name: &str,
        default: Option<&str>,
    ) -> Option<usize> {
        let node = entry.node.get(name);
        let Some(wanted) = node.and_then(Node::text).or(default) else {
            let origin = node.map_or(entry.node.origin, |node| node.origin);
            self.problems
                .push(Diagnostic::error(origin, format!("{key} needs `{name}`, the name of a column")));
            return None;
        };
        let at = csv.column(wanted);
        if at.is_none() {
            let origin = node.map_or(entry.node.origin, |node| node.origin);
            let problem = Diagnostic::error(origin, format!("{key}: the file has no column {wanted:?}"));
            self.problems.push(match nearest(wanted, csv.header.iter().map(String::as_str)) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem.note(format!("columns: {}", csv.header.join(", "))),
            });
        }
        at
    }

    fn cell_number(&mut self, key: &str, text: &str, origin: Origin) -> Option<(f64, Origin)> {
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Some((x, origin)),
            _ => {
                let problem = Diagnostic::error(origin, format!("{key}: a cell is not a number"));
                self.problems.push(problem.label(format!("found {text:?}")));
                None
            }
        }
    }
}
