//! Every table and key of the language: pure data, in one list however long, since it is looked up in and `docs/keys.md` is made of it.

use super::{Field, Ids, Kind, Measure, Need, Range, Schema};
use crate::units::Unit;

const fn required(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key, kind, need: Need::Required, doc }
}
const fn optional(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key, kind, need: Need::Optional, doc }
}
const fn default(key: &'static str, kind: Kind, value: &'static str, doc: &'static str) -> Field {
    Field { key, kind, need: Need::Default(value), doc }
}

const INF: f64 = f64::INFINITY;
const NOT_NEGATIVE: Range = Range::closed(0.0, INF);
const POSITIVE: Range = Range::above(0.0, INF);
const UNIT_INTERVAL: Range = Range::closed(0.0, 1.0);

const fn measure(unit: Unit, allowed: Range, usual: Range) -> Measure {
    Measure { unit, allowed, usual }
}
const fn quantity(unit: Unit, allowed: Range, usual: Range) -> Kind {
    Kind::Quantity(measure(unit, allowed, usual))
}

const FRACTION: Kind = quantity(Unit::Fraction, UNIT_INTERVAL, UNIT_INTERVAL);
const POSITIVE_FRACTION: Kind = quantity(Unit::Fraction, Range::above(0.0, 1.0), UNIT_INTERVAL);
const COUNT: Kind = quantity(Unit::Chips, NOT_NEGATIVE, Range::closed(0.0, 1e8));
const COUNT_PER_MONTH: Kind = quantity(Unit::ChipsPerMonth, NOT_NEGATIVE, Range::closed(0.0, 1e7));
const TERAFLOPS: Kind = quantity(Unit::Teraflops, NOT_NEGATIVE, Range::closed(0.0, 2e5));
const SWITCH_RATIO: Kind = quantity(Unit::Elasticity, Range::closed(0.0, 20.0), Range::closed(0.0, 3.0));
const LEARNING_RATE: Kind = quantity(Unit::Fraction, Range::below(0.0, 1.0), Range::closed(0.0, 0.4));
const DAYS: Kind = quantity(Unit::Days, NOT_NEGATIVE, Range::closed(0.0, 3650.0));
const MONTHS: Kind = quantity(Unit::Months, NOT_NEGATIVE, Range::closed(0.0, 120.0));
const HAZARD: Kind = quantity(Unit::EventsPerYear, NOT_NEGATIVE, Range::closed(0.0, 12.0));
const CHIP_PRICE: Kind = quantity(Unit::UsdPerChip, NOT_NEGATIVE, Range::closed(0.0, 500_000.0));
const HOUR_PRICE: Kind = quantity(Unit::UsdPerChipHour, POSITIVE, Range::closed(0.01, 100.0));
const H100E_PRICE: Kind = quantity(Unit::UsdPerH100eHour, POSITIVE, Range::closed(0.01, 1000.0));
const PRICE_RATIO: Kind = quantity(Unit::Ratio, POSITIVE, Range::closed(0.1, 10.0));
const RATIO_FROM_ONE: Kind = quantity(Unit::Ratio, Range::closed(1.0, INF), Range::closed(1.0, 20.0));

/// The whole file.
pub static SCENARIO: Schema = Schema {
    name: "a scenario",
    fields: &[
        optional(
            "extends",
            Kind::Either(&Kind::Text, &Kind::List(&Kind::Text)),
            "scenarios this one lies on top of; relative to this file",
        ),
        required("scenario", Kind::Table(&HEAD), "what it is"),
        required("settings", Kind::Table(&SETTINGS), "how it is run"),
        optional("calibration", Kind::Table(&CALIBRATION), "month-0 calibration of demand"),
        optional("sources", Kind::New(&Kind::Table(&SOURCE)), "the bibliography"),
        optional("currencies", Kind::New(&Kind::Table(&CURRENCY)), "exchange rates"),
        optional("tables", Kind::Table(&TABLES), "CSV tables whose rows may be named by `row`"),
        required("workloads", Kind::New(&Kind::Table(&WORKLOAD)), "what compute is used for"),
        required("chips", Kind::New(&Kind::Table(&CHIP)), "chips"),
        required("regions", Kind::New(&Kind::Table(&REGION)), "places"),
        required("channels", Kind::New(&CHANNEL), "ways to obtain compute"),
        required("labs", Kind::New(&Kind::Table(&LAB)), "buyers; one market each"),
        optional(
            "distillation",
            Kind::Table(&DISTILLATION),
            "what today's demand already saves by distillation",
        ),
        optional("correlations", Kind::List(&Kind::Table(&CORRELATION)), "correlations between quantities"),
        optional("rules", Kind::New(&Kind::Table(&RULE)), "governments' rules"),
        required("arms", Kind::New(&Kind::Table(&ARM)), "versions of the world that are compared"),
        optional("output", Kind::Table(&OUTPUT), "what is drawn"),
        EXPECTATIONS,
        EXPECT_RUN,
        PINNED,
    ],
};

const EXPECTATIONS: Field = optional(
    "expect",
    Kind::List(&ONE_PIN),
    "pins: what numbers of the results are expected to be (docs/pins.md); not inherited",
);
static ONE_PIN: Kind = Kind::Table(&EXPECT);
const EXPECT_RUN: Field = optional("expect_run", Kind::Table(&RUN), "how pins are run; not inherited");
const PINNED: Field = optional(
    "pinned",
    Kind::New(&Kind::Text),
    "inputs that pins were taken on, as digests by key; written by --bless; not inherited",
);

/// A file of pins beside a scenario.
pub static EXPECT_FILE: Schema =
    Schema { name: "a file of pins", fields: &[EXPECTATIONS, EXPECT_RUN, PINNED] };

static RUN: Schema = Schema {
    name: "[expect_run]",
    fields: &[
        optional("paths", PATHS, "paths of a pin's run, unless it says otherwise; default: the scenario's"),
        optional("seed", SEED, "seed, likewise"),
        optional(
            "tolerance_on_same_draws",
            SHARE_OF_VALUE,
            "of every pin that has `noise` and does not say otherwise",
        ),
    ],
};
const PATHS: Kind = Kind::Integer { low: 1, high: 100_000_000 };
const SEED: Kind = Kind::Integer { low: 0, high: i64::MAX };
const FINITE: Range = Range { low: -INF, low_open: true, high: INF, high_open: true };
const FINITE_NOT_NEGATIVE: Range = Range::below(0.0, INF);
const ANY_VALUE: Kind = Kind::Number(measure(Unit::OfMetric, FINITE, FINITE));
const NOT_NEGATIVE_VALUE: Kind =
    Kind::Number(measure(Unit::OfMetric, FINITE_NOT_NEGATIVE, FINITE_NOT_NEGATIVE));
const SHARE_OF_VALUE: Kind = Kind::Number(measure(Unit::Ratio, FINITE_NOT_NEGATIVE, FINITE_NOT_NEGATIVE));
const STD_ERRORS: Kind = Kind::Number(measure(
    Unit::Ratio,
    Range { low: 0.0, low_open: true, high: INF, high_open: true },
    Range::closed(2.0, 6.0),
));

/// A pin.
pub static EXPECT: Schema = Schema {
    name: "a pin",
    fields: &[
        optional("name", Kind::Text, "name in reports; default: what it pins"),
        optional("metric", Kind::Text, "a metric of summary.csv, or with `month` of monthly.csv"),
        optional("month", Kind::Month, "month of a monthly metric"),
        optional("arm", Kind::Id(Ids::Arm), "arm; default: the headline arm, or the only one"),
        default(
            "measure",
            Kind::Choice(&["level", "difference", "ratio"]),
            "\"level\"",
            "the arm's own, less the baseline's on the same draws, or over it",
        ),
        default(
            "scope",
            Kind::Choice(&["all", "if_closed"]),
            "\"all\"",
            "over all paths, or those on which all of the arm's rules come into force and stand",
        ),
        optional(
            "statistic",
            Kind::Text,
            "over paths: mean (default), a quantile such as p05, probability_above, probability_below",
        ),
        optional("threshold", ANY_VALUE, "of probability_above and probability_below"),
        optional("figure", Kind::Choice(&FIGURES), "a figure, to pin one number of its CSV"),
        optional("panel", Kind::Text, "column `panel` of its row"),
        optional("series", Kind::Text, "column `series`"),
        optional("mark", Kind::Text, "column `mark`"),
        optional("at", Kind::Text, "column `at`"),
        optional("column", Kind::Text, "column `statistic`"),
        optional("value", ANY_VALUE, "the pinned value; absent: not pinned yet"),
        optional("std_error", NOT_NEGATIVE_VALUE, "its standard error"),
        optional("digest", Kind::Text, "digest of what an exact pin rests on, every path included"),
        default("exact", Kind::Boolean, "false", "the same bits, on the same platform"),
        optional("tolerance_absolute", NOT_NEGATIVE_VALUE, "may differ by this much"),
        optional("tolerance_relative", SHARE_OF_VALUE, "may differ by this share of the value"),
        optional("noise", STD_ERRORS, "may differ by this many standard errors of both runs combined"),
        optional(
            "tolerance_on_same_draws",
            SHARE_OF_VALUE,
            "may differ by this share of the value where the run draws what the pinned one drew; not asked elsewhere",
        ),
        optional("at_least", ANY_VALUE, "may not be below"),
        optional("at_most", ANY_VALUE, "may not be above"),
        optional(
            "sign",
            Kind::Choice(&["positive", "negative", "zero", "not_negative", "not_positive"]),
            "its sign",
        ),
        optional("ascending", Kind::List(&Kind::Id(Ids::Arm)), "arms in which it never falls, in order"),
        optional("descending", Kind::List(&Kind::Id(Ids::Arm)), "arms in which it never rises, in order"),
        optional("over", Kind::Changes, "one key and the list of values it takes, for `monotone`"),
        optional(
            "monotone",
            Kind::Choice(&["increasing", "decreasing", "not_increasing", "not_decreasing"]),
            "how it moves over `over`",
        ),
        optional("set", Kind::Changes, "keys replaced in the run, as by --set"),
        optional("paths", PATHS, "paths of the run; default: as [expect_run]"),
        optional("seed", SEED, "seed of the run; default: as [expect_run]"),
        optional("derived", Kind::Text, "where a value comes from that no run gave; --bless leaves it alone"),
        optional("note", Kind::Text, "remark"),
        optional("pinned", Kind::Table(&STAMP), "how the value was taken; written by --bless"),
    ],
};

static STAMP: Schema = Schema {
    name: "the stamp of a pin",
    fields: &[
        required("why", Kind::Text, "why the value was taken"),
        required("version", Kind::Text, "version of the program"),
        required("platform", Kind::Text, "architecture and system"),
        required("paths", PATHS, "paths"),
        required("seed", SEED, "seed"),
        required("sampling", Kind::Text, "sampling scheme"),
        optional("draws", Kind::Text, "digest of what the run drew"),
        optional("inputs", Kind::Text, "record of its inputs in [pinned]"),
    ],
};

static HEAD: Schema = Schema {
    name: "[scenario]",
    fields: &[
        required("title", Kind::Text, "name of the scenario"),
        optional("note", Kind::Text, "remark"),
        optional("as_of", Kind::Date, "date of the evidence"),
    ],
};

static SETTINGS: Schema = Schema {
    name: "[settings]",
    fields: &[
        required("start", Kind::Month, "month of step 0"),
        default("months", Kind::Integer { low: 1, high: 1200 }, "60", "steps"),
        default("lead_months", Kind::Integer { low: 1, high: 60 }, "4", "months between order and arrival"),
        default("paths", Kind::Integer { low: 1, high: 100_000_000 }, "4000", "drawn futures"),
        default("seed", Kind::Integer { low: 0, high: i64::MAX }, "1", "seed of every random stream"),
        default(
            "sampling",
            Kind::Choice(&["plain", "antithetic", "latin-hypercube", "sobol"]),
            "\"plain\"",
            "sampling scheme",
        ),
        default(
            "sobol_first",
            Kind::List(&Kind::Key),
            "[]",
            "quantities whose draws take the first dimensions of Sobol' points: those that move results most, in their order",
        ),
        required(
            "reference_chip",
            Kind::Id(Ids::Chip),
            "the unit: one H100e-hour is this chip's useful hour at central parameters",
        ),
        required(
            "discount_rate_per_year",
            quantity(Unit::PerYear, Range::closed(0.0, 1.0), Range::closed(0.0, 0.2)),
            "real discount rate",
        ),
    ],
};

static CALIBRATION: Schema = Schema {
    name: "[calibration]",
    fields: &[
        default(
            "enabled",
            Kind::Boolean,
            "true",
            "scale planned use so that month 0 clears at the price below",
        ),
        optional("price_usd_per_h100e_hour", H100E_PRICE, "observed price that month 0 is calibrated to"),
    ],
};

static SOURCE: Schema = Schema {
    name: "a source",
    fields: &[
        required("title", Kind::Text, "title of the work"),
        optional("publisher", Kind::Text, "who published it"),
        optional("date", Kind::Date, "when"),
        optional("url", Kind::Text, "address"),
        optional("via", Kind::Text, "where it was read, if not at the original"),
        optional("licence", Kind::Text, "licence of data taken from it"),
        optional("note", Kind::Text, "remark"),
    ],
};

static CURRENCY: Schema = Schema {
    name: "a currency",
    fields: &[required(
        "per_usd",
        quantity(Unit::PerUsd, POSITIVE, Range::closed(1e-3, 1e5)),
        "units of the currency per USD",
    )],
};

static TABLES: Schema = Schema {
    name: "[tables]",
    fields: &[
        optional("chips", Kind::Text, "CSV of chips"),
        optional("regions", Kind::Text, "CSV of regions"),
    ],
};

static WORKLOAD: Schema = Schema {
    name: "a workload",
    fields: &[
        optional("title", Kind::Text, "name in tables and charts; default: its id"),
        required(
            "kind",
            Kind::Choice(&["training", "decode", "inference"]),
            "which roofline term binds: compute; the lower of compute and memory; prefill and decode mixed",
        ),
        optional("efficiency", Kind::Text, "efficiency profile of chips it uses; default: its id"),
        optional(
            "intensity_flop_per_byte",
            quantity(Unit::FlopPerByte, POSITIVE, Range::closed(0.5, 1e5)),
            "FLOP per byte of the memory-bound phase; kinds decode and inference",
        ),
        optional(
            "prefill_share_fraction",
            FRACTION,
            "the reference chip's share of time in prefill; kind inference",
        ),
        default("frontier_only", Kind::Boolean, "false", "only chips with frontier_cluster may serve it"),
        default("home_only", Kind::Boolean, "false", "only channels in a home region may serve it"),
        default("distillable", Kind::Boolean, "false", "a distillation effect scales its demand"),
    ],
};

static CHIP: Schema = Schema {
    name: "a chip",
    fields: &[
        optional("row", Kind::Row("chips"), "row of the table of chips that gives what is not given here"),
        optional("title", Kind::Text, "name in tables and charts; default: its id"),
        optional("vendor", Kind::Text, "maker"),
        default("origin", Kind::Choice(&["us", "china", "other"]), "\"other\"", "where it is designed"),
        optional("class", Kind::Text, "a tag for selectors"),
        default("frontier_cluster", Kind::Boolean, "false", "can carry frontier training at scale"),
        optional("peak_bf16_tflops", TERAFLOPS, "dense 16-bit peak"),
        required("peak_8bit_tflops", TERAFLOPS, "dense 8-bit peak; published stocks are counted by it"),
        optional("peak_4bit_tflops", TERAFLOPS, "dense 4-bit peak"),
        required(
            "memory_tb_per_s",
            quantity(Unit::TerabytesPerSecond, POSITIVE, Range::closed(0.1, 200.0)),
            "memory bandwidth",
        ),
        required(
            "all_in_power_kw",
            quantity(Unit::Kilowatts, POSITIVE, Range::closed(0.05, 20.0)),
            "IT power with server and network share, before PUE",
        ),
        optional("mbu_fraction", POSITIVE_FRACTION, "memory bandwidth utilization"),
        optional("goodput_fraction", POSITIVE_FRACTION, "useful share of scheduled hours"),
        required("efficiency", Kind::New(&Kind::Table(&EFFICIENCY)), "how well it runs each profile of work"),
    ],
};

static EFFICIENCY: Schema = Schema {
    name: "an efficiency profile",
    fields: &[
        required("precision", Kind::Choice(&["bf16", "8bit", "4bit"]), "the peak that MFU is quoted against"),
        required("mfu_fraction", POSITIVE_FRACTION, "model FLOP utilization"),
        optional("mbu_fraction", POSITIVE_FRACTION, "memory bandwidth utilization; default: the chip's"),
        optional(
            "goodput_fraction",
            POSITIVE_FRACTION,
            "useful share of scheduled hours; default: the chip's",
        ),
    ],
};

static REGION: Schema = Schema {
    name: "a region",
    fields: &[
        optional(
            "row",
            Kind::Row("regions"),
            "row of the table of regions that gives what is not given here",
        ),
        optional("title", Kind::Text, "name in tables and charts; default: its id"),
        default("home", Kind::Boolean, "false", "inside China"),
        required(
            "electricity_usd_per_kwh",
            quantity(Unit::UsdPerKilowattHour, NOT_NEGATIVE, Range::closed(0.0, 1.0)),
            "price of electricity",
        ),
        required(
            "pue_ratio",
            quantity(Unit::Ratio, Range::closed(1.0, 10.0), Range::closed(1.0, 2.5)),
            "facility power over IT power",
        ),
        required(
            "shell_usd_per_kw",
            quantity(Unit::UsdPerKilowatt, NOT_NEGATIVE, Range::closed(0.0, 50_000.0)),
            "building, per kW of IT load",
        ),
        default(
            "shell_life_years",
            quantity(Unit::Years, POSITIVE, Range::closed(1.0, 60.0)),
            "15",
            "life of the building",
        ),
        required(
            "opex_usd_per_kw_year",
            quantity(Unit::UsdPerKilowattYear, NOT_NEGATIVE, Range::closed(0.0, 5_000.0)),
            "operations without energy",
        ),
        required(
            "wacc_real_per_year",
            quantity(Unit::PerYear, Range::closed(0.0, 1.0), Range::closed(0.0, 0.3)),
            "real cost of capital",
        ),
    ],
};

/// A channel: its keys depend on its kind.
static CHANNEL: Kind = Kind::Tagged { tag: "kind", cases: &[("rental", &RENTAL), ("owned", &OWNED)] };

const CHANNEL_KIND: Field =
    required("kind", Kind::Choice(&["rental", "owned"]), "rented by the hour, or owned");
const CHANNEL_TITLE: Field = optional("title", Kind::Text, "name in tables and charts; default: its id");
const CHANNEL_CHIP: Field = required("chip", Kind::Id(Ids::Chip), "its chip");
const CHANNEL_REGION: Field = required("region", Kind::Id(Ids::Region), "where it stands");
const CHANNEL_ORIGIN: Field = required(
    "origin",
    Kind::Choice(&["offshore", "domestic", "imported", "grey"]),
    "its category in every result",
);
const CHANNEL_TAGS: Field = default("tags", Kind::List(&Kind::Text), "[]", "free tags for selectors");
const CHANNEL_PRIORITY: Field = default(
    "priority",
    Kind::Integer { low: -1000, high: 1000 },
    "0",
    "ties in the market: lower first, then id",
);
const CHANNEL_SERVES: Field = optional(
    "serves",
    Kind::List(&Kind::Id(Ids::Workload)),
    "workloads it may serve; default: all that residency, frontier and efficiency allow",
);
const CHANNEL_AVAILABILITY: Field =
    required("availability_fraction", POSITIVE_FRACTION, "share of hours a chip can be scheduled");

static RENTAL: Schema = Schema {
    name: "a rental channel",
    fields: &[
        CHANNEL_KIND,
        CHANNEL_TITLE,
        CHANNEL_CHIP,
        CHANNEL_REGION,
        CHANNEL_ORIGIN,
        CHANNEL_TAGS,
        CHANNEL_PRIORITY,
        CHANNEL_SERVES,
        CHANNEL_AVAILABILITY,
        required("price_usd_per_chip_hour", HOUR_PRICE, "reference price"),
        default("contract_basis_ratio", PRICE_RATIO, "1", "contract price over reference"),
        default("spot_basis_ratio", PRICE_RATIO, "1", "spot price over reference"),
        default(
            "overhead_fraction",
            quantity(Unit::Fraction, NOT_NEGATIVE, UNIT_INTERVAL),
            "0",
            "on top of the price, billed with it",
        ),
        required("on_offer_chips", COUNT, "stock on offer in all, commitments included"),
        default("committed_chips", COUNT, "0", "of these under contract at the start"),
        optional(
            "committed_price_usd_per_chip_hour",
            HOUR_PRICE,
            "their signing price; default: the month-0 contract price",
        ),
        required("term_months", Kind::Integer { low: 1, high: 1200 }, "contract term"),
        default("prepaid_fraction", FRACTION, "0", "prepaid share of the bill"),
        default("exit_fee_months", MONTHS, "0", "months of bill due when a contract is voided"),
        default(
            "owed_share_when_void_fraction",
            FRACTION,
            "0",
            "share of the remaining bill beyond the prepayment owed when a contract is voided",
        ),
        default(
            "rent_response_elasticity",
            SWITCH_RATIO,
            "0",
            "elasticity of the price to the labs' use; 0 off",
        ),
    ],
};

static OWNED: Schema = Schema {
    name: "an owned channel",
    fields: &[
        CHANNEL_KIND,
        CHANNEL_TITLE,
        CHANNEL_CHIP,
        CHANNEL_REGION,
        CHANNEL_ORIGIN,
        CHANNEL_TAGS,
        CHANNEL_PRIORITY,
        CHANNEL_SERVES,
        CHANNEL_AVAILABILITY,
        optional(
            "system_capex_incl_chip_usd",
            CHIP_PRICE,
            "system price including the chip; or the two keys below",
        ),
        optional("chip_price_usd", CHIP_PRICE, "price of the bare chip"),
        optional(
            "system_extra_capex_usd_per_chip",
            CHIP_PRICE,
            "the rest of the system, where the chip alone is priced",
        ),
        default(
            "price_decline_per_year",
            quantity(Unit::PerYear, Range::closed(-0.5, 0.95), Range::closed(-0.2, 0.6)),
            "0",
            "real decline of the class's price: the slope of the declining annuity",
        ),
        required(
            "chip_life_years",
            quantity(Unit::Years, Range::closed(1.0 / 12.0, 100.0), Range::closed(1.0, 15.0)),
            "life of a chip",
        ),
        default("residual_fraction", FRACTION, "0", "value left at the end of life over the price"),
        default("idle_share_fraction", FRACTION, "0", "share of its energy that an idle usable hour costs"),
        default("fleet_chips", COUNT, "0", "chips at the start"),
        default(
            "fleet_age_months",
            Kind::List(&Kind::Integer { low: 0, high: 1200 }),
            "[0, 0]",
            "their youngest and oldest age, uniform on the integers between",
        ),
        optional(
            "pipeline_chips",
            Kind::List(&COUNT),
            "chips arriving in months 0 … lead − 1; default: none",
        ),
        default("supply_chips_per_month", COUNT_PER_MONTH, "0", "most the labs can order in a month"),
        optional(
            "import_quota_chips_per_month",
            COUNT_PER_MONTH,
            "most that the importing country lets in; the supply is the lower of the two",
        ),
        default(
            "scarcity_rent_share",
            quantity(Unit::Fraction, UNIT_INTERVAL, UNIT_INTERVAL),
            "0",
            "kappa of the scarcity rent; 0 off",
        ),
        default("supply_response_elasticity", SWITCH_RATIO, "0", "eta of the supply response; 0 off"),
        default(
            "supply_response_delay_months",
            Kind::Integer { low: 0, high: 1200 },
            "15",
            "months until supply responds",
        ),
        default("supply_response_cap_ratio", RATIO_FROM_ONE, "3", "largest factor of the supply response"),
        default(
            "learning_rate_fraction",
            LEARNING_RATE,
            "0",
            "fall of the price a doubling of cumulative chips; 0 off",
        ),
        default(
            "mfu_learning_rate_fraction",
            LEARNING_RATE,
            "0",
            "rise of MFU a doubling of cumulative chips; 0 off",
        ),
        default("mfu_learning_ceiling_ratio", RATIO_FROM_ONE, "1.5", "largest MFU factor"),
        optional(
            "cumulative_chips",
            quantity(Unit::Chips, POSITIVE, Range::closed(1.0, 1e9)),
            "cumulative chips at the start; needed by learning",
        ),
        default(
            "rest_of_market_chips_per_month",
            COUNT_PER_MONTH,
            "0",
            "bought by others; counts for learning",
        ),
    ],
};

static LAB: Schema = Schema {
    name: "a lab",
    fields: &[
        optional("title", Kind::Text, "name in tables and charts; default: its id"),
        default("share_fraction", FRACTION, "1", "its share of every supply"),
        optional(
            "shares",
            Kind::Of(Ids::Channel, &FRACTION),
            "its share of a channel's supply, where it differs",
        ),
        default("anticipation_fraction", FRACTION, "0", "how far its plans allow for unannounced rules"),
        default(
            "sign_ahead",
            Kind::Boolean,
            "false",
            "signs without limit between a rule's announcement and effect",
        ),
        default(
            "hedge_share_fraction",
            quantity(Unit::Fraction, NOT_NEGATIVE, UNIT_INTERVAL),
            "0",
            "share of planned use that domestic chips must cover",
        ),
        required("demand", Kind::Of(Ids::Workload, &Kind::Table(&DEMAND)), "its demand by workload"),
    ],
};

static DEMAND: Schema = Schema {
    name: "a demand",
    fields: &[
        required(
            "planned_use_h100e",
            quantity(Unit::H100e, NOT_NEGATIVE, Range::closed(0.0, 1e9)),
            "planned use at the reference price",
        ),
        required(
            "elasticity",
            quantity(Unit::Elasticity, POSITIVE, Range::closed(0.02, 10.0)),
            "price elasticity, as a positive number",
        ),
        required("reference_price_usd_per_h100e_hour", H100E_PRICE, "price at which planned use is wanted"),
        required("choke_price_usd_per_h100e_hour", H100E_PRICE, "highest price anything is bought at"),
        default("saturation_ratio", RATIO_FROM_ONE, "2", "most use over planned use"),
    ],
};

static DISTILLATION: Schema = Schema {
    name: "[distillation]",
    fields: &[
        required(
            "saving_fraction",
            quantity(Unit::Fraction, Range::below(0.0, 1.0), UNIT_INTERVAL),
            "compute saved where it is used",
        ),
        required("research_share_fraction", FRACTION, "share of training compute it applies to"),
        required("user_share_fraction", FRACTION, "share of labs that use it"),
    ],
};

static CORRELATION: Schema = Schema {
    name: "a correlation",
    fields: &[
        required(
            "on",
            Kind::Choice(&["shock", "parameter"]),
            "between monthly processes, or between parameters",
        ),
        required("between", Kind::List(&Kind::Key), "keys of the quantities"),
        optional(
            "rho",
            Kind::Number(measure(Unit::Ratio, Range::closed(-1.0, 1.0), Range::closed(-1.0, 1.0))),
            "of every pair",
        ),
        optional(
            "matrix",
            Kind::List(&Kind::List(&Kind::Number(measure(
                Unit::Ratio,
                Range::closed(-1.0, 1.0),
                Range::closed(-1.0, 1.0),
            )))),
            "of each pair",
        ),
        default(
            "repair",
            Kind::Boolean,
            "false",
            "replace a matrix that is not positive semi-definite by the nearest one",
        ),
    ],
};

static RULE: Schema = Schema {
    name: "a rule",
    fields: &[
        optional("title", Kind::Text, "the rule design, named in every label; default: its id"),
        required(
            "announced",
            Kind::Either(&Kind::Month, &Kind::Table(&ANNOUNCED)),
            "month of announcement, or the chance of one",
        ),
        default("lag_days", DAYS, "0", "from announcement to effect"),
        default("ramp_months", MONTHS, "0", "months over which severity rises; 0 at once"),
        default(
            "wind_down",
            Kind::Choice(WIND_DOWNS),
            "\"grandfathered\"",
            "fate of contracts signed before the effect, where an effect is on them",
        ),
        optional("wind_down_days", DAYS, "length of a linear or cliff wind-down"),
        optional("wind_down_months", MONTHS, "the same in months"),
        optional("reversal", Kind::Table(&REVERSAL), "how it may be undone; default: never"),
        required("effects", Kind::List(&Kind::Table(&EFFECT)), "what it does"),
    ],
};

/// What may become of contracts.
const WIND_DOWNS: &[&str] = &["immediate", "linear", "cliff", "grandfathered"];

static ANNOUNCED: Schema = Schema {
    name: "an announcement",
    fields: &[
        optional("probability", FRACTION, "chance that it comes at all"),
        optional("hazard_per_year", HAZARD, "chance a year, while it has not come"),
        required("from", Kind::Month, "first month"),
        required("until", Kind::Month, "last month"),
    ],
};

static REVERSAL: Schema = Schema {
    name: "a reversal",
    fields: &[
        optional("probability", FRACTION, "chance of being undone"),
        optional("within_days", DAYS, "on a day uniform from the effect to this many days later"),
        optional("hazard_per_year", HAZARD, "chance a year of being undone"),
    ],
};

static EFFECT: Schema = Schema {
    name: "an effect",
    fields: &[
        default("on", Kind::Table(&SELECTOR), "{}", "what is selected; all given must match"),
        required("quantity", Kind::Choice(TARGETS), "what is acted on"),
        default(
            "factor",
            quantity(Unit::Ratio, NOT_NEGATIVE, Range::closed(0.0, 10.0)),
            "0",
            "0 closes, 1 leaves",
        ),
        optional(
            "leakage_fraction",
            FRACTION,
            "share of what is closed that leaks; new_rental_capacity and owned_access",
        ),
        optional(
            "premium_ratio",
            quantity(Unit::Ratio, POSITIVE, Range::closed(1.0, 10.0)),
            "price of leaked hours over the price; new_rental_capacity",
        ),
    ],
};

/// What an effect may act on.
const TARGETS: &[&str] = &[
    "new_rental_capacity",
    "existing_contracts",
    "owned_access",
    "chip_supply",
    "import_quota",
    "price",
    "demand",
    "efficiency",
    "distillation",
];

/// What selects channels, or workloads and labs.
static SELECTOR: Schema = Schema {
    name: "a selector",
    fields: &[
        optional("channel", Kind::Text, "channel id, or a glob with * and ?"),
        optional("tag", Kind::Text, "a tag of the channel"),
        optional("region", Kind::Text, "region id or glob"),
        optional("chip", Kind::Text, "chip id or glob"),
        optional("class", Kind::Text, "class of the chip"),
        optional(
            "origin",
            Kind::Choice(&["offshore", "domestic", "imported", "grey"]),
            "category of the channel",
        ),
        optional("chip_origin", Kind::Choice(&["us", "china", "other"]), "where the chip is designed"),
        optional("kind", Kind::Choice(&["rental", "owned"]), "kind of the channel"),
        optional("workload", Kind::Text, "workload id or glob; for demand"),
        optional("lab", Kind::Text, "lab id or glob; for demand"),
    ],
};

static ARM: Schema = Schema {
    name: "an arm",
    fields: &[
        optional("title", Kind::Text, "name in tables and charts; default: its id"),
        default("baseline", Kind::Boolean, "false", "effects are differences to this arm"),
        default("headline", Kind::Boolean, "false", "the headline speaks of this arm"),
        default("rules", Kind::List(&Kind::Id(Ids::Rule)), "[]", "rules in force"),
        optional("set", Kind::Overrides, "keys replaced in this arm only"),
    ],
};

static OUTPUT: Schema = Schema {
    name: "[output]",
    fields: &[
        optional("figures", Kind::List(&Kind::Choice(&FIGURES)), "figures to draw; default: all"),
        default("sizes", Kind::List(&Kind::Choice(&SIZES)), "[\"note\"]", "sizes to draw figures in"),
        default("theme", Kind::Choice(&["light", "dark"]), "\"light\"", "colours"),
    ],
};

/// Names of the sizes a figure can be drawn in: 1200 × 800, 1600 × 900, 800 × 900 and 1080 × 1080.
pub const SIZES: [&str; 4] = ["note", "wide", "column", "square"];

/// Names of the figures a run can draw.
pub const FIGURES: [&str; 9] = [
    "lost-compute",
    "effect",
    "difference",
    "rule-design",
    "who-pays",
    "supply-mix",
    "cost-buildup",
    "parity",
    "delay",
];
