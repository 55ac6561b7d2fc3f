//! Whether a path's drawn numbers make a process at all.

use std::fmt;

use super::{Law, Regimes};

/// A member of a process outside its domain.
#[derive(Clone, Debug, PartialEq)]
pub struct LawError {
    /// The member.
    pub what: &'static str,
    /// Its value.
    pub value: f64,
    /// Its domain, in words.
    pub allowed: &'static str,
}

impl fmt::Display for LawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}; allowed: {}", self.what, self.value, self.allowed)
    }
}

impl std::error::Error for LawError {}

impl Law {
    /// Refuses members outside their domain. Members may be uncertain, so a file can be in order and a draw not.
    pub fn check(&self) -> Result<(), LawError> {
        require("trend", self.trend_per_year, true, "a finite number")?;
        let volatility = self.volatility_per_sqrt_year;
        require("volatility", volatility, volatility >= 0.0, "0 or more")?;
        if let Some(months) = self.half_life_months {
            require("half-life in months", months, months > 0.0, "more than 0")?;
        }
        if let Some(jumps) = &self.jumps {
            require("jumps a year", jumps.per_year, (0.0..=6000.0).contains(&jumps.per_year), "0 to 6000")?;
            require("mean log size of a jump", jumps.log_mean, true, "a finite number")?;
            require("spread of a jump's log size", jumps.log_sd, jumps.log_sd >= 0.0, "0 or more")?;
        }
        self.regimes.as_ref().map_or(Ok(()), check_regimes)
    }
}

fn check_regimes(regimes: &Regimes<f64>) -> Result<(), LawError> {
    let states = regimes.states.len();
    require(
        "state at the start",
        regimes.start as f64,
        regimes.start < states,
        "the place of a state, from 0",
    )?;
    for (at, regime) in regimes.states.iter().enumerate() {
        let (spell, drift) = (regime.mean_spell_months, regime.drift_per_year);
        require("mean spell in months", spell, spell >= 1.0, "1 or more")?;
        require("drift a year", drift, true, "a finite number")?;
        if let Some(volatility) = regime.volatility {
            require("volatility of a regime", volatility, volatility >= 0.0, "0 or more")?;
        }
        if states > 1 {
            let sum: f64 = regime.to.iter().sum();
            let fine = regime.to.len() == states
                && regime.to.iter().all(|share| *share >= 0.0)
                && regime.to[at] == 0.0
                && (sum - 1.0).abs() < 1e-9;
            require("sum of the destinations' shares", sum, fine, "1, none to itself")?;
        }
    }
    Ok(())
}

fn require(what: &'static str, value: f64, fine: bool, allowed: &'static str) -> Result<(), LawError> {
    if fine && value.is_finite() { Ok(()) } else { Err(LawError { what, value, allowed }) }
}
