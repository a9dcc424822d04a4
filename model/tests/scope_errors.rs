//! What somebody is told whose scope file is wrong: place, fault, what was expected, and what was probably meant.

use insta::assert_snapshot;
use spillway_model::scope::{Scope, limits};

const KNOWN_SOMETIMES: &[&str] = &["overflow-happens", "redistributed-answer", "all-full"];

/// A scope file that is right, to be made wrong in one place.
const RIGHT: &str = r#"name = "small"
about = "Two queries."
[nodes]
clients = 2
query-servers = 2
[knobs]
threshold = 1
[[request]]
client = 0
kind = "query"
user = 1
class = "interactive"
home = 0
[[request]]
client = 1
kind = "publish"
home = 1
[faults]
crash-query = 1
[expect]
sometimes = ["overflow-happens"]
"#;

fn message(text: &str) -> String {
    Scope::parse("small.toml", text, KNOWN_SOMETIMES).expect_err("this text is wrong").to_string()
}

/// What is said of [`RIGHT`] with `old` replaced by `new`.
fn with(old: &str, new: &str) -> String {
    assert!(RIGHT.contains(old), "{old:?} is not in the text");
    message(&RIGHT.replacen(old, new, 1))
}

#[test]
fn the_text_that_is_made_wrong_is_right() {
    Scope::parse("small.toml", RIGHT, KNOWN_SOMETIMES).expect("it is right");
}

#[test]
fn syntax() {
    assert_snapshot!(with("clients = 2", "clients == 2"), @"small.toml:4:10: extra `=`; expected nothing");
    assert_snapshot!(with("clients = 2", "clients"), @"small.toml:4:8: key with no value; expected `=`");
    assert_snapshot!(with("[nodes]", "[nodes"), @"small.toml:3:7: unclosed table; expected `]`");
    assert_snapshot!(with("\"small\"", "\"small"), @r#"small.toml:1:14: invalid basic string; expected `"`"#);
    assert_snapshot!(with("[\"overflow-happens\"]", "[\"overflow-happens\""), @"small.toml:21:32: unclosed array; expected `]`");
}

#[test]
fn empty_file() {
    assert_snapshot!(message(""), @"small.toml:1:1: the scope is empty; expected `name`, `about`, `[nodes]`, `[knobs]` and at least one `[[request]]`");
    assert_snapshot!(message("# nothing\n"), @"small.toml:1:1: the scope is empty; expected `name`, `about`, `[nodes]`, `[knobs]` and at least one `[[request]]`");
}

#[test]
fn too_large_a_file() {
    assert_snapshot!(message(&format!("{RIGHT}#{}", "x".repeat(limits::FILE_BYTES_MAX))), @"small.toml:1:1: the file has 65829 bytes; expected at most 65536 bytes");
}

#[test]
fn duplicate_key() {
    assert_snapshot!(with("clients = 2", "clients = 2\nclients = 3"), @"small.toml:5:1: `clients` is there twice; expected each key once");
    assert_snapshot!(with("[faults]", "[knobs]"), @"small.toml:18:2: `knobs` is there twice; expected each key once");
}

#[test]
fn unknown_key() {
    assert_snapshot!(with("threshold = 1", "threshold = 1\nqueue_max = 3"), @"small.toml:8:1: unknown key `queue_max`; expected one of the 20 keys of `[knobs]`; did you mean `queue-max`?");
    assert_snapshot!(with("crash-query", "crash-queries"), @"small.toml:19:1: unknown key `crash-queries`; expected one of the 26 keys of `[faults]`; did you mean `crash-query`?");
    assert_snapshot!(with("user = 1", "user = 1\ncolour = 3"), @"small.toml:12:1: unknown key `colour`; expected `client`, `kind`, `user`, `class` or `home`");
    assert_snapshot!(with("user = 1", "user = 1\n\"a\\nb\" = 3"), @r#"small.toml:12:1: unknown key `a\nb`; expected `client`, `kind`, `user`, `class` or `home`"#);
}

#[test]
fn a_misspelt_key_is_not_also_missing() {
    assert_snapshot!(with("threshold = 1", "thresold = 1"), @"small.toml:7:1: unknown key `thresold`; expected one of the 20 keys of `[knobs]`; did you mean `threshold`?");
    assert_snapshot!(with("[nodes]", "[node]"), @"small.toml:3:2: unknown table `node`; expected one of the 8 keys of the file; did you mean `nodes`?");
}

#[test]
fn unknown_table() {
    assert_snapshot!(with("[faults]", "[fault]"), @"small.toml:18:2: unknown table `fault`; expected one of the 8 keys of the file; did you mean `faults`?");
    assert_snapshot!(with("[faults]", "[[requests]]\n[faults]"), @"small.toml:18:3: unknown table `requests`; expected one of the 8 keys of the file; did you mean `request`?");
    assert_snapshot!(with("[expect]", "[nodes.more]\n[expect]"), @"small.toml:20:8: unknown table `more`; expected `clients`, `communication-servers`, `query-servers`, `control-servers` or `sessions`");
}

#[test]
fn wrong_type() {
    assert_snapshot!(with("clients = 2", "clients = \"two\""), @"small.toml:4:11: `clients` is a string; expected an integer from 1 to 32");
    assert_snapshot!(with("clients = 2", "clients = 2.0"), @"small.toml:4:11: `clients` is a fraction; expected an integer from 1 to 32");
    assert_snapshot!(with("name = \"small\"", "name = 3"), @"small.toml:1:8: `name` is an integer; expected the scope's name, that of its file");
    assert_snapshot!(with("threshold = 1", "threshold = [1, true]"), @"small.toml:7:17: `threshold[1]` is a truth value; expected an integer from 0 to 64");
    assert_snapshot!(with("kind = \"query\"", "kind = 1979-05-27"), @"small.toml:10:8: `kind` is a date; expected `query`, `publish`, `delete`, `share`, `contacts` or `restate`");
    assert_snapshot!(with("[faults]\ncrash-query = 1", "[[faults]]\ncrash-query = 1"), @"small.toml:18:1: `faults` is a list; expected a table, written `[faults]`");
    assert_snapshot!(with("[\"overflow-happens\"]", "\"overflow-happens\""), @r#"small.toml:21:13: `sometimes` is a string; expected a list of the names of "sometimes" properties"#);
    assert_snapshot!(message("request = 1"), @"small.toml:1:1: `name` is missing; expected the scope's name, that of its file");
}

#[test]
fn out_of_range() {
    assert_snapshot!(with("clients = 2", "clients = 33"), @"small.toml:4:11: `clients` is 33; expected an integer from 1 to 32");
    assert_snapshot!(with("clients = 2", "clients = 0x1_00"), @"small.toml:4:11: `clients` is 0x100; expected an integer from 1 to 32");
    assert_snapshot!(with("query-servers = 2", "query-servers = 1"), @"small.toml:5:17: `query-servers` is 1; expected an integer from 2 to 8");
    assert_snapshot!(with("threshold = 1", "threshold = -1"), @"small.toml:7:13: `threshold` is -1; expected an integer from 0 to 64, or a list with one for each query server");
    assert_snapshot!(with("threshold = 1", "threshold = 1\nqueue-max = 0"), @"small.toml:8:13: `queue-max` is 0; expected an integer from 1 to 64");
    assert_snapshot!(with("threshold = 1", "threshold = 1\nwindow-max = 65"), @"small.toml:8:14: `window-max` is 65; expected an integer from 1 to 64");
    assert_snapshot!(with("threshold = 1", "threshold = 99999999999999999999999999999999999999999999999"), @"small.toml:7:13: `threshold` is 9999999999999999999999999999999999999999…; expected an integer from 0 to 64, or a list with one for each query server");
    assert_snapshot!(with("crash-query = 1", "crash-query = 9"), @"small.toml:19:15: `crash-query` is 9; expected an integer from 0 to 8");
    assert_snapshot!(with("client = 0", "client = 70000"), @"small.toml:9:10: `client` is 70000; expected the index of a client, from 0");
    assert_snapshot!(with("\"small\"", "\"My Scope\""), @r#"small.toml:1:8: `name` is "My Scope"; expected 1 to 64 of the characters a to z, 0 to 9 and -"#);
}

#[test]
fn numbers_of_requests() {
    let without = RIGHT.split("[[request]]").next().expect("split yields one");
    assert_snapshot!(message(without), @"small.toml:7:14: `request` is missing; expected 1 to 4096 tables, each written `[[request]]`");
    assert_snapshot!(message(&format!("request = []\n{without}")), @"small.toml:1:11: there are 0 requests; expected 1 to 4096 tables, each written `[[request]]`");
    let request = "[[request]]\nclient = 0\nkind = \"publish\"\nhome = 0\n";
    assert_snapshot!(message(&format!("{without}{}", request.repeat(4097))), @"small.toml:1:1: the file has 200851 bytes; expected at most 65536 bytes");
}

#[test]
fn missing_key() {
    assert_snapshot!(with("name = \"small\"\n", ""), @"small.toml:1:1: `name` is missing; expected the scope's name, that of its file");
    assert_snapshot!(with("threshold = 1\n", ""), @"small.toml:6:1: `threshold` is missing; expected an integer from 0 to 64, or a list with one for each query server");
    assert_snapshot!(with("user = 1\n", ""), @"small.toml:8:1: `user` is missing; expected the index of a client, from 0");
    assert_snapshot!(with("home = 1\n", ""), @"small.toml:14:1: `home` is missing; expected the index of a query server, from 0");
    assert_snapshot!(with("[nodes]\nclients = 2\nquery-servers = 2\n", ""), @"small.toml:18:33: `nodes` is missing; expected a table, written `[nodes]`");
}

#[test]
fn bad_choice() {
    assert_snapshot!(with("\"query\"", "\"qurey\""), @"small.toml:10:8: `kind` is `qurey`; expected `query`, `publish`, `delete`, `share`, `contacts` or `restate`; did you mean `query`?");
    assert_snapshot!(with("\"interactive\"", "\"Interactive\""), @"small.toml:12:9: `class` is `Interactive`; expected `interactive`, `normal` or `bulk`; did you mean `interactive`?");
    assert_snapshot!(with("\"interactive\"", "\"urgent\""), @"small.toml:12:9: `class` is `urgent`; expected `interactive`, `normal` or `bulk`");
    assert_snapshot!(with("threshold = 1", "threshold = 1\nrouting = \"anny\""), @"small.toml:8:11: `routing` is `anny`; expected `home` or `any`; did you mean `any`?");
    assert_snapshot!(with("threshold = 1", "threshold = 1\nreturned = \"bussy\""), @"small.toml:8:12: `returned` is `bussy`; expected `queue` or `busy`; did you mean `busy`?");
}

#[test]
fn index_of_nothing() {
    assert_snapshot!(with("client = 1", "client = 2"), @"small.toml:15:10: `client` is 2, and there is no such client; expected an index below 2, for 2 clients");
    assert_snapshot!(with("user = 1", "user = 7"), @"small.toml:11:8: `user` is 7, and there is no such client; expected an index below 2, for 2 clients");
    assert_snapshot!(with("home = 1", "home = 2"), @"small.toml:17:8: `home` is 2, and there is no such query server; expected an index below 2, for 2 query servers");
    assert_snapshot!(with("clients = 2", "clients = 2\nsessions = [0, 1]"), @"small.toml:5:16: `sessions[1]` is 1, and there is no such communication server; expected an index below 1, for 1 communication server");
}

#[test]
fn impossible_combination() {
    assert_snapshot!(with("threshold = 1", "threshold = 4\nqueue-max = 3"), @"small.toml:7:13: `threshold` is 4, above a `queue-max` of 3: it never overflows; expected at most 3, or a larger `queue-max`");
    assert_snapshot!(with("threshold = 1", "threshold = [3, 4]\nqueue-max = 3"), @"small.toml:7:17: `threshold[1]` is 4, above a `queue-max` of 3: it never overflows; expected at most 3, or a larger `queue-max`");
    assert_snapshot!(with("threshold = 1", "threshold = [1, 1, 1]"), @"small.toml:7:13: `threshold` has 3 entries; expected 2, one for each query server");
    assert_snapshot!(with("clients = 2", "clients = 2\nsessions = [0]"), @"small.toml:5:12: `sessions` has 1 entry; expected 2, one for each client");
    assert_snapshot!(with("kind = \"publish\"", "kind = \"publish\"\nclass = \"bulk\""), @"small.toml:17:1: `class` does not belong to a publish; expected `client`, `kind` and `home` only");
}

#[test]
fn sometimes() {
    assert_snapshot!(with("\"overflow-happens\"", "\"overflow-hapens\""), @"small.toml:21:14: `sometimes[0]` is `overflow-hapens`; expected `overflow-happens`, `redistributed-answer` or `all-full`; did you mean `overflow-happens`?");
    assert_snapshot!(with("\"overflow-happens\"", "\"x\""), @"small.toml:21:14: `sometimes[0]` is `x`; expected `overflow-happens`, `redistributed-answer` or `all-full`");
    assert_snapshot!(with("\"overflow-happens\"", "\"all-full\", \"all-full\""), @r#"small.toml:21:26: `sometimes[1]` is "all-full" once more; expected each name once"#);
}

#[test]
fn columns_count_characters() {
    let inline = "name = \"small\"\nabout = \"Zwei Anfragen\"\nnodes = { 'größe' = 'übergroß', clients = 99 }\n";
    let errors = Scope::parse_all("small.toml", inline, &[]).expect_err("this text is wrong");
    let clients =
        errors.iter().find(|error| error.message.contains("`clients`")).expect("it is among them");
    assert_snapshot!(clients, @"small.toml:3:43: `clients` is 99; expected an integer from 1 to 32");
    assert_eq!(&inline[clients.span.clone()], "99", "the span counts bytes");
}

#[test]
fn carriage_returns_make_no_difference() {
    let faults = [
        ("clients = 2", "clients = 33"),
        ("class = \"interactive\"", "class = \"bulky\""),
        ("[faults]", "[fault"),
    ];
    for (old, new) in faults {
        let text = RIGHT.replacen(old, new, 1);
        assert_eq!(message(&text), message(&text.replace('\n', "\r\n")));
    }
}

#[test]
fn all_faults_come_in_the_order_of_the_file() {
    let text = RIGHT
        .replacen("clients = 2", "clients = 0", 1)
        .replacen("class = \"interactive\"\n", "", 1)
        .replacen("crash-query", "crash-querry", 1);
    let errors =
        Scope::parse_all("small.toml", &text, KNOWN_SOMETIMES).expect_err("this text is wrong");
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_snapshot!(lines.join("\n"), @"
    small.toml:4:11: `clients` is 0; expected an integer from 1 to 32
    small.toml:8:1: `class` is missing; expected `interactive`, `normal` or `bulk`
    small.toml:18:1: unknown key `crash-querry`; expected one of the 26 keys of `[faults]`; did you mean `crash-query`?
    ");
}

#[test]
fn defaults_never_bind_and_never_contradict_the_threshold() {
    let scope = Scope::parse("small.toml", RIGHT, KNOWN_SOMETIMES).expect("it is right");
    let knobs = &scope.knobs;
    assert_eq!((knobs.queue_max, knobs.pending_max, knobs.relay_max), (64, 64, 64));
    assert_eq!((knobs.ledger_max, knobs.window_max, knobs.link_max), (64, 64, 8));
    assert_eq!((scope.nodes.communication_servers, &scope.nodes.sessions), (1, &vec![0, 0]));
    let never_overflows = RIGHT.replacen("threshold = 1", "threshold = 64", 1);
    let scope = Scope::parse("small.toml", &never_overflows, KNOWN_SOMETIMES).expect("it is right");
    assert_eq!(scope.knobs.queue_max, 64);
}

#[test]
fn home_is_optional_when_any_server_will_do() {
    let text = RIGHT.replace("home = 1\n", "").replacen(
        "threshold = 1",
        "threshold = 1\nrouting = \"any\"",
        1,
    );
    let scope = Scope::parse("small.toml", &text, KNOWN_SOMETIMES).expect("it is right");
    assert_eq!(scope.requests[1].home, 0);
}

#[test]
fn outages_need_connections() {
    let datagram = RIGHT.replace("threshold = 1", "threshold = 1\nlinks = \"datagram\"");
    let cut = datagram.replace("crash-query = 1", "cut-query = 1");
    assert_snapshot!(message(&cut), @r#"small.toml:20:13: `cut-query` is 1, and a datagram link has no connection that could be lost; expected 0, or `links = "fifo"`"#);
    let stop = datagram.replace("crash-query = 1", "stop-control = 2");
    assert_snapshot!(message(&stop), @r#"small.toml:20:16: `stop-control` is 2, and a datagram link has no connection that could be lost; expected 0, or `links = "fifo"`"#);
    let reset = datagram.replace("crash-query = 1", "reset-query = 1");
    assert_snapshot!(message(&reset), @r#"small.toml:8:9: `links` is "datagram", and resets are budgeted; expected no resets: a datagram link has no connection to reset"#);
    assert_snapshot!(with("crash-query = 1", "drop = 1"), @r#"small.toml:19:8: `drop` is 1, and it cannot happen in this scope; expected 0, or `links = "datagram"`"#);
    Scope::parse("small.toml", &datagram, KNOWN_SOMETIMES).expect("crashes need none");
}

#[test]
fn a_client_needs_somewhere_to_move_to() {
    assert_snapshot!(with("crash-query = 1", "moves = 1"), @"small.toml:19:9: `moves` is 1, and it cannot happen in this scope; expected 0, or two communication servers");
    let two = RIGHT.replacen("crash-query = 1", "moves = 1", 1);
    let two = two.replacen("query-servers = 2", "query-servers = 2\ncommunication-servers = 2", 1);
    Scope::parse("small.toml", &two, KNOWN_SOMETIMES).expect("there is another server");
}
