//! Questions about correlations: what they tie, and whether the matrix is one; and about the other list of keys, that of the
//! quantities that lead Sobol' points.

use std::collections::BTreeMap;

use crate::scenario::checked::Checked;
use crate::scenario::correlation::{Matrix, matrix, text};
use crate::scenario::diagnostic::{Diagnostic, Files, Origin, Severity, nearest};
use crate::scenario::quantity::Form;
use crate::scenario::raw::Node;
use crate::scenario::registry;

/// What is wrong with correlations.
pub fn check(checked: &Checked, files: &Files) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut tied: BTreeMap<(bool, String), Origin> = BTreeMap::new();
    for at in 0..checked.count("correlations") {
        let place = format!("correlations.{at}");
        between((checked, files), &place, &mut tied, &mut problems);
        the_matrix(checked, &place, &mut problems);
    }
    problems
}

/// What is wrong with the list of quantities that take the first Sobol' dimensions.
pub fn check_leading(checked: &Checked) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut listed: BTreeMap<&str, Origin> = BTreeMap::new();
    for item in checked.tree.get("settings.sobol_first").and_then(Node::list).unwrap_or_default() {
        let Some(name) = item.text() else { continue };
        if let Some(first) = listed.insert(name, item.origin) {
            let problem = Diagnostic::error(item.origin, format!("{name} is listed twice"));
            problems.push(problem.related(first, "the first time").hint("its place is the first; keep one"));
        } else if checked.quantity_or_part(name).is_none() && !malformed(checked, name) {
            let problem = unknown(checked, name, item.origin);
            // A list may speak of what an arm has, or another version of the scenario.
            problems.push(match registry::suggestion(name) {
                Some(_) => problem,
                None => Diagnostic { severity: Severity::Warning, ..problem }
                    .label("it takes no dimension, unless an arm has it"),
            });
        }
    }
    problems
}

fn between(
    (checked, files): (&Checked, &Files),
    place: &str,
    tied: &mut BTreeMap<(bool, String), Origin>,
    problems: &mut Vec<Diagnostic>,
) {
    let key = format!("{place}.between");
    let Some(list) = checked.tree.get(&key).and_then(Node::list) else { return };
    if list.len() < 2 {
        problems.push(Diagnostic::error(checked.value_at(&key), format!("{key} needs at least two keys")));
    }
    let on = checked.text(&format!("{place}.on")).unwrap_or_default();
    let shock = on == "shock";
    for item in list {
        let Some(name) = item.text() else { continue };
        if let Some(first) = tied.get(&(shock, name.to_string())) {
            problems.push(
                Diagnostic::error(item.origin, format!("{name} is correlated twice"))
                    .related(*first, "the first time")
                    .hint("put all that it is correlated with into one matrix"),
            );
            continue;
        }
        tied.insert((shock, name.to_string()), item.origin);
        let elsewhere = written(checked, name).filter(|at| files.lies_over(*at, item.origin));
        if let Some(at) = elsewhere.filter(|_| is_fixed(checked, name)) {
            problems.push(
                Diagnostic::warning(at, format!("{name} is fixed, so its correlation has no effect"))
                    .related(item.origin, "correlated here"),
            );
            continue;
        }
        match checked.quantity_or_part(name).map(|parsed| &parsed.form) {
            None if malformed(checked, name) => {}
            None => problems.push(unknown(checked, name, item.origin)),
            Some(form) => {
                let is = match form {
                    Form::Constant(_) => "a constant",
                    Form::Schedule { .. } => "a schedule",
                    Form::Parameter(_) if shock => "a parameter, drawn once per path",
                    Form::Process(_) if on == "parameter" => "a monthly process",
                    _ => continue,
                };
                // Told where it was last written: there something was changed that is correlated.
                let problem = |at| Diagnostic::error(at, format!("{name} cannot be correlated by {on}"));
                let problem = match elsewhere {
                    Some(at) => problem(at).related(item.origin, "correlated here"),
                    None => problem(item.origin),
                };
                problems.push(problem.label(format!("it is {is}")).hint(match form {
                    Form::Parameter(_) if elsewhere.is_some() => {
                        "change its `initial` alone, so that it stays a monthly process, or give it without uncertainty"
                    }
                    Form::Parameter(_) => "use on = \"parameter\"",
                    Form::Process(_) => "use on = \"shock\", or name a part such as its `.initial`",
                    _ if shock => "only monthly processes have shocks",
                    _ => "only distributions drawn once per path can be correlated",
                }));
            }
        }
    }
}

/// The quantity that a name is, or is a part of.
fn quantity_of<'n>(checked: &Checked, name: &'n str) -> Option<&'n str> {
    let mut place = name;
    while checked.quantity(place).is_none() {
        place = place.rsplit_once('.')?.0;
    }
    Some(place)
}

/// Where a quantity is written.
fn written(checked: &Checked, name: &str) -> Option<Origin> {
    let place = quantity_of(checked, name)?;
    checked.tree.get(name).or_else(|| checked.tree.get(place)).map(|node| node.origin)
}

/// Whether a quantity is held fixed. Who does that from outside, or in another file, to one of several that are correlated means
/// the others to stay what they are, so it is no mistake.
fn is_fixed(checked: &Checked, name: &str) -> bool {
    let whole = || quantity_of(checked, name).and_then(|place| checked.quantity(place));
    let form = checked.quantity_or_part(name).or_else(whole).map(|parsed| &parsed.form);
    matches!(form, Some(Form::Constant(_) | Form::Schedule { .. }))
}

/// Whether `name`, or what it is a part of, is a quantity that is written and could not be read, which was told.
fn malformed(checked: &Checked, name: &str) -> bool {
    let mut places =
        std::iter::successors(Some(name), |place| place.rsplit_once('.').map(|(above, _)| above));
    let is_quantity = |place: &&str| matches!(registry::kind_of(place), Some(registry::Kind::Quantity(_)));
    places
        .find(is_quantity)
        .is_some_and(|place| checked.tree.get(place).is_some() && checked.quantity(place).is_none())
}

fn unknown(checked: &Checked, name: &str, origin: Origin) -> Diagnostic {
    if let Some(suggestion) = registry::suggestion(name) {
        return Diagnostic::error(origin, format!("there is no key {name}"))
            .hint(format!("did you mean {suggestion:?}?"));
    }
    let problem = Diagnostic::error(origin, format!("{name} is not a quantity of this scenario"));
    match nearest(name, checked.quantities.keys().map(AsRef::as_ref)) {
        Some(near) => problem.hint(format!("did you mean {near:?}?")),
        None => problem,
    }
}

fn the_matrix(checked: &Checked, place: &str, problems: &mut Vec<Diagnostic>) {
    let node = |field: &str| checked.tree.get(&format!("{place}.{field}"));
    let size = checked.count(&format!("{place}.between"));
    if size < 2 {
        return;
    }
    let (rho, rows) = (node("rho"), node("matrix"));
    let at = match (rho, rows) {
        (Some(rho), Some(rows)) => {
            problems.push(
                Diagnostic::error(rows.origin, format!("{place} has both rho and matrix"))
                    .related(rho.origin, "the other one")
                    .hint("keep one"),
            );
            return;
        }
        (None, None) => {
            problems.push(
                Diagnostic::error(checked.value_at(place), format!("{place} needs `rho` or `matrix`"))
                    .hint("rho is that of every pair"),
            );
            return;
        }
        (Some(one), None) | (None, Some(one)) => one.origin,
    };
    if let Some(rows) = rows
        && !square(place, rows, size, problems)
    {
        return;
    }
    if let Some(Matrix::Indefinite { nearest, .. }) = matrix(checked, place) {
        let repair = checked.flag(&format!("{place}.repair"));
        if repair {
            return;
        }
        problems.push(
            Diagnostic::error(at, format!("{place} is not a correlation matrix"))
                .label("not positive semi-definite: no quantities can be correlated so")
                .note(format!("the nearest one is {}", text(&nearest, size)))
                .hint("use that one, or repair = true to have it used"),
        );
    }
}

/// Whether the rows are a symmetric matrix of the right size with ones on its diagonal.
fn square(place: &str, rows: &Node, size: usize, problems: &mut Vec<Diagnostic>) -> bool {
    let list = rows.list().unwrap_or_default();
    let odd = list.iter().find(|row| row.list().is_none_or(|row| row.len() != size));
    if list.len() != size || odd.is_some() {
        let at = odd.filter(|_| list.len() == size).map_or(rows.origin, |row| row.origin);
        problems.push(
            Diagnostic::error(at, format!("{place}.matrix has the wrong size"))
                .note(format!("allowed: {size} rows of {size} numbers, one for each key of `between`")),
        );
        return false;
    }
    let entry = |i: usize, j: usize| list[i].list().and_then(|row| row.get(j));
    let number = |i: usize, j: usize| entry(i, j).and_then(Node::number);
    for i in 0..size {
        for j in 0..=i {
            let Some((here, there)) = number(i, j).zip(number(j, i)) else { return false };
            let Some(at) = entry(i, j).map(|node| node.origin) else { return false };
            if i == j && here != 1.0 {
                problems.push(
                    Diagnostic::error(at, format!("{place}.matrix does not have ones on its diagonal"))
                        .label(format!("found {here}")),
                );
                return false;
            }
            if here != there {
                problems.push(
                    Diagnostic::error(at, format!("{place}.matrix is not symmetric"))
                        .label(format!("{here} here"))
                        .related(entry(j, i).map_or(at, |node| node.origin), format!("{there} there")),
                );
                return false;
            }
        }
    }
    true
}
