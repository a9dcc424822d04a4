//! Trace files on behalf of the commands: reading one, the machine that runs it, and names for new ones.

use std::path::{Path, PathBuf};

use spillway_impl::bug::Bug;
use spillway_model::{Mutant, Scope};
use spillway_properties::catalog::{self, nearest};
use spillway_properties::{CheckedMachine, SCOPE_BOUNDS};
use spillway_traces::file::{HEADER_LINE, event_line, scope_hash};
use spillway_traces::{
    Action, Expect, Header, Source, Spillway, Trace, TraceError, Verdict, WriteError, from_itf,
    record,
};

use crate::failure::Failure;
use crate::live_folder::Folder;
use crate::run::Watched;
use crate::{output, source};

/// What every trace file's name ends with.
const EXTENSION: &str = ".trace.ndjson";
/// What the name of one in the Informal Trace Format ends with.
const ITF_EXTENSION: &str = ".itf.json";
/// The largest file of that format that is read, which is held in memory as a whole.
const ITF_BYTES_MAX: usize = 64 << 20;
/// How often a name is tried with another number.
const NUMBER_MAX: u32 = 9_999;

/// Which system a trace is of: all that it takes to run it again.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The scope.
    pub(crate) scope: Scope,
    /// The seeded bug of the model.
    pub(crate) mutant: Option<Mutant>,
    /// The seeded bug of the implementation, in a trace that it recorded.
    pub(crate) bug: Option<Bug>,
}

impl Subject {
    /// The subject of a trace that was read from this file.
    ///
    /// # Errors
    /// If its header has a scope that is none, or a seeded bug that does not exist.
    pub(crate) fn of(path: &Path, header: &Header) -> Result<Subject, Failure> {
        let failed = |what: String| Failure::Input(format!("{}: {what}", at(path, HEADER_LINE)));
        let scope = Scope::from_json(&header.scope)
            .map_err(|error| failed(format!("the scope in the header: {error}")))?;
        let of_model = header.source == Source::Model;
        let bug = match &header.mutant {
            Some(name) if !of_model => Some(Bug::named(name).ok_or_else(|| {
                let nearest = nearest(name, Bug::ALL.iter().map(|bug| bug.name()));
                let meant = nearest.map(|name| format!("; did you mean `{name}`?"));
                let meant = meant.unwrap_or_default();
                failed(format!("the mutant in the header: no seeded bug of the implementation is called `{name}`{meant}"))
            })?),
            _ => None,
        };
        let mutant = match header.mutant.as_ref().filter(|_| of_model) {
            None => None,
            Some(name) => Some(name.parse::<Mutant>().map_err(|error| {
                let names = Mutant::ALL.iter().map(|mutant| mutant.name());
                let nearest = nearest(name, names);
                let meant = nearest.map(|name| format!("; did you mean `{name}`?"));
                failed(format!("the mutant in the header: {error}{}", meant.unwrap_or_default()))
            })?),
        };
        Ok(Subject { scope, mutant, bug })
    }

    /// A machine in its first state.
    pub(crate) fn machine(&self) -> CheckedMachine {
        CheckedMachine::new(self.scope.clone(), self.mutant)
    }

    /// The same, watched.
    pub(crate) fn watched(&self) -> Watched {
        Watched::new(self.machine())
    }

    /// The trace of a run of it, from this seed or, where nothing was random, 0.
    ///
    /// # Errors
    /// If the run is refused, or cannot be written: both are bugs of the program, and told as such.
    pub(crate) fn trace(
        &self,
        seed: u64,
        actions: &[Action],
        verdict: Verdict,
        property: &str,
    ) -> Result<Trace<Spillway>, Failure> {
        let mut header = Header::new::<Spillway>(Source::Model, seed, self.scope.to_json());
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

/// Reads a trace, in the Informal Trace Format if its name says so; of a folder, the files of its live nodes as one. If a scope is named it must be of that one; an ITF
/// trace without a header of ours is taken to be.
///
/// # Errors
/// With file and line, what was found and what was expected.
pub(crate) fn read(path: &Path, scope: Option<&str>) -> Result<Trace<Spillway>, Failure> {
    let header = match scope {
        Some(name) => {
            Some(Header::new::<Spillway>(Source::Model, 0, source::load(name)?.scope.to_json()))
        }
        None => None,
    };
    let trace = match is_itf(path) {
        true => import(path, header.clone())?,
        false if path.is_dir() => Folder::read(path)?.trace,
        false => Trace::open(path).map_err(|error| Failure::Input(place(path, &error)))?,
    };
    if let Some(header) = header {
        refuse_other(path, &header, &trace)?;
    }
    refuse_unknown(path, &trace)?;
    Ok(trace)
}

/// Whether a trace is in the Informal Trace Format.
pub(crate) fn is_itf(path: &Path) -> bool {
    path.to_string_lossy().ends_with(ITF_EXTENSION)
}

fn import(path: &Path, header: Option<Header>) -> Result<Trace<Spillway>, Failure> {
    let failed = |what: String| Failure::Input(format!("{}: {what}", path.display()));
    let bytes = source::read_bounded(path, ITF_BYTES_MAX)
        .map_err(|error| failed(format!("cannot be read: {error}; expected an ITF trace")))?;
    let too_long = || failed(format!("it is too long; expected at most {ITF_BYTES_MAX} bytes"));
    let text = String::from_utf8(bytes.ok_or_else(too_long)?)
        .map_err(|_| failed("it is not UTF-8; expected an ITF trace".to_owned()))?;
    from_itf(&text, header).map_err(|error| failed(error.to_string()))
}

/// Refuses a trace of another scope than that of this header.
fn refuse_other(path: &Path, wanted: &Header, trace: &Trace<Spillway>) -> Result<(), Failure> {
    // The file's own hash was compared with its scope when it was read.
    if scope_hash(&wanted.scope) == trace.header.scope_hash {
        return Ok(());
    }
    let name = |header: &Header| header.scope["name"].as_str().unwrap_or("?").to_owned();
    Err(Failure::Input(format!(
        "{}: a trace of another scope: `{}` with hash {}; expected `{}` with hash {}",
        at(path, HEADER_LINE),
        name(&trace.header),
        trace.header.scope_hash,
        name(wanted),
        wanted.scope_hash
    )))
}

/// Refuses a trace that names a property that there is not: nothing could confirm what it says.
fn refuse_unknown(path: &Path, trace: &Trace<Spillway>) -> Result<(), Failure> {
    let expected = match &trace.header.expect {
        Some(Expect::Violates { property, .. }) => Some((HEADER_LINE, property)),
        _ => None,
    };
    let ended = trace.end.as_ref().and_then(|end| end.property.as_ref());
    let ended = ended.map(|property| (event_line(trace.events.len() as u64), property));
    for (line, property) in expected.into_iter().chain(ended) {
        if property != SCOPE_BOUNDS && catalog::find(property).is_err() {
            return Err(Failure::Input(format!("{}: {}", at(path, line), no_property(property))));
        }
    }
    Ok(())
}

fn no_property(name: &str) -> String {
    let names = catalog::all().map(|known| known.name).chain([SCOPE_BOUNDS]);
    let help = match nearest(name, names) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`spillway properties` lists them".to_owned(),
    };
    format!("no property is called `{name}`; {help}")
}

/// A line of a trace file. The Informal Trace Format has no lines that mean anything.
pub(crate) fn at(path: &Path, line: u64) -> String {
    if is_itf(path) { path.display().to_string() } else { format!("{}:{line}", path.display()) }
}

/// That a guard refuses an event of a trace, as an error.
pub(crate) fn refused(path: &Path, event: u64, guard: &str, reason: &str) -> String {
    let place = at(path, event_line(event));
    format!(
        "{place}: the trace does not apply: event {event} is refused by guard `{guard}`: {reason}"
    )
}

/// That an event of a trace is seen otherwise than recorded, as an error.
pub(crate) fn differs(path: &Path, event: u64, field: &str, recorded: &str, got: &str) -> String {
    let place = at(path, event_line(event));
    format!("{place}: event {event} differs in `{field}`: got {got}; recorded was {recorded}")
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

/// What a further trace is called that goes into the folder of this one: a path without what every such name ends with.
pub(crate) fn beside(path: &Path, property: &str) -> String {
    path.with_file_name(format!("{}.{property}", stem(path))).display().to_string()
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
