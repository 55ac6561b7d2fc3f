//! Everything that can be wrong with a scenario, found at once.
//!
//! [`check`] fills rows in, walks the tree against the registry and then asks the questions between keys. It never stops
//! at the first problem; a question whose answer depends on something already wrong stays silent.

mod correlations;
mod misspelt;
mod rules;
mod shape;
mod sources;
mod steady;
mod world;

pub use misspelt::misspelt;
pub use shape::{override_problem, walk_part};
pub use sources::states_design;

use super::checked::{Checked, Known};
use super::diagnostic::{Diagnostic, Files, Origin};
use super::raw::Node;
use super::table::{Library, fill_rows};
use super::titles;

/// Reads and checks a tree; the problems come beside what could be read. `base` is the
/// scenario without an arm's changes, if `tree` has them. What `tree` shares with `known` is not read again, and problems
/// there are not told again.
pub fn check(
    mut tree: Node,
    files: &mut Files,
    library: &mut Library,
    defaults: Origin,
    base: Option<&Checked>,
    known: Option<Known<'_>>,
    strict: bool,
) -> (Checked, Vec<Diagnostic>) {
    let (mut problems, incomplete) = fill_rows(&mut tree, files, library, known);
    problems.extend(titles::fill(&mut tree));
    let known = known.filter(|known| known.means_in(&tree, defaults, &incomplete)).map(|known| known.checked);
    let walked = shape::walk(&tree, (files, library), defaults, &incomplete, known);
    problems.extend(walked.problems);
    let checked = Checked { tree, quantities: walked.quantities, defaults, incomplete };
    problems.extend(world::check(&checked));
    problems.extend(rules::check(&checked, files));
    if base.is_none() {
        // An arm may make one of several correlated quantities certain; the others keep their draws.
        problems.extend(correlations::check(&checked, files));
        problems.extend(correlations::check_leading(&checked));
    }
    problems.extend(steady::check(&checked));
    problems.extend(sources::check(&checked, base, strict));
    (checked, problems)
}
