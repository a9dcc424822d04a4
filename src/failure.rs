//! What keeps a command from being run at all: bad usage, bad input or a bound that is full, told on standard error.

use std::io::IsTerminal;
use std::ops::Range;

use ariadne::{CharSet, Config, IndexType, Label, Report, ReportKind};
use spillway_model::scope::ScopeError;

use crate::exit::Exit;
use crate::{output, style};

/// Why a command was not run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// In a sentence.
    Input(String),
    /// In a sentence: a bound was hit before there was anything to work on.
    Inconclusive(String),
    /// A scope file is at fault, here and there.
    Scope {
        /// The text of the file.
        text: String,
        /// At least one.
        errors: Vec<ScopeError>,
    },
}

impl Failure {
    /// Anything that says for itself what was wrong and what was expected.
    pub(crate) fn input(what: impl std::fmt::Display) -> Failure {
        Failure::Input(what.to_string())
    }

    /// Tells it on standard error.
    pub(crate) fn tell(self) -> Exit {
        match self {
            Failure::Input(what) => output::error(&what),
            Failure::Inconclusive(what) => {
                output::error(&what);
                return Exit::Inconclusive;
            }
            Failure::Scope { text, errors } => {
                for error in errors {
                    // The plain line comes first, so that it greps; the excerpt is for eyes.
                    output::error(&error.to_string());
                    if std::io::stderr().is_terminal() {
                        output::to_stderr(&excerpt(&text, &error));
                    }
                }
            }
        }
        Exit::BadInput
    }
}

/// The lines at fault, with the place marked.
fn excerpt(text: &str, error: &ScopeError) -> String {
    let span: (&str, Range<usize>) = (&error.file, visible(text, &error.span));
    let config = Config::default()
        .with_index_type(IndexType::Byte)
        .with_char_set(CharSet::Unicode)
        .with_compact(true)
        .with_color(style::stderr_has_colour());
    let hint = error.nearest.as_ref().map(|name| format!("did you mean `{name}`?"));
    let hint = hint.unwrap_or_else(|| "here".to_owned());
    let label = Label::new(span.clone()).with_color(ariadne::Color::Red).with_message(hint);
    let report = Report::build(ReportKind::Error, span).with_config(config).with_label(label);
    let mut drawn = Vec::new();
    let source = (error.file.as_str(), ariadne::Source::from(text));
    if report.finish().write(source, &mut drawn).is_err() {
        return String::new();
    }
    // Its first line is a headline, which is told already.
    let drawn = String::from_utf8_lossy(&drawn);
    drawn.split_once('\n').map_or(String::new(), |(_, lines)| lines.to_owned())
}

/// A place that can be seen: an empty one is widened by a character, where there is one.
fn visible(text: &str, span: &Range<usize>) -> Range<usize> {
    let next = text[span.start..].chars().next().map_or(0, char::len_utf8);
    span.start..span.end.max(span.start + next)
}
