//! What a user's record says version by version, and what somebody is told whose scope says it wrongly.

use insta::assert_snapshot;
use spillway_model::scope::{Rule, Users};
use spillway_model::{Document, Fixed, Protocol, Scope};

const CHANGES: &str = r#"name = "changes"
about = "One of each change."
[nodes]
clients = 3
query-servers = 2
[knobs]
threshold = 1
sharing = "contacts"
disk = "flushed"
[[request]]
client = 0
kind = "publish"
home = 0
[[request]]
client = 0
kind = "contacts"
contacts = [2]
home = 0
[[request]]
client = 0
kind = "delete"
home = 0
[[request]]
client = 0
kind = "share"
rule = "nobody"
home = 0
[[request]]
client = 0
kind = "publish"
home = 0
"#;

#[test]
fn a_record_carries_what_was_changed_before() {
    let scope = Scope::parse("changes.toml", CHANGES, &[]).expect("it is right");
    let protocol = Protocol::<Fixed<16, 16, 4, 8>>::new(scope, None);
    let record = |version| *protocol.document(0, version);
    let contacts = Users(1 << 2);
    let rule = Rule::Contacts;
    assert_eq!(record(0), Document { rule, ..Document::default() });
    assert_eq!(record(1), Document { data: 1, rule, ..Document::default() });
    assert_eq!(record(2), Document { data: 1, rule, contacts });
    assert_eq!(record(3), Document { data: 0, rule, contacts });
    assert_eq!(record(4), Document { data: 0, rule: Rule::Nobody, contacts });
    assert_eq!(record(5), Document { data: 5, rule: Rule::Nobody, contacts });
    // By version: to the owner, to one who is no contact, to a contact.
    let shown = |version| [0, 1, 2].map(|asker| protocol.shown(0, version, asker));
    assert_eq!([0, 1, 2].map(shown), [[0, 0, 0], [1, 0, 0], [1, 0, 1]]);
    assert_eq!([3, 4, 5].map(shown), [[0, 0, 0], [0, 0, 0], [5, 0, 0]]);
    let deletions = (0..=5).filter(|version| protocol.is_deletion(0, *version));
    assert_eq!(deletions.collect::<Vec<_>>(), [3]);
    assert_eq!(*protocol.document(1, 0), record(0), "all begin alike");
}

/// What is said of [`CHANGES`] with `old` replaced by `new`.
fn with(old: &str, new: &str) -> String {
    assert!(CHANGES.contains(old), "{old:?} is not in the text");
    let text = CHANGES.replacen(old, new, 1);
    Scope::parse("changes.toml", &text, &[]).expect_err("this text is wrong").to_string()
}

#[test]
fn what_is_said_wrongly_is_refused() {
    assert_snapshot!(with("sharing = \"contacts\"", "sharing = \"friends\""), @"changes.toml:8:11: `sharing` is `friends`; expected `everyone`, `contacts` or `nobody`");
    assert_snapshot!(with("\"flushed\"", "\"flush\""), @"changes.toml:9:8: `disk` is `flush`; expected `immediate` or `flushed`; did you mean `flushed`?");
    assert_snapshot!(with("rule = \"nobody\"\n", ""), @"changes.toml:23:1: `rule` is missing; expected `everyone`, `contacts` or `nobody`");
    assert_snapshot!(with("\"nobody\"", "\"noone\""), @"changes.toml:26:8: `rule` is `noone`; expected `everyone`, `contacts` or `nobody`");
    assert_snapshot!(with("contacts = [2]\n", ""), @"changes.toml:14:1: `contacts` is missing; expected a list of the indices of clients");
    assert_snapshot!(with("[2]", "[3]"), @"changes.toml:17:12: `contacts` is 3, and there is no such client; expected an index below 3, for 3 clients");
    assert_snapshot!(with("[2]", "[2, 2]"), @"changes.toml:17:16: 2 is there twice; expected the index of a client, from 0, each once");
    assert_snapshot!(with("[2]", "2"), @"changes.toml:17:12: `contacts` is an integer; expected a list of the indices of clients");
    assert_snapshot!(with("\"delete\"", "\"delete\"\nuser = 0"), @"changes.toml:22:1: `user` does not belong to a deletion; expected `client`, `kind` and `home` only");
    assert_snapshot!(with("\"share\"", "\"share\"\ncontacts = [1]"), @"changes.toml:26:1: unknown key `contacts`; expected `client`, `kind`, `rule` or `home`");
}
