//! Trace files on behalf of the commands: reading one, the machine that runs it, and names for new ones.

use std::path::{Path, PathBuf};

use spillway_model::{Mutant, Scope};
use spillway_properties::CheckedMachine;
use spillway_traces::{
    Action, Header, Source, Spillway, Trace, TraceError, Verdict, WriteError, record,
};

use crate::failure::Failure;
use crate::output;

/// What every trace file's name ends with.
const EXTENSION: &str = ".trace.ndjson";
/// What the name of one in the Informal Trace Format ends with.
pub(crate) const ITF_EXTENSION: &str = ".itf.json";
/// How often a name is tried with another number.
const NUMBER_MAX: u32 = 9_999;

/// Which system a trace is of: all that it takes to run it again.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The scope.
    pub(crate) scope: Scope,
    /// The seeded bug.
    pub(crate) mutant: Option<Mutant>,
}

impl Subject {
    /// The subject of a trace that was read from this file.
    ///
    /// # Errors
    /// If its header has a scope that is none, or a seeded bug that does not exist.
    pub(crate) fn of(path: &Path, header: &Header) -> Result<Subject, Failure> {
        let failed = |what: String| Failure::Input(format!("{}:1: {what}", path.display()));
        let scope = Scope::from_json(&header.scope)
            .map_err(|error| failed(format!("the scope in the header: {error}")))?;
        let mutant = match &header.mutant {
            None => None,
            Some(name) => Some(name.parse::<Mutant>().map_err(|error| {
                let names = Mutant::ALL.iter().map(|mutant| mutant.name());
                let nearest = spillway_properties::catalog::nearest(name, names);
                let meant = nearest.map(|name| format!("; did you mean `{name}`?"));
                failed(format!("the mutant in the header: {error}{}", meant.unwrap_or_default()))
            })?),
        };
        Ok(Subject { scope, mutant })
    }

    /// A machine in its first state.
    pub(crate) fn machine(&self) -> CheckedMachine {
        CheckedMachine::new(self.scope.clone(), self.mutant)
    }

    /// The trace of a run of it.
    ///
    /// # Errors
    /// If the run is refused, or cannot be written: both are bugs of the program, and told as such.
    pub(crate) fn trace(
        &self,
        actions: &[Action],
        verdict: Verdict,
        property: &str,
    ) -> Result<Trace<Spillway>, Failure> {
        let mut header = Header::new::<Spillway>(Source::Model, 0, self.scope.to_json());
        header.mutant = self.mutant.map(|mutant| mutant.name().to_owned());
        self.trace_under(header, actions, verdict, property)
    }

    /// As [`Subject::trace`], under a header that there is already.
    pub(crate) fn trace_under(
        &self,
        header: Header,
        actions: &[Action],
        verdict: Verdict,
        property: &str,
    ) -> Result<Trace<Spillway>, Failure> {
        let events = record(&mut self.machine(), actions).map_err(|(place, refusal)| {
            Failure::Input(format!("a bug of this program: step {place} of its own run: {refusal}"))
        })?;
        Trace::new(header, events).finish(verdict, Some(property)).map_err(Failure::input)
    }
}

/// Says loudly that what is run has a bug on purpose.
pub(crate) fn warn_of(mutant: Option<Mutant>) {
    if let Some(mutant) = mutant {
        output::warning(&format!("the seeded bug `{mutant}` is on: {}", mutant.about()));
    }
}

/// Reads a trace.
///
/// # Errors
/// With file and line, what was found and what was expected.
pub(crate) fn read(path: &Path) -> Result<Trace<Spillway>, Failure> {
    Trace::open(path).map_err(|error| Failure::Input(place(path, &error)))
}

fn place(path: &Path, error: &TraceError) -> String {
    if error.line == 0 {
        return error.to_string(); // which names the file itself
    }
    let meant = error.nearest.as_ref().map(|name| format!("; did you mean `{name}`?"));
    format!(
        "{}:{}: {}; expected {}{}",
        path.display(),
        error.line,
        error.what,
        error.expected,
        meant.unwrap_or_default()
    )
}

/// Refuses a path under which no new file can be written, before any work is done for it.
///
/// # Errors
/// If something is there already, or its folder is not.
pub(crate) fn refuse_taken(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::input(WriteError::Exists(path.to_owned())));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if !folder.unwrap_or(Path::new(".")).is_dir() {
        return Err(Failure::Input(format!("`{}` is in no folder that exists", path.display())));
    }
    Ok(())
}

/// Writes a trace under a name that is still free in the current folder: `STEM.trace.ndjson`, then `STEM-2`, ….
///
/// # Errors
/// What the system refuses.
pub(crate) fn write_free(trace: &Trace<Spillway>, stem: &str) -> Result<PathBuf, WriteError> {
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let path = PathBuf::from(format!("{stem}{suffix}{EXTENSION}"));
        match trace.write_new(&path) {
            Ok(()) => return Ok(path),
            Err(WriteError::Exists(_)) if number < NUMBER_MAX => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The name of a trace file without its folder and what every such name ends with.
pub(crate) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let known = [EXTENSION, ITF_EXTENSION, ".ndjson", ".json"];
    let stem = known.iter().find_map(|extension| name.strip_suffix(extension));
    stem.unwrap_or(&name).to_owned()
}

/// A path as a shell takes it.
pub(crate) fn shell(path: &Path) -> String {
    let path = path.display().to_string();
    let harmless = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !path.is_empty() && path.chars().all(harmless) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}
