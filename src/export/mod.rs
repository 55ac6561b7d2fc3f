//! What lands on disk: tables, manifest, findings, charts, in a folder that appears whole or not at all.
#[cfg(feature = "parquet")]
pub mod columnar;
pub mod diff_report;
pub mod diff_tables;
pub mod findings;
pub mod folder;
pub mod manifest;
pub mod replay;
pub mod report;
pub mod tables;
pub mod wording;
