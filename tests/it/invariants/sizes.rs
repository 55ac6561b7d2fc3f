//! Runs of one month and of twenty years, ten labs that are one, nothing to be had and nothing wanted.

use loophole::math::ln;

use super::books::{check_books, check_metrics};
use super::{SOLVER, same};
use crate::small::{BARE, SMALL};
use crate::support::*;

#[test]
fn one_month_and_twenty_years() {
    for months in ["settings.months=1", "settings.months=240"] {
        let now = "rules.perhaps.announced={ probability = 0.5, from = \"2026-10\", until = \"2026-10\" }";
        let job =
            written(SMALL, &[months, "settings.paths=4", "rules.close.announced=\"2026-10\"", now]).job();
        let outcome = run(&job);
        check_metrics(&outcome, months);
        check_books(&told(&job, 3), months);
    }
}

/// Ten labs with a tenth of everything each, on the same draws, are one lab: each market is the whole market in small.
#[test]
fn ten_tenths_are_one_lab() {
    let (head, tail) = SMALL.split_once("[labs.all]").expect("a lab");
    let (lab, tail) = tail.split_once("[rules.close]").expect("a rule");
    let mut text = head.to_string();
    for i in 0..10 {
        let tenth = lab
            .replace("labs.all", &format!("labs.l{i}"))
            .replace("initial = 350", "initial = 35")
            .replace("planned_use_h100e = 300", "planned_use_h100e = 30");
        text += &format!("[labs.l{i}]\nshare_fraction = 0.1{tenth}");
    }
    text += &format!("[rules.close]{tail}");
    let (one, ten) = (run(&written(SMALL, &[]).job()), run(&written(&text, &[]).job()));
    for id in ["open", "closed", "perhaps"] {
        assert_close_levels(&one, arm(&one, id), &ten, arm(&ten, id), SOLVER, &[]);
        // And each is a tenth.
        for t in 0..18 {
            for metric in ["spend", "economic_cost", "served.train", "work.domestic", "orders.domestic"] {
                let whole = month(&ten, id, metric, t);
                assert!(
                    same(10.0 * month(&ten, id, &format!("{metric}@l7"), t), whole, 1.0),
                    "{metric} of month {t}"
                );
            }
            near(
                month(&ten, id, "marginal_cost.train@l7", t),
                month(&one, id, "marginal_cost.train", t),
                SOLVER,
            );
        }
    }
}

/// Nothing to be had: the price chokes demand off, and the value lost is the whole area under it.
#[test]
fn no_supply_at_all() {
    let text = BARE.to_string()
        + "[channels.none]\nkind = \"rental\"\nchip = \"unit\"\nregion = \"here\"\norigin = \"offshore\"\n\
           availability_fraction = 1\nprice_usd_per_chip_hour = 1\non_offer_chips = 0\nterm_months = 1\n\
           [channels.nothing]\nkind = \"owned\"\nchip = \"unit\"\nregion = \"here\"\norigin = \"domestic\"\n\
           availability_fraction = 1\nsystem_capex_incl_chip_usd = 1000\nchip_life_years = 5\n\
           [labs.all.demand.work]\nplanned_use_h100e = 100\nelasticity = 1\nreference_price_usd_per_h100e_hour = 2\n\
           choke_price_usd_per_h100e_hour = 10\n";
    let outcome = run(&written(&text, &[]).job());
    for t in 0..12 {
        let at = |metric: &str| month(&outcome, "open", metric, t);
        exact(at("marginal_cost.work"), 10.0);
        assert_eq!(at("served.work"), 0.0);
        assert_eq!(at("spend"), 0.0);
        exact(at("unserved_share"), 1.0);
        exact(at("value_lost.work"), 73_000.0 * 2.0 * (1.0 + ln(5.0)));
        assert_eq!(at("average_cash_cost"), 0.0);
    }
    assert_eq!(scalar(&outcome, "open", "parity_never.work"), [1.0]);
    assert_eq!(scalar(&outcome, "open", "work_share.domestic.12m"), [0.0]);
}

/// Nothing wanted: nothing bought.
#[test]
fn no_demand_at_all() {
    let outcome = run(&written(
        SMALL,
        &[
            "labs.all.demand.train.planned_use_h100e=0",
            "labs.all.demand.serve.planned_use_h100e=0",
            "channels.rent.committed_chips=0",
            "arms.perhaps.rules=[]",
        ],
    )
    .job());
    for t in 0..18 {
        for id in ["spend.contracts", "spend.spot", "orders.domestic", "served.train", "value_lost.serve"] {
            assert_eq!(month(&outcome, "closed", id, t), 0.0, "{id}");
        }
    }
}
