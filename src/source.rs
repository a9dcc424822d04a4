//! Where a scope comes from: the program itself, by name, or a file, by path.

use std::path::Path;

use spillway_model::Scope;
use spillway_model::scope::{BUILTIN, BuiltinError, builtin_file_name};
use spillway_properties::SOMETIMES_NAMES;

use crate::failure::Failure;

/// The scope of a check that names none.
pub(crate) const DEFAULT: &str = "default";

/// A scope and the text that it was read from.
pub(crate) struct Source {
    /// Its text.
    pub(crate) text: String,
    /// The scope in it.
    pub(crate) scope: Scope,
}

/// Reads the scope that somebody named: a path if it has a `/` or ends in `.toml`, else the name of a builtin one.
///
/// # Errors
/// There is none of this name, the file cannot be read, or it is at fault.
pub(crate) fn load(name: &str) -> Result<Source, Failure> {
    let (file, text) = if name.contains('/') || name.ends_with(".toml") {
        (name.to_owned(), read(Path::new(name))?)
    } else {
        builtin(name)?
    };
    match Scope::parse_all(&file, &text, SOMETIMES_NAMES) {
        Ok(scope) => Ok(Source { text, scope }),
        Err(errors) => Err(Failure::Scope { text, errors }),
    }
}

fn builtin(name: &str) -> Result<(String, String), Failure> {
    if let Some((_, text)) = BUILTIN.iter().find(|(known, _)| *known == name) {
        return Ok((builtin_file_name(name), (*text).to_owned()));
    }
    let unknown = match Scope::builtin(name, SOMETIMES_NAMES) {
        Err(error @ BuiltinError::Unknown { .. }) => error.to_string(),
        _ => format!("no builtin scope is named `{name}`"),
    };
    Err(Failure::Input(format!("{unknown} (the path of a file has a `/` or ends in `.toml`)")))
}

fn read(path: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::Input(format!("{}: {why}", path.display()));
    let bytes = std::fs::read(path)
        .map_err(|error| failed(format!("cannot be read: {error}; expected a scope file")))?;
    String::from_utf8(bytes).map_err(|error| {
        failed(format!(
            "it is not UTF-8 from byte {} on; expected a scope file",
            error.utf8_error().valid_up_to() + 1
        ))
    })
}
