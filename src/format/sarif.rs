//! SARIF 2.1.0, the Static Analysis Results Interchange Format, as code hosts and editors list results at a place in a
//! file and walk through the steps that lead there.

use std::collections::BTreeMap;

use serde::Serialize;
use spillway_traces::{Event, Spillway, file::event_line};

use super::{Outcome, Suite, json};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The most steps that are written of a run, the last ones: readers refuse more.
const STEPS_MAX: usize = 1_000;

/// What one run of a command found.
pub(crate) struct Log {
    /// The command and its object, which tells this run from others of the same commit.
    pub(crate) name: String,
    /// All that was judged. A name stands here once.
    pub(crate) rules: Vec<Rule>,
    /// What is wrong, and what nobody knows.
    pub(crate) results: Vec<Found>,
}

/// A claim that was judged.
pub(crate) struct Rule {
    pub(crate) name: String,
    /// The claim, in a sentence, if there is one.
    pub(crate) about: Option<String>,
}

impl Rule {
    /// A rule of this name that says this.
    pub(crate) fn new(name: &str, about: &str) -> Rule {
        Rule { name: name.to_owned(), about: Some(about.to_owned()) }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// The claim is wrong.
    Error,
    /// Nobody knows, although somebody should.
    Warning,
    /// Nobody knows, and it does not matter: told of the run, as no result, which some readers would list for good.
    Note,
}

/// One result.
pub(crate) struct Found {
    /// The name of its rule.
    pub(crate) rule: String,
    pub(crate) level: Level,
    pub(crate) message: String,
    /// Where somebody should look first.
    pub(crate) place: Option<Place>,
    /// Where else.
    pub(crate) related: Option<Place>,
    /// The run that shows it.
    pub(crate) steps: Vec<Step>,
}

/// A line of a file.
#[derive(Clone)]
pub(crate) struct Place {
    /// The file, as it was named.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u64,
}

/// A step of a run.
pub(crate) struct Step {
    text: String,
    place: Option<Place>,
}

/// The steps of a trace, at their lines of the trace file that they are in.
pub(crate) fn steps(events: &[Event<Spillway>], file: Option<&str>) -> Vec<Step> {
    let left_out = events.len().saturating_sub(STEPS_MAX);
    let step = |event: &Event<Spillway>| {
        let took = event.observed.took.map(|message| format!(": {message}"));
        let text = format!("{}  {}{}", event.index, event.action, took.unwrap_or_default());
        let place = file.map(|file| Place { file: file.to_owned(), line: event_line(event.index) });
        Step { text, place }
    };
    events.iter().skip(left_out).map(step).collect()
}

/// The log of cases without a place, each its own rule: of results that are about no file.
pub(crate) fn of_suite(suite: &Suite, about: impl Fn(&str) -> Option<String>) -> Log {
    let found = |case: &super::Case| {
        let (level, message) = judged(&case.outcome)?;
        let rule = case.name.clone();
        Some(Found { rule, level, message, place: None, related: None, steps: Vec::new() })
    };
    Log {
        name: suite.name.clone(),
        rules: suite
            .cases
            .iter()
            .map(|case| Rule { name: case.name.clone(), about: about(&case.name) })
            .collect(),
        results: suite.cases.iter().filter_map(found).collect(),
    }
}

/// The level and the words of an outcome that is not well.
pub(crate) fn judged(outcome: &Outcome) -> Option<(Level, String)> {
    match outcome {
        Outcome::Passed => None,
        Outcome::Failed(headline, detail) => {
            Some((Level::Error, format!("{headline}\n{detail}").trim_end().to_owned()))
        }
        Outcome::Undecided(why) => Some((Level::Warning, why.clone())),
        Outcome::Skipped(why) => Some((Level::Note, why.clone())),
    }
}

/// The log as one JSON object.
pub(crate) fn report(log: &Log) -> String {
    let rules = log.rules.iter().map(|rule| Descriptor {
        id: &rule.name,
        short_description: rule.about.as_deref().map(message),
    });
    let driver = Driver {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        rules: rules.collect(),
    };
    let (notes, results): (Vec<&Found>, Vec<&Found>) =
        log.results.iter().partition(|found| found.level == Level::Note);
    let notifications = notes.into_iter().map(|found| notification(log, found)).collect();
    let run = Run {
        tool: Tool { driver },
        automation_details: Id { id: format!("{}/", log.name) },
        invocations: [Invocation {
            execution_successful: true,
            tool_execution_notifications: notifications,
        }],
        results: results.into_iter().map(|found| result(log, found)).collect(),
    };
    json(&Object { schema: SCHEMA, version: "2.1.0", runs: [run] })
}

fn result<'a>(log: &'a Log, found: &'a Found) -> Finding<'a> {
    let flow = CodeFlow {
        thread_flows: [ThreadFlow {
            locations: found.steps.iter().map(|step| FlowPlace { location: at(step) }).collect(),
        }],
    };
    let place =
        |place: &Place| Location { physical_location: Some(physical(place)), message: None };
    Finding {
        rule_id: &found.rule,
        rule_index: index(log, found),
        level: found.level,
        message: message(&found.message),
        locations: found.place.iter().map(place).collect(),
        related_locations: found.related.iter().map(place).collect(),
        code_flows: if found.steps.is_empty() { Vec::new() } else { vec![flow] },
        partial_fingerprints: BTreeMap::from([(
            "spillway/v1",
            format!("{}: {}", log.name, found.rule),
        )]),
    }
}

fn notification<'a>(log: &'a Log, found: &'a Found) -> Notification<'a> {
    Notification {
        level: found.level,
        message: message(&found.message),
        associated_rule: RuleReference { id: &found.rule, index: index(log, found) },
    }
}

fn index(log: &Log, found: &Found) -> Option<usize> {
    log.rules.iter().position(|rule| rule.name == found.rule)
}

fn at(step: &Step) -> Location {
    let physical_location = step.place.as_ref().map(physical);
    Location { physical_location, message: Some(message(&step.text)) }
}

fn physical(place: &Place) -> Physical {
    let artifact_location = Artifact { uri: uri(&place.file) };
    Physical { artifact_location, region: Region { start_line: place.line } }
}

/// Text as the format takes it: braces would be places for arguments, and `[…](…)` a link.
fn message(text: &str) -> Message {
    Message { text: text.replace('{', "{{").replace('}', "}}").replace("](", "] (") }
}

/// A path as a reference that readers resolve against the root of what they show.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[derive(Serialize)]
struct Object<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: Id,
    invocations: [Invocation<'a>; 1],
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
struct Driver<'a> {
    name: &'a str,
    version: &'a str,
    rules: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Message>,
}

#[derive(Serialize)]
struct Id {
    /// Up to its last slash, of what kind the run is.
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    level: Level,
    message: Message,
    associated_rule: RuleReference<'a>,
}

#[derive(Serialize)]
struct RuleReference<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: Level,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
    partial_fingerprints: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    thread_flows: [ThreadFlow; 1],
}

#[derive(Serialize)]
struct ThreadFlow {
    locations: Vec<FlowPlace>,
}

#[derive(Serialize)]
struct FlowPlace {
    location: Location,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("./a b/ü.toml"), "a%20b/%C3%BC.toml");
        assert_eq!(uri("/x/y.ndjson"), "file:///x/y.ndjson");
        assert_eq!((uri("../a:b"), uri("50%#?")), ("../a%3Ab".into(), "50%25%23%3F".into()));
    }

    #[test]
    fn messages_hold_neither_arguments_nor_links() {
        assert_eq!(message("{0} [a](1) \\ \"").text, "{{0}} [a] (1) \\ \"");
    }
}
