//! How results are written: for people, and for four kinds of program.

pub(crate) mod github;
pub(crate) mod junit;
pub(crate) mod number;
pub(crate) mod sarif;
pub(crate) mod table;

use serde::Serialize;
use spillway_properties::Overall;

use crate::style;

/// The format of a result that is a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// A JUnit report.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A SARIF 2.1.0 log.
    Sarif,
}

/// The format of a result that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Plain {
    /// For people.
    Human,
    /// JSON.
    Json,
}

/// One thing that was judged, as reports for continuous integration list it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It is well.
    Passed,
    /// It is not: a headline and what else there is to say.
    Failed(String, String),
    /// Nobody knows, although somebody should: why.
    Undecided(String),
    /// Nobody knows, and it does not matter: why.
    Skipped(String),
}

/// The cases of one run.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    /// The command and its object.
    pub(crate) name: String,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The verdict in a sentence.
    pub(crate) summary: String,
    /// What was judged.
    pub(crate) cases: Vec<Case>,
}

/// The verdict in a sentence, as the last line of what people read.
pub(crate) fn verdict_line(overall: Overall, sentence: &str) -> String {
    let (mark, style) = match overall {
        Overall::Pass => ("✓", style::GOOD.bold()),
        Overall::Fail => ("✗", style::BAD),
        Overall::Inconclusive => ("?", style::WARN),
    };
    format!("{}\n", style::paint(style, format!("{mark} {sentence}")))
}

/// Any serialisable result as JSON on one line.
pub(crate) fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("results are strings, numbers and lists");
    text.push('\n');
    text
}
