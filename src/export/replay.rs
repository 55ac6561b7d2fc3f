//! Whether results made again are the results that were recorded, and if not, what moved.

use std::fmt;

use super::folder::Folder;
use super::manifest::{Manifest, ResultFile};
use crate::encoding::sha256;

/// What became of a recorded result.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// Made again.
    pub again: Again,
    /// As it lies on disk; none where it does not.
    pub kept: Option<bool>,
}

/// A result made again.
#[derive(Clone, Debug, PartialEq)]
pub enum Again {
    /// Bit by bit.
    Same,
    /// Other bytes, and what moved if the recorded ones are there to be compared.
    Other(Option<Moved>),
    /// It was not made this time.
    Missing,
    /// It was not made then.
    New,
}

/// What moved in a table or text.
#[derive(Clone, Debug, PartialEq)]
pub enum Moved {
    /// Numbers.
    Numbers {
        /// How many.
        count: usize,
        /// Greatest relative change.
        greatest: f64,
        /// Its line, counted from 1.
        line: usize,
        /// What stood there, and what does.
        from: (String, String),
    },
    /// A line: its number and what stood there and does.
    Words(usize, String, String),
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moved::Numbers { count, greatest, line, from: (was, is) } => write!(
                f,
                "{count} {} moved, the most by {greatest:.1e} of its size: line {line}, {was} is {is}",
                if *count == 1 { "number" } else { "numbers" }
            ),
            Moved::Words(line, was, is) => write!(f, "line {line}: {was:?} is {is:?}"),
        }
    }
}

/// Compares results made again with a manifest; `kept` gives the bytes of a recorded result that is still on disk.
pub fn verdicts(
    manifest: &Manifest,
    folder: &Folder,
    kept: impl Fn(&str) -> Option<Vec<u8>>,
) -> Vec<Verdict> {
    let again = Manifest::digests(folder);
    let of = |result: &ResultFile| {
        let kept = kept(&result.name);
        let intact = kept.as_ref().map(|bytes| sha256(bytes) == result.sha256);
        let made = again.iter().find(|made| made.name == result.name);
        let again = match made {
            None => Again::Missing,
            Some(made) if made.sha256 == result.sha256 => Again::Same,
            Some(_) => {
                let bytes = folder.files().find(|(name, _)| *name == result.name).map(|(_, bytes)| bytes);
                let old = kept.as_deref().filter(|_| intact == Some(true));
                Again::Other(old.zip(bytes).and_then(|(old, new)| moved(old, new)))
            }
        };
        Verdict { name: result.name.clone(), again, kept: intact }
    };
    let new = again.iter().filter(|made| !manifest.results.iter().any(|result| result.name == made.name));
    let new = new.map(|made| Verdict { name: made.name.clone(), again: Again::New, kept: None });
    manifest.results.iter().map(of).chain(new).collect()
}

/// What moved between two texts; none if they are no texts.
fn moved(old: &[u8], new: &[u8]) -> Option<Moved> {
    let (old, new) = (std::str::from_utf8(old).ok()?, std::str::from_utf8(new).ok()?);
    let cells = |line: &str| -> Vec<String> {
        line.split([',', ' ', '"', ':']).filter(|cell| !cell.is_empty()).map(str::to_string).collect()
    };
    let mut numbers: Option<Moved> = None;
    let (mut olds, mut news) = (old.lines(), new.lines());
    for at in 1.. {
        let (was, is) = match (olds.next(), news.next()) {
            (None, None) => break,
            (was, is) if was == is => continue,
            (was, is) => (was.unwrap_or_default(), is.unwrap_or_default()),
        };
        let (left, right) = (cells(was), cells(is));
        let words = Moved::Words(at, was.to_string(), is.to_string());
        if left.len() != right.len() {
            return Some(words);
        }
        for (was, is) in left.into_iter().zip(right).filter(|(was, is)| was != is) {
            let (Ok(x), Ok(y)) = (was.parse::<f64>(), is.parse::<f64>()) else { return Some(words) };
            let size = ((x - y) / x.abs().max(y.abs())).abs();
            numbers = Some(match numbers {
                Some(Moved::Numbers { count, greatest, line, from }) if greatest >= size => {
                    Moved::Numbers { count: count + 1, greatest, line, from }
                }
                Some(Moved::Numbers { count, .. }) => {
                    Moved::Numbers { count: count + 1, greatest: size, line: at, from: (was, is) }
                }
                _ => Moved::Numbers { count: 1, greatest: size, line: at, from: (was, is) },
            });
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_moved_most_is_named() {
        let told = moved(b"a,b\n1,2\n3,4\n", b"a,b\n1,2.5\n3,4.1\n");
        let Some(Moved::Numbers { count, greatest, line, from }) = told else { panic!("{told:?}") };
        assert_eq!((count, greatest, line), (2, 0.2, 2));
        assert_eq!(from, ("2".to_string(), "2.5".to_string()));
    }

    #[test]
    fn other_words_are_no_numbers() {
        let words = |a: &str, b: &str| Some(Moved::Words(2, a.into(), b.into()));
        assert_eq!(moved(b"a\nrose\n", b"a\nfell\n"), words("rose", "fell"));
        assert_eq!(moved(b"a\n1\n", b"a\n"), words("1", ""));
        assert_eq!(moved(b"\xff\n", b"a\n"), None);
        assert_eq!(moved(b"a\n", b"a\n"), None);
    }
}
