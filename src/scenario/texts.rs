//! Where the texts of a scenario come from: the disk, or a record of an earlier run.
//!
//! A scenario is often somebody else's. What it names is read only below the folders of the files that the user named
//! himself, links followed, unless that is lifted; nothing is read that is large or no text. A record answers with
//! the texts that were read when it was made, by the names they had, and the disk is not touched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest file read, in bytes.
pub const MAX_BYTES: u64 = 10_000_000;

/// Where texts come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Texts {
    /// Files.
    Disk {
        /// Folders that may be read, canonical: those of the files the user named.
        within: Vec<PathBuf>,
        /// Any folder may be read.
        anywhere: bool,
    },
    /// Texts by the names they were read under.
    Held(Arc<BTreeMap<String, String>>),
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::disk(false)
    }
}

impl Texts {
    /// The disk, below the folders of the files the user names or `anywhere`.
    pub fn disk(anywhere: bool) -> Texts {
        Texts::Disk { within: Vec::new(), anywhere }
    }

    /// Lets files in `folder` and below be read, since the user named a file of it.
    pub fn allow(&mut self, folder: &Path) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if let Texts::Disk { within, .. } = self
            && let Ok(canonical) = folder.canonicalize()
            && !within.contains(&canonical)
        {
            within.push(canonical);
        }
    }

    /// The text at a path that the user named; others of its folder may be read from now on.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn read_named(&mut self, path: &Path) -> Result<String, Unread> {
        self.allow(path.parent().unwrap_or(Path::new("")));
        match self {
            Texts::Held(texts) => held(texts, path),
            Texts::Disk { .. } => read_text(path).map_err(Unread::because),
        }
    }

    /// The text at a path that a scenario names.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn read(&self, path: &Path) -> Result<String, Unread> {
        match self {
            Texts::Held(texts) => held(texts, path),
            Texts::Disk { within, anywhere } => {
                let canonical = path.canonicalize();
                let inside = |path: &PathBuf| within.iter().any(|folder| path.starts_with(folder));
                if !anywhere && canonical.as_ref().is_ok_and(|path| !inside(path)) {
                    return Err(Unread {
                        why: "it lies outside the scenario's folder".into(),
                        hint: Some("copy it there, or allow files from elsewhere with `--allow-outside`"),
                    });
                }
                if canonical.is_ok_and(|path| !path.is_file() && !path.is_dir()) {
                    return Err(Unread::because("it is no file but a device, a pipe or a socket"));
                }
                read_text(path).map_err(Unread::because)
            }
        }
    }

    /// What tells two paths to the same text.
    pub fn identity(&self, path: &Path) -> PathBuf {
        match self {
            Texts::Held(_) => path.to_path_buf(),
            Texts::Disk { .. } => path.canonicalize().unwrap_or_else(|_| path.to_path_buf()),
        }
    }
}

fn held(texts: &BTreeMap<String, String>, path: &Path) -> Result<String, Unread> {
    let name = path.display().to_string();
    texts.get(&name).cloned().ok_or_else(|| Unread::because("not among the recorded files"))
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// In words.
    pub why: String,
    /// What can be done, if something can.
    pub hint: Option<&'static str>,
}

impl Unread {
    fn because(why: impl Into<String>) -> Unread {
        Unread { why: why.into(), hint: None }
    }
}

/// The text of a file no larger than [`MAX_BYTES`].
///
/// # Errors
/// Says why it cannot be read.
pub fn read_text(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let missing = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_string(),
        std::io::ErrorKind::PermissionDenied => "no permission".to_string(),
        _ => error.to_string(),
    };
    let about = std::fs::metadata(path).map_err(missing)?;
    if about.is_dir() {
        return Err("is a folder".into());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(missing)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(missing)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("{} bytes, allowed are {MAX_BYTES}", about.len().max(MAX_BYTES + 1)));
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}
