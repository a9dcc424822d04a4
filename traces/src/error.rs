//! What can be wrong with a trace, said with its line, what was expected, and the nearest valid name.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a trace is not one, or not one that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The line, from 1; 0 when it is about the file as a whole.
    pub line: u64,
    /// What was found.
    pub what: String,
    /// What should have been there.
    pub expected: String,
    /// The valid name that is nearest to the one found, if one is near.
    pub nearest: Option<String>,
    /// Whether the file ends in the middle of this line, as one does whose writer was killed. What precedes is good.
    pub truncated: bool,
}

impl TraceError {
    pub(crate) fn new(line: u64, what: impl Into<String>, expected: impl Into<String>) -> Self {
        let (what, expected) = (clip(&what.into()), expected.into());
        TraceError { line, what, expected, nearest: None, truncated: false }
    }

    pub(crate) fn near(mut self, nearest: Option<&str>) -> Self {
        self.nearest = nearest.map(str::to_owned);
        self
    }

    pub(crate) fn truncated(mut self) -> Self {
        self.truncated = true;
        self
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}; expected {}", self.what, self.expected)?;
        match &self.nearest {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TraceError {}

/// Why a trace was not written.
#[derive(Debug)]
pub enum WriteError {
    /// The file is there already; a trace is never overwritten.
    Exists(PathBuf),
    /// The system refused.
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// The trace itself breaks a rule that a reader would refuse it for. Nothing of that line was written.
    Invalid(TraceError),
}

impl WriteError {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> WriteError {
        move |source| WriteError::Io { doing: doing.into(), source }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Exists(path) => write!(
                f,
                "`{}` exists already and a trace is never overwritten; choose another name or remove it first",
                path.display()
            ),
            WriteError::Io { doing, source } => write!(f, "{doing}: {source}"),
            WriteError::Invalid(error) => write!(f, "the trace cannot be written: {error}"),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            WriteError::Exists(_) => None,
            WriteError::Io { source, .. } => Some(source),
            WriteError::Invalid(error) => Some(error),
        }
    }
}

impl From<TraceError> for WriteError {
    fn from(error: TraceError) -> Self {
        WriteError::Invalid(error)
    }
}

/// How alike two names must be, from 0 to 1, for one to be suggested in place of the other.
const LIKENESS_MIN: f64 = 0.5;
/// The longest name for which a nearest one is sought; the search takes time proportional to its length.
const NAME_CHARS_MAX: usize = 64;
/// How much of a text found in a file an error message repeats.
const QUOTE_CHARS_MAX: usize = 400;

/// The name most like `word`, if one is like it; of equally like ones the first.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.chars().count() > NAME_CHARS_MAX {
        return None;
    }
    let mut best: Option<(f64, &str)> = None;
    for name in names {
        let likeness = strsim::normalized_damerau_levenshtein(word, name);
        if likeness >= LIKENESS_MIN && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

/// The nearest valid name, taken from the message by which serde refuses an unknown one:
/// "unknown variant `x`, expected one of `a`, `b`". Any other message gives none.
pub(crate) fn nearest_in(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown variant `")?.split('`').step_by(2);
    let word = quoted.next()?;
    nearest(word, quoted)
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
