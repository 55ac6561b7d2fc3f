//! Questions about many runs, or about one run in depth. Everything here sits above the engine and reads its outcome.
pub mod answer;
pub mod attribution;
pub mod backtest;
pub mod compare;
pub mod diff;
pub mod expect;
pub mod explain;
pub mod summary;
