//! Who pays: the effect on present value, party by party, with its interval.
//!
//! The scarcity rent labs pay domestic vendors is a transfer: it costs the labs and not society, so the labs' total stands
//! with it and without it.

use super::figure::{Axis, Figure, Layer, Meaning, Panel, Row, range};
use super::input::{Provenance, Rule, Spread};
use super::wording::{INTERVAL_NOTE, MEAN_NOTE, no_effect};
use crate::numbers::{Unit, lower_first};

/// What the figure needs; present values in USD, closed − open, path by path; positive is a cost to the party.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The rule.
    pub rule: Rule,
    /// Rows, party by party.
    pub lines: Vec<Line>,
    /// The labs' total, transfer included.
    pub with_transfer: Spread,
    /// The labs' total, transfer excluded.
    pub without_transfer: Spread,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Who bears a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The labs.
    Labs,
    /// Hosts offshore.
    Hosts,
    /// Domestic vendors.
    Vendors,
    /// Anyone else.
    Others,
}

/// A line of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Name: "Offshore rent not paid".
    pub title: String,
    /// Who bears it.
    pub party: Party,
    /// Present value, positive when it costs the party.
    pub cost: Spread,
}

impl Party {
    fn meaning(self) -> Meaning {
        match self {
            Party::Labs => Meaning::Labs,
            Party::Hosts => Meaning::Hosts,
            Party::Vendors => Meaning::Vendors,
            Party::Others => Meaning::Neutral,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Party::Labs => "Labs",
            Party::Hosts => "Hosts",
            Party::Vendors => "Vendors",
            Party::Others => "Others",
        }
    }
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let mut rows: Vec<(Row, Meaning, Spread)> = Vec::new();
    let lines_of = |party: Party| input.lines.iter().filter(move |line| line.party == party);
    for party in [Party::Labs, Party::Hosts, Party::Vendors, Party::Others] {
        for (k, line) in lines_of(party).enumerate() {
            let label = format!("{}: {}", party.name(), line.title);
            let row = Row { starts_group: k == 0 && !rows.is_empty(), ..Row::new(label) };
            rows.push((row, party.meaning(), line.cost));
        }
        if party == Party::Labs {
            let total = |label: &str| Row { total: true, ..Row::new(label) };
            rows.push((total("Labs in all, with the transfer"), Meaning::Labs, input.with_transfer));
            rows.push((total("Labs in all, without it"), Meaning::Labs, input.without_transfer));
        }
    }
    let ends: Vec<f64> = rows.iter().flat_map(|(_, _, s)| [s.p05(), s.p95()]).collect();
    let (low, high) = range(0.0, &ends);
    let layers = rows.iter().enumerate().map(|(row, (_, meaning, spread))| Layer::Interval {
        row,
        meaning: *meaning,
        spread: *spread,
        center: spread.drawn(),
        text: spread.quoted(Unit::Usd),
    });
    let panel = Panel {
        title: String::new(),
        caption: String::new(),
        x: Axis { zero_line: true, ..Axis::linear("", Unit::BareUsd, low, high) },
        layers: layers.collect(),
        strip: None,
        y: Axis::rows(rows.iter().map(|(row, ..)| row.clone()).collect()),
    };
    let interval_note = if input.with_transfer.by_mean { MEAN_NOTE } else { INTERVAL_NOTE };
    let title = title(input);
    let mut alt =
        format!("{title}. Present values by party with intervals, a cost above zero and a gain below:");
    for (row, _, spread) in &rows {
        alt += &format!(" {} {};", row.label, spread.words(Unit::Usd));
    }
    Figure {
        id: "who-pays".into(),
        subtitle: format!(
            "Present value of {}, real USD{}; right of zero: a cost, left: a gain",
            lower_first(&input.rule.arms("closing the door", "against")),
            input.rule.supposed()
        ),
        panels: vec![panel],
        shared_axis: false,
        stated: Vec::new(),
        notes: vec![format!("{interval_note} The transfer is the scarcity rent labs pay vendors.")],
        footnote: input.provenance.lines(),
        alt: alt.trim_end_matches(';').to_string() + ".",
        title,
    }
}

fn title(input: &Input) -> String {
    let (with, without) = (&input.with_transfer, &input.without_transfer);
    let net = |without: &Spread| {
        if input.with_transfer == input.without_transfer {
            return String::new();
        }
        format!("; {} without the transfer to vendors", without.quoted(Unit::Usd))
    };
    if !with.excludes(0.0) {
        let nothing = no_effect(with);
        return format!(
            "What {} costs labs {nothing} ({}){}",
            input.rule.object("closing the door"),
            with.beside(Unit::Usd),
            net(without)
        );
    }
    let verb = if with.center() > 0.0 { "costs" } else { "saves" };
    let (size, interval) = with.size(Unit::Usd);
    let net = if with.center() > 0.0 { net(without) } else { net(&without.negated()) };
    let average = with.on_average();
    format!("{} {verb} labs {size}{average} ({interval}){net}", input.rule.subject("Closing the door"))
}
