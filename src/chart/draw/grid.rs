//! Small multiples on a page: how many columns, and plots of one size that line up.

use super::labels::Names;
use super::plot::{self, BARE_FOOT, Gutters, HEAD_GAP, HeadLines, Lettering, ROOMY_PITCH};
use super::scene::{Rect, Scene};
use super::style::Style;
use crate::chart::figure::{Figure, Panel, Scale, Strip};
use std::ops::Range;

/// Width over height a plot should have.
const ASPECT: f64 = 1.5;
/// Gaps between panels, in units.
const GAP: (f64, f64) = (26.0, 16.0);
/// Least width and height of a plot, in units: a layout that leaves less is refused.
const LEAST: (f64, f64) = (60.0, 40.0);
/// How much the heads of panels may say, from everything to the least: a page too full shortens them before it gives up
/// its plots.
const HEADS: [HeadLines; 5] = [
    HeadLines { name: usize::MAX, caption: usize::MAX },
    HeadLines { name: 2, caption: 2 },
    HeadLines { name: 1, caption: 1 },
    HeadLines { name: 1, caption: 0 },
    HeadLines { name: 0, caption: 0 },
];

/// A figure's panels in columns.
pub struct Grid<'a> {
    figure: &'a Figure,
    place: Rect,
    columns: usize,
    head_lines: HeadLines,
    lettering: Lettering,
    around: Vec<Gutters>,
    plot_width: f64,
    plot_height: f64,
    gaps: (f64, f64),
    heads: Vec<f64>,
    feet: Vec<f64>,
}

impl<'a> Grid<'a> {
    /// The number of columns that gives the best plots, among those that leave every plot its room. Where none does, the
    /// panels' heads say less. `names_beside` as in [`Lettering`].
    pub fn best(style: &Style, figure: &'a Figure, place: Rect, names_beside: bool) -> Grid<'a> {
        let counts = 1..=figure.panels.len().max(1);
        let grid = move |columns: usize, heads: HeadLines| {
            let with = |words_above| {
                Grid::new(style, figure, place, columns, heads, Lettering { names_beside, words_above })
            };
            // Side by side, plots want the width that a column of words would take.
            let above = (columns > 1).then(|| with(true)).filter(|grid| grid.is_roomy(style));
            above.unwrap_or_else(|| with(false))
        };
        let grids = |heads: HeadLines| counts.clone().map(move |k| grid(k, heads));
        let fitting = HEADS.into_iter().find_map(|heads| {
            let fits = grids(heads).filter(|grid| grid.fits(style));
            fits.min_by(|a, b| a.cost(style).total_cmp(&b.cost(style)))
        });
        fitting.unwrap_or_else(|| {
            let least = HEADS[HEADS.len() - 1];
            grids(least).max_by(|a, b| a.room(style).total_cmp(&b.room(style))).expect("one column at least")
        })
    }

    /// The smaller of a plot's width and height, as a multiple of the least it may be.
    fn room(&self, style: &Style) -> f64 {
        let named_rows = self.figure.panels.iter().map(|panel| match &panel.y.scale {
            Scale::Rows(rows) => rows.len() as f64 * style.line(),
            _ => 0.0,
        });
        let least_height = named_rows.fold(style.px(LEAST.1), f64::max);
        (self.plot_width / style.px(LEAST.0)).min(self.plot_height / least_height)
    }

    /// Whether every row has room for words above its dot.
    fn is_roomy(&self, style: &Style) -> bool {
        let pitch = |panel: &Panel| match &panel.y.scale {
            Scale::Rows(rows) => self.plot_height / rows.len().max(1) as f64,
            _ => f64::INFINITY,
        };
        self.figure.panels.iter().all(|panel| pitch(panel) >= style.px(ROOMY_PITCH))
    }

    /// Whether every plot has its least width and height.
    fn fits(&self, style: &Style) -> bool {
        self.room(style) >= 1.0
    }

    fn new(
        style: &Style,
        figure: &'a Figure,
        place: Rect,
        columns: usize,
        head_lines: HeadLines,
        lettering: Lettering,
    ) -> Grid<'a> {
        let rows = figure.panels.len().div_ceil(columns).max(1);
        let gaps = (style.px(GAP.0), style.px(GAP.1));
        let mut grid = Grid {
            figure,
            place,
            columns,
            head_lines,
            lettering,
            around: Vec::new(),
            plot_width: 0.0,
            plot_height: 0.0,
            gaps,
            heads: Vec::new(),
            feet: Vec::new(),
        };
        grid.around = grid.gutters(style);
        let used: f64 = (0..columns).map(|column| grid.edges(column)).sum();
        grid.plot_width = (place.width() - used - gaps.0 * (columns - 1) as f64) / columns as f64;
        let tallest =
            |row: usize, height: &dyn Fn(usize) -> f64| grid.of_row(row).map(height).fold(0.0, f64::max);
        let head = |k: usize| {
            plot::head(style, &figure.panels[k], grid.edges(k % columns) + grid.plot_width, head_lines)
        };
        let heads: Vec<f64> = (0..rows).map(|row| tallest(row, &head)).collect();
        let feet: Vec<f64> = (0..rows).map(|row| tallest(row, &|k| grid.around[k].foot)).collect();
        (grid.heads, grid.feet) = (heads, feet);
        let taken: f64 = grid.heads.iter().chain(&grid.feet).sum();
        let between = gaps.1 * (rows - 1) as f64 + style.px(HEAD_GAP) * rows as f64;
        grid.plot_height = (place.height() - taken - between) / rows as f64;
        grid
    }

    /// Every panel's gutters; equal within a column.
    fn gutters(&self, style: &Style) -> Vec<Gutters> {
        let panels = &self.figure.panels;
        let named = |k: usize| k.is_multiple_of(self.columns) || !self.figure.shared_axis;
        let mut around: Vec<Gutters> = panels
            .iter()
            .enumerate()
            .map(|(k, panel)| {
                plot::gutters(style, panel, &self.place, named(k), self.columns, self.lettering)
            })
            .collect();
        for column in 0..self.columns {
            let same = || around.iter().skip(column).step_by(self.columns);
            let left = same().map(|g| g.left).fold(0.0, f64::max);
            let right = same().map(|g| g.right).fold(0.0, f64::max);
            for gutters in around.iter_mut().skip(column).step_by(self.columns) {
                (gutters.left, gutters.right) = (left, right);
            }
        }
        for (k, gutters) in around.iter_mut().enumerate() {
            let first = k - k % self.columns;
            gutters.has_strip = k == first || !shares_strip(&panels[k], &panels[first]);
            if panels.get(k + self.columns).is_some_and(|below| shares_foot(&panels[k], below)) {
                gutters.names_x = false;
                gutters.foot = style.px(BARE_FOOT);
            }
        }
        around
    }

    /// Left and right gutters of a column.
    fn edges(&self, column: usize) -> f64 {
        self.around.get(column).map_or(0.0, |g| g.left + g.right)
    }

    fn of_row(&self, row: usize) -> Range<usize> {
        row * self.columns..((row + 1) * self.columns).min(self.figure.panels.len())
    }

    /// How bad the plots are: off their aspect, too narrow or too low for what they hold, places left empty.
    fn cost(&self, style: &Style) -> f64 {
        let rows = self.heads.len();
        let places = (rows * self.columns) as f64;
        let empty_share = 1.0 - self.figure.panels.len() as f64 / places;
        let tallest = self.figure.panels.iter().map(|panel| match &panel.y.scale {
            Scale::Rows(rows) => rows.len() as f64 * 60.0,
            _ => 100.0,
        });
        let least_height = style.px(tallest.fold(0.0, f64::max));
        let of_rows = self.figure.panels.iter().any(|panel| matches!(panel.y.scale, Scale::Rows(_)));
        let least_width = style.px(if of_rows { 150.0 } else { 200.0 });
        // A second line of panels repeats the rows' names.
        let empty_cost = if of_rows { 8.0 } else { 4.0 };
        let shortfall = |have: f64, least: f64| (least / have.max(1.0) - 1.0).max(0.0);
        let aspect = self.plot_width.max(1.0) / self.plot_height / ASPECT;
        libm::fabs(libm::log(aspect))
            + 4.0 * shortfall(self.plot_width, least_width)
            + 3.0 * shortfall(self.plot_height, least_height)
            + empty_cost * empty_share
    }

    /// Draws every panel.
    pub fn draw(&self, scene: &mut Scene, style: &Style) -> Names {
        let mut names = Names::default();
        let gap = style.px(HEAD_GAP);
        for (k, panel) in self.figure.panels.iter().enumerate() {
            let (row, column) = (k / self.columns, k % self.columns);
            let x0 = self.place.x0
                + (0..column).map(|c| self.edges(c) + self.plot_width + self.gaps.0).sum::<f64>();
            let y0 = self.place.y0
                + (0..row)
                    .map(|r| self.heads[r] + gap + self.plot_height + self.feet[r] + self.gaps.1)
                    .sum::<f64>();
            let gutters = Gutters { head: self.heads[row], head_lines: self.head_lines, ..self.around[k] };
            let (x1, y1) = (
                x0 + self.edges(column) + self.plot_width,
                y0 + gutters.head + gap + self.plot_height + gutters.foot,
            );
            names.extend(plot::panel(scene, style, panel, Rect { x0, y0, x1, y1 }, &gutters));
        }
        names
    }
}

/// Whether a panel can leave its strip to another of its row.
fn shares_strip(panel: &Panel, first: &Panel) -> bool {
    matches!(panel.strip, Some(Strip::Density { .. })) && panel.x == first.x && panel.strip == first.strip
}

/// Whether a panel can leave its horizontal axis and strip to the panel below.
fn shares_foot(panel: &Panel, below: &Panel) -> bool {
    panel.x == below.x && panel.strip == below.strip && !matches!(panel.strip, Some(Strip::Cells { .. }))
}
