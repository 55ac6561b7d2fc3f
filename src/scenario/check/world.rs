//! Questions between the keys of workloads, chips, channels and labs.

use std::collections::BTreeSet;

use crate::economics::market::MAX_WORKLOADS;
use crate::numbers::Unit;
use crate::scenario::build::peak_key;
use crate::scenario::checked::Checked;
use crate::scenario::diagnostic::{Diagnostic, nearest};
use crate::scenario::raw::Node;
use crate::scenario::registry::Ids;
use crate::scenario::resolve::{Barrier, barrier, profile};

/// What is wrong with the world, rules apart.
pub fn check(checked: &Checked) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    settings(checked, &mut problems);
    for id in checked.ids(Ids::Workload) {
        workload(checked, id, &mut problems);
    }
    for id in checked.ids(Ids::Chip) {
        chip(checked, id, &mut problems);
    }
    for id in checked.ids(Ids::Channel) {
        channel(checked, id, &mut problems);
    }
    for id in checked.ids(Ids::Lab) {
        lab(checked, id, &mut problems);
    }
    shares(checked, &mut problems);
    namesakes(checked, &mut problems);
    for (table, one) in [("workloads", "workload"), ("channels", "channel"), ("labs", "lab"), ("arms", "arm")]
    {
        if checked.tree.get(table).and_then(Node::table).is_some_and(|table| table.is_empty()) {
            problems.push(
                Diagnostic::error(checked.key_at(table), format!("[{table}] is empty"))
                    .hint(format!("define at least one {one}")),
            );
        }
    }
    problems
}

/// Things of one title, which no figure tells apart. Rules may share one: it names a design, and a design may come in several ways.
fn namesakes(checked: &Checked, problems: &mut Vec<Diagnostic>) {
    for ids in [Ids::Workload, Ids::Channel, Ids::Lab, Ids::Arm] {
        let table = ids.table();
        let key = |id: &str| format!("{table}.{id}.title");
        let named = |id: &&str| checked.text(&key(id)).unwrap_or(id).trim().to_lowercase();
        let at = |id: &str| {
            let titled = checked.tree.get(&key(id)).is_some();
            if titled { checked.value_at(&key(id)) } else { checked.key_at(&format!("{table}.{id}")) }
        };
        let listed = checked.ids(ids);
        for (later, id) in listed.iter().enumerate() {
            let Some(first) = listed[..later].iter().find(|first| named(first) == named(id)) else {
                continue;
            };
            problems.push(
                Diagnostic::warning(at(id), format!("{table}.{id} has the title of {table}.{first}"))
                    .related(at(first), "the same")
                    .note(format!("tables and figures name {table} by their titles"))
                    .hint("give one of the two another title"),
            );
        }
    }
}

fn settings(checked: &Checked, problems: &mut Vec<Diagnostic>) {
    let workloads = checked.ids(Ids::Workload);
    if workloads.len() > MAX_WORKLOADS {
        problems.push(
            Diagnostic::error(checked.key_at("workloads"), "there are too many workloads")
                .label(format!("found {}", workloads.len()))
                .note(format!("allowed: {MAX_WORKLOADS}")),
        );
    }
    let calibrated = checked.tree.get("calibration").is_some() && checked.flag("calibration.enabled");
    let price = "calibration.price_usd_per_h100e_hour";
    if calibrated && checked.tree.get(price).is_none() {
        problems.push(
            Diagnostic::error(checked.key_at("calibration"), "calibration needs `price_usd_per_h100e_hour`")
                .hint("give the observed price that month 0 is calibrated to, or enabled = false"),
        );
    }
    let Some(reference) = checked.text("settings.reference_chip") else { return };
    if !checked.defines(Ids::Chip, reference) {
        return;
    }
    for workload in workloads {
        let profile = profile(checked, workload);
        if checked.tree.get(&format!("chips.{reference}.efficiency")).is_some()
            && checked.tree.get(&format!("chips.{reference}.efficiency.{profile}")).is_none()
        {
            problems.push(
                Diagnostic::error(
                    checked.value_at("settings.reference_chip"),
                    format!("the reference chip has no efficiency profile {profile:?}"),
                )
                .label(format!("workload {workload} is measured in this chip's hours"))
                .hint(format!("define chips.{reference}.efficiency.{profile}, or name another chip")),
            );
        }
    }
    if checked
        .quantity(&format!("chips.{reference}.peak_8bit_tflops"))
        .is_some_and(|peak| peak.support.high <= 0.0)
    {
        let at = checked.value_at(&format!("chips.{reference}.peak_8bit_tflops"));
        problems.push(
            Diagnostic::error(at, "the reference chip's 8-bit peak is zero")
                .hint("published stocks are counted by it"),
        );
    }
}

fn workload(checked: &Checked, id: &str, problems: &mut Vec<Diagnostic>) {
    if id == "all" {
        problems.push(
            Diagnostic::error(checked.key_at("workloads.all"), "a workload cannot be called \"all\"")
                .note("\"all\" names the sum over workloads in every result")
                .hint("give it a name of its own"),
        );
    }
    let place = format!("workloads.{id}");
    let Some(kind) = checked.text(&format!("{place}.kind")) else { return };
    let has = |field: &str| checked.tree.get(&format!("{place}.{field}")).is_some();
    for (field, needed) in
        [("intensity_flop_per_byte", kind != "training"), ("prefill_share_fraction", kind == "inference")]
    {
        if needed && !has(field) {
            problems.push(
                Diagnostic::error(checked.key_at(&place), format!("{place} needs `{field}`"))
                    .note(format!("its kind is {kind}")),
            );
        }
    }
    if has("prefill_share_fraction") && kind != "inference" {
        problems.push(
            Diagnostic::error(
                checked.key_at(&format!("{place}.prefill_share_fraction")),
                format!("{place} has no prefill"),
            )
            .label(format!("its kind is {kind}"))
            .hint("remove it, or use kind = \"inference\""),
        );
    }
    let labs = checked.ids(Ids::Lab);
    let wanted = labs.iter().any(|lab| checked.tree.get(&format!("labs.{lab}.demand.{id}")).is_some());
    if !wanted && !labs.is_empty() {
        problems.push(Diagnostic::warning(checked.key_at(&place), format!("no lab wants the workload {id}")));
    }
    let channels = checked.ids(Ids::Channel);
    let barriers: Vec<_> = channels.iter().map(|channel| (*channel, barrier(checked, channel, id))).collect();
    if !channels.is_empty() && barriers.iter().all(|(_, barrier)| barrier.is_some()) {
        let mut problem =
            Diagnostic::error(checked.key_at(&place), format!("no channel can serve the workload {id}"));
        for (channel, barrier) in barriers.iter().take(8) {
            problem = problem.note(format!("{channel}: {}", why(checked, channel, id, *barrier)));
        }
        problems.push(problem);
    }
}

fn why(checked: &Checked, channel: &str, workload: &str, barrier: Option<Barrier>) -> String {
    let of = |field: &str| checked.text(&format!("channels.{channel}.{field}")).unwrap_or_default();
    match barrier {
        Some(Barrier::NotListed) => "not in its `serves`".into(),
        Some(Barrier::Residency) => format!("its region {} is not a home region", of("region")),
        Some(Barrier::Frontier) => format!("its chip {} has no frontier_cluster", of("chip")),
        Some(Barrier::Efficiency) => {
            format!("its chip {} has no efficiency profile {:?}", of("chip"), profile(checked, workload))
        }
        None => "serves it".into(),
    }
}

fn chip(checked: &Checked, id: &str, problems: &mut Vec<Diagnostic>) {
    let chip = format!("chips.{id}");
    if checked.incomplete.contains(&chip) {
        return;
    }
    let workloads = checked.ids(Ids::Workload);
    for name in checked.keys(&format!("{chip}.efficiency")) {
        let place = format!("{chip}.efficiency.{name}");
        let users: Vec<&str> = workloads.iter().filter(|w| profile(checked, w) == name).copied().collect();
        if users.is_empty() {
            let problem = Diagnostic::warning(checked.key_at(&place), format!("no workload uses {place}"));
            let profiles: BTreeSet<&str> = workloads.iter().map(|w| profile(checked, w)).collect();
            problems.push(match nearest(name, profiles.iter().copied()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
        if let Some(precision) = checked.text(&format!("{place}.precision")) {
            let peak = format!("{chip}.{}", peak_key(precision));
            let (given, none) = (checked.tree.get(&peak).is_some(), checked.quantity(&peak));
            if !given || none.is_some_and(|peak| peak.support.high <= 0.0) {
                problems.push(
                    Diagnostic::error(
                        checked.value_at(&format!("{place}.precision")),
                        format!("{place} is quoted against a peak the chip does not have"),
                    )
                    .label(format!("{precision} needs {}", peak_key(precision)))
                    .hint(format!("give {peak}, or quote MFU against another precision")),
                );
            }
        }
        let has = |field: &str| {
            checked
                .tree
                .get(&format!("{place}.{field}"))
                .or(checked.tree.get(&format!("{chip}.{field}")))
                .is_some()
        };
        let memory_bound = users
            .iter()
            .any(|w| checked.text(&format!("workloads.{w}.kind")).is_some_and(|kind| kind != "training"));
        for (field, needed) in [("goodput_fraction", !users.is_empty()), ("mbu_fraction", memory_bound)] {
            if needed && !has(field) {
                problems.push(
                    Diagnostic::error(checked.key_at(&place), format!("{place} needs `{field}`"))
                        .hint(format!("give it here or for the whole chip, as {chip}.{field}")),
                );
            }
        }
    }
}

fn channel(checked: &Checked, id: &str, problems: &mut Vec<Diagnostic>) {
    let place = format!("channels.{id}");
    let known = |field: &str, ids| {
        checked.text(&format!("{place}.{field}")).is_some_and(|id| checked.defines(ids, id))
    };
    if known("chip", Ids::Chip) && known("region", Ids::Region) {
        served(checked, id, problems);
    }
    match checked.text(&format!("{place}.kind")) {
        Some("rental") => rental(checked, &place, problems),
        Some("owned") => owned(checked, &place, problems),
        _ => {}
    }
}

fn served(checked: &Checked, id: &str, problems: &mut Vec<Diagnostic>) {
    let workloads = checked.ids(Ids::Workload);
    let serves = format!("channels.{id}.serves");
    if checked.tree.get(&serves).is_some_and(|serves| serves.list().is_none()) {
        return;
    }
    let barriers: Vec<_> =
        workloads.iter().map(|workload| (*workload, barrier(checked, id, workload))).collect();
    if !workloads.is_empty() && barriers.iter().all(|(_, barrier)| barrier.is_some()) {
        let mut problem = Diagnostic::error(
            checked.key_at(&format!("channels.{id}")),
            format!("channels.{id} can serve no workload"),
        );
        for (workload, barrier) in &barriers {
            problem = problem.note(format!("{workload}: {}", why(checked, id, workload, *barrier)));
        }
        problems.push(problem);
        return;
    }
    for item in checked.tree.get(&serves).and_then(Node::list).unwrap_or_default() {
        let Some(workload) = item.text() else { continue };
        let found = barriers.iter().find(|(id, _)| *id == workload).and_then(|(_, barrier)| *barrier);
        if found.is_some() {
            problems.push(
                Diagnostic::warning(item.origin, format!("channels.{id} lists a workload it cannot serve"))
                    .label(why(checked, id, workload, found)),
            );
        }
    }
}

fn rental(checked: &Checked, place: &str, problems: &mut Vec<Diagnostic>) {
    let (committed, offered) = (format!("{place}.committed_chips"), format!("{place}.on_offer_chips"));
    if let (Some(taken), Some(all)) = (checked.central(&committed), checked.central(&offered))
        && taken > all
    {
        problems.push(
            Diagnostic::error(
                checked.value_at(&committed),
                format!("{place} has more chips committed than on offer"),
            )
            .label(format!("about {taken} committed"))
            .related(checked.value_at(&offered), format!("about {all} on offer at the start"))
            .hint("on_offer_chips is the stock in all, commitments included"),
        );
    }
}

fn owned(checked: &Checked, place: &str, problems: &mut Vec<Diagnostic>) {
    let key = |field: &str| format!("{place}.{field}");
    let has = |field: &str| checked.tree.get(&key(field)).is_some();
    capex(checked, place, problems);
    if let Some(ages) = checked.tree.get(&key("fleet_age_months")).filter(|node| node.list().is_some()) {
        let list: Vec<Option<f64>> = ages.list().unwrap_or_default().iter().map(Node::number).collect();
        let life = checked.quantity(&key("chip_life_years")).map(|life| life.support.low * 12.0);
        let problem =
            |title: &str| Diagnostic::error(ages.origin, format!("{} {title}", key("fleet_age_months")));
        match list[..] {
            [Some(young), Some(old)] if young > old => {
                problems.push(problem("is reversed").hint(format!("youngest first: [{old}, {young}]")));
            }
            [_, Some(old)] if life.is_some_and(|life| old >= life) => problems.push(
                problem("goes beyond the chips' life")
                    .related(
                        checked.value_at(&key("chip_life_years")),
                        format!("{} months", life.unwrap_or(0.0)),
                    )
                    .hint("chips past their life have been retired"),
            ),
            [_, _] => {}
            _ => problems
                .push(problem("takes the youngest and the oldest age").note("allowed: [youngest, oldest]")),
        }
    }
    let lead = checked.integer("settings.lead_months");
    if let (Some(pipeline), Some(lead)) =
        (checked.tree.get(&key("pipeline_chips")).and_then(Node::list), lead)
        && pipeline.len() as i64 != lead
    {
        problems.push(
            Diagnostic::error(
                checked.value_at(&key("pipeline_chips")),
                format!("{} has the wrong length", key("pipeline_chips")),
            )
            .label(format!("found {}", pipeline.len()))
            .related(checked.value_at("settings.lead_months"), format!("the planning lead is {lead}"))
            .hint("one entry a month from month 0 to the month before the first order arrives"),
        );
    }
    let rent = key("scarcity_rent_share");
    if let Some(origin) =
        checked.text(&key("origin")).filter(|origin| !matches!(*origin, "domestic" | "grey"))
        && checked.tree.get(&rent).is_some()
        && checked.is_on(&rent)
    {
        problems.push(
            Diagnostic::warning(checked.value_at(&rent), format!("{place} earns no scarcity rent"))
                .related(checked.value_at(&key("origin")), format!("its origin is {origin}"))
                .note(
                    "vendors of domestic and grey chips share in what their chips are worth above their cost",
                )
                .hint(format!("drop {rent}, or give the channel another origin")),
        );
    }
    let learning = ["learning_rate_fraction", "mfu_learning_rate_fraction"]
        .into_iter()
        .find(|field| checked.is_on(&key(field)));
    if let Some(learning) = learning
        && !has("cumulative_chips")
    {
        problems.push(
            Diagnostic::error(
                checked.value_at(&key(learning)),
                format!("{place} learns from an unknown start"),
            )
            .hint("give cumulative_chips, the chips made before the start"),
        );
    }
}

fn capex(checked: &Checked, place: &str, problems: &mut Vec<Diagnostic>) {
    let key = |field: &str| format!("{place}.{field}");
    let has = |field: &str| checked.tree.get(&key(field)).is_some();
    let (whole, bare, extra) =
        ("system_capex_incl_chip_usd", "chip_price_usd", "system_extra_capex_usd_per_chip");
    let forms = format!("allowed: {whole}, or {bare} and {extra}");
    let problem = |at: &str, title: &str| {
        Diagnostic::error(checked.key_at(&key(at)), format!("{place} {title}")).note(&forms)
    };
    match (has(whole), has(bare), has(extra)) {
        (true, true, _) => problems.push(
            problem(bare, "states its price twice")
                .related(checked.key_at(&key(whole)), "includes the chip")
                .hint("keep one"),
        ),
        (true, false, true) => problems.push(
            problem(extra, "counts the system twice")
                .related(checked.key_at(&key(whole)), "is the whole system")
                .hint("keep one"),
        ),
        (false, true, false) => {
            problems.push(problem(bare, "prices the bare chip only").hint(format!("add {extra}")))
        }
        (false, false, true) => {
            problems.push(problem(extra, "has no chip price").hint(format!("add {bare}")))
        }
        (false, false, false) => problems.push(problem(whole, "has no price")),
        (true, false, false) | (false, true, true) => {}
    }
}

fn lab(checked: &Checked, id: &str, problems: &mut Vec<Diagnostic>) {
    let demand = format!("labs.{id}.demand");
    let workloads = checked.keys(&demand);
    if workloads.is_empty() && checked.tree.get(&demand).is_some() {
        problems.push(
            Diagnostic::error(checked.key_at(&demand), format!("{demand} is empty"))
                .hint("give a demand by workload"),
        );
    }
    for workload in workloads {
        let key = |field: &str| format!("{demand}.{workload}.{field}");
        let (reference, choke) =
            (key("reference_price_usd_per_h100e_hour"), key("choke_price_usd_per_h100e_hour"));
        if let (Some(low), Some(high)) = (checked.central(&reference), checked.central(&choke))
            && high < low
        {
            problems.push(
                Diagnostic::error(checked.value_at(&choke), format!("{choke} is below the reference price"))
                    .label(format!("about {high}"))
                    .related(checked.value_at(&reference), format!("about {low}"))
                    .hint("above the choke price nothing is bought: it lies above the reference price"),
            );
        }
    }
}

/// A channel's shares over the labs, at their greatest, sum to at most 1.
fn shares(checked: &Checked, problems: &mut Vec<Diagnostic>) {
    let labs = checked.ids(Ids::Lab);
    let mut seen = BTreeSet::new();
    for channel in checked.ids(Ids::Channel) {
        let keys: Vec<String> = labs
            .iter()
            .map(|lab| {
                let own = format!("labs.{lab}.shares.{channel}");
                if checked.quantity(&own).is_some() { own } else { format!("labs.{lab}.share_fraction") }
            })
            .collect();
        let most: Option<Vec<f64>> =
            keys.iter().map(|key| checked.quantity(key).map(|share| share.support.high)).collect();
        let Some(sum) = most.map(|shares| shares.iter().sum::<f64>()).filter(|sum| *sum > 1.0 + 1e-9) else {
            continue;
        };
        let Some(last) = keys.iter().max_by_key(|key| checked.value_at(key)) else { continue };
        // Labs that share everything alike are told once, not once a channel.
        if !seen.insert(keys.clone()) {
            continue;
        }
        let default = checked.tree.get(last).is_none();
        let at = if default { checked.key_at(last) } else { checked.value_at(last) };
        let mut problem = Diagnostic::error(at, format!("the labs' shares of {channel} sum to more than 1"))
            .label(format!("together up to {}", Unit::Plain.show(sum, 0.0)));
        for key in &keys {
            problem = problem.note(format!(
                "{key} = {}",
                checked.quantity(key).map_or(String::new(), |share| share.written.text())
            ));
        }
        problems.push(problem.hint("every supply is shared once: give each lab its share_fraction"));
    }
}
