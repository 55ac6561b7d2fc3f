//! Who serves what, and what a selector selects: questions that both the checks and the compiler ask.

use super::checked::Checked;
use super::raw::{Node, Value};
use super::registry::Ids;

/// Why a channel cannot serve a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// It is not in the channel's list.
    NotListed,
    /// The workload must stay home and the channel's region is abroad.
    Residency,
    /// The workload needs frontier clusters and the channel's chip does not make them.
    Frontier,
    /// The channel's chip has no such efficiency profile.
    Efficiency,
}

/// The efficiency profile a workload uses.
pub fn profile<'a>(checked: &'a Checked, workload: &'a str) -> &'a str {
    checked.text_of("workloads", workload, "efficiency").unwrap_or(workload)
}

/// What keeps a channel from serving a workload, if anything does.
pub fn barrier(checked: &Checked, channel: &str, workload: &str) -> Option<Barrier> {
    let of = |field: &str| checked.text_of("channels", channel, field).unwrap_or_default();
    let (chip, region) = (of("chip"), of("region"));
    let own = checked.tree.get("channels").and_then(|channels| channels.get(channel));
    let serves = own.and_then(|channel| channel.get("serves"));
    let listed =
        |list: &Node| list.list().is_some_and(|list| list.iter().any(|item| item.text() == Some(workload)));
    if serves.is_some_and(|list| !listed(list)) {
        Some(Barrier::NotListed)
    } else if checked.flag(&format!("workloads.{workload}.home_only"))
        && !checked.flag(&format!("regions.{region}.home"))
    {
        Some(Barrier::Residency)
    } else if checked.flag(&format!("workloads.{workload}.frontier_only"))
        && !checked.flag(&format!("chips.{chip}.frontier_cluster"))
    {
        Some(Barrier::Frontier)
    } else if checked.tree.get(&format!("chips.{chip}.efficiency.{}", profile(checked, workload))).is_none() {
        Some(Barrier::Efficiency)
    } else {
        None
    }
}

/// Whether `selector` selects a channel.
pub fn selects_channel(checked: &Checked, selector: Option<&Node>, channel: &str) -> bool {
    let Some(Value::Table(asked)) = selector.map(|selector| &selector.value) else { return true };
    // Looked up only where asked for: most selectors ask for one thing.
    let own = |field: &str| checked.text_of("channels", channel, field).unwrap_or_default();
    let chips = |field: &str| checked.text_of("chips", own("chip"), field).unwrap_or_default();
    asked.iter().filter_map(|(key, entry)| Some((key.as_str(), entry.node.text()?))).all(|(key, wanted)| {
        match key {
            "channel" => glob(wanted, channel),
            "tag" => checked.texts(&format!("channels.{channel}.tags")).contains(&wanted),
            "region" | "chip" => glob(wanted, own(key)),
            "class" => chips("class") == wanted,
            "chip_origin" => chips("origin") == wanted,
            "origin" | "kind" => own(key) == wanted,
            _ => true,
        }
    })
}

/// Whether `selector` selects a workload or a lab, by its key `workload` or `lab`.
pub fn selects(selector: Option<&Node>, ids: Ids, id: &str) -> bool {
    wanted(selector, ids.one()).is_none_or(|pattern| glob(pattern, id))
}

fn wanted<'a>(selector: Option<&'a Node>, key: &str) -> Option<&'a str> {
    selector?.get(key)?.text()
}

/// Whether `text` matches `pattern`, in which `*` stands for any text and `?` for one character.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                // The last star takes one more character.
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn globs_match_whole_ids() {
        assert!(glob("offshore_*", "offshore_h200") && glob("*", "") && glob("*_h?00", "offshore_h200"));
        assert!(glob("a*b*c", "aXbbYc") && !glob("a*b*c", "aXbbYd"));
        assert!(!glob("offshore", "offshore_h200") && !glob("?", "") && glob("h20", "h20"));
    }
}
