//! Who serves what, and what a selector selects: questions that both the checks and the compiler ask.

use super::checked::Checked;
use super::raw::Node;
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
    checked.text(&format!("workloads.{workload}.efficiency")).unwrap_or(workload)
}

/// What keeps a channel from serving a workload, if anything does.
pub fn barrier(checked: &Checked, channel: &str, workload: &str) -> Option<Barrier> {
    let of = |field: &str| checked.text(&format!("channels.{channel}.{field}")).unwrap_or_default();
    let serves = format!("channels.{channel}.serves");
    let (chip, region) = (of("chip"), of("region"));
    if checked.tree.get(&serves).is_some() && !checked.texts(&serves).contains(&workload) {
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
    let of =
        |place: &str, field: &str| checked.text(&format!("{place}.{field}")).unwrap_or_default().to_string();
    let own = format!("channels.{channel}");
    let chip = of(&own, "chip");
    let matches = |key: &str, test: &dyn Fn(&str) -> bool| wanted(selector, key).is_none_or(test);
    matches("channel", &|pattern| glob(pattern, channel))
        && matches("tag", &|tag| checked.texts(&format!("{own}.tags")).contains(&tag))
        && matches("region", &|pattern| glob(pattern, &of(&own, "region")))
        && matches("chip", &|pattern| glob(pattern, &chip))
        && matches("class", &|class| of(&format!("chips.{chip}"), "class") == class)
        && matches("origin", &|origin| of(&own, "origin") == origin)
        && matches("chip_origin", &|origin| of(&format!("chips.{chip}"), "origin") == origin)
        && matches("kind", &|kind| of(&own, "kind") == kind)
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
