//! The only writer: a folder of results that appears whole or not at all.
//!
//! Files are written into a hidden folder beside the target and the target is swapped in by renaming, so that a failure
//! (a full disk, a folder that may not be written) leaves what was there before and nothing half-written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::engine::parallel;

/// The file that lists a folder's results.
pub const MANIFEST: &str = "manifest.json";

/// Files to be written together, by relative name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folder {
    files: Vec<(String, Vec<u8>)>,
}

/// Writing failed; nothing was changed.
#[derive(Debug)]
pub struct WriteError {
    /// What was being done.
    pub doing: &'static str,
    /// To which file or folder.
    pub path: PathBuf,
    /// Why it failed.
    pub why: io::Error,
    /// The flag that chooses another place; empty if there is none.
    pub flag: &'static str,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.doing, self.path.display(), self.why)?;
        let (remedy, place) = match self.why.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ("free some space", "another"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ("allow writing there", "one you may write to")
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => ("move it away", "another"),
            io::ErrorKind::FileTooLarge => ("allow larger files (`ulimit -f`)", "another place"),
            _ if self.flag.is_empty() => return Ok(()),
            _ => return write!(f, "\n  hint: choose another place with {}", self.flag),
        };
        match self.flag {
            "" => write!(f, "\n  hint: {remedy}"),
            flag => write!(f, "\n  hint: {remedy}, or choose {place} with {flag}"),
        }
    }
}

impl std::error::Error for WriteError {}

impl Folder {
    /// Adds a file; `name` may contain `/`.
    pub fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.push((name.into(), bytes.into()));
    }

    /// Continues the file that was added last if it is of this name, and else adds it.
    pub fn append(&mut self, name: String, bytes: Vec<u8>) {
        match self.files.last_mut() {
            Some((last, begun)) if *last == name => begun.extend(bytes),
            _ => self.add(name, bytes),
        }
    }

    /// Names and contents, in order of adding.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// Writes the folder to `target`, replacing a folder of that name.
    ///
    /// # Errors
    /// [`WriteError`]; `target` is then as it was.
    pub fn write(&self, target: &Path) -> Result<(), WriteError> {
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        writable(target)?;
        std::fs::create_dir_all(parent).map_err(fail("create the folder", parent))?;
        let fresh = tempfile::Builder::new()
            .prefix(".loophole-")
            .tempdir_in(parent)
            .map_err(fail("write into", parent))?;
        for (name, _) in &self.files {
            if let Some(folder) = fresh.path().join(name).parent() {
                std::fs::create_dir_all(folder).map_err(fail("create the folder", &target.join(name)))?;
            }
        }
        let write = |(name, bytes): &(String, Vec<u8>)| {
            std::fs::write(fresh.path().join(name), bytes).map_err(fail("write", &target.join(name)))
        };
        parallel::map(&self.files, parallel::processors(), write).into_iter().collect::<Result<(), _>>()?;
        readable_by_all(fresh.path()).map_err(fail("set permissions of", target))?;
        if target.exists() {
            // The old folder is now in the fresh one's place and goes with it.
            return exchange(fresh.path(), target, parent).map_err(fail("replace", target));
        }
        std::fs::rename(fresh.path(), target).map_err(fail("write the folder", target))?;
        let _renamed_away = fresh.keep();
        Ok(())
    }
}

fn fail(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_path_buf();
    move |why| WriteError { doing, path, why, flag: "--out" }
}

/// Whether results can be written to `target`, as far as that can be told before there are any: there is no file in the
/// way, nothing that is not theirs would be lost, and its folder, or the one that it will be made in, can be written.
///
/// # Errors
/// [`WriteError`].
pub fn writable(target: &Path) -> Result<(), WriteError> {
    let is_file = || io::Error::new(io::ErrorKind::NotADirectory, "it is a file");
    match std::fs::metadata(target) {
        Ok(about) if !about.is_dir() => return Err(fail("write the folder", target)(is_file())),
        Ok(_) => {}
        // Below a file nothing is; what is in the way is named further down.
        Err(why) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&why.kind()) => {}
        Err(why) => return Err(fail("write the folder", target)(why)),
    }
    if let Some(stranger) = stranger(target).map_err(fail("read", target))? {
        let lost = format!("{} is not one of its results and would be lost", stranger.display());
        return Err(fail("replace", target)(io::Error::new(io::ErrorKind::AlreadyExists, lost)));
    }
    let above = target.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("."));
    if !above.is_dir() {
        return Err(fail("create a folder below", above)(is_file()));
    }
    tempfile::Builder::new().prefix(".loophole-").tempfile_in(above).map_err(fail("write into", above))?;
    Ok(())
}

/// Puts `fresh` in the place of `target` and the other way round, in one step where the system can: at no moment is there
/// no `target`.
#[cfg(target_os = "linux")]
fn exchange(fresh: &Path, target: &Path, parent: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, fresh, CWD, target, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Some file systems cannot.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => swap(fresh, target, parent),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange(fresh: &Path, target: &Path, parent: &Path) -> io::Result<()> {
    swap(fresh, target, parent)
}

/// As [`exchange`], in two steps; the first is undone if the second fails.
fn swap(fresh: &Path, target: &Path, parent: &Path) -> io::Result<()> {
    let old = tempfile::Builder::new().prefix(".loophole-").tempdir_in(parent)?;
    let aside = old.path().join("old");
    std::fs::rename(target, &aside)?;
    if let Err(why) = std::fs::rename(fresh, target) {
        std::fs::rename(&aside, target)?;
        return Err(why);
    }
    Ok(())
}

/// Writes a file whole or not at all, replacing one of that name and keeping its permissions. `flag` is what the user
/// chose its place with, if anything.
///
/// # Errors
/// [`WriteError`]; the file is then as it was.
pub fn write_file(target: &Path, bytes: &[u8], flag: &'static str) -> Result<(), WriteError> {
    write_file_by(target, flag, |file| file.write_all(bytes))
}

/// [`write_file`] of what `write` writes.
///
/// # Errors
/// [`WriteError`]; the file is then as it was.
pub fn write_file_by(
    target: &Path,
    flag: &'static str,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let fail = |why| WriteError { doing: "write", path: target.to_path_buf(), why, flag };
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Renaming would put a file in the place of a link: what it points to is written.
    let target = target.canonicalize().unwrap_or_else(|_| target.to_path_buf());
    let parent = target.parent().unwrap_or(parent);
    let mut fresh = tempfile::Builder::new().prefix(".loophole-").tempfile_in(parent).map_err(fail)?;
    write(fresh.as_file_mut()).and_then(|()| fresh.as_file().sync_all()).map_err(fail)?;
    match std::fs::metadata(&target) {
        Ok(old) => fresh.as_file().set_permissions(old.permissions()).map_err(fail)?,
        Err(_) => ordinary(fresh.as_file()).map_err(fail)?,
    }
    fresh.persist(&target).map(drop).map_err(|error| fail(error.error))
}

/// Makes the folder that a file will lie in.
///
/// # Errors
/// [`WriteError`].
pub fn make_parent(target: &Path, flag: &'static str) -> Result<(), WriteError> {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::create_dir_all(parent)
            .map_err(|why| WriteError { doing: "create the folder", path: parent.to_path_buf(), why, flag }),
        _ => Ok(()),
    }
}

/// The bytes of a file of at most `limit` bytes.
///
/// # Errors
/// What the system says, or that it is larger.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than the allowed {limit} bytes"),
        ));
    }
    Ok(bytes)
}

/// Removes a file, if it is there.
///
/// # Errors
/// What the system says.
pub fn remove_file(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Removes a folder of results, if nothing else lies in it.
///
/// # Errors
/// What the system says, or what else lies in it.
pub fn remove_folder(target: &Path) -> io::Result<()> {
    if let Some(stranger) = stranger(target)? {
        return Err(io::Error::other(format!("{} is not one of its results", stranger.display())));
    }
    std::fs::remove_dir_all(target)
}

/// A temporary file is private to its owner; results are not.
#[cfg(unix)]
fn ordinary(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn ordinary(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

/// A file in `target` that no earlier run wrote there: neither the manifest nor one of the results it lists.
fn stranger(target: &Path) -> io::Result<Option<PathBuf>> {
    if !target.exists() {
        return Ok(None);
    }
    let listed: Vec<PathBuf> = std::fs::read(target.join(MANIFEST))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .and_then(|manifest| manifest.get("results")?.as_array().cloned())
        .map(|results| {
            results
                .iter()
                .filter_map(|file| file.get("name")?.as_str().map(|name| target.join(name)))
                .collect()
        })
        .unwrap_or_default();
    let mut folders = vec![target.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.path() != target.join(MANIFEST) && !listed.contains(&entry.path()) {
                return Ok(Some(entry.path()));
            }
        }
    }
    Ok(None)
}

/// A temporary folder is private to its owner; results are not.
#[cfg(unix)]
fn readable_by_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn readable_by_all(_: &Path) -> io::Result<()> {
    Ok(())
}
