//! Interruption: the first asks a command to stop and to report what it has covered, the second ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;
use crate::failure::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Takes interruptions from now on.
///
/// # Errors
/// If the system does not let it.
pub(crate) fn watch() -> Result<(), Failure> {
    let handler = || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Inconclusive as i32);
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::Input(format!("interruptions cannot be watched: {error}")))
}

/// Whether somebody asked to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
