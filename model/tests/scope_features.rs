//! The keys of the protocol's features: each is read, and told where it does not belong.

use insta::assert_snapshot;
use spillway_model::scope::{Body, Disk, Links, Rule, Scope, Strategy, Unit, Users};

/// A scope file with every feature that can stand in one, to be made wrong in one place.
const RIGHT: &str = r#"name = "features"
about = "Every feature."
[nodes]
clients = 3
communication-servers = 2
query-servers = 2
control-servers = 2
[knobs]
threshold = 1
links = "datagram"
strategy = "classes"
accepts = [["interactive"], ["normal", "bulk"]]
unit = "delay"
overtaken-max = 2
disk = "flushed"
sharing = "contacts"
[[request]]
client = 0
kind = "share"
rule = "nobody"
home = 0
[[request]]
client = 0
kind = "contacts"
contacts = [2, 1]
home = 0
[[request]]
client = 0
kind = "delete"
home = 1
[faults]
moves = 1
drop = 1
slow = 1
lease = 1
"#;

fn read(text: &str) -> Result<Scope, String> {
    Scope::parse("features.toml", text, &[]).map_err(|error| error.to_string())
}

/// What is said of [`RIGHT`] with `old` replaced by `new`.
fn with(old: &str, new: &str) -> String {
    assert!(RIGHT.contains(old), "{old:?} is not in the text");
    read(&RIGHT.replacen(old, new, 1)).expect_err("this text is wrong")
}

#[test]
fn every_key_is_read() {
    let scope = read(RIGHT).expect("it is right");
    let knobs = &scope.knobs;
    assert_eq!(scope.nodes.control_servers, 2);
    assert_eq!((knobs.links, knobs.strategy), (Links::Datagram, Strategy::Classes));
    assert_eq!(
        (knobs.unit, knobs.disk, knobs.sharing),
        (Unit::Delay, Disk::Flushed, Rule::Contacts)
    );
    assert_eq!((knobs.overtaken_max, knobs.accepts[1].len()), (2, 2));
    let bodies: Vec<Body> = scope.requests.iter().map(|request| request.body).collect();
    let contacts = Users(0b110);
    assert_eq!(
        bodies,
        [Body::Share { rule: Rule::Nobody }, Body::Contacts { contacts }, Body::Delete]
    );
    assert_eq!((scope.faults.moves, scope.faults.drop), (1, 1));
    assert_eq!(
        Scope::parse("again.toml", &scope.to_toml(), &[]).expect("it is its own text"),
        scope
    );
    assert_eq!(Scope::from_json(&scope.to_json()).expect("it is its own JSON"), scope);
}

#[test]
fn a_feature_that_is_off_leaves_no_key() {
    let plain = Scope::default_scope(&[
        "overflow-happens",
        "redistributed-answer",
        "stale-replica-waits",
        "crash-mid-handover",
    ]);
    let json = plain.expect("it is right").to_json();
    assert!(json["knobs"].get("links").is_none() && json["faults"].get("moves").is_none());
    assert_eq!(json["faults"]["retry"], 0, "what was always written still is");
}

#[test]
fn a_budget_needs_its_feature() {
    assert_snapshot!(with("links = \"datagram\"\n", ""), @r#"features.toml:32:8: `drop` is 1, and it cannot happen in this scope; expected 0, or `links = "datagram"`"#);
    assert_snapshot!(with("unit = \"delay\"\n", ""), @r#"features.toml:33:8: `slow` is 1, and it cannot happen in this scope; expected 0, or `unit = "delay"`"#);
    assert_snapshot!(with("control-servers = 2\n", ""), @"features.toml:34:9: `lease` is 1, and it cannot happen in this scope; expected 0, or two control servers");
    assert_snapshot!(with("communication-servers = 2\n", ""), @"features.toml:31:9: `moves` is 1, and it cannot happen in this scope; expected 0, or two communication servers");
    assert_snapshot!(with("drop = 1", "reset-query = 1"), @r#"features.toml:10:9: `links` is "datagram", and resets are budgeted; expected no resets: a datagram link has no connection to reset"#);
}

#[test]
fn a_list_needs_its_strategy() {
    assert_snapshot!(with("strategy = \"classes\"\n", ""), @r#"features.toml:11:11: `accepts` does not belong there; expected it only with `strategy = "classes"`"#);
    assert_snapshot!(with("accepts = [[\"interactive\"], [\"normal\", \"bulk\"]]\n", ""), @"features.toml:8:1: `accepts` has 0 entries; expected 2, one for each query server");
    assert_snapshot!(with("[\"normal\", \"bulk\"]]", "[\"normal\", \"bluk\"]]"), @"features.toml:12:40: `accepts[1][1]` is `bluk`; expected `interactive`, `normal` or `bulk`; did you mean `bulk`?");
    assert_snapshot!(with("strategy = \"classes\"", "strategy = \"weighted\"\nweights = [1, 0]"), @"features.toml:12:15: `weights[1]` is 0; expected an integer from 1 to 64");
}

#[test]
fn requests_have_their_own_keys() {
    assert_snapshot!(with("rule = \"nobody\"\n", ""), @"features.toml:17:1: `rule` is missing; expected `everyone`, `contacts` or `nobody`");
    assert_snapshot!(with("contacts = [2, 1]", "contacts = [2, 3]"), @"features.toml:25:12: `contacts` is 3, and there is no such client; expected an index below 3, for 3 clients");
    assert_snapshot!(with("contacts = [2, 1]", "contacts = [2, 2]"), @"features.toml:25:16: 2 is there twice; expected the index of a client, from 0, each once");
    assert_snapshot!(with("contacts = [2, 1]", "contacts = 2"), @"features.toml:25:12: `contacts` is an integer; expected a list of the indices of clients");
    assert_snapshot!(with("kind = \"delete\"", "kind = \"delete\"\nuser = 1"), @"features.toml:30:1: `user` does not belong to a deletion; expected `client`, `kind` and `home` only");
    assert_snapshot!(with("overtaken-max = 2", "overtaken-max = 17"), @"features.toml:14:17: `overtaken-max` is 17; expected an integer from 0 to 16");
    assert_snapshot!(with("control-servers = 2", "control-servers = 3"), @"features.toml:7:19: `control-servers` is 3; expected an integer from 1 to 2");
}
