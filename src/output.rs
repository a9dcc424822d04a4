//! Standard output, which gets the result and nothing else, and standard error, which gets everything else.
//!
//! Both are written whole and never panic: whoever reads may go away, as `head` does.

use std::io::{self, Write};
use std::path::Path;

use crate::failure::Failure;
use crate::style;

/// Writes a result. Colour is left out where standard output shows none.
///
/// # Errors
/// If it cannot be written for another reason than that nobody reads it any more.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Input(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a result to a new file if one is given, without colour, else to standard output.
///
/// # Errors
/// If there is such a file, which stays as it is, or if it cannot be written.
pub(crate) fn result_to(text: &str, out: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = out else { return result(text) };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Input(format!(
            "`{}` exists already, and nothing is written over; choose another name or remove it first",
            path.display()
        )),
        _ => Failure::Input(format!("`{}` cannot be written: {error}", path.display())),
    };
    let mut file = io::BufWriter::new(std::fs::File::create_new(path).map_err(failed)?);
    let text = anstream::adapter::strip_str(text).to_string();
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(failed)
}

/// Tells an error.
pub(crate) fn error(what: &str) {
    to_stderr(&format!("{} {what}\n", style::bad("error:")));
}

/// Tells something that must not be overlooked.
pub(crate) fn warning(what: &str) {
    to_stderr(&format!("{} {what}\n", style::warn("warning:")));
}

/// Tells something that may surprise.
pub(crate) fn note(what: &str) {
    to_stderr(&format!("{} {what}\n", style::strong("note:")));
}

/// Writes to standard error, as far as anybody listens.
pub(crate) fn to_stderr(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
