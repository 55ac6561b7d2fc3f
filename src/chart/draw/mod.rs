//! Figures as pictures: the page, then its panels, then the files.
//!
//! The page is laid out here, because what makes a chart readable (titles that wrap by measured width, small multiples that
//! line up, names that move out of each other's way, a key only when a name finds no room) is layout, and plotters' own
//! axes, captions and legends do none of it. plotters maps numbers to places ([`frame`]) and draws every mark ([`svg`]).
//! Nothing outside this module knows plotters or resvg.
//!
//! Invariants: no text overlaps another or leaves the canvas; none is smaller than [`Size::smallest_text`]; the same figure,
//! theme and size give the same bytes.

mod frame;
mod labels;
mod layers;
mod plot;
mod scene;
mod style;
mod svg;

pub use scene::{Rect, Scene, Text};
pub use svg::png;

use super::figure::{Figure, Meaning, Panel, Scale};
use super::text::{ASCENT, LINE_HEIGHT, Weight, balanced, shortened, width, wrapped};
use super::theme::{Size, Theme};
use plot::Gutters;
use scene::Mark;
use style::Style;

/// The figure laid out on a page.
pub fn scene(figure: &Figure, theme: Theme, size: Size) -> Scene {
    let mut key: Vec<(Meaning, String)> = Vec::new();
    loop {
        let (scene, left_out) = attempt(figure, theme, size, &key);
        let new: Vec<_> = left_out.into_iter().filter(|name| !key.contains(name)).collect();
        if new.is_empty() {
            return scene;
        }
        key.extend(new);
    }
}

/// The figure as an SVG document with its font inside.
pub fn svg(figure: &Figure, theme: Theme, size: Size) -> String {
    let unit = Style::new(theme, size).unit;
    svg::svg(&scene(figure, theme, size), theme, unit, &figure.id, &figure.title, &figure.alt)
}

/// One layout with a key for the names given; returns the names no panel had room for.
fn attempt(figure: &Figure, theme: Theme, size: Size, key: &[(Meaning, String)]) -> (Scene, Vec<(Meaning, String)>) {
    let style = Style::new(theme, size);
    let (wide, high) = size.pixels();
    let mut scene = Scene::new(wide, high);
    let margin = style.px(36.0);
    let top = header(&mut scene, &style, figure, margin);
    let top = draw_key(&mut scene, &style, key, margin, top);
    let bottom = footer(&mut scene, &style, figure, margin, top);
    let place = Rect { x0: margin, y0: top, x1: wide - margin, y1: bottom };
    let left_out = grid(&mut scene, &style, figure, place);
    (scene, left_out)
}

fn header(scene: &mut Scene, style: &Style, figure: &Figure, margin: f64) -> f64 {
    let room = scene.canvas.width() - 2.0 * margin;
    let (title, subtitle) = (style.px(33.0), style.px(24.0));
    let mut y = style.px(28.0);
    for line in balanced(&figure.title, title, Weight::Bold, room) {
        let text = style.text(line, margin, y + ASCENT * title, style.theme.ink());
        scene.write(Text { size: title, weight: Weight::Bold, ..text });
        y += title * 1.2;
    }
    y += style.px(4.0);
    for line in wrapped(&figure.subtitle, subtitle, Weight::Regular, room) {
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

/// Notes and footnote, from the bottom up. Returns where the panels end.
fn footer(scene: &mut Scene, style: &Style, figure: &Figure, margin: f64, top: f64) -> f64 {
    let room = scene.canvas.width() - 2.0 * margin;
    let paragraphs = figure.notes.iter().chain(&figure.footnote);
    let mut lines: Vec<String> =
        paragraphs.flat_map(|words| wrapped(words, style.small(), Weight::Regular, room)).collect();
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

/// How many columns suit: plots neither flat nor tall, rows of names legible, few empty places.
fn columns(style: &Style, figure: &Figure, place: &Rect) -> usize {
    let n = figure.panels.len().max(1);
    let named = figure.panels.iter().any(|panel| matches!(panel.y.scale, Scale::Rows(_)));
    let cost = |columns: usize| {
        let rows = n.div_ceil(columns);
        let empty = rows * columns - n;
        let gutter = style.px(if named { 260.0 } else { 70.0 });
        let wide = (place.width() - gutter) / columns as f64;
        let high = place.height() / rows as f64 - style.px(110.0);
        let narrow = (style.px(230.0) / wide.max(1.0) - 1.0).max(0.0) * 4.0;
        let flat = (style.px(130.0) / high.max(1.0) - 1.0).max(0.0) * 4.0;
        libm::fabs(libm::log(wide / high.max(1.0) / 1.4)) + narrow + flat + 0.25 * empty as f64
    };
    (1..=n).min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(1)
}

fn grid(scene: &mut Scene, style: &Style, figure: &Figure, place: Rect) -> Vec<(Meaning, String)> {
    let columns = columns(style, figure, &place);
    let rows = figure.panels.len().div_ceil(columns).max(1);
    let (gap_x, gap_y) = (style.px(26.0), style.px(18.0));
    let alone = columns == 1;
    let room = (place.width() - gap_x * (columns - 1) as f64) / columns as f64;
    let named = |k: usize| k.is_multiple_of(columns) || !figure.shared_axis;
    let around: Vec<Gutters> = figure
        .panels
        .iter()
        .enumerate()
        .map(|(k, panel)| plot::gutters(style, panel, if named(k) { place.width() } else { room }, named(k), alone))
        .collect();
    let widest = |names: bool| {
        let same = around.iter().filter(|g| g.names_values == names);
        same.fold((0.0_f64, 0.0_f64), |(l, r), g| (l.max(g.left), r.max(g.right)))
    };
    let ((left, right), (plain_left, plain_right)) = (widest(true), widest(false));
    let edge = |column: usize| if named(column) { left + right } else { plain_left + plain_right };
    let used: f64 = (0..columns).map(edge).sum();
    let plot_width = (place.width() - used - gap_x * (columns - 1) as f64) / columns as f64;
    let high = (place.height() - gap_y * (rows - 1) as f64) / rows as f64;
    let mut unplaced = Vec::new();
    let mut placed = Vec::new();
    for (k, panel) in figure.panels.iter().enumerate() {
        let (row, column) = (k / columns, k % columns);
        let before: f64 = (0..column).map(|c| edge(c) + plot_width + gap_x).sum();
        let mates = &figure.panels[row * columns..((row + 1) * columns).min(figure.panels.len())];
        let mine = edge(column) + plot_width;
        let head = mates.iter().map(|mate| plot::gutters(style, mate, plot_width, false, alone).head).fold(0.0, f64::max);
        let (l, r) = if named(column) { (left, right) } else { (plain_left, plain_right) };
        let gutters = Gutters { head, left: l, right: r, ..around[k] };
        let y0 = place.y0 + row as f64 * (high + gap_y);
        let rect = Rect { x0: place.x0 + before, y0, x1: place.x0 + before + mine, y1: y0 + high };
        let left_out = plot::panel(scene, style, panel, rect, &gutters);
        placed.extend(names(panel).into_iter().filter(|name| !left_out.contains(name)));
        unplaced.extend(left_out);
    }
    unplaced.retain(|name| !placed.contains(name));
    unplaced.dedup();
    unplaced
}

/// Every name a panel would show.
fn names(panel: &Panel) -> Vec<(Meaning, String)> {
    use super::figure::Layer;
    let of = |layer: &Layer| match layer {
        Layer::Fan { meaning, label, .. } | Layer::Line { meaning, label, .. } => vec![(*meaning, label.clone())],
        Layer::Stack { areas } => areas
            .iter()
            .filter(|area| area.values.iter().any(|v| *v > 0.0))
            .map(|area| (area.meaning, area.label.clone()))
            .collect(),
        _ => Vec::new(),
    };
    panel.layers.iter().flat_map(of).collect()
}
