//! Where the texts of a scenario come from: the disk, or a record of an earlier run.
//!
//! A scenario is often somebody else's. What it names is read only below the folders of the files that the user named
//! himself, links followed, unless that is lifted; nothing is read that is large or no text. A record answers with
//! the texts that were read when it was made, by the names they had, and the disk is not touched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::slipped;

/// Largest file read, in bytes.
pub const MAX_BYTES: u64 = 10_000_000;

/// Where texts come from: some are held, the others lie on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Texts {
    disk: Disk,
    /// What is named below these is held or nowhere.
    roots: Vec<PathBuf>,
    held: Arc<BTreeMap<PathBuf, Arc<str>>>,
}

/// What may be read on disk.
#[derive(Clone, Debug, PartialEq)]
enum Disk {
    Nothing,
    /// These folders, canonical, and those below.
    Within(Vec<PathBuf>),
    Anything,
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::disk(false)
    }
}

impl Texts {
    /// The disk: the folders of the files the user names and those below, or `anywhere`.
    pub fn disk(anywhere: bool) -> Texts {
        let disk = if anywhere { Disk::Anything } else { Disk::Within(Vec::new()) };
        Texts { disk, roots: Vec::new(), held: Arc::default() }
    }

    /// Nothing but these texts, by the names they were read under.
    pub fn held(texts: impl IntoIterator<Item = (String, String)>) -> Texts {
        let held = texts.into_iter().map(|(name, text)| (PathBuf::from(name), text.into())).collect();
        Texts { disk: Disk::Nothing, roots: Vec::new(), held: Arc::new(held) }
    }

    /// Lets what is named below `root` be held or nowhere.
    pub fn shelve(&mut self, root: PathBuf) {
        self.roots.push(root);
    }

    /// Holds a text.
    ///
    /// # Errors
    /// That another text is held under the same name.
    pub fn hold(&mut self, path: &Path, text: Arc<str>) -> Result<(), String> {
        if self.held.get(path).is_some_and(|old| *old != text) {
            return Err(format!("two different files are both called {}", path.display()));
        }
        Arc::make_mut(&mut self.held).insert(path.to_path_buf(), text);
        Ok(())
    }

    /// Names of the texts held.
    pub fn names(&self) -> impl Iterator<Item = &Path> {
        self.held.keys().map(PathBuf::as_path)
    }

    /// All that either gives; where both hold a text, this one's.
    pub fn and(&self, other: &Texts) -> Texts {
        let disk = match (&self.disk, &other.disk) {
            (Disk::Anything, _) | (_, Disk::Anything) => Disk::Anything,
            (Disk::Nothing, one) | (one, Disk::Nothing) => one.clone(),
            (Disk::Within(a), Disk::Within(b)) => Disk::Within(a.iter().chain(b).cloned().collect()),
        };
        let held = other.held.iter().chain(self.held.iter());
        Texts {
            disk,
            roots: self.roots.iter().chain(&other.roots).cloned().collect(),
            held: Arc::new(held.map(|(path, text)| (path.clone(), text.clone())).collect()),
        }
    }

    /// Lets files in `folder` and below be read, since the user named a file of it.
    pub fn allow(&mut self, folder: &Path) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if let Disk::Within(within) = &mut self.disk
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
        if let Some(answer) = self.shelf(path) {
            return answer;
        }
        self.allow(path.parent().unwrap_or(Path::new("")));
        read_text(path).map_err(|why| Unread { why, hint: neighbour(path) })
    }

    /// The text at a path that a scenario names.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn read(&self, path: &Path) -> Result<String, Unread> {
        if let Some(answer) = self.shelf(path) {
            return answer;
        }
        let canonical = path.canonicalize();
        let allowed = |path: &Path| match &self.disk {
            Disk::Within(within) => within.iter().any(|folder| path.starts_with(folder)),
            Disk::Anything => true,
            Disk::Nothing => false,
        };
        if canonical.as_ref().is_ok_and(|path| !allowed(path)) {
            return Err(Unread {
                why: "it lies outside the scenario's folder".into(),
                hint: Some("copy it there, or allow files from elsewhere with `--allow-outside`".into()),
            });
        }
        if canonical.is_ok_and(|path| !path.is_file() && !path.is_dir()) {
            return Err(Unread::because("it is no file but a device, a pipe or a socket"));
        }
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        let may_look = folder.is_some_and(|folder| allowed(&folder));
        read_text(path).map_err(|why| Unread { why, hint: may_look.then(|| neighbour(path)).flatten() })
    }

    /// What is held under a path, or that nothing is where it would have to be.
    fn shelf(&self, path: &Path) -> Option<Result<String, Unread>> {
        match self.held.get(path) {
            Some(text) => Some(Ok(text.to_string())),
            None if self.disk == Disk::Nothing || self.roots.iter().any(|root| path.starts_with(root)) => {
                Some(Err(Unread::because("it is not among the files that the saved results hold")))
            }
            None => None,
        }
    }

    /// What tells two paths to the same text.
    pub fn identity(&self, path: &Path) -> PathBuf {
        match self.shelf(path) {
            Some(_) => path.to_path_buf(),
            None => path.canonicalize().unwrap_or_else(|_| path.to_path_buf()),
        }
    }
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// In words.
    pub why: String,
    /// What can be done, if something can.
    pub hint: Option<String>,
}

impl Unread {
    fn because(why: impl Into<String>) -> Unread {
        Unread { why: why.into(), hint: None }
    }
}

/// The file that was meant by the name of one that is not there: of its folder, nearly of its name, and of its kind.
fn neighbour(path: &Path) -> Option<String> {
    if path.exists() {
        return None;
    }
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names: Vec<String> = (std::fs::read_dir(folder).ok()?.flatten())
        .filter(|entry| entry.path().extension() == path.extension())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    slipped(name, names.iter().map(String::as_str)).map(|near| format!("did you mean {near:?}?"))
}

/// The text of a file no larger than [`MAX_BYTES`].
///
/// # Errors
/// Says why it cannot be read.
pub fn read_text(path: &Path) -> Result<String, String> {
    read_limited(path, MAX_BYTES)
}

/// The text of a file no larger than `most` bytes.
///
/// # Errors
/// Says why it cannot be read.
pub fn read_limited(path: &Path, most: u64) -> Result<String, String> {
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
    std::fs::File::open(path).map_err(missing)?.take(most + 1).read_to_end(&mut bytes).map_err(missing)?;
    if bytes.len() as u64 > most {
        return Err(format!("{} bytes, allowed are {most}", about.len().max(most + 1)));
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}
