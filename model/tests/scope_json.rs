//! A scope in a trace's header: the same words as in a file, the same checks, and the path of the key at fault.

use insta::assert_snapshot;
use serde_json::{Value, json};
use spillway_model::scope::Scope;

fn right() -> Value {
    json!({
        "name": "small",
        "about": "Two requests.",
        "nodes": {"clients": 2, "communication-servers": 1, "query-servers": 2, "sessions": [0, 0]},
        "knobs": {
            "threshold": [1, 1], "queue-max": 2, "pending-max": 2, "relay-max": 2, "ledger-max": 2, "window-max": 2,
            "link-max": 8, "routing": "home", "returned": "busy"
        },
        "requests": [
            {"client": 0, "kind": "query", "user": 1, "class": "bulk", "home": 0},
            {"client": 1, "kind": "publish", "home": 1}
        ],
        "faults": {"crash-query": 1},
        "sometimes": ["overflow-happens"]
    })
}

/// What is said of [`right`] with the value at `pointer` replaced, or added.
fn with(pointer: &str, value: Value) -> String {
    let mut json = right();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
    match json.pointer_mut(parent).expect("the parent is there") {
        Value::Array(list) => list[key.parse::<usize>().expect("an index")] = value,
        parent => parent[key] = value,
    }
    Scope::from_json(&json).expect_err("this scope is wrong").to_string()
}

#[test]
fn a_scope_comes_back_as_it_was() {
    let scope = Scope::from_json(&right()).expect("it is right");
    let json = scope.to_json();
    assert_eq!(Scope::from_json(&json).expect("it is what was written"), scope);
    assert_eq!(json["requests"], right()["requests"], "a request is written flat");
    assert_eq!(json["knobs"], right()["knobs"]);
}

#[test]
fn shapes_are_refused() {
    assert_snapshot!(with("/knobs/queue-max", json!("two")), @r#"not a scope: invalid type: string "two", expected u32"#);
    assert_snapshot!(with("/nodes/servers", json!(1)), @"not a scope: unknown field `servers`, expected one of `clients`, `communication-servers`, `query-servers`, `sessions`, `control-servers`");
    assert_snapshot!(with("/requests/0/kind", json!("ask")), @"not a scope: unknown variant `ask`, expected one of `query`, `publish`, `delete`, `share`, `contacts`, `restate`");
    assert!(Scope::from_json(&Value::Null).is_err());
    assert!(Scope::from_json(&json!({})).is_err());
}

#[test]
fn what_cannot_be_is_named_by_its_path() {
    assert_snapshot!(with("/name", json!("../small")), @r#"`name` is "../small"; expected 1 to 64 of the characters a to z, 0 to 9 and -"#);
    assert_snapshot!(with("/about", json!("x".repeat(401))), @"`about` has 401 characters; expected at most 400");
    assert_snapshot!(with("/nodes/clients", json!(0)), @"`nodes.clients` is 0; expected an integer from 1 to 32");
    assert_snapshot!(with("/nodes/communication-servers", json!(5)), @"`nodes.communication-servers` is 5; expected an integer from 1 to 4");
    assert_snapshot!(with("/nodes/sessions", json!([0])), @"`nodes.sessions` has 1 entry; expected 2, one for each client");
    assert_snapshot!(with("/nodes/sessions/1", json!(1)), @"`nodes.sessions[1]` is 1, and there is no such communication server; expected an index below 1, for 1 communication server");
    assert_snapshot!(with("/knobs/threshold", json!([1])), @"`knobs.threshold` has 1 entry; expected 2, one for each query server");
    assert_snapshot!(with("/knobs/threshold/1", json!(3)), @"`knobs.threshold[1]` is 3, above a `queue-max` of 2: it never overflows; expected at most 2, or a larger `queue-max`");
    assert_snapshot!(with("/knobs/window-max", json!(0)), @"`knobs.window-max` is 0; expected an integer from 1 to 64");
    assert_snapshot!(with("/knobs/link-max", json!(4097)), @"`knobs.link-max` is 4097; expected an integer from 1 to 4096");
    assert_snapshot!(with("/requests", json!([])), @"`requests` has 0 entries; expected 1 to 4096");
    assert_snapshot!(with("/requests/1/client", json!(2)), @"`requests[1].client` is 2, and there is no such client; expected an index below 2, for 2 clients");
    assert_snapshot!(with("/requests/0/user", json!(2)), @"`requests[0].user` is 2, and there is no such client; expected an index below 2, for 2 clients");
    assert_snapshot!(with("/requests/1/home", json!(2)), @"`requests[1].home` is 2, and there is no such query server; expected an index below 2, for 2 query servers");
    assert_snapshot!(with("/requests/1/user", json!(0)), @"`requests[1].user` does not belong there; expected `client`, `home` or `kind`");
    assert_snapshot!(with("/faults/retry", json!(9)), @"`faults.retry` is 9; expected an integer from 0 to 8");
    assert_snapshot!(with("/sometimes", json!(["all-full", "all-full"])), @r#"`sometimes[1]` is "all-full" once more; expected each name once"#);
}

#[test]
fn a_recorded_run_has_no_budgets_but_for_leases() {
    let mut json = right();
    json["faults"] = json!({"crash-query": 255, "retry": 255});
    let scope = Scope::from_json(&json).expect("any number of times");
    assert_eq!(scope.faults.crash_query, 255);
    assert_snapshot!(with("/faults/crash-query", json!(254)), @"`faults.crash-query` is 254; expected an integer from 0 to 8");
    json["nodes"]["control-servers"] = json!(2);
    json["faults"] = json!({"lease": 254});
    assert!(Scope::from_json(&json).is_ok());
    json["faults"] = json!({"lease": 255});
    assert_snapshot!(Scope::from_json(&json).expect_err("leases end"), @"`faults.lease` is 255; expected an integer from 0 to 8");
}
