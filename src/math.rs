//! stub
pub fn pow(a: f64, b: f64) -> f64 { libm::pow(a, b) }
pub fn log2(a: f64) -> f64 { libm::log2(a) }
pub fn exp(a: f64) -> f64 { libm::exp(a) }
pub fn ln(a: f64) -> f64 { libm::log(a) }
