//! Numbers without a source.

use std::collections::BTreeMap;

use crate::scenario::checked::Checked;
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::quantity::{Form, Parsed};
use crate::source::Grade;

/// Most keys named in one diagnostic.
const NAMED: usize = 6;

/// Keys that state a rule's design: choices of the scenario, not facts.
const DESIGN: &[&str] =
    &["lag_days", "ramp_months", "wind_down_days", "wind_down_months", "within_days", "factor"];

/// One diagnostic a file and section that lists the numbers nobody vouches for: no source, and not graded a judgement.
/// A number that repeats the language's default or states a rule's design needs none. Of an arm's version of a scenario
/// only what differs from `base` is listed.
pub fn check(checked: &Checked, base: Option<&Checked>, strict: bool) -> Vec<Diagnostic> {
    let mut sections: BTreeMap<(u32, &str), Vec<(&str, &Parsed)>> = BTreeMap::new();
    for (key, parsed) in &checked.quantities {
        let meta = parsed.vouched_by();
        let vouched = !meta.sources.is_empty() || meta.grade == Some(Grade::Judgement);
        let stated = || parsed.origin == checked.defaults || is_default(key, parsed) || states_design(key);
        let shared = || base.is_some_and(|base| base.quantity(key) == Some(parsed));
        if !vouched && !stated() && !shared() {
            let section = if base.is_some() { "arms" } else { key.split('.').next().unwrap_or(key) };
            sections.entry((parsed.origin.file, section)).or_default().push((key, parsed));
        }
    }
    sections.into_iter().map(|((_, section), list)| unsourced(section, list, strict)).collect()
}

fn unsourced(section: &str, mut list: Vec<(&str, &Parsed)>, strict: bool) -> Diagnostic {
    list.sort_by_key(|(_, parsed)| parsed.origin);
    let names: Vec<&str> = list.iter().take(NAMED).map(|(key, _)| *key).collect();
    let rest = list.len().saturating_sub(NAMED);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let title = match list.len() {
        1 => format!("a number in [{section}] has no source"),
        n => format!("{n} numbers in [{section}] have no source"),
    };
    let problem = Diagnostic::warning(list[0].1.origin, title)
        .label(if list.len() > 1 { "the first" } else { "" })
        .note(format!("without source: {}{more}", names.join(", ")))
        .hint("write { value = …, source = \"key\" }, or grade = \"judgement\" with a note");
    let severity = if strict { Severity::Error } else { Severity::Warning };
    Diagnostic { severity, routine: true, ..problem }
}

/// Whether a key states a rule's design.
pub fn states_design(key: &str) -> bool {
    key.starts_with("rules.") && key.rsplit('.').next().is_some_and(|last| DESIGN.contains(&last))
}

/// Whether a constant repeats the default of its key.
fn is_default(key: &str, parsed: &Parsed) -> bool {
    let Form::Constant(x) = parsed.form else { return false };
    crate::scenario::checked::default_of(key).and_then(|text| text.parse::<f64>().ok()) == Some(x)
}
