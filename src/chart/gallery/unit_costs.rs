//! What the cost build-up is filled from: the unit costs of month 0, part by part, path by path.

use super::{ChannelTitle, Gallery};
use crate::calendar::Month;
use crate::chart::cost_buildup::{self, CostPart as Drawn};
use crate::chart::figure::Figure;
use crate::chart::input::Spread;
use crate::engine::catalogue::CostPart;

impl Gallery<'_> {
    /// Channels that can be bought or hired in month 0, cheapest in the first workload first.
    pub(super) fn cost_buildup(&self) -> Figure {
        let baseline = self.outcome.baseline;
        let column = |id: String| self.outcome.scalar(baseline, &id);
        let on_sale: Vec<&ChannelTitle> =
            self.titles.channels.iter().filter(|channel| channel.on_sale).collect();
        let workloads: Vec<cost_buildup::Workload> = self
            .titles
            .workloads
            .iter()
            .map(|(workload, title)| {
                let channels: Vec<cost_buildup::Channel> = on_sale
                    .iter()
                    .filter_map(|channel| {
                        let id = format!("unit_cost.{}.{workload}", channel.id);
                        let unit = column(id.clone())?;
                        Some(cost_buildup::Channel {
                            title: channel.title.clone(),
                            parts: self.parts(channel, unit),
                            total: Spread::of_column(&self.outcome.kept(baseline, &id)?),
                        })
                    })
                    .collect();
                cost_buildup::Workload {
                    title: title.clone(),
                    channels,
                    domestic_premium: self.domestic_premium(&on_sale, workload),
                }
            })
            .collect();
        self.of_kept(cost_buildup::figure(&cost_buildup::Input {
            period: month_words(self.outcome.start),
            workloads,
            provenance: self.provenance.clone(),
        }))
    }

    /// Mean parts of a unit cost: each path's parts of an hour, scaled to its cost of an H100e-hour.
    fn parts(&self, channel: &ChannelTitle, unit: &[f64]) -> Vec<(Drawn, f64)> {
        let parts: &[CostPart] = if channel.rented { &CostPart::RENTED } else { &CostPart::OWNED };
        let columns: Vec<(CostPart, &[f64])> = parts
            .iter()
            .filter_map(|part| {
                let id = format!("hour_cost.{}.{}", channel.id, part.id());
                Some((*part, self.outcome.scalar(self.outcome.baseline, &id)?))
            })
            .collect();
        columns
            .iter()
            .map(|(part, column)| {
                let mean = (0..unit.len())
                    .map(|i| {
                        let hour: f64 = columns.iter().map(|(_, column)| column[i]).sum();
                        if hour == 0.0 { 0.0 } else { unit[i] * column[i] / hour }
                    })
                    .sum::<f64>()
                    / unit.len().max(1) as f64;
                (drawn(*part), mean)
            })
            .collect()
    }

    fn domestic_premium(&self, channels: &[&ChannelTitle], workload: &str) -> Option<Spread> {
        let columns: Vec<(&ChannelTitle, &[f64])> = channels
            .iter()
            .filter_map(|channel| {
                let id = format!("unit_cost.{}.{workload}", channel.id);
                Some((*channel, self.outcome.scalar(self.outcome.baseline, &id)?))
            })
            .collect();
        let cheapest = |i: usize, domestic: bool| {
            columns
                .iter()
                .filter(|(channel, column)| {
                    let wanted = if domestic {
                        channel.origin == "domestic"
                    } else {
                        channel.origin == "offshore" && channel.rented
                    };
                    wanted && column[i] > 0.0
                })
                .map(|(_, column)| column[i])
                .fold(f64::INFINITY, f64::min)
        };
        let premiums: Vec<f64> = (0..self.outcome.paths.len())
            .map(|i| cheapest(i, true) - cheapest(i, false))
            .filter(|premium| premium.is_finite())
            .collect();
        (!premiums.is_empty()).then(|| Spread::of(&premiums))
    }
}

fn drawn(part: CostPart) -> Drawn {
    match part {
        CostPart::Capital => Drawn::Chip,
        CostPart::Building => Drawn::Building,
        CostPart::Operations => Drawn::Operations,
        CostPart::Energy => Drawn::Energy,
        CostPart::Rent => Drawn::Rent,
        CostPart::Overhead => Drawn::Overhead,
    }
}

/// "October 2026".
fn month_words(month: Month) -> String {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    format!("{} {}", NAMES[month.month() as usize - 1], month.year())
}
