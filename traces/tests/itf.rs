//! Exchange with Apalache and Quint.
#![allow(clippy::unwrap_used)]

mod common;

use common::{BACK, PingPong, THERE, Table, header, play, rally};
use serde_json::{Value, json};
use spillway_traces::{from_itf, to_itf};

fn exported() -> Value {
    serde_json::from_str(&to_itf(&rally(), Some(&mut Table::default())).unwrap()).unwrap()
}

fn imported(itf: &Value) -> Result<spillway_traces::Trace<PingPong>, String> {
    from_itf(&itf.to_string(), None).map_err(|error| error.to_string())
}

#[test]
fn an_export_is_itf() {
    let itf = exported();
    assert_eq!(itf["#meta"]["format"], "ITF");
    assert_eq!(itf["vars"], json!(["action", "event", "state"]));
    let states = itf["states"].as_array().unwrap();
    assert_eq!(states.len(), 8, "the start and one for each event");
    for (index, state) in states.iter().enumerate() {
        assert_eq!(state["#meta"]["index"], index);
        for var in ["action", "event", "state"] {
            assert!(state.get(var).is_some(), "state {index} lacks {var}");
            assert_itf_value(&state[var]);
        }
    }
    assert_eq!(states[2]["event"]["observed"]["took"], json!({ "hits": { "#bigint": "1" } }));
    assert_eq!(states[2]["state"], json!({ "ping": { "incoming": "[2]" } }));
}

/// Neither plain numbers nor null.
fn assert_itf_value(value: &Value) {
    match value {
        Value::Null | Value::Number(_) => panic!("{value} is not ITF"),
        Value::Array(items) => items.iter().for_each(assert_itf_value),
        Value::Object(fields) => fields.values().for_each(assert_itf_value),
        Value::Bool(_) | Value::String(_) => {}
    }
}

#[test]
fn an_export_is_imported_as_it_was() {
    assert_eq!(imported(&exported()).unwrap(), rally());
    let bare = to_itf(&rally(), None).unwrap();
    assert_eq!(from_itf::<PingPong>(&bare, None).unwrap(), rally());
    let empty = play(&[]);
    assert_eq!(from_itf(&to_itf(&empty, None).unwrap(), None), Ok(empty));
}

#[test]
fn a_foreign_trace_needs_actions_and_a_header() {
    let foreign = json!({
        "#meta": { "source": "pingpong.qnt", "timestamp": 1_701_944_461_444_u64 },
        "vars": ["action", "balls", "event"],
        "states": [
            { "#meta": { "index": 0 }, "balls": { "#set": [] } },
            { "action": "serve", "balls": { "#set": [{ "#bigint": "1" }] }, "event": "mine" },
            { "action": { "#map": [["return", { "from": "ping", "to": "pong" }]] } },
            { "action": { "return": { "from": "pong", "to": "ping" } } },
        ],
    });
    let trace = from_itf::<PingPong>(&foreign.to_string(), Some(header())).unwrap();
    assert_eq!(trace.actions(), [common::Move::Serve, THERE, BACK]);
    assert_eq!((&trace.header, trace.is_complete()), (&header(), false));
    let indices: Vec<_> = trace.events.iter().map(|event| event.index).collect();
    assert_eq!(indices, [0, 1, 2]);
    assert_eq!(
        imported(&foreign).unwrap_err(),
        "ITF: no `header` in `#meta`; expected one there, or one given"
    );
    let mut init = foreign.clone();
    init["states"][0]["action"] = json!("init");
    assert_eq!(from_itf::<PingPong>(&init.to_string(), Some(header())).unwrap(), trace);
}

/// The message for the export with the value at `pointer` replaced.
fn refused(pointer: &str, value: Value) -> String {
    let mut itf = exported();
    *itf.pointer_mut(pointer).unwrap() = value;
    imported(&itf).unwrap_err()
}

#[test]
fn errors_name_the_state_and_what_was_expected() {
    assert_eq!(
        refused("/states/2/action", json!({ "retrun": {} })),
        "state 2: action `retrun` is unknown; expected one of serve, return, rest, wind; did you mean `return`?"
    );
    assert_eq!(
        refused("/states/3", json!({ "#meta": { "index": 3 } })),
        "state 3: no variable `action`; expected one in every state but the first"
    );
    assert_eq!(
        refused("/states/2/event/cause", json!({ "#bigint": "1" })),
        "state 2: event 1 is caused by event 1; expected a cause that is an earlier event"
    );
    assert_eq!(
        refused("/states/2/event/cause", json!({ "#bigint": "one" })),
        "state 2: `event`: `one` is not an integer of 64 bits; expected a value as ADR-015 writes it"
    );
    assert_eq!(
        refused("/states/1/action", Value::Null),
        "state 1: `action`: null; expected a value as ADR-015 writes it"
    );
    assert_eq!(
        refused("/states", json!(1)),
        "ITF: no list `states`; expected the states of an ITF trace"
    );
    assert_eq!(
        refused("/#meta/end/count", json!(8)),
        "ITF: `end` counts 8 events; expected 7, as there are"
    );
    assert_eq!(
        refused("/#meta/header/format", json!(2)),
        "ITF: format 2 is unknown; expected format 1, which spillway 0.1.0 reads"
    );
    assert_eq!(
        from_itf::<PingPong>("{", None).unwrap_err().to_string(),
        "ITF: EOF while parsing an object, at column 1; expected JSON, integers only, no key twice"
    );
}

#[test]
fn an_export_names_the_state_that_the_machine_refuses() {
    let mut table = Table { to_ping: [1, 1, 1].into(), ..Table::default() };
    let error = to_itf(&rally(), Some(&mut table)).unwrap_err();
    assert_eq!(error.state, Some(1));
    assert!(error.to_string().contains("refused by guard `few-balls`"), "{error}");
}

#[test]
fn a_file_that_is_no_finite_itf_with_actions_is_refused() {
    let refused = |change: fn(&mut Value)| {
        let mut itf = exported();
        change(&mut itf);
        imported(&itf).unwrap_err()
    };
    let no_vars = refused(|itf| drop(itf.as_object_mut().unwrap().remove("vars")));
    assert!(no_vars.contains("`vars` does not list a variable `action`"), "{no_vars}");
    let other_vars = refused(|itf| itf["vars"] = json!(["state"]));
    assert_eq!(other_vars, no_vars);
    let lasso = refused(|itf| itf["loop"] = json!(3));
    assert!(lasso.contains("infinite run; expected a finite one"), "{lasso}");
    let format = refused(|itf| itf["#meta"]["format"] = json!("XX"));
    assert!(format.contains("the format \"XX\"; expected the format \"ITF\""), "{format}");
}
