//! The measures of a page: every length is a multiple of one unit, so that all sizes look alike.

use super::scene::{Anchor, Text};
use crate::chart::text::{LINE_HEIGHT, Weight};
use crate::chart::theme::{Rgb, Size, Theme};

/// Theme and unit of a page.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Colours.
    pub theme: Theme,
    /// Pixels of a unit: 1 on a page 1200 wide.
    pub unit: f64,
}

impl Style {
    /// The style of a page.
    pub fn new(theme: Theme, size: Size) -> Style {
        Style { theme, unit: size.smallest_text() / 22.0 }
    }

    /// `units` in pixels.
    pub fn px(&self, units: f64) -> f64 {
        units * self.unit
    }

    /// Size of ticks, labels, notes: the smallest.
    pub fn small(&self) -> f64 {
        self.px(22.0)
    }

    /// Height of a line of small text.
    pub fn line(&self) -> f64 {
        self.small() * LINE_HEIGHT
    }

    /// A small text, regular, left-aligned, without halo; change what differs.
    pub fn text(&self, words: impl Into<String>, x: f64, y: f64, color: Rgb) -> Text {
        Text {
            words: words.into(),
            x,
            y,
            anchor: Anchor::Start,
            size: self.small(),
            weight: Weight::Regular,
            color,
            halo: false,
        }
    }
}
