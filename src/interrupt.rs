//! Interruption: the first asks a command to stop and to report what it has covered; one more, a while later, ends it
//! at once.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::exit::Exit;
use crate::failure::Failure;

/// How long a report may take before impatience is believed. Some tools send every signal twice.
const PATIENCE: Duration = Duration::from_secs(1);

static FIRST: OnceLock<Instant> = OnceLock::new();

/// Takes interruptions from now on.
///
/// # Errors
/// If the system does not let it.
pub(crate) fn watch() -> Result<(), Failure> {
    let handler = || {
        if FIRST.get_or_init(Instant::now).elapsed() >= PATIENCE {
            std::process::exit(Exit::Inconclusive as i32);
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::Input(format!("interruptions cannot be watched: {error}")))
}

/// Whether somebody asked to stop.
pub(crate) fn asked() -> bool {
    FIRST.get().is_some()
}
