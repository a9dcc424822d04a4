//! Random scopes come back from both of their written forms, and no text makes the reader panic.

use proptest::collection::vec;
use proptest::prelude::*;
use spillway_model::scope::{
    BUDGETS, BUILTIN, Body, Class, Disk, Faults, Knobs, Links, Nodes, Request, Returned, Routing,
    Rule, Scope, Strategy as Strategy_, Unit, Users,
};

const KNOWN_SOMETIMES: &[&str] = &["overflow-happens", "redistributed-answer", "all-full"];

fn nodes() -> impl Strategy<Value = Nodes> {
    (1..=32u16, 1..=4u16, 2..=8u16).prop_flat_map(
        |(clients, communication_servers, query_servers)| {
            vec(0..communication_servers, usize::from(clients)).prop_map(move |sessions| Nodes {
                clients,
                communication_servers,
                query_servers,
                sessions,
                control_servers: 1 + query_servers % 2,
            })
        },
    )
}

fn knobs(query_servers: u16) -> impl Strategy<Value = Knobs> {
    let bounds = (1..=64u32, 1..=64u32, 1..=64u32, 1..=64u32, 1..=64u32, 1..=32u32);
    let routing = prop_oneof![Just(Routing::Home), Just(Routing::Any)];
    let returned = prop_oneof![Just(Returned::Queue), Just(Returned::Busy)];
    (bounds, routing, returned).prop_flat_map(move |(bounds, routing, returned)| {
        let (queue_max, pending_max, relay_max, ledger_max, window_max, link_max) = bounds;
        vec(0..=queue_max, usize::from(query_servers)).prop_map(move |threshold| Knobs {
            threshold,
            queue_max,
            pending_max,
            relay_max,
            ledger_max,
            window_max,
            link_max,
            routing,
            returned,
            ..Knobs::default()
        })
    })
}

fn request(clients: u16, query_servers: u16) -> impl Strategy<Value = Request> {
    let class = prop_oneof![Just(Class::Interactive), Just(Class::Normal), Just(Class::Bulk)];
    let query = (0..clients, class).prop_map(|(user, class)| Body::Query { user, class });
    let rules = prop_oneof![Just(Rule::Everyone), Just(Rule::Contacts), Just(Rule::Nobody)];
    let mask = ((1u64 << clients) - 1) as u32;
    let body = prop_oneof![
        query,
        Just(Body::Publish),
        Just(Body::Delete),
        rules.clone().prop_map(|rule| Body::Share { rule }),
        any::<u32>().prop_map(move |bits| Body::Contacts { contacts: Users((bits & mask).into()) }),
        (any::<bool>(), rules, any::<u32>()).prop_map(move |(information, rule, bits)| {
            let contacts = Users((bits & mask).into());
            Body::Restate { information, rule, contacts }
        }),
    ];
    (0..clients, body, 0..query_servers).prop_map(|(client, body, home)| Request {
        client,
        body,
        home,
    })
}

fn faults() -> impl Strategy<Value = Faults> {
    // What a feature that is off rules out stays at 0.
    let needs = ["drop", "duplicate", "reorder", "slow", "lease", "moves"];
    vec(0..=8u32, BUDGETS).prop_map(move |often| {
        let mut often = often.into_iter();
        Faults::from_keys(|key| match often.next() {
            Some(times) if !needs.contains(&key) => times,
            _ => 0,
        })
    })
}

/// Turns one feature on, or none.
fn feature(mut scope: Scope, which: usize) -> Scope {
    let (knobs, faults) = (&mut scope.knobs, &mut scope.faults);
    let servers = usize::from(scope.nodes.query_servers);
    match which {
        0 => {
            knobs.links = Links::Datagram;
            *faults = Faults { drop: 2, duplicate: 1, reorder: 8, ..Faults::default() };
        }
        1 => {
            knobs.strategy = Strategy_::Classes;
            knobs.accepts =
                std::iter::repeat_n(vec![Class::Normal, Class::Bulk], servers).collect();
        }
        2 => {
            knobs.strategy = Strategy_::Weighted;
            knobs.weights = (1..=servers as u32).collect();
        }
        3 => {
            knobs.unit = Unit::Delay;
            faults.slow = 3;
        }
        4 => {
            knobs.disk = Disk::Flushed;
            knobs.give_back = true;
        }
        5 => {
            knobs.sharing = Rule::Contacts;
            knobs.rooms = vec![knobs.queue_max, knobs.queue_max, 1];
            knobs.overtaken_max = 3;
        }
        6 => {
            scope.nodes.control_servers = 2;
            faults.lease = 2;
            knobs.strategy = Strategy_::RoundRobin;
        }
        _ => {}
    }
    scope
}

fn scope() -> impl Strategy<Value = Scope> {
    let sometimes = proptest::sample::subsequence(KNOWN_SOMETIMES, 0..=KNOWN_SOMETIMES.len());
    let faults = prop_oneof![Just(Faults::default()), faults()];
    (nodes(), "[a-z0-9-]{1,64}", any::<String>(), faults, sometimes).prop_flat_map(
        |(nodes, name, about, faults, sometimes)| {
            let requests = vec(request(nodes.clients, nodes.query_servers), 1..=64);
            (knobs(nodes.query_servers), requests, 0..9usize).prop_map(
                move |(knobs, requests, on)| {
                    feature(
                        Scope {
                            name: name.clone(),
                            about: about.clone(),
                            nodes: nodes.clone(),
                            knobs,
                            requests,
                            rounds: 1,
                            faults: faults.clone(),
                            sometimes: sometimes.iter().map(|name| (*name).to_owned()).collect(),
                        },
                        on,
                    )
                },
            )
        },
    )
}

/// Reads the text; whatever is wrong with it has a place within it.
fn read(text: &str) {
    let Err(errors) = Scope::parse_all("random.toml", text, KNOWN_SOMETIMES) else { return };
    assert!(!errors.is_empty());
    for error in errors {
        assert!(text.get(error.span.clone()).is_some(), "{error} is not within the text");
        assert!(error.line >= 1 && error.column >= 1);
        assert_eq!(error.to_string().lines().count(), 1, "one line");
    }
}

#[test]
fn deep_and_wide_texts_are_read_without_a_panic() {
    for part in ["[", "{a=", "a.", "[[request]]\n", "a", "\"", "\n", "\u{feff}", "ä"] {
        let text = part.repeat(60_000 / part.len());
        read(&text);
        read(&format!("a = {text}"));
    }
    let many: String = (0..6000).map(|key| format!("k{key} = 1\n")).collect();
    read(&many);
}

proptest! {
    #[test]
    fn toml_comes_back(scope in scope()) {
        let text = scope.to_toml();
        match Scope::parse("random.toml", &text, KNOWN_SOMETIMES) {
            Ok(read) => prop_assert_eq!(read, scope),
            Err(error) => prop_assert!(false, "{}\n{}", error, text),
        }
    }

    #[test]
    fn json_comes_back(scope in scope()) {
        let json = scope.to_json().to_string();
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        prop_assert_eq!(Scope::from_json(&json).expect("it is a scope"), scope);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn a_damaged_scope_is_read_without_a_panic(at in any::<prop::sample::Index>(), gone in 0..40usize, new in ".{0,8}") {
        let (_, text) = BUILTIN[0];
        let letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len());
        let rest = letters.iter().skip(at + gone);
        let damaged: String = letters[..at].iter().copied().chain(new.chars()).chain(rest.copied()).collect();
        read(&damaged);
    }

    #[test]
    fn a_scope_of_other_values_is_read_without_a_panic(
        lines in vec((0..80usize, prop_oneof!["-?[0-9]{1,25}", "\"[a-zä\\\\\"]{0,9}\"", "\\[[0-9, ]{0,9}\\]", "\\{\\}"]), 1..6)
    ) {
        let (_, text) = BUILTIN[0];
        let mut changed: Vec<String> = text.lines().map(str::to_owned).collect();
        for (line, value) in lines {
            let line = line % changed.len();
            if let Some((key, _)) = changed[line].split_once(" = ") {
                changed[line] = format!("{key} = {value}");
            }
        }
        read(&changed.join("\n"));
    }
}
