//! Where a scope comes from: the program itself, by name, or a file, by path.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use spillway_model::Scope;
use spillway_model::scope::limits::FILE_BYTES_MAX;
use spillway_model::scope::pairs::{self, FEATURES};
use spillway_model::scope::{BUILTIN, BuiltinError, builtin_file_name};
use spillway_properties::SOMETIMES_NAMES;
use spillway_properties::catalog::nearest;

use crate::failure::Failure;
use crate::output;

/// The scope of a check that names none.
pub(crate) const DEFAULT: &str = "default";

/// A scope and the text that it was read from.
pub(crate) struct Source {
    /// Its text.
    pub(crate) text: String,
    /// The scope in it.
    pub(crate) scope: Scope,
    /// The file, as it was named, unless it is a builtin one.
    pub(crate) file: Option<String>,
}

/// Reads the scope that somebody named: a path if it has a `/` or ends in `.toml`, else the name of a builtin one.
///
/// # Errors
/// There is none of this name, the file cannot be read, or it is at fault.
pub(crate) fn load(name: &str) -> Result<Source, Failure> {
    let from_file = name.contains('/') || name.ends_with(".toml");
    let (file, text) = match from_file {
        true => (name.to_owned(), read(Path::new(name))?),
        false => builtin(name)?,
    };
    match Scope::parse_all(&file, &text, SOMETIMES_NAMES) {
        Ok(scope) => {
            let file = from_file.then_some(file);
            file.iter().for_each(|file| warn_of_name(file, &scope));
            Ok(Source { text, scope, file })
        }
        Err(errors) => Err(Failure::Scope { text, errors }),
    }
}

/// A copied scope keeps the name of the one that it was copied from, and reports and traces bear it.
fn warn_of_name(file: &str, scope: &Scope) {
    if Path::new(file).file_stem().is_none_or(|stem| stem != scope.name.as_str()) {
        output::warning(&format!("{file}: the scope in it is named `{}`", scope.name));
    }
}

fn builtin(name: &str) -> Result<(String, String), Failure> {
    if let Some((_, text)) = BUILTIN.iter().find(|(known, _)| *known == name) {
        return Ok((builtin_file_name(name), (*text).to_owned()));
    }
    if let Some(scope) = pairs::named(name) {
        return Ok((builtin_file_name(name), scope.to_toml()));
    }
    if let Some(why) = no_pair(name) {
        return Err(Failure::Input(why));
    }
    let unknown = match Scope::builtin(name, SOMETIMES_NAMES) {
        Err(error @ BuiltinError::Unknown { .. }) => error.to_string(),
        _ => format!("no builtin scope is named `{name}`"),
    };
    Err(Failure::Input(format!("{unknown} (the path of a file has a `/` or ends in `.toml`)")))
}

/// Why this is no pair of features, if it is written like one.
fn no_pair(name: &str) -> Option<String> {
    let (a, b) = name.split_once(pairs::BETWEEN)?;
    let known = || FEATURES.iter().map(|feature| feature.name);
    let Some(unknown) = [a, b].into_iter().find(|half| !known().any(|name| name == *half)) else {
        let expected = "expected two features that go together";
        return Some(format!("`{name}` is no pair; {expected}, as `spillway pairs` checks them"));
    };
    let help = match nearest(unknown, known()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`spillway pairs --list` lists them".to_owned(),
    };
    Some(format!("`{name}` is no pair: no feature is called `{unknown}`; {help}"))
}

/// The text of a scope file.
fn read(path: &Path) -> Result<String, Failure> {
    let failed =
        |place: &str, why: String| Failure::Input(format!("{}{place}: {why}", path.display()));
    let bytes = read_bounded(path, FILE_BYTES_MAX)
        .map_err(|error| failed("", format!("cannot be read: {error}; expected a scope file")))?;
    let Some(bytes) = bytes else {
        let why = "the file is too long; expected at most";
        return Err(failed(":1:1", format!("{why} {FILE_BYTES_MAX} bytes")));
    };
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        let why = format!("it is not UTF-8 from byte {} on; expected a scope file", good + 1);
        failed(&format!(":{line}"), why)
    })
}

/// The bytes of a file, or none if they are more than this: some files, as those of devices, have no end.
///
/// # Errors
/// What the system says.
pub(crate) fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= bytes_max).then_some(bytes))
}
