//! Values of a scenario in a few words, for sentences and labels.

use super::registry::METADATA;

/// A value as a sentence has it: "triangular 0.05, 0.15, 0.4" for a distribution, "process from 2.5" for a process; nothing of
/// who vouches for it, and not too long.
pub fn brief(value: &str) -> String {
    let Ok(parsed) = toml::from_str::<toml::Table>(&format!("value = {value}")) else { return plain(value) };
    parsed.get("value").map_or_else(|| plain(value), |parsed| shortened(&words(parsed)))
}

fn words(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(table) => {
            if let Some(initial) = table.get("initial") {
                return format!("process from {}", words(initial));
            }
            let stated = table.iter().filter(|(key, _)| !METADATA.contains(&key.as_str()));
            let part = |(key, value): (&String, &toml::Value)| match key.as_str() {
                "value" | "family" => words(value),
                key => format!("{key} {}", words(value)),
            };
            // The kind of a form, then its numbers.
            let (kind, numbers): (Vec<_>, Vec<_>) = stated.partition(|(key, _)| *key == "family");
            kind.into_iter().chain(numbers).map(part).collect::<Vec<_>>().join(" ")
        }
        toml::Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value without the signs of its notation.
pub fn plain(value: &str) -> String {
    let plain: String = value.chars().filter(|c| !"{}[]\"".contains(*c)).collect();
    shortened(&plain.replace(" = ", " ").split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Words up to a length, none of them cut.
fn shortened(words: &str) -> String {
    const MOST: usize = 48;
    if words.chars().count() <= MOST {
        return words.to_string();
    }
    let head: String = words.chars().take(MOST).collect();
    let whole = head.rfind(' ').map_or(head.as_str(), |space| &head[..space]);
    format!("{} …", whole.trim_end_matches(','))
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn values_are_told_in_words() {
        for (value, told) in [
            ("180", "180"),
            (
                "{ triangular = [0.05, 0.15, 0.4], source = \"a\", note = \"b\" }",
                "triangular 0.05, 0.15, 0.4",
            ),
            ("{ value = 0.3, grade = \"judgement\" }", "0.3"),
            ("{ family = \"lognormal\", p05 = 1.9, p95 = 3.3 }", "lognormal p05 1.9 p95 3.3"),
            (
                "{ initial = { triangular = [2.6, 3.1, 3.6], source = \"broker\" }, anchor = \"median\" }",
                "process from triangular 2.6, 3.1, 3.6",
            ),
            ("[\"a\", \"b\"]", "a, b"),
            (
                "{ discrete = [[1, 0.25], [2, 0.25], [3, 0.25], [4, 0.125], [5, 0.125]] }",
                "discrete 1, 0.25, 2, 0.25, 3, 0.25, 4, 0.125 …",
            ),
        ] {
            assert_eq!(brief(value), told);
        }
    }
}
