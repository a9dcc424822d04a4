//! Files that say how a system is, right and broken: a right one is drawn, or written of what was read; then lines and values
//! are changed, doubled, dropped, moved, or something else takes their place.

#![allow(unreachable_pub)]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use spillway_impl::config::{Routing, Strategy};
use spillway_impl::live::settings::{KnobSettings, Settings};
use spillway_impl::profile::Rule;

/// What is written in the place of a value.
const VALUES: [&str; 33] = [
    "1",
    "0",
    "-1",
    "3",
    "256",
    "1_000_000",
    "1000001",
    "0x10",
    "0o7",
    "+3",
    "4294967297",
    "99999999999999999999",
    "1.5",
    "nan",
    "true",
    "false",
    "''",
    "'a b'",
    "\"\\u0000\"",
    "'any'",
    "'weighted'",
    "'contacts'",
    "[1, 2, 3]",
    "[1, 2]",
    "[]",
    "[[1]]",
    "{ listen = '[::1]:9' }",
    "1979-05-27T07:32:00Z",
    "\"127.0.0.1:7200\"",
    "'127.0.0.1:0'",
    "'10.0.0.1:5'",
    "'0.0.0.0:6'",
    "'localhost:1'",
];
/// What is written in the place of a line, or between two.
const LINES: [&str; 23] = [
    "data = '''\nlong\n'''",
    "[knobs]",
    "[[query]]",
    "[[communication]]",
    "[query]",
    "[control]",
    "[knobs.more]",
    "[[",
    "]",
    "listen = '127.0.0.1:7999'",
    "chat = '127.0.0.1:5999'",
    "query-treshold = 4",
    "strategy = 'any'",
    "weights = [1, 2, 3]",
    "a.b.c = 1",
    "\"\" = 1",
    "'ß' = 1",
    "= 1",
    "x",
    "# nothing",
    "",
    "\u{feff}",
    "\"\"\"",
];
const LETTERS: [char; 20] = [
    '\n', '\r', '\t', '\0', ' ', '"', '\'', '[', ']', '{', '}', '=', ',', '.', '#', '-', 'a', '9',
    'é', '\u{1b}',
];

pub fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    random.next_u32() as usize % bound
}

/// A file in which all is right.
pub fn right(random: &mut ChaCha8Rng) -> String {
    let queries = 2 + below(random, 7);
    let strategies = ["any", "least-loaded", "round-robin", "two-choices", "weighted"];
    let strategy = strategies[below(random, strategies.len())];
    let mut size = || 1 + random.next_u32() % 300;
    let mut text = format!(
        "query-threshold = {}\ninsecure-plaintext = {}\ncontrol = {{ listen = '127.0.0.1:1' }}\n\
         global.listen = '[::1]:2'\n",
        size(),
        size() % 2 == 0,
    );
    let knobs = [("queue-max", 300), ("ledger-max", 0), ("pending-max", 0), ("relay-max", 0)];
    let knobs: Vec<String> =
        knobs.iter().map(|(key, more)| format!("{key} = {}\n", size() + more)).collect();
    text += "[[communication]]\nchat = '127.0.0.1:5222'\n";
    (0..queries).for_each(|n| text += &format!("[[query]]\nlisten = '127.0.0.{n}:7'\n"));
    text += &format!("[knobs]\nstrategy = '{strategy}'\n{}", knobs.concat());
    if strategy == "weighted" {
        text += &format!("weights = {:?}\n", vec![3; queries]);
    }
    text
}

/// Changes the value of one line, and says which line that is, from 1.
pub fn change_value(random: &mut ChaCha8Rng, text: &mut String) -> Option<usize> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = below(random, lines.len());
    let (key, _) = lines[at].split_once(" = ").filter(|(key, _)| !key.starts_with('#'))?;
    lines[at] = format!("{key} = {}", VALUES[below(random, VALUES.len())]);
    *text = lines.join("\n") + "\n";
    Some(at + 1)
}

/// Changes anything.
pub fn change(random: &mut ChaCha8Rng, text: &mut String) {
    if text.is_empty() {
        return;
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (at, other) = (below(random, lines.len()), below(random, lines.len()));
    match below(random, 12) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[other].clone()),
        2 => lines.swap(at, other),
        3 => lines.insert(at, LINES[below(random, LINES.len())].to_owned()),
        4 => LINES[below(random, LINES.len())].clone_into(&mut lines[at]),
        5 => lines.truncate(at),
        6 => lines.insert(at, large(random)),
        7..=8 => lines[at] = lines[at].trim_start_matches("# ").to_owned(),
        9 => {
            change_value(random, text);
            return;
        }
        _ => return change_letter(random, text),
    }
    *text = lines.iter().map(|line| format!("{line}\n")).collect();
}

fn change_letter(random: &mut ChaCha8Rng, text: &mut String) {
    let mut letters: Vec<char> = text.chars().collect();
    let at = below(random, letters.len());
    match below(random, 3) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, LETTERS[below(random, LETTERS.len())]),
        _ => letters[at] = LETTERS[below(random, LETTERS.len())],
    }
    *text = letters.into_iter().collect();
}

/// Something that is as deep or as long as it likes.
fn large(random: &mut ChaCha8Rng) -> String {
    let count = [10, 200, 5_000, 70_000][below(random, 4)];
    match below(random, 5) {
        0 => format!("domain = {}", "[".repeat(count)),
        1 => format!("{} = 1", "x".repeat(count)),
        2 => format!("data = '{}'", "ä".repeat(count)),
        3 => format!("{}a = 1", "a.".repeat(count)),
        _ => format!("weights = [{}]", "1, ".repeat(count)),
    }
}

/// What was read, written with all that it leaves out filled in. Paths have to be UTF-8.
pub fn written(settings: &Settings) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let path = |path: &std::path::Path| text(path.to_str().expect("it was read from text"));
    let mut said = format!(
        "domain = {}\ndata = {}\nkeys = {}\nquery-threshold = {:?}\ninsecure-plaintext = {}\n\
         control.listen = '{}'\nglobal.listen = '{}'\n",
        text(&settings.domain),
        path(&settings.data),
        path(&settings.keys),
        settings.thresholds,
        settings.is_plaintext,
        settings.control,
        settings.global,
    );
    for chat in &settings.communication {
        said += &format!("[[communication]]\nchat = '{chat}'\n");
    }
    for listen in &settings.query {
        said += &format!("[[query]]\nlisten = '{listen}'\n");
    }
    said + &written_knobs(&settings.knobs)
}

fn written_knobs(knobs: &KnobSettings) -> String {
    let strategy = |strategy| match strategy {
        Strategy::Any => "'any'",
        Strategy::LeastLoaded => "'least-loaded'",
        Strategy::RoundRobin => "'round-robin'",
        Strategy::TwoChoices => "'two-choices'",
        Strategy::Weighted => "'weighted'",
        Strategy::Classes => panic!("it is in no file"),
    };
    let routing = |routing| match routing {
        Routing::Home => "'home'",
        Routing::Any => "'any'",
    };
    let sharing = |rule| match rule {
        Rule::Everyone => "'everyone'",
        Rule::Contacts => "'contacts'",
        Rule::Nobody => "'nobody'",
    };
    let size = |size: Option<u32>| size.map(|size| size.to_string());
    let all = [
        ("queue-max", size(knobs.queue_max)),
        ("ledger-max", size(knobs.ledger_max)),
        ("pending-max", size(knobs.pending_max)),
        ("relay-max", size(knobs.relay_max)),
        ("strategy", knobs.strategy.map(|s| strategy(s).to_owned())),
        ("weights", knobs.weights.as_ref().map(|weights| format!("{weights:?}"))),
        ("routing", knobs.routing.map(|r| routing(r).to_owned())),
        ("sharing", knobs.sharing.map(|rule| sharing(rule).to_owned())),
        ("hand-over", knobs.hand_over.map(|is| is.to_string())),
    ];
    let said = all.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}\n", value?)));
    format!("[knobs]\n{}", said.collect::<String>())
}
