//! What lies where results go: those of an earlier run, and what an interrupted one left.

use std::path::{Path, PathBuf};

use loophole::encoding::sha256;
use loophole::export::folder::{MANIFEST, read_file, remove_folder};
use loophole::export::manifest::{MAX_BYTES, Manifest, ResultFile};

use super::terminal::Terminal;

/// The record of the results in a folder, or why it cannot be read; none where there is no record.
fn recorded(folder: &Path) -> Option<Result<Manifest, String>> {
    let path = folder.join(MANIFEST);
    path.exists().then(|| {
        let bytes = read_file(&path, MAX_BYTES).map_err(|why| format!("cannot be read: {why}"))?;
        let text = std::str::from_utf8(&bytes).map_err(|why| format!("is no text: {why}"))?;
        Manifest::read(text).map_err(|problems| problems.into_iter().next().unwrap_or_default())
    })
}

/// Says so where results of another run lie at `out` and would be replaced, and how it differed.
pub fn point_out(terminal: &Terminal, out: &Path, now: &Manifest) {
    let (shown, help) = (out.display(), "  = help: `--out` chooses another folder");
    match recorded(out) {
        None => {}
        Some(Ok(earlier)) => {
            let differences = earlier.differences(now);
            if !differences.is_empty() {
                let listed: String = differences.iter().map(|it| format!("  = {it}\n")).collect();
                terminal.remark(&format!(
                    "note: {shown} holds results of another run, which this one replaces\n{listed}{help}"
                ));
            }
        }
        Some(Err(why)) => {
            let why = why.lines().next().unwrap_or_default();
            terminal.remark(&format!(
                "note: {shown} holds results whose {MANIFEST} {why}; this run replaces them\n{help}"
            ));
        }
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
    let Some(Ok(earlier)) = recorded(&left) else { return };
    let untouched = |file: &ResultFile| {
        let bytes = read_file(&left.join(&file.name), file.bytes as u64);
        bytes.is_ok_and(|bytes| sha256(&bytes) == file.sha256)
    };
    if !earlier.incomplete || !earlier.differences(now).is_empty() || !earlier.results.iter().all(untouched) {
        return;
    }
    if let Err(error) = remove_folder(&left) {
        terminal.remark(&format!("note: {} was left as it is: {error}", left.display()));
    }
}
