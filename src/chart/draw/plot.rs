//! One panel: its name, axes, layers and strip inside the box the page gives it.

use super::frame::Frame;
use super::labels::{Names, beyond_ends, inside_areas, named_lines};
use super::scene::{Anchor, Mark, Rect, Scene, Text};
use super::style::Style;
use crate::chart::figure::{Axis, Cell, Center, Layer, Meaning, Panel, Row, Scale, Strip, Tick};
use crate::chart::text::{ASCENT, DESCENT, Weight, shortened, width, with_whole_phrases, wrapped};
use crate::chart::theme::Rgb;

/// The room around a plot, the same for every panel of a grid where it must line up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gutters {
    /// For the panel's name and caption.
    pub head: f64,
    /// How much of the name and caption is written there.
    pub head_lines: HeadLines,
    /// For tick labels or row names.
    pub left: f64,
    /// For names beyond line ends or words beside intervals.
    pub right: f64,
    /// For the horizontal axis and the strip.
    pub foot: f64,
    /// What is written where.
    pub lettering: Lettering,
    /// Whether this panel writes its tick labels or row names.
    pub names_values: bool,
    /// Whether this panel writes the labels of its horizontal axis, or leaves them to the panel below.
    pub names_x: bool,
    /// Whether this panel draws its strip, or leaves it to the first panel of the row, whose strip is the same.
    pub has_strip: bool,
}

/// Choices of a whole page, so that its panels are lettered alike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lettering {
    /// Whether names stand beside what they name; else the page has a key for all of them.
    pub names_beside: bool,
    /// Whether an interval's words stand above its dot; else in a column right of the plot.
    pub words_above: bool,
}

/// Most lines of a panel's head: what is longer ends in an ellipsis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadLines {
    /// Of the name.
    pub name: usize,
    /// Of the caption.
    pub caption: usize,
}

/// Height of the bars of a density strip, in units.
const STRIP_UNITS: f64 = 34.0;
/// From a panel's head to its plot, in units.
pub const HEAD_GAP: f64 = 14.0;
/// What is left of the foot of a panel whose horizontal axis is labelled by the panel below, in units.
pub const BARE_FOOT: f64 = 12.0;
/// From a plot's bottom to the top of its tick labels, in units: enough for the lowest label of the vertical axis.
const TICK_DROP: f64 = 14.0;
/// Least distance of rows whose words stand above their dots, in units.
pub const ROOMY_PITCH: f64 = 54.0;
/// Least height of a line in a row's name, in its size.
const TIGHT: f64 = 1.08;
/// Most room of row names, as a share of the page, by the panels side by side; less where rows have room for several lines.
const NAMED_ROWS: [f64; 3] = [0.46, 0.38, 0.36];
const NAMED_ROOMY_ROWS: [f64; 3] = [0.46, 0.32, 0.26];

/// What a panel needs around its plot on a page with `place` for panels; `with_left` says whether it names its values,
/// `columns` how many panels share its row of the page. The head waits until widths are known ([`head`]).
pub fn gutters(
    style: &Style,
    panel: &Panel,
    place: &Rect,
    with_left: bool,
    columns: usize,
    lettering: Lettering,
) -> Gutters {
    let shares = if lettering.words_above { NAMED_ROOMY_ROWS } else { NAMED_ROWS };
    let named_rows = place.width() * shares[columns.min(3) - 1];
    let left = if with_left { left_gutter(style, panel, named_rows) } else { underhang(style, panel) };
    let right = right_gutter(style, panel, lettering);
    let strip = match &panel.strip {
        Some(Strip::Density { .. }) => style.px(STRIP_UNITS + 10.0) + style.line(),
        Some(Strip::Cells { .. }) => 2.0 * style.line() + style.px(6.0),
        None => 0.0,
    };
    let axis_title = if panel.x.title.is_empty() { 0.0 } else { style.line() };
    let foot = style.px(TICK_DROP) + style.line() + axis_title + strip;
    let head_lines = HeadLines::default();
    Gutters {
        head: 0.0,
        head_lines,
        left,
        right,
        foot,
        lettering,
        names_values: with_left,
        names_x: true,
        has_strip: true,
    }
}

/// Height of what stands above a plot in a box `room` wide.
pub fn head(style: &Style, panel: &Panel, room: f64, most: HeadLines) -> f64 {
    head_lines(style, panel, room, most).len() as f64 * style.line()
}

/// Half of the first tick's label of a value axis, which stands out to the left of the plot.
fn underhang(style: &Style, panel: &Panel) -> f64 {
    // Of months, the first tick stands at the plot's edge only if it is of the first month.
    let at_edge = |tick: &&Tick| tick.at == 0.0 || !matches!(panel.x.scale, Scale::Months { .. });
    let first = panel.x.ticks.first().filter(at_edge);
    first.map_or(0.0, |tick| width(&tick.label, style.small(), Weight::Regular) / 2.0).max(style.px(4.0))
}

/// Half of the last tick's label, which stands out to the right of the plot.
fn overhang(style: &Style, panel: &Panel) -> f64 {
    let last = panel.x.ticks.iter().rfind(|tick| !tick.label.is_empty());
    let near = last.filter(|tick| tick.at > 0.93 * panel.x.extent().1);
    near.map_or(0.0, |tick| width(&tick.label, style.small(), Weight::Regular) / 2.0).max(style.px(6.0))
}

fn left_gutter(style: &Style, panel: &Panel, named_rows: f64) -> f64 {
    let small = style.small();
    match &panel.y.scale {
        Scale::Rows(rows) => {
            let lines = rows.iter().flat_map(|row| wrapped(&row.label, small, weight(row.total), named_rows));
            lines.map(|line| width(&line, small, Weight::Bold)).fold(0.0, f64::max) + style.px(16.0)
        }
        _ => {
            let labels = panel.y.ticks.iter().map(|tick| width(&tick.label, small, Weight::Regular));
            labels.fold(0.0, f64::max) + style.px(10.0)
        }
    }
}

fn right_gutter(style: &Style, panel: &Panel, lettering: Lettering) -> f64 {
    let words = panel.layers.iter().filter_map(|layer| match layer {
        Layer::Fan { label, .. } | Layer::Line { label, .. } => {
            lettering.names_beside.then(|| width(label, style.small(), Weight::Bold) + style.px(12.0))
        }
        Layer::Bar { total, text, .. } if total.p95().max(total.p50()) > 0.7 * panel.x.extent().1 => {
            Some(width(text, style.small(), Weight::Regular) + style.px(12.0))
        }
        Layer::Interval { text, .. } | Layer::Step { text, .. } => {
            (!lettering.words_above).then(|| width(text, style.small(), Weight::Regular) + style.px(18.0))
        }
        _ => None,
    });
    words.fold(overhang(style, panel), f64::max)
}

fn weight(bold: bool) -> Weight {
    if bold { Weight::Bold } else { Weight::Regular }
}

/// The lines above a plot: name in bold, caption, title of the vertical axis (which always has a line).
fn head_lines(style: &Style, panel: &Panel, room: f64, most: HeadLines) -> Vec<(String, Weight)> {
    let parts = [
        (&panel.title, Weight::Bold, most.name),
        (&panel.caption, Weight::Regular, most.caption),
        (&panel.y.title, Weight::Regular, most.name.max(1)),
    ];
    parts
        .into_iter()
        .flat_map(|(words, weight, most)| {
            let lines = wrapped(&with_whole_phrases(words), style.small(), weight, room);
            at_most(lines, most, style, weight, room).into_iter().map(move |line| (line, weight))
        })
        .collect()
}

/// The first `most` lines; if there are more, the last of them ends in an ellipsis.
fn at_most(mut lines: Vec<String>, most: usize, style: &Style, weight: Weight, room: f64) -> Vec<String> {
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        if most > 0 {
            lines.push(shortened(&rest, style.small(), weight, room));
        }
    }
    lines
}

/// Draws a panel in its box.
pub fn panel(scene: &mut Scene, style: &Style, panel: &Panel, place: Rect, around: &Gutters) -> Names {
    let plot = Rect {
        x0: place.x0 + around.left,
        y0: place.y0 + around.head + style.px(HEAD_GAP),
        x1: place.x1 - around.right,
        y1: place.y1 - around.foot,
    };
    for (i, (line, weight)) in
        head_lines(style, panel, place.width(), around.head_lines).into_iter().enumerate()
    {
        let y = place.y0 + i as f64 * style.line() + ASCENT * style.small();
        let color = if weight == Weight::Bold { style.theme.ink() } else { style.theme.muted() };
        scene.write(Text { weight, ..style.text(line, place.x0, y, color) });
    }
    let frame = Frame::new(plot, &panel.x, &panel.y);
    let below = x_axis(scene, style, panel, &frame, around.names_x);
    if matches!(panel.y.scale, Scale::Rows(_)) {
        row_names(scene, style, &panel.y, &frame, around);
    } else {
        y_axis(scene, style, &panel.y, &frame, around.names_values);
    }
    if around.names_x && around.has_strip {
        strip(scene, style, panel, &frame, below);
    }
    let mut names = Names::default();
    let dots = panel.layers.iter().any(|layer| matches!(layer, Layer::Interval { .. } | Layer::Step { .. }));
    if dots {
        zero_lines(scene, style, panel, &frame);
    }
    for layer in &panel.layers {
        names.extend(super::layers::layer(scene, style, &frame, layer));
    }
    if !dots {
        zero_lines(scene, style, panel, &frame);
    }
    super::layers::medians(scene, style, &frame, &panel.layers);
    if around.lettering.names_beside {
        let lines = named_lines(&panel.layers, &frame);
        names.extend(beyond_ends(scene, style, &plot, &lines));
        for layer in &panel.layers {
            if let Layer::Stack { areas } = layer {
                names.extend(inside_areas(scene, style, &frame, areas));
            }
        }
    }
    for layer in &panel.layers {
        match layer {
            Layer::Interval { row, text, spread, center, .. } => {
                let dot = match center {
                    Center::Median => spread.p50(),
                    Center::Mean => spread.mean(),
                };
                interval_words(scene, style, &frame, around, (*row, dot), text);
            }
            Layer::Step { row, text, to, .. } => {
                interval_words(scene, style, &frame, around, (*row, *to), text);
            }
            Layer::Reference { x, label, .. } => {
                reference_words(scene, style, &frame, *x, label, &panel.layers)
            }
            _ => {}
        }
    }
    names
}

/// Ticks or vertical grid lines, their labels and the axis' title. Returns where the axis ends.
fn x_axis(scene: &mut Scene, style: &Style, panel: &Panel, frame: &Frame, named: bool) -> f64 {
    let (plot, axis) = (frame.plot, &panel.x);
    let rows = matches!(panel.y.scale, Scale::Rows(_));
    let stroke = style.px(1.5);
    let baseline = plot.y1 + style.px(TICK_DROP) + ASCENT * style.small();
    let months = matches!(axis.scale, Scale::Months { .. });
    for tick in &axis.ticks {
        let x = frame.x(tick.at);
        if rows {
            scene.draw(Mark::Path(vec![(x, plot.y0), (x, plot.y1)], style.theme.grid(), stroke));
        } else {
            let long = if tick.label.is_empty() { 5.0 } else { 9.0 };
            scene.draw(Mark::Path(
                vec![(x, plot.y1), (x, plot.y1 + style.px(long))],
                style.theme.axis(),
                stroke,
            ));
        }
    }
    if !rows || months {
        scene.draw(Mark::Path(vec![(plot.x0, plot.y1), (plot.x1, plot.y1)], style.theme.axis(), stroke));
    }
    if !named {
        return plot.y1;
    }
    let texts: Vec<Text> = axis
        .ticks
        .iter()
        .filter(|tick| !tick.label.is_empty())
        .map(|tick| Text {
            anchor: Anchor::Middle,
            ..style.text(&tick.label, frame.x(tick.at), baseline, style.theme.muted())
        })
        .collect();
    let zero = axis.ticks.iter().filter(|tick| !tick.label.is_empty()).position(|tick| tick.at == 0.0);
    write_chosen(scene, &texts, zero.unwrap_or(0), style.px(5.0));
    let mut below = plot.y1 + style.px(TICK_DROP) + style.line();
    if !axis.title.is_empty() {
        let words = shortened(&axis.title, style.small(), Weight::Regular, scene.canvas.x1 - plot.x0);
        scene.write(style.text(words, plot.x0, below + ASCENT * style.small(), style.theme.muted()));
        below += style.line();
    }
    below
}

/// The least k such that every k-th label, `always` among them, stands twice `gap` clear of the next.
fn step_apart(texts: &[Text], always: usize, gap: f64) -> usize {
    let room = |text: &Text| text.bounds().grown(gap, gap / 2.0);
    let fits = |k: usize| {
        let kept: Vec<Rect> = texts.iter().skip(always % k).step_by(k).map(room).collect();
        kept.windows(2).all(|pair| !pair[0].overlaps(&pair[1]))
    };
    (1..=texts.len().max(1)).find(|k| fits(*k)).unwrap_or(1)
}

/// Which labels are written: every k-th, k the least that keeps them apart, `always` among them. A side of it that is left
/// without a label would have no scale: its outermost label that has room is written too.
fn chosen(texts: &[Text], always: usize, gap: f64) -> Vec<usize> {
    let step = step_apart(texts, always, gap);
    let mut kept: Vec<usize> = (always % step..texts.len()).step_by(step).collect();
    let before: Vec<usize> = (0..always.min(texts.len())).collect();
    let after: Vec<usize> = (always + 1..texts.len()).rev().collect();
    let room = |k: usize| texts[k].bounds().grown(gap, gap / 2.0);
    for side in [before, after] {
        if !side.iter().any(|k| kept.contains(k)) {
            let fits = |k: &usize| kept.iter().all(|other| !room(*k).overlaps(&room(*other)));
            kept.extend(side.into_iter().find(fits));
        }
    }
    kept
}

fn write_chosen(scene: &mut Scene, texts: &[Text], always: usize, gap: f64) {
    for k in chosen(texts, always, gap) {
        scene.write_if_free(texts[k].clone(), 0.0);
    }
}

fn y_axis(scene: &mut Scene, style: &Style, axis: &Axis, frame: &Frame, named: bool) {
    let plot = frame.plot;
    let rise = (ASCENT - DESCENT) / 2.0 * style.small();
    let place = |tick: &Tick| Text {
        anchor: Anchor::End,
        ..style.text(&tick.label, plot.x0 - style.px(8.0), frame.y(tick.at) + rise, style.theme.muted())
    };
    let zero = axis.ticks.iter().position(|tick| tick.at == 0.0).unwrap_or(0);
    let texts: Vec<Text> = axis.ticks.iter().map(place).collect();
    for k in chosen(&texts, zero, style.px(5.0)) {
        let y = frame.y(axis.ticks[k].at);
        scene.draw(Mark::Path(vec![(plot.x0, y), (plot.x1, y)], style.theme.grid(), style.px(1.5)));
        if named {
            scene.write_if_free(texts[k].clone(), 0.0);
        }
    }
}

/// A name and what it says in parentheses or, failing that, after its last comma.
fn aside(name: &str) -> Option<(&str, &str)> {
    name.split_once(" (").or_else(|| name.rsplit_once(", "))
}

/// A row's name in short: without its aside or, if another row would then be called the same, the aside alone.
fn short_name(rows: &[Row], row: usize) -> String {
    let name = &rows[row].label;
    let Some((short, rest)) = aside(name) else { return name.clone() };
    let same = |other: &str| other == short || aside(other).is_some_and(|(before, _)| before == short);
    let doubled = rows.iter().enumerate().any(|(k, other)| k != row && same(&other.label));
    if doubled { format!("… {}", rest.trim_end_matches(')')) } else { short.to_string() }
}

fn row_names(scene: &mut Scene, style: &Style, axis: &Axis, frame: &Frame, around: &Gutters) {
    let Scale::Rows(rows) = &axis.scale else { return };
    let pitch = frame.plot.height() / rows.len().max(1) as f64;
    for (i, row) in rows.iter().enumerate() {
        if row.starts_group && i > 0 {
            let y = frame.y(i as f64 - 0.5);
            let from = frame.plot.x0 - around.left;
            scene.draw(Mark::Path(vec![(from, y), (frame.plot.x1, y)], style.theme.grid(), style.px(1.5)));
        }
        if !around.names_values {
            continue;
        }
        let (weight, room) = (weight(row.total), around.left - style.px(14.0));
        let mut lines = wrapped(&row.label, style.small(), weight, room);
        let fit = ((pitch / (style.small() * TIGHT)) as usize).max(1);
        if lines.len() > fit {
            lines = wrapped(&short_name(rows, i), style.small(), weight, room);
        }
        let lines = at_most(lines, fit, style, weight, room);
        let leading = style.line().min(pitch / lines.len().max(1) as f64);
        let top = frame.y(i as f64) - lines.len() as f64 * leading / 2.0;
        for (k, line) in lines.iter().enumerate() {
            let y = top + (k as f64 + 0.5) * leading + (ASCENT - DESCENT) / 2.0 * style.small();
            let text = style.text(line, frame.plot.x0 - around.left, y, style.theme.ink());
            scene.write_if_free(Text { weight, ..text }, 0.0);
        }
    }
}

fn zero_lines(scene: &mut Scene, style: &Style, panel: &Panel, frame: &Frame) {
    let (plot, color) = (frame.plot, style.theme.ink());
    if panel.x.zero_line {
        scene.draw(Mark::Path(vec![(frame.x(0.0), plot.y0), (frame.x(0.0), plot.y1)], color, style.px(2.0)));
    }
    if panel.y.zero_line {
        scene.draw(Mark::Path(vec![(plot.x0, frame.y(0.0)), (plot.x1, frame.y(0.0))], color, style.px(2.0)));
    }
}

fn strip(scene: &mut Scene, style: &Style, panel: &Panel, frame: &Frame, top: f64) {
    let plot = frame.plot;
    let words = |scene: &mut Scene, label: &str, y: f64, color: Rgb| {
        let room = scene.canvas.x1 - plot.x0 - style.px(8.0);
        let label = shortened(label, style.small(), Weight::Regular, room.min(plot.width()));
        scene.write_if_free(style.text(label, plot.x0, y + ASCENT * style.small(), color), 0.0);
    };
    match &panel.strip {
        Some(Strip::Density { label, shares }) => {
            let high = style.px(STRIP_UNITS);
            let base = top + style.px(6.0) + high;
            let most = shares.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
            let step = frame.x(1.0) - frame.x(0.0);
            for (t, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let (x0, x1) =
                    (frame.x(t as f64), frame.x(t as f64) + (step - style.px(1.0)).max(style.px(1.0)));
                let y = base - (high * share / most).max(style.px(1.0));
                let corners = vec![(x0, base), (x0, y), (x1, y), (x1, base)];
                scene.draw(Mark::Polygon(corners, style.theme.color(Meaning::Neutral), 1.0));
            }
            scene.draw(Mark::Path(vec![(plot.x0, base), (plot.x1, base)], style.theme.axis(), style.px(1.0)));
            words(scene, label, base + style.px(4.0), style.theme.muted());
        }
        Some(Strip::Cells { label, cells }) => {
            words(scene, label, top + style.px(4.0), style.theme.muted());
            let y = top + style.px(4.0) + style.line() + ASCENT * style.small();
            let text = |cell: &Cell| {
                let x = (frame.x(cell.from) + frame.x(cell.to)) / 2.0;
                Text { anchor: Anchor::Middle, ..style.text(&cell.words, x, y, style.theme.ink()) }
            };
            let texts: Vec<Text> = cells.iter().map(text).collect();
            write_chosen(scene, &texts, 0, style.px(2.0));
        }
        None => {}
    }
}

/// The words of an interval or a step: above its dot or end, or in a column to the right of the plot. `dot` is its row and value.
fn interval_words(
    scene: &mut Scene,
    style: &Style,
    frame: &Frame,
    around: &Gutters,
    dot: (usize, f64),
    words: &str,
) {
    let (y, plot, ink) = (frame.y(dot.0 as f64), &frame.plot, style.theme.ink());
    if around.lettering.words_above {
        let half = width(words, style.small(), Weight::Regular) / 2.0;
        let (leftmost, rightmost) = (plot.x0 + half, plot.x1 + around.right - half);
        // On their side of zero if there is room, since its line may be marked; else above the dot, and the line stops.
        let (zero, clear) = (frame.x(0.0), half + style.px(6.0));
        let x = frame.x(dot.1).min(rightmost).max(leftmost);
        let x = if dot.1 < 0.0 && zero - clear >= leftmost {
            x.min(zero - clear)
        } else if dot.1 >= 0.0 && zero + clear <= rightmost {
            x.max(zero + clear)
        } else {
            x
        };
        let text = style.text(words, x, y - style.px(19.0), ink);
        let text = Text { anchor: Anchor::Middle, ..text };
        let Rect { x0, y0, x1, y1 } = text.bounds().grown(style.px(3.0), 0.0);
        if scene.write_if_free(text, style.px(2.0)) {
            let corners = vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
            scene.draw(Mark::Polygon(corners, style.theme.ground(), 1.0));
        }
    } else {
        let middle = y + (ASCENT - DESCENT) / 2.0 * style.small();
        scene.write_if_free(style.text(words, plot.x1 + style.px(14.0), middle, ink), style.px(2.0));
    }
}

/// The words of a vertical line: beside its top, on the side and in the row that is free and crosses no other line; if
/// there is none, in the first that is free.
fn reference_words(scene: &mut Scene, style: &Style, frame: &Frame, x: f64, words: &str, layers: &[Layer]) {
    if words.is_empty() {
        return;
    }
    let place = frame.x(x);
    let crosses = |bounds: &Rect| {
        layers.iter().any(|layer| match layer {
            Layer::Reference { x, label, .. } if !label.is_empty() => {
                (bounds.x0..=bounds.x1).contains(&frame.x(*x))
            }
            _ => false,
        })
    };
    for row in 0..8 {
        let careful = row < 4;
        let row = row % 4;
        let y = frame.plot.y0 + ASCENT * style.small() + f64::from(row) * style.line();
        let right = style.text(words, place + style.px(8.0), y, style.theme.ink());
        let left = Text { x: place - style.px(8.0), anchor: Anchor::End, ..right.clone() };
        for text in [right, left] {
            let bounds = text.bounds();
            let inside = bounds.x0 >= frame.plot.x0 && bounds.x1 <= frame.plot.x1 + style.px(6.0);
            if inside
                && !(careful && crosses(&bounds))
                && scene.write_if_free(Text { halo: true, ..text }, style.px(4.0))
            {
                return;
            }
        }
    }
}
