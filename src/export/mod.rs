//! What lands on disk: tables, manifest, findings, charts, in a folder that appears whole or not at all.
pub mod folder;
