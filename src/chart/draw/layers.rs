//! Layers as marks: fans, lines, stacks, intervals, bars, histograms, reference lines.

use super::frame::Frame;
use super::labels::Names;
use super::scene::{Mark, Scene};
use super::style::Style;
use crate::chart::figure::{Area, Bin, Center, Layer, Meaning, Part};
use crate::chart::input::{MonthlyBand, Spread};
use crate::chart::text::{ASCENT, DESCENT};

/// Opacity a fan's bands add, widest first: they lie on one another.
const BAND_OPACITY: [f64; 3] = [0.14, 0.16, 0.22];

/// Draws a layer, a fan without its median ([`medians`]); returns the names it holds.
pub fn layer(scene: &mut Scene, style: &Style, frame: &Frame, layer: &Layer) -> Names {
    match layer {
        Layer::Fan { meaning, band, .. } => fan(scene, style, frame, *meaning, band),
        Layer::Line { meaning, points, error, stepped, .. } => {
            line(scene, style, frame, *meaning, points, error, *stepped)
        }
        Layer::Stack { areas } => stack(scene, style, frame, areas),
        Layer::Interval { row, meaning, spread, center, .. } => {
            interval(scene, style, frame, *row, *meaning, spread, *center)
        }
        Layer::Step { row, meaning, from, to, error, leads_on, .. } => {
            step(scene, style, frame, *row, *meaning, (*from, *to), *error, *leads_on)
        }
        Layer::Bar { row, parts, total, text } => return bar(scene, style, frame, *row, parts, total, text),
        Layer::Histogram { meaning, bins } => histogram(scene, style, frame, *meaning, bins),
        Layer::Reference { x, label, statistic } => {
            let top = if label.is_empty() {
                (frame.plot.y0 + style.line()).min(frame.plot.y1)
            } else {
                frame.plot.y0
            };
            let course = vec![(frame.x(*x), top), (frame.x(*x), frame.plot.y1)];
            let ink = style.theme.ink();
            let wide = style.px(2.0);
            if *statistic {
                // A rim keeps the line apart from a dark bar behind it.
                scene.draw(Mark::Path(course.clone(), style.theme.ground(), style.px(4.0)));
                scene.draw(Mark::Path(course, ink, wide));
            } else {
                scene.draw(Mark::Dashed(course, ink, wide));
            }
        }
    }
    Names::default()
}

fn between(frame: &Frame, low: &[f64], high: &[f64]) -> Vec<(f64, f64)> {
    let up = low.iter().enumerate().map(|(t, v)| frame.at(t as f64, *v));
    let back = high.iter().enumerate().rev().map(|(t, v)| frame.at(t as f64, *v));
    up.chain(back).collect()
}

fn fan(scene: &mut Scene, style: &Style, frame: &Frame, meaning: Meaning, band: &MonthlyBand) {
    let color = style.theme.color(meaning);
    let bands = [(&band.p05, &band.p95), (&band.p10, &band.p90), (&band.p25, &band.p75)];
    for ((low, high), opacity) in bands.into_iter().zip(BAND_OPACITY) {
        scene.draw(Mark::Polygon(between(frame, low, high), color, opacity));
    }
}

/// Medians of the fans, in front of everybody's bands. Where fans lie on one another their tints mix, and the ends of each
/// one's 90% are traced too.
pub fn medians(scene: &mut Scene, style: &Style, frame: &Frame, layers: &[Layer]) {
    let fans = || {
        layers.iter().filter_map(|layer| match layer {
            Layer::Fan { meaning, band, .. } => Some((style.theme.color(*meaning), band)),
            _ => None,
        })
    };
    let course = |values: &[f64]| values.iter().enumerate().map(|(t, v)| frame.at(t as f64, *v)).collect();
    if fans().count() > 1 {
        for (color, band) in fans() {
            for end in [&band.p05, &band.p95] {
                scene.draw(Mark::Path(course(end), color, style.px(1.5)));
            }
        }
    }
    for (color, band) in fans() {
        scene.draw(Mark::Path(course(&band.p50), color, style.px(3.5)));
    }
}

fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out = Vec::with_capacity(points.len() * 2);
    for (i, point) in points.iter().enumerate() {
        if i > 0 {
            out.push((point.0, points[i - 1].1));
        }
        out.push(*point);
    }
    out
}

fn line(
    scene: &mut Scene,
    style: &Style,
    frame: &Frame,
    meaning: Meaning,
    points: &[(f64, f64)],
    error: &[f64],
    stepped: bool,
) {
    let color = style.theme.color(meaning);
    let course = |shift: f64| -> Vec<(f64, f64)> {
        let moved: Vec<(f64, f64)> = points
            .iter()
            .enumerate()
            .map(|(i, (x, y))| (*x, y + shift * error.get(i).copied().unwrap_or(0.0)))
            .collect();
        let joined = if stepped { steps(&moved) } else { moved };
        joined.into_iter().map(|(x, y)| frame.at(x, y)).collect()
    };
    if error.iter().any(|e| *e > 0.0) {
        let mut ring = course(1.0);
        ring.extend(course(-1.0).into_iter().rev());
        scene.draw(Mark::Polygon(ring, color, 0.25));
    }
    scene.draw(Mark::Path(course(0.0), color, style.px(3.5)));
}

fn stack(scene: &mut Scene, style: &Style, frame: &Frame, areas: &[Area]) {
    let mut below = vec![0.0; areas.first().map_or(0, |area| area.values.len())];
    for area in areas {
        let above: Vec<f64> = below.iter().zip(&area.values).map(|(b, v)| b + v).collect();
        let ring = between(frame, &below, &above);
        let color = style.theme.color(area.meaning);
        scene.draw(if area.meaning == Meaning::Unserved {
            Mark::Hatched(ring, color)
        } else {
            Mark::Polygon(ring, color, 1.0)
        });
        let edge = above.iter().enumerate().map(|(t, v)| frame.at(t as f64, *v)).collect();
        scene.draw(Mark::Path(edge, style.theme.ground(), style.px(1.5)));
        below = above;
    }
}

fn diamond((x, y): (f64, f64), r: f64) -> Vec<(f64, f64)> {
    vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)]
}

fn interval(
    scene: &mut Scene,
    style: &Style,
    frame: &Frame,
    row: usize,
    meaning: Meaning,
    spread: &Spread,
    center: Center,
) {
    let (y, color) = (frame.y(row as f64), style.theme.color(meaning));
    let from_to = |a: f64, b: f64| vec![(frame.x(a), y), (frame.x(b), y)];
    scene.draw(Mark::Path(from_to(spread.p05(), spread.p95()), color, style.px(3.0)));
    scene.draw(Mark::Path(from_to(spread.p25, spread.p75), color, style.px(9.0)));
    match center {
        Center::Median => {
            let dot = (frame.x(spread.p50()), y);
            scene.draw(Mark::Disc(dot, style.px(10.0), style.theme.ground()));
            scene.draw(Mark::Disc(dot, style.px(8.0), color));
        }
        Center::Mean => {
            let dot = (frame.x(spread.mean()), y);
            scene.draw(Mark::Polygon(diamond(dot, style.px(14.0)), color, 1.0));
            scene.draw(Mark::Polygon(diamond(dot, style.px(9.0)), style.theme.ground(), 1.0));
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the fields of the layer")]
fn step(
    scene: &mut Scene,
    style: &Style,
    frame: &Frame,
    row: usize,
    meaning: Meaning,
    (from, to): (f64, f64),
    error: f64,
    leads_on: bool,
) {
    let pitch = frame.y(1.0) - frame.y(0.0);
    let half = (pitch * 0.3).min(style.px(22.0));
    let (y, color, ink) = (frame.y(row as f64), style.theme.color(meaning), style.theme.ink());
    let (x0, x1) = (frame.x(from), frame.x(to));
    if leads_on {
        let below = frame.y(row as f64 + 1.0);
        scene.draw(Mark::Path(vec![(x1, y), (x1, below)], style.theme.axis(), style.px(1.5)));
    }
    if from == to {
        scene.draw(Mark::Path(vec![(x1, y - half), (x1, y + half)], color, style.px(5.0)));
    } else {
        let corners = vec![(x0, y - half), (x1, y - half), (x1, y + half), (x0, y + half)];
        scene.draw(Mark::Polygon(corners, color, 1.0));
        scene.draw(Mark::Path(vec![(x1, y - half), (x1, y + half)], color, style.px(2.0)));
    }
    if error > 0.0 {
        let whisker = y + half + (pitch * 0.1).min(style.px(7.0));
        let ends = vec![(frame.x(to - error), whisker), (frame.x(to + error), whisker)];
        scene.draw(Mark::Path(ends, ink, style.px(2.5)));
    }
}

fn bar(
    scene: &mut Scene,
    style: &Style,
    frame: &Frame,
    row: usize,
    parts: &[Part],
    total: &Spread,
    text: &str,
) -> Names {
    let pitch = frame.y(1.0) - frame.y(0.0);
    let half = (pitch * 0.29).min(style.px(22.0));
    let y = frame.y(row as f64);
    let rise = (ASCENT - DESCENT) / 2.0 * style.small();
    let mut names = Names::default();
    let mut at = 0.0;
    for part in parts.iter().filter(|part| part.value > 0.0) {
        let (x0, x1) = (frame.x(at), frame.x(at + part.value));
        let color = style.theme.color(part.meaning);
        scene.draw(Mark::Polygon(
            vec![(x0, y - half), (x1, y - half), (x1, y + half), (x0, y + half)],
            color,
            1.0,
        ));
        scene.draw(Mark::Path(vec![(x1, y - half), (x1, y + half)], style.theme.ground(), style.px(1.5)));
        names.file(part.meaning, &part.label, false);
        at += part.value;
    }
    let ink = style.theme.ink();
    let whisker = y + half + (pitch * 0.12).min(style.px(8.0));
    for (from, to, wide) in [(total.p05(), total.p95(), 2.5), (total.p25, total.p75, 5.0)] {
        scene.draw(Mark::Path(vec![(frame.x(from), whisker), (frame.x(to), whisker)], ink, style.px(wide)));
    }
    let end = frame.x(at.max(total.p95()).max(0.0)) + style.px(8.0);
    scene.write_if_free(style.text(text, end, y + rise, ink), style.px(2.0));
    names
}

fn histogram(scene: &mut Scene, style: &Style, frame: &Frame, meaning: Meaning, bins: &[Bin]) {
    let color = style.theme.color(meaning);
    for (i, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.share > 0.0) {
        let below = if i > 0 && bins[i - 1].from == bin.from { bins[i - 1].share } else { 0.0 };
        let (x0, x1) = (frame.x(bin.from) + style.px(1.0), frame.x(bin.to) - style.px(1.0));
        let (base, y) = (frame.y(below), frame.y(below + bin.share));
        let corners = vec![(x0, base), (x0, y), (x1, y), (x1, base)];
        scene.draw(if bin.censored {
            Mark::Hatched(corners, color)
        } else {
            Mark::Polygon(corners, color, 1.0)
        });
    }
}
