//! Direct labels: names beside what they name.
//!
//! A line's name goes beyond its end when the panel has a margin for it, otherwise inside the plot where it covers least; an
//! area's name goes inside the area where it is thickest. A name that finds no room is reported, and the page then shows a
//! key for it.

use super::frame::Frame;
use super::scene::{Anchor, Rect, Scene, Text};
use super::style::Style;
use crate::chart::figure::{Area, Layer, Meaning};
use crate::chart::text::{ASCENT, DESCENT, Weight, width};

/// A line to be named: its words, meaning and course in pixels.
pub struct Named {
    /// The name.
    pub label: String,
    /// Whose colour it takes.
    pub meaning: Meaning,
    /// The line, left to right.
    pub course: Vec<(f64, f64)>,
}

/// Names written, and names that found no room.
#[derive(Default)]
pub struct Names {
    /// Written beside or inside what they name.
    pub placed: Vec<(Meaning, String)>,
    /// For the key.
    pub left_out: Vec<(Meaning, String)>,
}

impl Names {
    /// Files a name under what became of it.
    pub fn file(&mut self, meaning: Meaning, label: &str, placed: bool) {
        let list = if placed { &mut self.placed } else { &mut self.left_out };
        list.push((meaning, label.to_string()));
    }

    /// Takes in what another part of the panel filed.
    pub fn extend(&mut self, other: Names) {
        self.placed.extend(other.placed);
        self.left_out.extend(other.left_out);
    }
}

/// The lines of a panel that want a name.
pub fn named_lines(layers: &[Layer], frame: &Frame) -> Vec<Named> {
    let named = |layer: &Layer| match layer {
        Layer::Fan { meaning, label, band } if !label.is_empty() => {
            let course = band.p50.iter().enumerate().map(|(t, v)| frame.at(t as f64, *v)).collect();
            Some(Named { label: label.clone(), meaning: *meaning, course })
        }
        Layer::Line { meaning, label, points, .. } if !label.is_empty() => {
            let course = points.iter().map(|(x, y)| frame.at(*x, *y)).collect();
            Some(Named { label: label.clone(), meaning: *meaning, course })
        }
        _ => None,
    };
    layers.iter().filter_map(named).collect()
}

fn name_text(style: &Style, line: &Named, x: f64, y: f64) -> Text {
    let color = style.theme.text(line.meaning);
    Text { weight: Weight::Bold, halo: true, ..style.text(&line.label, x, y, color) }
}

/// Height from the baseline to the middle of a small text.
fn half_rise(style: &Style) -> f64 {
    (ASCENT - DESCENT) / 2.0 * style.small()
}

/// Names beyond the lines' ends, moved apart where they would touch.
pub fn beyond_ends(scene: &mut Scene, style: &Style, plot: &Rect, lines: &[Named]) -> Names {
    let step = style.line();
    let mut order: Vec<(f64, &Named)> =
        lines.iter().filter_map(|line| line.course.last().map(|end| (end.1, line))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (top, bottom) = (plot.y0 + step / 2.0 - style.px(6.0), plot.y1 - step / 2.0 + style.px(6.0));
    let mut places: Vec<f64> = order.iter().map(|(y, _)| y.clamp(top, bottom)).collect();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + step);
    }
    let overshoot = (places.last().copied().unwrap_or(top) - bottom).max(0.0);
    if overshoot > 0.0 {
        for i in (0..places.len()).rev() {
            let limit = places.get(i + 1).map_or(bottom, |below| below - step);
            places[i] = places[i].min(limit);
        }
    }
    let mut names = Names::default();
    for ((_, line), place) in order.iter().zip(places) {
        let text = name_text(style, line, plot.x1 + style.px(10.0), place + half_rise(style));
        let placed = scene.write_if_free(text, 0.0);
        names.file(line.meaning, &line.label, placed);
    }
    names
}

/// How much of a line's course crosses a box, in pixels of its width.
fn crossing(course: &[(f64, f64)], area: &Rect) -> f64 {
    let inside = |a: &(f64, f64), b: &(f64, f64)| {
        let (low, high) = (a.1.min(b.1), a.1.max(b.1));
        let overlap = b.0.min(area.x1) - a.0.max(area.x0);
        if overlap > 0.0 && low < area.y1 && high > area.y0 { overlap } else { 0.0 }
    };
    course.windows(2).map(|pair| inside(&pair[0], &pair[1])).sum()
}

/// Names inside the plot, each above or below its own line where it crosses least, the right preferred.
pub fn beside_lines(scene: &mut Scene, style: &Style, plot: &Rect, lines: &[Named]) -> Names {
    const PLACES: usize = 24;
    let room = plot.grown(-style.px(4.0), -style.px(2.0));
    let mut names = Names::default();
    for line in lines {
        let wide = width(&line.label, style.small(), Weight::Bold);
        let mut best: Option<(f64, Text)> = None;
        for k in 0..PLACES {
            let x = room.x0 + (room.width() - wide) * k as f64 / (PLACES - 1) as f64;
            let Some(near) = line.course.iter().min_by(|a, b| {
                let middle = x + wide / 2.0;
                (a.0 - middle).abs().total_cmp(&(b.0 - middle).abs())
            }) else {
                continue;
            };
            for (offset, shift) in [(0.7, 0.0), (0.7, 1.0), (1.5, 0.0), (1.5, 1.0), (2.4, 0.0), (2.4, 1.0)] {
                let distance = offset * style.small();
                let middle = if shift == 0.0 { near.1 - distance } else { near.1 + distance };
                let text = name_text(style, line, x, middle + half_rise(style));
                let bounds = text.bounds();
                if wide > room.width() || !room.holds(&bounds) || !scene.is_free(&bounds, style.px(6.0)) {
                    continue;
                }
                let crossed: f64 = lines.iter().map(|other| crossing(&other.course, &bounds)).sum();
                let others = lines.iter().filter(|other| other.label != line.label);
                let nearer = others
                    .flat_map(|other| other.course.iter())
                    .filter(|p| p.0 >= bounds.x0 && p.0 <= bounds.x1)
                    .map(|p| (2.2 * style.line() - (p.1 - middle).abs()).max(0.0))
                    .fold(0.0, f64::max);
                let cost = crossed * 4.0
                    + nearer * 0.8
                    + distance
                    + (1.0 - k as f64 / PLACES as f64) * style.px(40.0);
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, text));
                }
            }
        }
        names.file(line.meaning, &line.label, best.is_some());
        if let Some((_, text)) = best {
            scene.write(text);
        }
    }
    names
}

/// Names inside a stack's areas, where each is thickest.
pub fn inside_areas(scene: &mut Scene, style: &Style, frame: &Frame, areas: &[Area]) -> Names {
    let mut names = Names::default();
    let mut below = vec![0.0; areas.first().map_or(0, |area| area.values.len())];
    for area in areas.iter() {
        let above: Vec<f64> = below.iter().zip(&area.values).map(|(b, v)| b + v).collect();
        let wide = width(&area.label, style.small(), Weight::Bold) + style.px(16.0);
        let edges: Vec<(f64, f64, f64)> = below
            .iter()
            .zip(&above)
            .enumerate()
            .map(|(t, (b, a))| (frame.x(t as f64), frame.y(*a), frame.y(*b)))
            .collect();
        let mut best: Option<(f64, f64, f64)> = None;
        for start in edges.iter().map(|edge| edge.0).filter(|x| x + wide <= frame.plot.x1) {
            let covered = edges.iter().filter(|edge| edge.0 >= start - 1.0 && edge.0 <= start + wide + 1.0);
            let (top, bottom) = covered.fold((f64::MIN, f64::MAX), |(t, b), e| (t.max(e.1), b.min(e.2)));
            if best.is_none_or(|(thickest, ..)| bottom - top > thickest + 0.5) {
                best = Some((bottom - top, start + wide / 2.0, (top + bottom) / 2.0));
            }
        }
        let fill = style.theme.color(area.meaning);
        let unserved = area.meaning == Meaning::Unserved;
        let color = if unserved { style.theme.ink() } else { style.theme.on(fill) };
        let placed = best.filter(|(thick, ..)| *thick >= style.line()).is_some_and(|(_, x, y)| {
            let base = style.text(&area.label, x, y + half_rise(style), color);
            scene.write_if_free(
                Text { anchor: Anchor::Middle, weight: Weight::Bold, halo: unserved, ..base },
                style.px(4.0),
            )
        });
        if area.values.iter().any(|v| *v > 0.0) {
            names.file(area.meaning, &area.label, placed);
        }
        below = above;
    }
    names
}
