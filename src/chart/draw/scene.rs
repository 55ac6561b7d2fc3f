//! A picture before it is a file: marks and texts at places in pixels.
//!
//! Texts know their boxes. A text that must be there goes in with [`Scene::write`]; one that may be moved or left out asks
//! [`Scene::is_free`] first. So labels cannot collide: what finds no room is not written (its number is in the CSV, its
//! name in the key).

use crate::chart::text::{ASCENT, DESCENT, Weight, width};
use crate::chart::theme::Rgb;

/// A rectangle, y downward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left.
    pub x0: f64,
    /// Top.
    pub y0: f64,
    /// Right.
    pub x1: f64,
    /// Bottom.
    pub y1: f64,
}

impl Rect {
    /// Width.
    pub fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    /// Height.
    pub fn height(&self) -> f64 {
        self.y1 - self.y0
    }

    /// Whether two rectangles share more than an edge.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }

    /// Whether `other` lies within.
    pub fn holds(&self, other: &Rect) -> bool {
        self.x0 <= other.x0 && self.y0 <= other.y0 && self.x1 >= other.x1 && self.y1 >= other.y1
    }

    /// Grown by `x` to the left and right and by `y` up and down.
    pub fn grown(&self, x: f64, y: f64) -> Rect {
        Rect { x0: self.x0 - x, y0: self.y0 - y, x1: self.x1 + x, y1: self.y1 + y }
    }
}

/// Which point of a text its x is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Words.
    pub words: String,
    /// Place of the anchor.
    pub x: f64,
    /// Baseline.
    pub y: f64,
    /// Which point `x` is.
    pub anchor: Anchor,
    /// Size in pixels.
    pub size: f64,
    /// Weight.
    pub weight: Weight,
    /// Colour.
    pub color: Rgb,
    /// Whether a rim in the ground's colour lifts it off what is behind.
    pub halo: bool,
}

impl Text {
    /// The box it covers.
    pub fn bounds(&self) -> Rect {
        let wide = width(&self.words, self.size, self.weight);
        let x0 = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - wide / 2.0,
            Anchor::End => self.x - wide,
        };
        Rect { x0, y0: self.y - ASCENT * self.size, x1: x0 + wide, y1: self.y + DESCENT * self.size }
    }
}

/// One thing drawn that is not text, in pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A filled polygon.
    Polygon(Vec<(f64, f64)>, Rgb, f64),
    /// A hatched polygon.
    Hatched(Vec<(f64, f64)>, Rgb),
    /// A line of a width.
    Path(Vec<(f64, f64)>, Rgb, f64),
    /// A dashed line of a width.
    Dashed(Vec<(f64, f64)>, Rgb, f64),
    /// A disc: centre, radius.
    Disc((f64, f64), f64, Rgb),
}

/// Everything on a canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The canvas.
    pub canvas: Rect,
    /// Marks, back to front.
    pub marks: Vec<Mark>,
    /// Texts, in front of all marks.
    pub texts: Vec<Text>,
}

impl Scene {
    /// An empty canvas.
    pub fn new(width: f64, height: f64) -> Scene {
        let canvas = Rect { x0: 0.0, y0: 0.0, x1: width, y1: height };
        Scene { canvas, marks: Vec::new(), texts: Vec::new() }
    }

    /// Draws on top of what is there.
    pub fn draw(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// Writes a text whose place is settled.
    pub fn write(&mut self, text: Text) {
        if !text.words.is_empty() {
            self.texts.push(text);
        }
    }

    /// Whether a box lies on the canvas and `gap` away from every text.
    pub fn is_free(&self, bounds: &Rect, gap: f64) -> bool {
        let wide = bounds.grown(gap, gap / 4.0);
        self.canvas.holds(bounds) && !self.texts.iter().any(|text| text.bounds().overlaps(&wide))
    }

    /// Writes a text if its place is free; says whether it did.
    pub fn write_if_free(&mut self, text: Text, gap: f64) -> bool {
        let free = self.is_free(&text.bounds(), gap);
        if free {
            self.write(text);
        }
        free
    }
}
