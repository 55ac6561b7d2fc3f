//! Measuring and wrapping text in the embedded font.
//!
//! Every picture uses two faces of Inter (SIL Open Font License, `assets/Inter-LICENSE.txt`), cut down to Latin letters,
//! figures and the signs charts need, and to pair kerning: no contextual alternates, so that a browser, the PNG renderer and
//! this module set the same glyphs. Widths are advance widths plus kerning from the font's GPOS table, in pixels.

use std::sync::OnceLock;
use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::opentype_layout::Lookup;
use ttf_parser::{Face, GlyphId};

/// The regular face, a TrueType file.
pub const REGULAR: &[u8] = include_bytes!("../../assets/Inter-Regular.ttf");
/// The bold face, a TrueType file.
pub const BOLD: &[u8] = include_bytes!("../../assets/Inter-Bold.ttf");

/// Height of a line of text in its size.
pub const LINE_HEIGHT: f64 = 1.24;
/// Rise of the tallest letters and figures above the baseline, in text size.
pub const ASCENT: f64 = 0.78;
/// Fall of the deepest letters below the baseline, in text size.
pub const DESCENT: f64 = 0.22;

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Body text.
    Regular,
    /// Titles.
    Bold,
}

fn face(weight: Weight) -> &'static Face<'static> {
    static FACES: OnceLock<[Face<'static>; 2]> = OnceLock::new();
    let faces =
        FACES.get_or_init(|| [REGULAR, BOLD].map(|bytes| Face::parse(bytes, 0).expect("an embedded font")));
    match weight {
        Weight::Regular => &faces[0],
        Weight::Bold => &faces[1],
    }
}

/// Kerning of a pair of glyphs in font units: every pair lookup adds what its first subtable that covers the pair says.
fn kerning(face: &Face, left: GlyphId, right: GlyphId) -> i32 {
    let Some(gpos) = face.tables().gpos else { return 0 };
    let of_subtable = |pair: PairAdjustment| {
        let index = pair.coverage().get(left)?;
        let (first, _) = match pair {
            PairAdjustment::Format1 { sets, .. } => sets.get(index)?.get(right)?,
            PairAdjustment::Format2 { classes, matrix, .. } => {
                matrix.get((classes.0.get(left), classes.1.get(right)))?
            }
        };
        Some(i32::from(first.x_advance))
    };
    let of_lookup = |lookup: Lookup| {
        lookup.subtables.into_iter::<PositioningSubtable>().find_map(|subtable| match subtable {
            PositioningSubtable::Pair(pair) => of_subtable(pair),
            _ => None,
        })
    };
    gpos.lookups.into_iter().filter_map(of_lookup).sum()
}

/// Signs whose measures are kept in a table: ASCII.
const KEPT: usize = 128;

/// A face's advances and kernings, in font units.
struct Metrics {
    face: &'static Face<'static>,
    /// Advance of the first sign and kerning to the second, by both; read from the font when a text first has the pair, as most
    /// never come.
    pairs: Vec<OnceLock<i32>>,
}

impl Metrics {
    fn of(weight: Weight) -> &'static Metrics {
        static METRICS: OnceLock<[Metrics; 2]> = OnceLock::new();
        let [regular, bold] =
            METRICS.get_or_init(|| [Weight::Regular, Weight::Bold].map(|weight| Metrics::new(face(weight))));
        if weight == Weight::Regular { regular } else { bold }
    }

    fn new(face: &'static Face<'static>) -> Metrics {
        Metrics { face, pairs: vec![OnceLock::new(); KEPT * KEPT] }
    }

    /// Advance of a sign before another, kerned.
    fn advance(&self, sign: char, next: Option<char>) -> i32 {
        match next {
            Some(next) if sign.is_ascii() && next.is_ascii() => {
                let pair = &self.pairs[sign as usize * KEPT + next as usize];
                *pair.get_or_init(|| self.read(sign, Some(next)))
            }
            _ => self.read(sign, next),
        }
    }

    /// The same from the font.
    fn read(&self, sign: char, next: Option<char>) -> i32 {
        let left = glyph(self.face, sign);
        let kern = next.map_or(0, |next| kerning(self.face, left, glyph(self.face, next)));
        i32::from(self.face.glyph_hor_advance(left).unwrap_or(0)) + kern
    }
}

fn glyph(face: &Face, sign: char) -> GlyphId {
    face.glyph_index(sign).unwrap_or(GlyphId(0))
}

/// The signs of a text that the font lacks, each once: a picture has boxes for them.
pub fn lacking(text: &str) -> Vec<char> {
    let mut lacked: Vec<char> =
        text.chars().filter(|sign| glyph(face(Weight::Regular), *sign) == GlyphId(0)).collect();
    lacked.sort_unstable();
    lacked.dedup();
    lacked
}

/// Width of a text set in one line, in pixels. A sign the font lacks counts as its missing-glyph box.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let metrics = Metrics::of(weight);
    let mut signs = text.chars().peekable();
    let mut units = 0;
    while let Some(sign) = signs.next() {
        units += metrics.advance(sign, signs.peek().copied());
    }
    f64::from(units) * size / f64::from(metrics.face.units_per_em())
}

/// The text in lines no wider than `room`, broken at spaces; a single word wider than that is broken between letters.
pub fn wrapped(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()).flat_map(|w| pieces(w, size, weight, room)) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, weight) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Most letters of an aside that a wrap keeps whole.
const SHORT_ASIDE: usize = 20;

/// The text with unbreakable spaces inside parentheses that hold an interval or a few words, and between a number and the
/// unit of time after it, so that a wrap keeps them whole.
pub fn with_whole_phrases(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for (at, sign) in text.char_indices() {
        let rest = &text[at..];
        match sign {
            '(' => {
                let aside = rest.split(')').next().unwrap_or_default();
                inside = rest.starts_with("(90%") || aside.chars().count() <= SHORT_ASIDE;
            }
            ')' => inside = false,
            _ => {}
        }
        let counted = text[..at].ends_with(|sign: char| sign.is_ascii_digit())
            && [" months", " years"].iter().any(|unit| rest.starts_with(unit));
        out.push(if sign == ' ' && (inside || counted) { '\u{A0}' } else { sign });
    }
    out
}

/// The same number of lines as [`wrapped`], as even in width as they can be: for titles.
pub fn balanced(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let widest = wrapped(text, size, weight, room);
    let (mut narrow, mut wide) = (room / 2.0, room);
    for _ in 0..8 {
        let middle = (narrow + wide) / 2.0;
        if wrapped(text, size, weight, middle).len() <= widest.len() {
            wide = middle
        } else {
            narrow = middle
        }
    }
    wrapped(text, size, weight, wide)
}

/// The text cut to `room` with an ellipsis, if it does not fit. A number is kept or left out, never cut to another.
pub fn shortened(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while let Some(cut) = kept.pop() {
        let word = kept.rsplit(|sign| sign.is_whitespace()).next().unwrap_or_default();
        if !cut.is_whitespace() && word.iter().any(char::is_ascii_digit) {
            continue;
        }
        let candidate = kept.iter().collect::<String>().trim_end().to_string() + "…";
        if width(&candidate, size, weight) <= room {
            return candidate;
        }
    }
    String::new()
}

/// A word, or its pieces if it is wider than the room: at unbreakable spaces first, then between letters.
fn pieces(word: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    if word.contains('\u{A0}') && width(word, size, weight) > room {
        return word.split('\u{A0}').flat_map(|part| pieces(part, size, weight, room)).collect();
    }
    let mut out = vec![String::new()];
    for sign in word.chars() {
        let current = out.last().cloned().unwrap_or_default();
        if !current.is_empty() && width(&format!("{current}{sign}"), size, weight) > room {
            out.push(String::new());
        }
        out.last_mut().expect("one piece at least").push(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_kerned_and_widths_scale() {
        let pair = width("AV", 100.0, Weight::Regular);
        let apart = width("A", 100.0, Weight::Regular) + width("V", 100.0, Weight::Regular);
        assert!(pair < apart - 1.0, "AV {pair} is not tighter than A and V {apart}");
        assert!((width("cost", 44.0, Weight::Bold) - 2.0 * width("cost", 22.0, Weight::Bold)).abs() < 1e-9);
    }

    #[test]
    fn the_font_has_every_sign_charts_use() {
        for weight in [Weight::Regular, Weight::Bold] {
            for sign in "AZaz09 –—−×±≤≥≈→·%$€¥²³…“”‘’“λσ".chars() {
                assert!(face(weight).glyph_index(sign).is_some_and(|g| g.0 != 0), "no glyph for {sign:?}");
            }
        }
    }

    #[test]
    fn lines_fit_and_lose_no_word() {
        let text = "Closing the rental door raises the marginal cost of compute 2.1-fold in 2028";
        for lines in [wrapped(text, 34.0, Weight::Bold, 400.0), balanced(text, 34.0, Weight::Bold, 400.0)] {
            assert!(lines.iter().all(|line| width(line, 34.0, Weight::Bold) <= 400.0));
            assert_eq!(lines.join(" "), text);
        }
        assert!(width(&shortened(text, 22.0, Weight::Regular, 150.0), 22.0, Weight::Regular) <= 150.0);
        assert_eq!(wrapped("H100e-hours", 22.0, Weight::Regular, 60.0).concat(), "H100e-hours");
    }
}
