//! Whatever is wrong in the file is told with its line.

use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use super::{Strategy, *};

const FILE: &str = "spillway.toml";

/// The least that is a file: its lines are numbered in the tests below.
const LEAST: &str = "control.listen = '127.0.0.1:1'
global.listen = '127.0.0.1:2'
communication = [{ chat = '127.0.0.1:3' }]
[[query]]
listen = '127.0.0.1:4'
[[query]]
listen = '127.0.0.1:5'
";

fn parse(text: &str) -> Result<Settings, String> {
    read(text, FILE, Path::new("/etc/spillway"))
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The least file with this above and this below it, and what is changed in it.
fn refused(above: &str, change: (&str, &str), below: &str) -> String {
    assert!(LEAST.contains(change.0), "{}", change.0);
    let text = format!("{above}{}{below}", LEAST.replacen(change.0, change.1, 1));
    parse(&text).expect_err(&text)
}

const NONE: (&str, &str) = ("", "");

#[test]
fn the_example_is_read() {
    let settings = parse(EXAMPLE).expect("the example");
    assert_eq!(settings.query, [at(7200), at(7201), at(7202)]);
    assert_eq!(settings.communication, [at(5222)]);
    assert_eq!((settings.global, settings.control), (at(7300), at(7301)));
    assert_eq!(settings.knobs.strategy, Some(Strategy::LeastLoaded));
    assert_eq!(settings.knobs.sharing, Some(Rule::Contacts));
    assert_eq!(settings.knobs.hand_over, Some(true));
    // What is commented out is right, too.
    let full = EXAMPLE.replace("# weights", "weights").replace("-loaded\" ", "-loaded\"");
    let full = full.replace("strategy = \"least-loaded\"", "strategy = \"weighted\"");
    let knobs = ["queue", "ledger", "pending", "relay"].map(|name| format!("{name}-max"));
    let full = knobs.iter().fold(full, |text, name| text.replace(&format!("# {name}"), name));
    let knobs = parse(&full).expect("the full example").knobs;
    assert_eq!(knobs.weights, Some(vec![2, 1, 1]));
    assert_eq!((knobs.queue_max, knobs.relay_max), (Some(2048), Some(16384)));
}

#[test]
fn what_is_left_out_has_a_default() {
    let expected = Settings {
        domain: "localhost".to_owned(),
        data: PathBuf::from("/etc/spillway/spillway-data"),
        keys: PathBuf::from("/etc/spillway/spillway-keys"),
        thresholds: vec![256, 256],
        control: at(1),
        global: at(2),
        communication: vec![at(3)],
        query: vec![at(4), at(5)],
        knobs: KnobSettings::default(),
        is_plaintext: false,
    };
    assert_eq!(parse(LEAST), Ok(expected));
}

#[test]
fn everything_can_be_said() {
    let above = "domain = 'münchen.example'\ndata = '/var/data'\nkeys = '../keys'
        query-threshold = [1_000, 0x10]\ninsecure-plaintext = true\n";
    let below = "[knobs]\nqueue-max = 1000\nledger-max = 1\npending-max = 1_000_000
        relay-max = +3\nstrategy = 'weighted'\nweights = [1, 2]\nrouting = 'any'
        sharing = 'nobody'\nhand-over = false\n";
    let settings = parse(&format!("{above}{LEAST}{below}")).expect("a file");
    assert_eq!(settings.domain, "münchen.example");
    assert_eq!(settings.data, Path::new("/var/data"));
    assert_eq!(settings.keys, Path::new("/etc/spillway/../keys"));
    assert_eq!(settings.thresholds, [1000, 16]);
    assert!(settings.is_plaintext);
    let expected = KnobSettings {
        queue_max: Some(1000),
        ledger_max: Some(1),
        pending_max: Some(1_000_000),
        relay_max: Some(3),
        strategy: Some(Strategy::Weighted),
        weights: Some(vec![1, 2]),
        routing: Some(Routing::Any),
        sharing: Some(Rule::Nobody),
        hand_over: Some(false),
    };
    assert_eq!(settings.knobs, expected);
}

#[test]
fn every_word_is_known() {
    for (key, words) in [
        ("strategy", &["any", "least-loaded", "round-robin", "two-choices"][..]),
        ("routing", &["home", "any"]),
        ("sharing", &["everyone", "contacts", "nobody"]),
    ] {
        for word in words {
            parse(&format!("{LEAST}knobs.{key} = '{word}'"))
                .expect_err("below [[query]] it is a key of the query server");
            parse(&format!("{LEAST}[knobs]\n{key} = '{word}'")).expect(word);
        }
    }
}

#[test]
fn tables_may_be_written_in_any_form() {
    let text = "[control]\nlisten = '[::1]:1'\n[global]\nlisten = '10.0.0.1:2'
        [[communication]]\nchat = '0.0.0.0:5222'\n[[query]]\nlisten = '10.0.0.2:4'
        [[query]]\nlisten = '10.0.0.3:4'";
    let settings = parse(text).expect("a file");
    assert_eq!(settings.communication[0].to_string(), "0.0.0.0:5222");
    assert_eq!(settings.control.to_string(), "[::1]:1");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    for (text, expected) in [
        ("a = 1\nb = \nc = 1\n", "spillway.toml:2: "),
        ("a = 'x", "spillway.toml:1: invalid literal string; expected `'`"),
        ("[control]\n[[control", "spillway.toml:2: unclosed array table; expected `]]`"),
        ("\n\na = 1\na = 2\n", "spillway.toml:4: this key is there twice; expected it once"),
        ("\u{0}", "spillway.toml:1: "),
        ("control = {", "spillway.toml:1: "),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.starts_with(expected) && error.contains("; expected "), "{error}");
    }
}

#[test]
fn what_is_missing_is_told_with_the_line_of_its_table() {
    let cases = [
        ("", ":1: there is no `control`; expected control = { listen = \"ADDRESS:PORT\" }"),
        ("\ncontrol.listen = '[::1]:9'", ":1: there is no `global`; expected global = { listen"),
        ("\n\n[control]\n", ":3: there is no `listen` of K; expected an IP address"),
        ("\ncontrol = {}\n", ":2: there is no `listen` of K; expected an IP address"),
    ];
    for (text, expected) in cases {
        let error = parse(text).expect_err(text);
        assert!(error.starts_with(&format!("{FILE}{expected}")), "{error}");
    }
    let error = refused("\n", ("communication = [{ chat = '127.0.0.1:3' }]\n", ""), "");
    assert!(error.starts_with("spillway.toml:1: there is no `communication`; "), "{error}");
    let error = refused("\n", NONE, "\n[[query]]\n");
    assert!(error.starts_with("spillway.toml:10: there is no `listen` of C2; "), "{error}");
}

#[test]
fn keys_that_are_not_known_are_refused_with_the_nearest() {
    let top = |above: &str| refused(above, NONE, "");
    let knob = |below: &str| refused("", NONE, &format!("[knobs]\n{below}"));
    let cases = [
        (top("\ndomian = 'x'\n"), "2: \"domian\" is no key that is known; expected `domain`"),
        (
            knob("\nqeue-max = 1"),
            "10: \"qeue-max\" in [knobs] is no key that is known; expected `queue-max`",
        ),
        (
            knob("handover = true"),
            "9: \"handover\" in [knobs] is no key that is known; expected `hand-over`",
        ),
        (
            knob("data = 'x'"),
            "9: \"data\" in [knobs] is no key that is known; expected `data` at the top, above",
        ),
        (
            top("strategy = 'any'\n"),
            "1: \"strategy\" is no key that is known; expected `strategy` in [knobs]",
        ),
        (
            refused("", NONE, "lisen = 1"),
            "8: \"lisen\" of C1 is no key that is known; expected `listen`",
        ),
        (
            refused("", ("chat", "listen"), ""),
            "3: \"listen\" of B0 is no key that is known; expected `chat`",
        ),
        (
            top("\"\\u001b\\n\" = 1\n"),
            "1: \"\\u{1b}\\n\" is no key that is known; expected `domain`, `data`",
        ),
        (top("control.port = 1\n"), "1: \"port\" of K is no key that is known; expected `listen`"),
    ];
    for (error, expected) in cases {
        assert!(error.starts_with(&format!("{FILE}:{expected}")), "{error}\n{expected}");
    }
}

#[test]
fn values_that_are_wrong_are_refused() {
    let top = |above: &str| refused(above, NONE, "");
    let knob = |below: &str| refused("", NONE, &format!("[knobs]\n{below}"));
    let cases = [
        (top("domain = 1\n"), "1: `domain` is of type integer; expected a domain such as"),
        (top("\ndomain = 'a b'\n"), "2: `domain` is \"a b\"; expected a domain"),
        (top("domain = ''\n"), "1: `domain` is \"\"; expected a domain"),
        (top("data = ''\n"), "1: `data` is \"\"; expected the path of a folder"),
        (top("keys = \"\\u0000\"\n"), "1: `keys` is \"\\0\"; expected the path"),
        (
            top("insecure-plaintext = 1\n"),
            "1: `insecure-plaintext` is of type integer; expected true or false",
        ),
        (
            top("query-threshold = 0\n"),
            "1: `query-threshold` is 0; expected an integer from 1 to 1000000",
        ),
        (
            top("query-threshold = 'x'\n"),
            "1: `query-threshold` is of type string; expected a number, or a list",
        ),
        (
            top("query-threshold = [1]\n"),
            "1: `query-threshold` has 1 entries; expected a list of 2 numbers",
        ),
        (
            top("query-threshold = [1,\n-2]\n"),
            "2: entry 2 of `query-threshold` is -2; expected an integer from",
        ),
        (top("knobs = 1\n"), "1: `knobs` is of type integer; expected a table [knobs]"),
        (
            knob("queue-max = 1_000_001"),
            "9: `queue-max` in [knobs] is 1000001; expected an integer from 1",
        ),
        (
            knob("relay-max = 99999999999999999999999"),
            "9: `relay-max` in [knobs] is 99999999999999999999999;",
        ),
        (
            knob("relay-max = 1.5"),
            "9: `relay-max` in [knobs] is of type float; expected an integer",
        ),
        (
            knob("routing = 'hom'"),
            "9: `routing` in [knobs] is \"hom\"; expected \"home\" or \"any\"",
        ),
        (
            knob("strategy = 'classes'"),
            "9: `strategy` in [knobs] is \"classes\"; expected \"any\", \"least",
        ),
        (
            knob("sharing = true"),
            "9: `sharing` in [knobs] is of type boolean; expected \"everyone\", \"con",
        ),
        (
            knob("hand-over = 'no'"),
            "9: `hand-over` in [knobs] is of type string; expected true or false",
        ),
        (
            knob("queue-max = 255"),
            "9: `queue-max` in [knobs] is 255, below `query-threshold`; expected at least 256",
        ),
        (
            knob("weights = [1, 2]"),
            "9: `weights` in [knobs] is there without its strategy; expected strategy = \"we",
        ),
        (
            knob("strategy = 'weighted'"),
            "9: `strategy` in [knobs] is weighted, and there are no weights; expected",
        ),
        (
            knob("strategy = 'weighted'\nweights = [1]"),
            "10: `weights` in [knobs] has 1 entries; expected a list of 2",
        ),
    ];
    for (error, expected) in cases {
        assert!(error.starts_with(&format!("{FILE}:{expected}")), "{error}\n{expected}");
    }
}

#[test]
fn addresses_that_are_wrong_are_refused() {
    let to = |from: &str, to: &str| refused("\n", (from, to), "");
    let many = |count: usize, entry: &str| refused("", NONE, &entry.repeat(count));
    let plain = |from: &str, to: &str| refused("insecure-plaintext = true\n", (from, to), "");
    let chats = "[{ chat = '127.0.0.1:3' }]";
    let cases = [
        (
            to("127.0.0.1:1", "localhost:1"),
            "2: `listen` of K is \"localhost:1\"; expected an IP address and a",
        ),
        (
            to("127.0.0.1:2", "127.0.0.1"),
            "3: `listen` of G is \"127.0.0.1\"; expected an IP address and a port",
        ),
        (
            to("'127.0.0.1:5'", "5"),
            "8: `listen` of C1 is of type integer; expected an IP address and a port",
        ),
        (
            to("127.0.0.1:3", "127.0.0.1:0"),
            "4: `chat` of B0 has port 0; expected a port from 1 to 65535",
        ),
        (
            to("127.0.0.1:4", "0.0.0.0:4"),
            "6: `listen` of C0 is 0.0.0.0:4, to which nobody can connect; expected",
        ),
        (
            to("127.0.0.1:1", "127.0.0.1:5"),
            "8: `listen` of C1 is 127.0.0.1:5, as is `listen` of K in line 2; exp",
        ),
        (
            to("127.0.0.1:3", "127.0.0.1:2"),
            "4: `chat` of B0 is 127.0.0.1:2, as is `listen` of G in line 3; exp",
        ),
        (
            to(chats, "[]"),
            "4: `communication` has 0 entries; expected 1 to 4 entries [[communication]], each with `chat` of a",
        ),
        (
            to(chats, "{ chat = '[::1]:3' }"),
            "4: `communication` is of type table; expected 1 to 4 entr",
        ),
        (to(chats, "['[::1]:3']"), "4: B0 is of type string; expected 1 to 4 entries [[comm"),
        (
            to("[[query]]\nlisten = '127.0.0.1:5'\n", ""),
            "5: `query` has 1 entries; expected 2 to 8 entries [[query]], each",
        ),
        (
            many(7, "[[query]]\n"),
            "14: `query` has 9 entries; expected 2 to 8 entries [[query]], each",
        ),
        (
            plain("127.0.0.1:3", "0.0.0.0:3"),
            "4: `chat` of B0 is 0.0.0.0:3, with `insecure-plaintext`; expected a",
        ),
        (
            plain("127.0.0.1:5", "10.0.0.1:5"),
            "8: `listen` of C1 is 10.0.0.1:5, with `insecure-plaintext`; expect",
        ),
    ];
    for (error, expected) in cases {
        assert!(error.starts_with(&format!("{FILE}:{expected}")), "{error}\n{expected}");
    }
}

#[test]
fn what_is_long_is_refused_or_clipped() {
    let error = parse(&"#\n".repeat(TEXT_BYTES_MAX)).expect_err("128 KiB");
    assert_eq!(error, "spillway.toml:1: the file has 131072 bytes; expected 65536 at most");
    let long = "x".repeat(60_000);
    for above in [format!("{long} = 1\n"), format!("domain = '{long}'\n")] {
        let error = refused(&above, NONE, "");
        assert!(error.starts_with("spillway.toml:1: ") && error.len() < 300, "{error}");
    }
    let deep = format!("domain = {}", "[".repeat(60_000));
    assert!(parse(&deep).expect_err("deep").starts_with("spillway.toml:1: "));
    parse(&format!("{LEAST}{}", "#".repeat(TEXT_BYTES_MAX - LEAST.len()))).expect("64 KiB");
}

/// Either it is read, or the error begins with a line of the file and is itself one line.
fn is_told(text: &str) -> Result<(), TestCaseError> {
    let Err(error) = parse(text) else { return Ok(()) };
    let place = error.strip_prefix("spillway.toml:").and_then(|rest| rest.split_once(": "));
    let line = place.and_then(|(line, _)| line.parse::<usize>().ok());
    let lines = 1..=text.lines().count().max(1);
    prop_assert!(line.is_some_and(|line| lines.contains(&line)), "{error}");
    prop_assert!(error.contains("; expected ") && !error.contains(char::is_control), "{error:?}");
    Ok(())
}

fn piece() -> impl proptest::strategy::Strategy<Value = String> {
    let words = ["\n", "[[query]]\n", "[knobs]\n", "=", "'", "\"\"\"", "{", "}", "[", "]", ","]
        .map(str::to_owned);
    prop_oneof![
        proptest::sample::select(words.to_vec()),
        proptest::sample::select([TOP, KNOBS].concat()).prop_map(|key| format!("{key} = ")),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<SocketAddr>().prop_map(|address| format!("'{address}'")),
        ".{0,4}",
    ]
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        is_told(&text)?;
    }

    #[test]
    fn arbitrary_pieces_never_panic(pieces in proptest::collection::vec(piece(), 0..24)) {
        is_told(&pieces.concat())?;
    }

    #[test]
    fn a_mutated_example_never_panics(
        mutations in proptest::collection::vec((any::<prop::sample::Index>(), 0..40usize, piece()), 1..4),
    ) {
        let mut chars: Vec<char> = EXAMPLE.chars().collect();
        for (place, length, piece) in mutations {
            let from = place.index(chars.len());
            let to = (from + length).min(chars.len());
            chars.splice(from..to, piece.chars());
        }
        is_told(&chars.into_iter().collect::<String>())?;
    }
}
