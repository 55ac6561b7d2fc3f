//! Checkpoints of long runs: a file beside the folder of results that is replaced whole, and removed when the results are
//! written.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use loophole::engine::progress::{Progress, Unusable};
use loophole::export::folder::{make_parent, read_file, remove_file, write_file_by};
use loophole::export::manifest::Manifest;

use super::terminal::Terminal;

/// Keeps what is done of one run.
pub struct Keeper<'a> {
    terminal: &'a Terminal,
    path: PathBuf,
    every: Duration,
    manifest: Manifest,
    /// The manifest as text.
    identity: String,
    last: Mutex<Instant>,
    /// The run goes on when what is done cannot be kept; that is told once.
    told: AtomicBool,
}

impl<'a> Keeper<'a> {
    /// For a run whose results go to `out`, by its manifest.
    pub fn new(terminal: &'a Terminal, out: &Path, every: Duration, manifest: Manifest) -> Keeper<'a> {
        let mut name = out.file_name().map(|name| name.to_os_string()).unwrap_or_default();
        name.push(".checkpoint");
        let path = out.with_file_name(name);
        Keeper {
            terminal,
            path,
            every,
            identity: manifest.to_json(),
            manifest,
            last: Mutex::new(Instant::now()),
            told: AtomicBool::new(false),
        }
    }

    /// What an earlier run left, if it is to be continued.
    ///
    /// # Errors
    /// Says why it cannot be.
    pub fn find(&self, resume: bool) -> Result<Option<Progress>, String> {
        let shown = self.path.display();
        if !resume {
            if self.path.exists() {
                self.terminal.remark(&format!(
                    "note: {shown} holds what an interrupted run had done; this run starts anew and will replace it \
                     (`--resume` continues it)"
                ));
            }
            return Ok(None);
        }
        let bytes = match read_file(&self.path, u64::MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.terminal.remark(&format!("note: there is no {shown}; starting from the first path"));
                return Ok(None);
            }
            Err(error) => return Err(format!("cannot read {shown}: {error}")),
        };
        let remedy = "run without `--resume` to start anew";
        Progress::from_bytes(&bytes, &self.identity).map(Some).map_err(|why| {
            let differs = match &why {
                Unusable::OtherRun(text) => self.differs_from(text),
                _ => String::new(),
            };
            format!("cannot continue from {shown}: {why}{differs}\n  hint: {remedy}")
        })
    }

    /// What a run that was recorded so had differently, a line each.
    fn differs_from(&self, recorded: &str) -> String {
        let differences =
            Manifest::read(recorded).map(|manifest| manifest.differences(&self.manifest)).unwrap_or_default();
        differences.iter().map(|difference| format!("\n  = {difference}")).collect()
    }

    /// Whether it is time to set down what is done.
    pub fn due(&self) -> bool {
        let last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        last.elapsed() >= self.every
    }

    /// Sets down what is done. Writing takes at most about a tenth of the time: if it is slow, the next is later.
    pub fn keep(&self, progress: &Progress) {
        let begun = Instant::now();
        let write = |file: &mut dyn std::io::Write| progress.write_to(&self.identity, file);
        let written =
            make_parent(&self.path, "--out").and_then(|()| write_file_by(&self.path, "--out", write));
        if let Err(why) = written
            && !self.told.swap(true, Ordering::Relaxed)
        {
            self.terminal.remark(&format!(
                "warning: the checkpoint cannot be written, so that a resumed run would repeat work: {why}"
            ));
        }
        let took = begun.elapsed();
        let pause = (10 * took).saturating_sub(self.every);
        *self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now() + pause;
    }

    /// Says what can be taken up again, if something was set down.
    pub fn point_out(&self) {
        if self.path.exists() {
            let shown = self.path.display();
            self.terminal
                .remark(&format!("note: {shown} holds what was done last; `--resume` continues from it"));
        }
    }

    /// Removes what was set down, once the results are written.
    pub fn remove(&self) {
        if let Err(error) = remove_file(&self.path) {
            self.terminal.remark(&format!("note: {} can be removed: {error}", self.path.display()));
        }
    }
}
