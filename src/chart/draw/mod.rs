//! Figures as pictures: the page, then its panels, then the files.
//!
//! The page is laid out here, because what makes a chart readable (titles that wrap by measured width, small multiples that
//! line up, names that move out of each other's way, a key only when a name finds no room) is layout, and plotters' own
//! axes, captions and legends do none of it. plotters maps numbers to places (`frame`) and draws every mark (`svg`).
//! Nothing outside this module knows plotters or resvg.
//!
//! Invariants: no text overlaps another or leaves the canvas; none is smaller than [`Size::smallest_text`]; the same figure,
//! theme and size give the same bytes.

mod frame;
mod grid;
mod labels;
mod layers;
mod plot;
mod scene;
mod style;
mod svg;

pub use scene::{Rect, Scene, Text};
pub use svg::png;

use super::figure::{Figure, Layer, Meaning};
use super::text::{ASCENT, LINE_HEIGHT, Weight, balanced, shortened, width, with_whole_phrases, wrapped};
use super::theme::{Size, Theme};
use grid::Grid;
use scene::Mark;
use style::Style;

/// The figure laid out on a page: names beside what they name or, if one of them finds no room, a key for all.
pub fn scene(figure: &Figure, theme: Theme, size: Size) -> Scene {
    if names_lines_at_length(figure, theme, size) {
        return attempt(figure, theme, size, &names(figure)).0;
    }
    let (scene, left_out) = attempt(figure, theme, size, &[]);
    if left_out.is_empty() { scene } else { attempt(figure, theme, size, &names(figure)).0 }
}

/// Whether a line has so long a name that beside its end it would take the room of the plot.
fn names_lines_at_length(figure: &Figure, theme: Theme, size: Size) -> bool {
    /// Of the page's width.
    const MOST: f64 = 1.0 / 8.0;
    let (style, (wide, _)) = (Style::new(theme, size), size.pixels());
    figure.panels.iter().flat_map(|panel| &panel.layers).any(|layer| match layer {
        Layer::Fan { label, .. } | Layer::Line { label, .. } => {
            width(label, style.small(), Weight::Bold) > MOST * wide
        }
        _ => false,
    })
}

/// Every name in the figure's areas, bars and lines, once, in drawing order.
fn names(figure: &Figure) -> Vec<(Meaning, String)> {
    let of = |layer: &Layer| match layer {
        Layer::Fan { meaning, label, .. } | Layer::Line { meaning, label, .. } => {
            vec![(*meaning, label.clone())]
        }
        Layer::Stack { areas } => {
            let seen = areas.iter().filter(|area| area.values.iter().any(|v| *v > 0.0));
            seen.map(|area| (area.meaning, area.label.clone())).collect()
        }
        Layer::Bar { parts, .. } => {
            let seen = parts.iter().filter(|part| part.value > 0.0);
            seen.map(|part| (part.meaning, part.label.clone())).collect()
        }
        _ => Vec::new(),
    };
    let mut names = Vec::new();
    for name in figure.panels.iter().flat_map(|panel| &panel.layers).flat_map(of) {
        if !name.1.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The figure as an SVG document with its font inside.
pub fn svg(figure: &Figure, theme: Theme, size: Size) -> String {
    let unit = Style::new(theme, size).unit;
    svg::svg(&scene(figure, theme, size), theme, unit, &figure.id, &figure.title, &figure.alt)
}

/// One layout with a key for the names given, or with none and names beside what they name; returns the names no panel had
/// room for.
fn attempt(
    figure: &Figure,
    theme: Theme,
    size: Size,
    key: &[(Meaning, String)],
) -> (Scene, Vec<(Meaning, String)>) {
    let style = Style::new(theme, size);
    let (wide, high) = size.pixels();
    let mut scene = Scene::new(wide, high);
    let margin = style.px(36.0);
    let top = header(&mut scene, &style, figure, margin);
    let top = draw_key(&mut scene, &style, key, margin, top);
    let bottom = footer(&mut scene, &style, figure, margin, top);
    let place = Rect { x0: margin, y0: top, x1: wide - margin, y1: bottom };
    let names = Grid::best(&style, figure, place, key.is_empty()).draw(&mut scene, &style);
    let left_out = names.left_out.into_iter().filter(|name| !names.placed.contains(name)).collect();
    (scene, left_out)
}

fn header(scene: &mut Scene, style: &Style, figure: &Figure, margin: f64) -> f64 {
    let room = scene.canvas.width() - 2.0 * margin;
    let (title, subtitle) = (style.px(33.0), style.px(24.0));
    let mut y = style.px(28.0);
    for line in balanced(&with_whole_phrases(&figure.title), title, Weight::Bold, room) {
        let text = style.text(line, margin, y + ASCENT * title, style.theme.ink());
        scene.write(Text { size: title, weight: Weight::Bold, ..text });
        y += title * 1.2;
    }
    y += style.px(4.0);
    for line in balanced(&figure.subtitle, subtitle, Weight::Regular, room) {
        let text = style.text(line, margin, y + ASCENT * subtitle, style.theme.muted());
        scene.write(Text { size: subtitle, ..text });
        y += subtitle * LINE_HEIGHT;
    }
    y + style.px(14.0)
}

fn draw_key(scene: &mut Scene, style: &Style, key: &[(Meaning, String)], margin: f64, top: f64) -> f64 {
    let (swatch, gap) = (style.px(20.0), style.px(8.0));
    let (mut x, mut y) = (margin, top);
    for (meaning, label) in key {
        let room = scene.canvas.width() - 2.0 * margin - swatch - gap;
        let label = shortened(label, style.small(), Weight::Regular, room);
        let wide = swatch + gap + width(&label, style.small(), Weight::Regular);
        if x > margin && x + wide > scene.canvas.width() - margin {
            (x, y) = (margin, y + style.line() + style.px(4.0));
        }
        let corners = vec![(x, y), (x + swatch, y), (x + swatch, y + swatch), (x, y + swatch)];
        let color = style.theme.color(*meaning);
        scene.draw(if *meaning == Meaning::Unserved {
            Mark::Hatched(corners, color)
        } else {
            Mark::Polygon(corners, color, 1.0)
        });
        scene.write(style.text(label, x + swatch + gap, y + ASCENT * style.small(), style.theme.ink()));
        x += wide + style.px(28.0);
    }
    if key.is_empty() { top } else { y + style.line() + style.px(12.0) }
}

/// A short item of a list with its spaces made unbreakable.
fn unbroken(style: &Style, item: &str, most: f64) -> String {
    let short = width(item, style.small(), Weight::Regular) <= most;
    if short { item.replace(' ', "\u{A0}") } else { item.to_string() }
}

/// Notes and footnote, from the bottom up. Returns where the panels end.
fn footer(scene: &mut Scene, style: &Style, figure: &Figure, margin: f64, top: f64) -> f64 {
    let room = scene.canvas.width() - 2.0 * margin;
    let paragraphs = figure.notes.iter().chain(&figure.footnote);
    let whole = |words: &String| {
        let items: Vec<String> = words.split(" · ").map(|item| unbroken(style, item, room / 2.0)).collect();
        if items.len() > 1 { items.join(" · ") } else { words.clone() }
    };
    let mut lines: Vec<String> =
        paragraphs.flat_map(|words| wrapped(&whole(words), style.small(), Weight::Regular, room)).collect();
    let bottom = scene.canvas.height() - style.px(22.0);
    let fit = ((bottom - top) * 0.4 / style.line()) as usize;
    if lines.len() > fit {
        lines.truncate(fit);
        if let Some(last) = lines.last_mut() {
            *last = shortened(&format!("{last} …"), style.small(), Weight::Regular, room);
        }
    }
    let first = bottom - lines.len() as f64 * style.line();
    for (i, line) in lines.into_iter().enumerate() {
        let y = first + i as f64 * style.line() + ASCENT * style.small();
        scene.write(style.text(line, margin, y, style.theme.muted()));
    }
    first - style.px(14.0)
}
