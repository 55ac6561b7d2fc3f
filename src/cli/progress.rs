//! The progress bar on standard error: paths done, rate, time left. Only on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `paths`; hidden unless `live`.
pub fn bar(paths: usize, live: bool) -> ProgressBar {
    let target = if live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(paths as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} paths  {per_sec}  {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
