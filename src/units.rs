//! Units of the scenario's numbers, and the conversions between a table's unit and the model's.
//!
//! A key of a scenario ends in its unit and is already in the unit the model computes in; only CSV tables differ. The
//! names here are for people: messages, `show`, the page of keys, axis labels.

/// Unit of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Share of a whole, 0 to 1.
    Fraction,
    /// Dimensionless, around 1.
    Ratio,
    /// A fraction a year.
    PerYear,
    /// Per square-root year.
    PerSqrtYear,
    /// Events a year.
    EventsPerYear,
    /// Natural log.
    Log,
    /// Dimensionless slope of logs.
    Elasticity,
    /// Days.
    Days,
    /// Months.
    Months,
    /// Years.
    Years,
    /// Dense TFLOP/s.
    Teraflops,
    /// TB/s.
    TerabytesPerSecond,
    /// FLOP per byte.
    FlopPerByte,
    /// kW.
    Kilowatts,
    /// Chips.
    Chips,
    /// Chips a month.
    ChipsPerMonth,
    /// H100e: chips' worth of an H100.
    H100e,
    /// USD per kWh.
    UsdPerKilowattHour,
    /// USD per kW.
    UsdPerKilowatt,
    /// USD per kW and year.
    UsdPerKilowattYear,
    /// USD per chip.
    UsdPerChip,
    /// USD per chip-hour.
    UsdPerChipHour,
    /// USD per H100e-hour.
    UsdPerH100eHour,
    /// Units of a currency per USD.
    PerUsd,
    /// Whatever unit the metric spoken of has.
    OfMetric,
}

impl Unit {
    /// As written behind a number.
    pub const fn text(self) -> &'static str {
        match self {
            Unit::Fraction => "fraction",
            Unit::Ratio => "ratio",
            Unit::PerYear => "per year",
            Unit::PerSqrtYear => "per √year",
            Unit::EventsPerYear => "events per year",
            Unit::Log => "log",
            Unit::Elasticity => "elasticity",
            Unit::Days => "days",
            Unit::Months => "months",
            Unit::Years => "years",
            Unit::Teraflops => "TFLOP/s",
            Unit::TerabytesPerSecond => "TB/s",
            Unit::FlopPerByte => "FLOP/byte",
            Unit::Kilowatts => "kW",
            Unit::Chips => "chips",
            Unit::ChipsPerMonth => "chips per month",
            Unit::H100e => "H100e",
            Unit::UsdPerKilowattHour => "USD/kWh",
            Unit::UsdPerKilowatt => "USD/kW",
            Unit::UsdPerKilowattYear => "USD/kW-year",
            Unit::UsdPerChip => "USD/chip",
            Unit::UsdPerChipHour => "USD/chip-hour",
            Unit::UsdPerH100eHour => "USD/H100e-hour",
            Unit::PerUsd => "per USD",
            Unit::OfMetric => "in the metric's unit",
        }
    }

    /// Money: may be given in another currency.
    pub const fn is_money(self) -> bool {
        matches!(
            self,
            Unit::UsdPerKilowattHour
                | Unit::UsdPerKilowatt
                | Unit::UsdPerKilowattYear
                | Unit::UsdPerChip
                | Unit::UsdPerChipHour
                | Unit::UsdPerH100eHour
        )
    }

    /// Share of a whole or a rate a year: what people write in percent by mistake.
    pub const fn is_percentage_in_disguise(self) -> bool {
        matches!(self, Unit::Fraction | Unit::PerYear)
    }
}

/// Kilowatts from watts.
pub fn kilowatts_from_watts(watts: f64) -> f64 {
    watts / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_share_of_1370_watts_is_1_37_kilowatts() {
        assert_eq!(kilowatts_from_watts(1370.0), 1.37);
    }

    #[test]
    fn exchange_rates_are_not_money_and_prices_are() {
        assert!(!Unit::PerUsd.is_money());
        assert!(Unit::UsdPerChipHour.is_money());
    }
}
