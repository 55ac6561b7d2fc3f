//! A figure is data: what is said, what is drawn and how it reads in words.
//!
//! Panels of layers on axes, with a title that states the finding, notes, a footnote and an alt text. Nothing here knows
//! pixels, fonts or colours: a layer says what it *means* ([`Meaning`]) and the theme decides how that looks. The text form
//! (`Display`) and the CSV ([`Figure::csv`]) are made from the same layers the picture is, so that a test of one is a test
//! of the other.

use super::input::{MonthlyBand, Spread};
use super::words::Datum;
use crate::calendar::Month;
use crate::numbers::{Unit, log_ticks, ticks};

/// What a mark stands for. One meaning has one colour in every chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// The arm with the rental door open.
    Open,
    /// An arm with the door closed, if closed.
    Closed,
    /// An effect weighted by the probability of a rule and of its reversal.
    Expected,
    /// Compute rented or owned offshore.
    Offshore,
    /// Domestic chips.
    Domestic,
    /// Chips both governments let through.
    Imported,
    /// Grey-market chips and leaked rentals.
    Grey,
    /// Planned demand that is not served; drawn hatched.
    Unserved,
    /// A workload, in the scenario's order (training is 0).
    Workload(usize),
    /// The labs, as a party that pays.
    Labs,
    /// Hosts offshore.
    Hosts,
    /// Domestic vendors.
    Vendors,
    /// Cost of the chip and its system.
    Chip,
    /// Cost of the building.
    Building,
    /// Cost of operations.
    Operations,
    /// Cost of energy.
    Energy,
    /// Rent of a rented chip.
    Rent,
    /// Overhead on a rent.
    Overhead,
    /// What raises a number.
    Raises,
    /// What lowers a number.
    Lowers,
    /// Anything else: totals, distributions of dates.
    Neutral,
}

/// A picture before it is a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without ending, kebab-case.
    pub id: String,
    /// The finding, a sentence without a full stop.
    pub title: String,
    /// Metric, unit, scope.
    pub subtitle: String,
    /// Numbers the title, the captions and the strips say in words that no layer draws.
    pub stated: Vec<Datum>,
    /// Small multiples, read row by row.
    pub panels: Vec<Panel>,
    /// Whether all panels share one value axis, so that only the first column need be labelled.
    pub shared_axis: bool,
    /// What a careful reader must know, above the footnote.
    pub notes: Vec<String>,
    /// Scenario, date, paths, seed, version; then sources.
    pub footnote: Vec<String>,
    /// What a sighted reader would conclude.
    pub alt: String,
}

/// One plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Name of the multiple; empty in a figure of one panel.
    pub title: String,
    /// A line of numbers under the name; may be empty.
    pub caption: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// What is drawn, back to front.
    pub layers: Vec<Layer>,
    /// What stands under the horizontal axis.
    pub strip: Option<Strip>,
}

/// An axis with its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with the unit, in words; may be empty when the subtitle says it.
    pub title: String,
    /// Its kind and extent.
    pub scale: Scale,
    /// Places of the ticks, ascending; a scale of rows has none.
    pub ticks: Vec<Tick>,
    /// Whether zero is marked by a heavier line.
    pub zero_line: bool,
}

/// A labelled place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where.
    pub at: f64,
    /// What it says; empty for a minor tick.
    pub label: String,
}

/// The kind and extent of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// From the first number to the second.
    Linear(f64, f64),
    /// The same in logarithms; both positive.
    Log(f64, f64),
    /// Months 0 … `count` − 1 after `start`.
    Months {
        /// Month 0.
        start: Month,
        /// Number of months.
        count: usize,
    },
    /// Named rows, top to bottom.
    Rows(Vec<Row>),
}

/// A row of a categorical axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Whether it starts a group, set off from what is above.
    pub starts_group: bool,
    /// Whether it is a total, named in bold.
    pub total: bool,
}

impl Row {
    /// A plain row.
    pub fn new(label: impl Into<String>) -> Row {
        Row { label: label.into(), starts_group: false, total: false }
    }
}

/// Most ticks a value axis carries.
const TICKS_AT_MOST: usize = 7;
/// Most months that are ticked one by one.
const HALF_A_YEAR: usize = 6;
/// An axis reaches its outermost tick when the data fill this share of the last step, and ends at the data otherwise.
const LAST_STEP_FILLED: f64 = 0.3;

impl Axis {
    /// A linear value axis that holds `low` to `high`, with round ticks. Zero is marked when it lies strictly inside.
    pub fn linear(title: impl Into<String>, unit: Unit, low: f64, high: f64) -> Axis {
        let (mut marks, step) = ticks(low, high, TICKS_AT_MOST);
        let (mut first, mut last) = (marks[0], marks[marks.len() - 1]);
        let margin = step / 25.0;
        if marks.len() > 2 && last - high > (1.0 - LAST_STEP_FILLED) * step {
            last = high + margin;
        }
        if marks.len() > 2 && low - first > (1.0 - LAST_STEP_FILLED) * step {
            first = low - margin;
        }
        marks.retain(|at| *at >= first && *at <= last);
        let ticks = marks.iter().map(|at| Tick { at: *at, label: unit.tick(*at, step) }).collect();
        Axis {
            title: title.into(),
            scale: Scale::Linear(first, last),
            ticks,
            zero_line: first < 0.0 && last > 0.0,
        }
    }

    /// A logarithmic value axis, and said to be one. Domain: 0 < low ≤ high.
    pub fn log(title: impl Into<String>, unit: Unit, low: f64, high: f64) -> Axis {
        let marks = log_ticks(low, high, TICKS_AT_MOST);
        let scale = Scale::Log(marks[0], marks[marks.len() - 1]);
        let ticks = marks.iter().map(|at| Tick { at: *at, label: unit.tick(*at, *at) }).collect();
        Axis { title: format!("{} (log scale)", title.into()), scale, ticks, zero_line: false }
    }

    /// `count` months from `start`, ticked each January by its year and each quarter without a word. A stretch with fewer than
    /// two Januaries, which one year or none would name, is ticked by month: the first, each quarter's first and, in half a
    /// year or less, every one.
    pub fn months(start: Month, count: usize) -> Axis {
        let month = |t: usize| start.plus(t as i32);
        let by_year = (0..count).filter(|t| month(*t).month() == 1).count() > 1;
        let tick = |t: usize| {
            let label = match month(t).month() {
                1 if by_year => month(t).year().to_string(),
                4 | 7 | 10 if by_year => String::new(),
                1 | 4 | 7 | 10 if !by_year => month(t).to_string(),
                _ if !by_year && (t == 0 || count <= HALF_A_YEAR) => month(t).to_string(),
                _ => return None,
            };
            Some(Tick { at: t as f64, label })
        };
        let scale = Scale::Months { start, count };
        Axis { title: String::new(), scale, ticks: (0..count).filter_map(tick).collect(), zero_line: false }
    }

    /// Named rows.
    pub fn rows(rows: Vec<Row>) -> Axis {
        Axis { title: String::new(), scale: Scale::Rows(rows), ticks: Vec::new(), zero_line: false }
    }

    /// The extent in the axis' own numbers; rows and months count from −½ so that the first and last have room.
    pub fn extent(&self) -> (f64, f64) {
        match &self.scale {
            Scale::Linear(low, high) | Scale::Log(low, high) => (*low, *high),
            Scale::Months { count, .. } => (0.0, count.saturating_sub(1).max(1) as f64),
            Scale::Rows(rows) => (-0.5, rows.len() as f64 - 0.5),
        }
    }

    /// A place on the axis in words: a month as `2027-03`, a row by its name, anything else as the number.
    pub fn name_of(&self, at: f64) -> String {
        match &self.scale {
            Scale::Months { start, .. } if at == libm::floor(at) => start.plus(at as i32).to_string(),
            Scale::Rows(rows) => rows.get(at as usize).map_or_else(|| plain(at), |row| row.label.clone()),
            _ => plain(at),
        }
    }
}

/// What is drawn in a panel.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Bands of 50, 80 and 90% of paths around a median line, by month.
    Fan {
        /// Whose.
        meaning: Meaning,
        /// Direct label.
        label: String,
        /// Quantiles by month; month t stands at x = t.
        band: MonthlyBand,
    },
    /// A line, optionally stepped, with its sampling error.
    Line {
        /// Whose.
        meaning: Meaning,
        /// Direct label.
        label: String,
        /// Points, x ascending.
        points: Vec<(f64, f64)>,
        /// Half-width of the sampling-error band at each point; empty for none.
        error: Vec<f64>,
        /// Whether y holds until the next point (a cumulative count) or is joined straight.
        stepped: bool,
    },
    /// Areas on top of one another, bottom first; month t stands at x = t.
    Stack {
        /// The areas.
        areas: Vec<Area>,
    },
    /// A row's estimate with its 50 and 90% intervals.
    Interval {
        /// Row of the vertical axis.
        row: usize,
        /// Whose.
        meaning: Meaning,
        /// The numbers.
        spread: Spread,
        /// Which of them the dot stands on.
        center: Center,
        /// The estimate in words, beside the dot.
        text: String,
    },
    /// A row's parts side by side, with the interval of their sum.
    Bar {
        /// Row of the vertical axis.
        row: usize,
        /// Parts, left to right; negative parts are not allowed.
        parts: Vec<Part>,
        /// The sum over paths.
        total: Spread,
        /// The sum in words, after the bar.
        text: String,
    },
    /// A row's step from one level to the next, joined to the row below; a level where it does not step.
    Step {
        /// Row of the vertical axis.
        row: usize,
        /// Whose.
        meaning: Meaning,
        /// Where it starts.
        from: f64,
        /// Where it ends.
        to: f64,
        /// Half-width of the sampling error around its end; 0 draws none.
        error: f64,
        /// Whether a line leads from its end to the row below.
        leads_on: bool,
        /// The step in words, beside the plot.
        text: String,
    },
    /// Shares of paths by bin.
    Histogram {
        /// Whose.
        meaning: Meaning,
        /// The bins, ascending.
        bins: Vec<Bin>,
    },
    /// A vertical line at a value that means something.
    Reference {
        /// Where.
        x: f64,
        /// What it means.
        label: String,
        /// Whether it is a statistic of the data (solid) or a threshold (dashed).
        statistic: bool,
    },
}

/// Where an interval's dot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Center {
    /// On the median: a filled dot.
    Median,
    /// On the mean, for probability-weighted effects, whose median may be zero: a hollow diamond.
    Mean,
}

/// One area of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// What it is made of.
    pub meaning: Meaning,
    /// Direct label.
    pub label: String,
    /// Height by month, zero or more.
    pub values: Vec<f64>,
}

/// One part of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub meaning: Meaning,
    /// Direct label.
    pub label: String,
    /// Its length, zero or more.
    pub value: f64,
}

/// One bin of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Bin {
    /// Left edge.
    pub from: f64,
    /// Right edge.
    pub to: f64,
    /// Share of paths.
    pub share: f64,
    /// Whether paths here are only known to lie at or beyond: drawn hatched, on top of a bin before it with the same edges.
    pub censored: bool,
}

/// What stands under a horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Strip {
    /// A distribution over the axis' months, drawn as small bars.
    Density {
        /// What it is.
        label: String,
        /// Share of paths by month.
        shares: Vec<f64>,
    },
    /// A number for each stretch of the axis.
    Cells {
        /// What they are.
        label: String,
        /// One for each stretch, ascending.
        cells: Vec<Cell>,
    },
}

/// A number for a stretch of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Where the stretch starts.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// The number: a fraction.
    pub share: f64,
    /// How it reads.
    pub words: String,
}

/// A number as the text form and the CSV write it: six significant digits, trailing zeros dropped.
pub(super) fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_string() } else { value.to_string() };
    }
    let exponent: i32 =
        format!("{value:.5e}").split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or_default();
    let decimals = (5 - exponent).clamp(0, 17) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// The smallest interval that holds every value given, starting from `first`.
pub(super) fn range<'a>(first: f64, values: impl IntoIterator<Item = &'a f64>) -> (f64, f64) {
    values.into_iter().fold((first, first), |(low, high), v| (low.min(*v), high.max(*v)))
}
