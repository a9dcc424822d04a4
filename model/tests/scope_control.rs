//! What somebody is told whose scope file is wrong about control servers, strategies, delays or ageing.

use insta::assert_snapshot;
use spillway_model::scope::Scope;

/// A scope file that is right, to be made wrong in one place.
const RIGHT: &str = r#"name = "small"
about = "One query."
[nodes]
clients = 1
query-servers = 2
control-servers = 2
[knobs]
threshold = 1
strategy = "weighted"
weights = [1, 2]
unit = "delay"
overtaken-max = 2
[[request]]
client = 0
kind = "query"
user = 0
class = "interactive"
home = 0
[faults]
lease = 1
slow = 1
"#;

/// What is said of [`RIGHT`] with `old` replaced by `new`.
fn with(old: &str, new: &str) -> String {
    assert!(RIGHT.contains(old), "{old:?} is not in the text");
    let text = RIGHT.replacen(old, new, 1);
    Scope::parse("small.toml", &text, &[]).expect_err("this text is wrong").to_string()
}

#[test]
fn the_text_that_is_made_wrong_is_right() {
    Scope::parse("small.toml", RIGHT, &[]).expect("it is right");
}

#[test]
fn strategies_come_with_their_lists() {
    assert_snapshot!(with("weights = [1, 2]\n", ""), @"small.toml:7:1: `weights` has 0 entries; expected 2, one for each query server");
    assert_snapshot!(with("weights = [1, 2]", "weights = [1]"), @"small.toml:10:11: `weights` has 1 entry; expected 2, one for each query server");
    assert_snapshot!(with("weights = [1, 2]", "weights = [1, 0]"), @"small.toml:10:15: `weights[1]` is 0; expected an integer from 1 to 64");
    assert_snapshot!(with("\"weighted\"", "\"least-loaded\""), @r#"small.toml:10:11: `weights` does not belong there; expected it only with `strategy = "weighted"`"#);
    assert_snapshot!(with("\"weighted\"", "\"weihgted\""), @"small.toml:9:12: `strategy` is `weihgted`; expected `any`, `least-loaded`, `round-robin`, `two-choices`, `weighted` or `classes`; did you mean `weighted`?");
    assert_snapshot!(with("strategy = \"weighted\"\nweights = [1, 2]", "strategy = \"classes\"\naccepts = [[\"bulk\"]]"), @"small.toml:10:11: `accepts` has 1 entry; expected 2, one for each query server");
    assert_snapshot!(with("strategy = \"weighted\"\nweights = [1, 2]", "strategy = \"classes\"\naccepts = [[\"bulk\"], [\"bluk\"]]"), @"small.toml:10:23: `accepts[1][0]` is `bluk`; expected `interactive`, `normal` or `bulk`; did you mean `bulk`?");
}

#[test]
fn the_environment_does_only_what_can_happen() {
    assert_snapshot!(with("control-servers = 2\n", ""), @"small.toml:19:9: `lease` is 1, and it cannot happen in this scope; expected 0, or two control servers");
    assert_snapshot!(with("control-servers = 2", "control-servers = 3"), @"small.toml:6:19: `control-servers` is 3; expected an integer from 1 to 2");
    assert_snapshot!(with("unit = \"delay\"\n", ""), @r#"small.toml:20:8: `slow` is 1, and it cannot happen in this scope; expected 0, or `unit = "delay"`"#);
    assert_snapshot!(with("overtaken-max = 2", "overtaken-max = 17"), @"small.toml:12:17: `overtaken-max` is 17; expected an integer from 0 to 16");
}
