//! A figure and the table beside it say the same.
//!
//! Every number a reader sees in a title, a caption or a label stands in the CSV, rounded as the picture rounds it; every
//! number of an estimate in the CSV is drawn; a number written as 0 is 0; every axis of numbers has a scale to read.

use loophole::chart::draw::scene;
use loophole::chart::figure::{Axis, Figure, Scale};
use loophole::chart::theme::{Size, Theme};
use proptest::prelude::*;

use crate::figures::{Mix, mixes};

/// Rows of a figure's CSV.
struct Table {
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn of(figure: &Figure) -> Table {
        let text = figure.csv();
        Table { rows: csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect() }
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.rows.iter().map(|row| row[5].parse().unwrap())
    }

    /// Words of the columns that name and place.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().flat_map(|row| [0, 1, 3].map(|column| &row[column])).flat_map(str::split_whitespace)
    }
}

/// A number as it is printed.
#[derive(Debug, PartialEq)]
struct Printed {
    /// Its sign and digits, without prefix and suffix.
    digits: String,
    /// What it says.
    value: f64,
    /// Half a unit of its last digit.
    half_unit: f64,
    /// `>` or `<`, if it is a bound.
    bound: Option<char>,
}

/// Every number in a text; letters before a digit make a name of it ("H100e").
fn printed(text: &str) -> Vec<Printed> {
    let signs: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut k = 0;
    while k < signs.len() {
        if !signs[k].is_ascii_digit() {
            k += 1;
            continue;
        }
        let start = k;
        while k < signs.len()
            && (signs[k].is_ascii_digit()
                || (signs[k] == '.' && signs.get(k + 1).is_some_and(char::is_ascii_digit)))
        {
            k += 1;
        }
        let before = start.checked_sub(1).map(|at| signs[at]);
        if before.is_some_and(char::is_alphabetic) {
            continue;
        }
        let digits: String = signs[start..k].iter().collect();
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let suffix: String = signs[k..].iter().take_while(|sign| sign.is_alphabetic()).collect();
        let scale = match suffix.as_str() {
            "k" => 1e3,
            "m" => 1e6,
            "bn" => 1e9,
            "tn" => 1e12,
            _ => 1.0,
        };
        let half_unit = 0.5 * scale / 10_f64.powi(decimals as i32);
        let value = digits.parse::<f64>().unwrap() * scale;
        let bound = before.filter(|sign| ['>', '<'].contains(sign));
        out.push(Printed { digits, value, half_unit, bound });
    }
    out
}

/// Whether a value of the table is written so: as itself or in percent, whatever its sign (a verb may say it). A number
/// of digits may be cut further than its last: 120bn may stand for 123bn.
fn stands_for(number: &Printed, value: f64) -> bool {
    [value.abs(), 100.0 * value.abs()].into_iter().any(|value| match number.bound {
        Some('>') => value > number.value,
        Some('<') => value < number.value,
        _ => {
            let zeros = number.digits.chars().rev().take_while(|digit| *digit == '0').count();
            let whole = !number.digits.contains('.') && number.value != 0.0;
            // Dollars and cents: US$0.40 may stand for 0.38, cut at a tenth.
            let cents = number.digits.split_once('.').is_some_and(|(_, cents)| cents.len() == 2 && zeros > 0);
            let half_unit = number.half_unit * if whole || cents { 10_f64.powi(zeros as i32) } else { 1.0 };
            (value - number.value).abs() <= half_unit * (1.0 + 1e-9) + 1e-5 * value
        }
    })
}

/// Numbers in the texts of the picture, without ticks, subtitle, notes and footnote, that the table does not hold.
fn missing(figure: &Figure, size: Size) -> Vec<String> {
    let table = Table::of(figure);
    let plain = |text: &str| text.replace('\u{A0}', " ");
    let axes = || figure.panels.iter().flat_map(|panel| [&panel.x, &panel.y]);
    let ticks: Vec<&str> = axes().flat_map(|axis| &axis.ticks).map(|tick| tick.label.as_str()).collect();
    let about: Vec<String> = std::iter::once(&figure.subtitle)
        .chain(&figure.notes)
        .chain(&figure.footnote)
        .map(|text| plain(text))
        .collect();
    let picture = scene(figure, Theme::Light, size);
    let mut missing = Vec::new();
    for text in &picture.texts {
        let words = plain(&text.words);
        let about_it = about.iter().any(|about| about.contains(words.trim_end_matches('…').trim_end()));
        if ticks.contains(&words.as_str()) || about_it {
            continue;
        }
        for number in printed(&words.replace("90%: ", "").replace("90%:", "")) {
            let named =
                table.words().any(|word| word.trim_matches(|c: char| !c.is_alphanumeric()) == number.digits);
            if !named && !table.values().any(|value| stands_for(&number, value)) {
                missing.push(format!("{number:?} of {words:?}"));
            }
        }
    }
    missing
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn every_number_of_a_picture_stands_in_its_table(mix in mixes()) {
        for figure in mix.figures() {
            for size in [Size::Note, Size::Column] {
                let missing = missing(&figure, size);
                prop_assert!(missing.is_empty(), "{} {size:?}: {missing:#?}\n{}", figure.id, figure.csv());
            }
        }
    }

    #[test]
    fn what_is_written_as_zero_is_zero(value in -1e12..1e12_f64, shrink in 0..14_i32, error in 1e-3..1e12_f64) {
        use loophole::numbers::Unit;
        let value = value / 10_f64.powi(shrink);
        let worth_a_digit = value.abs() > 1e-9 * error;
        for unit in [Unit::Usd, Unit::BareUsd, Unit::H100eHours, Unit::Share, Unit::Months, Unit::Plain] {
            let text = unit.show(value, error);
            let zero = !text.contains(|sign: char| ('1'..='9').contains(&sign));
            prop_assert!(!zero || !worth_a_digit, "{unit:?}: {value} ± {error} is written {text}");
        }
    }
}

#[test]
fn the_reader_of_numbers_reads_them() {
    let text = "Closing costs labs 13.5bn H100e-hours (90%: −US$0.40 to 104%), chance >99%; ±2.7";
    let found: Vec<(f64, f64)> =
        printed(text).iter().map(|number| (number.value, number.half_unit)).collect();
    assert_eq!(found, [(13.5e9, 0.05e9), (90.0, 0.5), (0.4, 0.005), (104.0, 0.5), (99.0, 0.5), (2.7, 0.05)]);
    let [cut] = &printed("120bn")[..] else { panic!("one number") };
    assert!(stands_for(cut, 124e9) && !stands_for(cut, 126e9) && stands_for(cut, -1.2e9));
}

/// Statistics of the rows of a mark and a series, in order.
fn statistics(table: &Table, mark: &str, series: &str) -> Vec<String> {
    let first = table.rows.iter().find(|row| &row[2] == mark && &row[1] == series).unwrap();
    let same = |row: &&csv::StringRecord| row[0] == first[0] && row[1] == first[1] && row[2] == first[2];
    table.rows.iter().filter(same).map(|row| row[4].to_string()).collect()
}

#[test]
fn the_table_of_an_estimate_holds_what_is_drawn_and_no_more() {
    let figures = Mix::small().figures();
    let table = |id: &str| Table::of(figures.iter().find(|figure| figure.id == id).unwrap());
    let median = ["p05", "p25", "p50", "p75", "p95"];
    assert_eq!(statistics(&table("rule-design"), "interval", "Wind-down 1"), median);
    assert_eq!(
        statistics(&table("rule-design"), "interval", "Wind-down 3"),
        ["p05", "p25", "mean", "p75", "p95"]
    );
    assert_eq!(statistics(&table("who-pays"), "interval", "Labs in all, without it"), median);
    assert_eq!(statistics(&table("cost-buildup"), "total", "Wind-down 1"), median);
}

#[test]
fn every_axis_of_numbers_has_two_labels_at_least() {
    for figure in Mix::small().figures() {
        for size in Size::ALL {
            let picture = scene(&figure, Theme::Light, size);
            let muted = Theme::Light.muted();
            let written = |axis: &Axis| {
                let label = |words: &str| axis.ticks.iter().any(|tick| tick.label == words);
                picture.texts.iter().filter(|text| text.color == muted && label(&text.words)).count()
            };
            for axis in figure.panels.iter().flat_map(|panel| [&panel.x, &panel.y]) {
                let numbers = matches!(axis.scale, Scale::Linear(..) | Scale::Log(..));
                assert!(!numbers || written(axis) >= 2, "{} {size:?}: {axis}", figure.id);
            }
        }
    }
}
