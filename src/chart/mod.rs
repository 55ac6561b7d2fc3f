//! Pictures of results: each figure is data first, drawn last.
//!
//! A module a figure: its `Input` holds numbers already computed, its `figure` words the finding and lays out the layers
//! ([`figure`]). The theme says how meanings look ([`theme`]), [`draw`] makes SVG and PNG. Nothing here computes a result,
//! knows the engine, or writes a file; the same figure gives the same bytes.

mod characters;
pub mod cost_buildup;
pub mod delay;
pub mod difference;
pub mod draw;
pub mod effect;
pub mod figure;
pub mod gallery;
pub mod input;
pub mod lost_compute;
pub mod parity;
pub mod rule_design;
pub mod supply_mix;
pub mod text;
pub mod theme;
pub mod waterfall;
pub mod who_pays;
mod wording;
mod words;

pub use words::Datum;

use figure::Figure;
use theme::{Size, Theme};

/// A figure as files.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// SVG with real text, title, description and the font inside.
    pub svg: String,
    /// PNG at twice the size.
    pub png: Vec<u8>,
    /// Exactly what is drawn.
    pub csv: String,
    /// What a sighted reader would conclude.
    pub alt: String,
}

/// Renders a figure in a theme and size. Deterministic: same figure, same bytes.
pub fn render(figure: &Figure, theme: Theme, size: Size) -> Rendered {
    let svg = draw::svg(figure, theme, size);
    let png = draw::png(&svg, theme);
    Rendered { png, csv: figure.csv(), alt: figure.alt.clone(), svg }
}
