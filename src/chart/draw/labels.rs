//! Direct labels: names beside what they name.
//!
//! A line's name goes beyond its end; an area's name inside the area where it is thickest, or on the empty ground above the
//! stack with a leader to an area too thin for it. A name that finds no room is reported, and the page then shows a key for
//! it.

use super::frame::Frame;
use super::scene::{Anchor, Mark, Rect, Scene, Text};
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
    let mut places: Vec<f64> = order.iter().map(|(y, _)| y.min(bottom).max(top)).collect();
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

/// Where an area stands in a month: x, top, bottom.
type Edge = (f64, f64, f64);

/// Names of a stack's areas: inside, where each is thickest, or above the stack with a leader.
pub fn inside_areas(scene: &mut Scene, style: &Style, frame: &Frame, areas: &[Area]) -> Names {
    let mut names = Names::default();
    let mut thin: Vec<(&Area, Vec<Edge>)> = Vec::new();
    let mut below = vec![0.0; areas.first().map_or(0, |area| area.values.len())];
    for area in areas.iter() {
        let above: Vec<f64> = below.iter().zip(&area.values).map(|(b, v)| b + v).collect();
        let wide = width(&area.label, style.small(), Weight::Bold) + style.px(16.0);
        let edges: Vec<Edge> = below
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
        if placed {
            names.file(area.meaning, &area.label, true);
        } else if area.values.iter().any(|v| *v > 0.0) {
            thin.push((area, edges));
        }
        below = above;
    }
    let skyline: Vec<(f64, f64)> =
        below.iter().enumerate().map(|(t, top)| frame.at(t as f64, *top)).collect();
    for (area, edges) in thin {
        let placed = above_stack(scene, style, &frame.plot, area, &edges, &skyline);
        names.file(area.meaning, &area.label, placed);
    }
    names
}

/// Least thickness of an area a leader can point at, in units.
const LEADER_TARGET: f64 = 6.0;

/// A thin area's name on the empty ground above the stack's skyline, with a leader down to the area; says whether there was
/// room. `edges` are the area's by month.
fn above_stack(
    scene: &mut Scene,
    style: &Style,
    plot: &Rect,
    area: &Area,
    edges: &[Edge],
    skyline: &[(f64, f64)],
) -> bool {
    let ink = style.theme.ink();
    let half = width(&area.label, style.small(), Weight::Bold) / 2.0;
    for (x, top, bottom) in edges.iter().copied() {
        let (from, to) = (x - half - style.px(6.0), x + half + style.px(6.0));
        if bottom - top < style.px(LEADER_TARGET) || from < plot.x0 || to > plot.x1 {
            continue;
        }
        let over = skyline.iter().filter(|point| point.0 >= from && point.0 <= to);
        let roof = over.map(|point| point.1).fold(top, f64::min);
        let baseline = roof - style.px(20.0);
        let base = style.text(&area.label, x, baseline, ink);
        let text = Text { anchor: Anchor::Middle, weight: Weight::Bold, halo: true, ..base };
        let end = (top + bottom) / 2.0;
        let (start, reach) = (baseline + style.px(6.0), style.px(3.0));
        let leader = Rect { x0: x - reach, y0: start, x1: x + reach, y1: end };
        if text.bounds().y0 < plot.y0 || !scene.is_free(&leader, style.px(2.0)) {
            continue;
        }
        if scene.write_if_free(text, style.px(8.0)) {
            scene.draw(Mark::Path(vec![(x, start), (x, end)], ink, style.px(1.5)));
            scene.draw(Mark::Disc((x, end), style.px(4.0), ink));
            return true;
        }
    }
    false
}
