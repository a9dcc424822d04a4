//! Exchanges traces with Apalache and Quint in the Informal Trace Format, their ADR-015.
//!
//! State 0 is the start; each later state has the `action` that led to it, the rest of the `event`, and, when a machine
//! was given, the `state` after it as a record of nodes, fields and strings. Integers are `{"#bigint": "…"}`. ITF has no
//! null: a key without a value is left out. The header and the end are kept in `#meta`, as plain JSON.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::event::Event;
use crate::file::{End, Header, Limits, Trace, check_event};
use crate::machine::{Machine, View};
use crate::reader::{parse_action, parse_event, parse_header};
use crate::record::Recorder;
use crate::strict;
use crate::vocabulary::Vocabulary;

/// The action of the first state, to which no action led. Quint writes the same.
const START: &str = "init";
const DESCRIPTION: &str = "https://apalache-mc.org/docs/adr/015adr-trace.html";

/// Why something cannot be exported to ITF or imported from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItfError {
    /// The place of the state among the states, from 0; none when it is about the whole file.
    pub state: Option<usize>,
    /// What was found.
    pub what: String,
    /// What should have been there.
    pub expected: String,
}

impl ItfError {
    fn new(
        state: impl Into<Option<usize>>,
        what: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        ItfError { state: state.into(), what: what.into(), expected: expected.into() }
    }

    /// The same finding, told by the place in this file and not by the line of another.
    fn from_trace(state: impl Into<Option<usize>>, error: crate::TraceError) -> Self {
        let near =
            error.nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        ItfError::new(state, error.what, error.expected + &near)
    }
}

impl fmt::Display for ItfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            Some(state) => write!(f, "state {state}: ")?,
            None => write!(f, "ITF: ")?,
        }
        write!(f, "{}; expected {}", self.what, self.expected)
    }
}

impl std::error::Error for ItfError {}

/// The trace in ITF, one state a line. The machine, if there is one, performs the trace from its first state.
///
/// # Errors
/// A step that the machine refuses; a value that ITF cannot hold: a float, or null in a list.
pub fn to_itf<V: Vocabulary>(
    trace: &Trace<V>,
    mut machine: Option<&mut dyn Machine<V>>,
) -> Result<String, ItfError> {
    let mut meta = json!({
        "format": "ITF",
        "format-description": DESCRIPTION,
        "source": trace.header.source,
        "header": plain(None, &trace.header)?,
    });
    if let Some(end) = &trace.end {
        meta["end"] = plain(None, end)?;
    }
    let mut vars = vec!["action", "event"];
    let mut start = json!({ "#meta": { "index": 0, "start": true }, "action": START, "event": {} });
    if let Some(machine) = &machine {
        vars.push("state");
        start["state"] = view_record::<V>(machine.view());
    }
    let mut states = vec![start.to_string()];
    for (event, place) in trace.events.iter().zip(1..) {
        let mut state = event_state(place, event)?;
        if let Some(machine) = &mut machine {
            machine.step(&event.action).map_err(|refusal| {
                ItfError::new(place, refusal.to_string(), "a trace that the machine allows")
            })?;
            state["state"] = view_record::<V>(machine.view());
        }
        states.push(state.to_string());
    }
    let states = states.join(",\n");
    Ok(format!("{{\"#meta\":{meta},\n\"vars\":{},\n\"states\":[\n{states}\n]}}\n", json!(vars)))
}

fn event_state<V: Vocabulary>(place: usize, event: &Event<V>) -> Result<Value, ItfError> {
    let Value::Object(mut fields) = plain(place, event)? else {
        return Err(ItfError::new(place, "the event is no object", "an object"));
    };
    let action = fields.remove("action").unwrap_or_default();
    let encoded = |value: &Value| {
        encode(value).map_err(|what| ItfError::new(place, what, "strings, booleans and integers"))
    };
    let event = encoded(&Value::Object(fields))?;
    Ok(json!({ "#meta": { "index": place }, "action": encoded(&action)?, "event": event }))
}

fn plain(state: impl Into<Option<usize>>, value: &impl Serialize) -> Result<Value, ItfError> {
    serde_json::to_value(value)
        .map_err(|error| ItfError::new(state, error.to_string(), "what JSON can hold"))
}

/// A view as an ITF record. Strings need no encoding, only names that look like ITF's own do.
fn view_record<V: Vocabulary>(view: View<V>) -> Value {
    let nodes = view.into_iter().map(|(node, fields)| {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        (node.to_string(), object(fields.collect()))
    });
    object(nodes.collect())
}

/// Reads a trace from ITF: one that [`to_itf`] wrote, which gives the identical trace, or any other in which every
/// state has a variable `action` that is an action in this crate's JSON. The first state may lack it, or have `"init"`.
///
/// A foreign file has no header of ours; `header` is then the trace's, which has no end and causes only where
/// `event` tells them.
///
/// # Errors
/// What is not ITF, which state has no action or an unknown one, a count that does not match, or no header at all.
pub fn from_itf<V: Vocabulary>(text: &str, header: Option<Header>) -> Result<Trace<V>, ItfError> {
    let file = strict::parse(text).map_err(|error| {
        ItfError::new(None, strict::describe(&error), "JSON, integers only, no key twice")
    })?;
    let meta = file.get("#meta").unwrap_or(&Value::Null);
    let header = match (meta.get("header"), header) {
        (Some(own), _) => parse_header::<V>(own).map_err(|e| ItfError::from_trace(None, e))?,
        (None, Some(given)) => {
            given.check::<V>().map_err(|e| ItfError::from_trace(None, e))?;
            given
        }
        (None, None) => {
            return Err(ItfError::new(None, "no `header` in `#meta`", "one there, or one given"));
        }
    };
    check_shape(&file, meta)?;
    let Some(states) = file.get("states").and_then(Value::as_array) else {
        return Err(ItfError::new(None, "no list `states`", "the states of an ITF trace"));
    };
    let events = import_states(states)?;
    let end = match meta.get("end") {
        Some(end) => Some(import_end(end, events.len())?),
        None => None,
    };
    Ok(Trace { header, events, end })
}

/// What the ADR requires of the file as a whole, as far as a finite run with actions needs it.
fn check_shape(file: &Value, meta: &Value) -> Result<(), ItfError> {
    let vars = file.get("vars").and_then(Value::as_array);
    if !vars.is_some_and(|vars| vars.iter().any(|name| name == "action")) {
        let what = "`vars` does not list a variable `action`";
        return Err(ItfError::new(None, what, "the variables of the states, `action` among them"));
    }
    if file.get("loop").is_some() {
        return Err(ItfError::new(None, "a `loop`, so an infinite run", "a finite one"));
    }
    match meta.get("format") {
        Some(format) if format != "ITF" => {
            Err(ItfError::new(None, format!("the format {format}"), "the format \"ITF\""))
        }
        _ => Ok(()),
    }
}

fn import_states<V: Vocabulary>(states: &[Value]) -> Result<Vec<Event<V>>, ItfError> {
    let skipped = usize::from(states.first().is_some_and(is_start::<V>));
    let events_max = Limits::default().events_max;
    let mut recorder = Recorder::new();
    let mut events = Vec::new();
    for (place, state) in states.iter().enumerate().skip(skipped) {
        let index = events.len() as u64;
        if index >= events_max {
            let expected = format!("at most {events_max} events");
            return Err(ItfError::new(place, "one event too many", expected));
        }
        let event = import_event(&mut recorder, place, index, state)?;
        let after = events.last().map_or(0, |last: &Event<V>| last.time);
        check_event(&event, index, after).map_err(|error| ItfError::from_trace(place, error))?;
        events.push(event);
    }
    Ok(events)
}

fn is_start<V: Vocabulary>(state: &Value) -> bool {
    let marked = state.pointer("/#meta/start") == Some(&Value::Bool(true));
    match state.get("action") {
        None => true,
        Some(Value::String(name)) => marked || name == START && !V::ACTIONS.contains(&START),
        Some(_) => false,
    }
}

fn import_event<V: Vocabulary>(
    recorder: &mut Recorder<V>,
    place: usize,
    index: u64,
    state: &Value,
) -> Result<Event<V>, ItfError> {
    let variable = |name: &str| match state.get(name) {
        Some(value) => decode(value).map(Some).map_err(|what| {
            ItfError::new(place, format!("`{name}`: {what}"), "a value as ADR-015 writes it")
        }),
        None => Ok(None),
    };
    let Some(action) = variable("action")? else {
        return Err(ItfError::new(
            place,
            "no variable `action`",
            "one in every state but the first",
        ));
    };
    // A foreign specification may well have an `event` of its own; ours has an index.
    let own = state.pointer("/event/index").is_some();
    if own && let Some(Value::Object(mut fields)) = variable("event")? {
        fields.insert("action".to_owned(), action);
        let event = parse_event(index, &Value::Object(fields));
        return event.map_err(|error| ItfError::from_trace(place, error));
    }
    let action = parse_action::<V>(index, &action);
    let action = action.map_err(|error| ItfError::from_trace(place, error))?;
    Ok(recorder.event(action, crate::Observed::default()))
}

fn import_end(value: &Value, count: usize) -> Result<End, ItfError> {
    let end = End::deserialize(value)
        .map_err(|error| ItfError::new(None, format!("`end`: {error}"), "the end of a trace"))?;
    if end.count != count as u64 {
        let what = format!("`end` counts {} events", end.count);
        return Err(ItfError::new(None, what, format!("{count}, as there are")));
    }
    Ok(end)
}

/// JSON as ITF writes it, or what ITF cannot hold.
fn encode(value: &Value) -> Result<Value, String> {
    match value {
        Value::Null => Err("a null in a list".to_owned()),
        Value::Number(number) if number.is_f64() => Err(format!("the float {number}")),
        Value::Number(number) => Ok(json!({ "#bigint": number.to_string() })),
        Value::Bool(_) | Value::String(_) => Ok(value.clone()),
        Value::Array(items) => items.iter().map(encode).collect(),
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| !value.is_null());
            let pairs = present.map(|(key, value)| Ok((key.clone(), encode(value)?)));
            Ok(object(pairs.collect::<Result<Vec<_>, String>>()?))
        }
    }
}

/// A record, or a map when a key looks like one of ITF's own.
fn object(pairs: Vec<(String, Value)>) -> Value {
    if pairs.iter().any(|(key, _)| key.starts_with('#')) {
        return json!({ "#map": pairs });
    }
    Value::Object(pairs.into_iter().collect())
}

/// ITF as JSON: maps become objects, sets and tuples lists. Plain integers are taken too, as older Apalache wrote them.
fn decode(value: &Value) -> Result<Value, String> {
    match value {
        Value::Null => Err("null".to_owned()),
        Value::Bool(_) | Value::String(_) | Value::Number(_) => Ok(value.clone()),
        Value::Array(items) => items.iter().map(decode).collect(),
        Value::Object(fields) => match fields.iter().next() {
            Some((key, inner)) if key.starts_with('#') => decode_special(key, inner),
            _ => decode_record(fields),
        },
    }
}

fn decode_record(fields: &Map<String, Value>) -> Result<Value, String> {
    fields.iter().map(|(key, value)| Ok((key.clone(), decode(value)?))).collect()
}

fn decode_special(key: &str, inner: &Value) -> Result<Value, String> {
    match (key, inner) {
        ("#bigint", Value::String(digits)) => integer(digits),
        ("#tup" | "#set", Value::Array(items)) => items.iter().map(decode).collect(),
        ("#map", Value::Array(pairs)) => pairs.iter().map(decode_pair).collect(),
        _ => Err(format!("`{key}` with {inner}")),
    }
}

fn integer(digits: &str) -> Result<Value, String> {
    let unsigned = digits.parse::<u64>().map(Value::from);
    unsigned
        .or_else(|_| digits.parse::<i64>().map(Value::from))
        .map_err(|_| format!("`{digits}` is not an integer of 64 bits"))
}

fn decode_pair(pair: &Value) -> Result<(String, Value), String> {
    match pair.as_array().map(Vec::as_slice) {
        Some([Value::String(key), value]) => Ok((key.clone(), decode(value)?)),
        _ => Err(format!("the pair {pair} of a `#map` has no string as its key")),
    }
}
