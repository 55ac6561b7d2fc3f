//! What lies where results go: those of an earlier run, and what an interrupted one left.

use std::path::{Path, PathBuf};

use loophole::export::folder::{MANIFEST, read_file, remove_folder};
use loophole::export::manifest::{MAX_BYTES, Manifest};

use super::terminal::Terminal;

/// The record of the results in a folder, if there are any that can be read.
fn recorded(folder: &Path) -> Option<Manifest> {
    let bytes = read_file(&folder.join(MANIFEST), MAX_BYTES).ok()?;
    Manifest::read(std::str::from_utf8(&bytes).ok()?).ok()
}

/// Says so where results of another run lie at `out` and would be replaced, and how it differed.
pub fn point_out(terminal: &Terminal, out: &Path, now: &Manifest) {
    let Some(earlier) = recorded(out) else { return };
    let differences = earlier.differences(now);
    if !differences.is_empty() {
        let shown = out.display();
        let differences: String =
            differences.iter().map(|difference| format!("  = {difference}\n")).collect();
        terminal.remark(&format!(
            "note: {shown} holds results of another run, which this one replaces\n{differences}  help: `--out` chooses another folder"
        ));
    }
}

/// A folder of its own for what an interrupted run leaves.
pub fn incomplete(out: &Path) -> PathBuf {
    let mut name = out.file_name().map(|name| name.to_os_string()).unwrap_or_default();
    name.push("-incomplete");
    out.with_file_name(name)
}

/// Removes what the same run left when it was interrupted, once its results are whole.
pub fn remove_incomplete(terminal: &Terminal, out: &Path, now: &Manifest) {
    let left = incomplete(out);
    if recorded(&left).is_some_and(|earlier| earlier.differences(now).is_empty())
        && let Err(error) = remove_folder(&left)
    {
        terminal.remark(&format!("note: {} can be removed: {error}", left.display()));
    }
}
