//! What whoever starts a server of a system reads if the file that describes it is wrong: file, line, and what was expected.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::Folder;

/// Lines 1 to 7.
const RIGHT: &str = "control = { listen = \"127.0.0.1:7301\" }
global = { listen = \"127.0.0.1:7300\" }
communication = [{ chat = \"127.0.0.1:5222\" }]
[[query]]
listen = \"127.0.0.1:7200\"
[[query]]
listen = \"127.0.0.1:7201\"
";

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_was_expected() {
    let folder = Folder::new();
    let changed = |from: &str, to: &str| {
        assert!(RIGHT.contains(from), "{from}");
        RIGHT.replacen(from, to, 1)
    };
    let below = |text: &str| format!("{RIGHT}{text}");
    let cases = [
        ("no TOML", changed("\"127.0.0.1:7300\" }", "\"127.0.0.1:7300 }")),
        ("a slip", changed("listen = \"127.0.0.1:7201", "listn = \"127.0.0.1:7201")),
        ("in the wrong place", below("query-threshold = 4\n")),
        ("missing", changed("global = { listen = \"127.0.0.1:7300\" }\n", "")),
        ("no address", changed("127.0.0.1:7200", "localhost")),
        ("taken", changed("7201", "7301")),
        ("a number", below("[knobs]\nledger-max = 0\n")),
        ("a word", below("[knobs]\nrouting = \"homes\"\n")),
        ("alone", below("[knobs]\nstrategy = \"weighted\"\n")),
        ("too small", below("[knobs]\nqueue-max = 100\n")),
        (
            "without TLS",
            format!("insecure-plaintext = true\n{}", changed("127.0.0.1:7201", "10.0.0.7:1")),
        ),
        ("right, but not this server", RIGHT.to_owned()),
    ];
    let mut told = String::new();
    for (what, text) in cases {
        folder.write("spillway.toml", &text);
        let serve = ["serve", "--role", "query", "--index", "2", "--config", "spillway.toml"];
        told += &format!("{what}\n  {}", folder.refused(&serve));
    }
    told += &folder.refused(&["serve", "--role", "query", "--config", "another.toml"]);
    insta::assert_snapshot!(told);
}
