//! The client, rule by rule: what it does on an input, and which steps it may take.
#![allow(clippy::unwrap_used)]

mod rig;

use std::collections::BTreeSet;

use rig::*;
use spillway_impl::config::Links;
use spillway_impl::node::{Change, Command, Input, Output, Timer};
use spillway_impl::nodes::client::Client;
use spillway_impl::profile::{Profile, Record, Rule};
use spillway_impl::wire::{Body, Wire};
use spillway_traces::{Action, RequestId};

/// The record that it sent last, and its version.
fn sent(a1: &Rig<Client>) -> (u32, Record) {
    a1.out
        .iter()
        .find_map(|output| match output {
            Output::Send { message: Wire::Request(asked), .. } => match &asked.ask.body {
                Body::Publish { version, record } => Some((*version, Record::clone(record))),
                Body::Query { .. } => None,
            },
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_request_carries_the_token_of_when_it_was_asked_first() {
    let mut a1 = client(config());
    assert_eq!(a1.asks(1), "B0 Request r1 token 0");
    assert_eq!(a1.asks(2), "B0 Request r2 token 0");
    let given = "given { request: r1, revision: 7, version: 0; user: r1 v0 at 7";
    assert_eq!(a1.gets(b(0), reply(1, 7)), given);
    assert_eq!(a1.asks(3), "B0 Request r3 token 7");
    assert_eq!(a1.reset(b(0)), "B0 Request r2 token 0; B0 Request r3 token 7");
    assert_eq!(a1.on(Input::Command(Command::Retry(RequestId(2)))), "B0 Request r2 token 0");
    a1.gets(b(0), reply(3, 4));
    assert_eq!(a1.node.token, 7, "it does not fall");
}

#[test]
fn a_request_is_settled_once() {
    let mut a1 = client(config());
    a1.asks(1);
    assert_eq!(a1.gets(b(0), busy(1)), "refused { request: r1; user: r1 busy, again after 1us");
    assert_eq!((a1.gets(b(0), reply(1, 3)), a1.node.token), ("dropped".to_owned(), 0));
    assert_eq!(a1.gets(b(0), busy(1)), "dropped");
    assert_eq!(a1.reset(b(0)), "");
}

#[test]
fn a_change_carries_the_whole_record_whatever_became_of_the_last() {
    let mut a1 = client(with(|config| config.knobs.sharing = Rule::Nobody));
    a1.changes(1, Change::Publish(Profile::default()));
    let (version, record) = sent(&a1);
    let shown = record.info.as_ref().unwrap().version;
    assert_eq!((version, shown, record.rule), (1, 1, Rule::Nobody));
    a1.gets(b(0), busy(1));
    a1.changes(2, Change::Share(Rule::Contacts));
    a1.on(Input::Command(Command::Cancel(RequestId(2))));
    a1.changes(3, Change::Contacts(BTreeSet::from([3])));
    let (version, record) = sent(&a1);
    assert_eq!((version, record.rule), (3, Rule::Contacts));
    assert_eq!(record.info.unwrap().version, 1, "by the version that published it");
    a1.changes(4, Change::Delete);
    let (version, record) = sent(&a1);
    assert_eq!((version, record.info, record.contacts), (4, None, BTreeSet::from([3])));
    assert_eq!(record.rule, Rule::Contacts, "the rule stays");
}

#[test]
fn what_it_may_not_ask_is_refused_without_a_message() {
    let mut a1 = client(with(|config| config.knobs.window_max = 1));
    let mut fields = std::collections::BTreeMap::new();
    fields.insert("name".to_owned(), "x".repeat(spillway_impl::profile::PROFILE_BYTES_MAX));
    assert_eq!(a1.changes(1, Change::Publish(Profile { fields })), "user: r1 not asked");
    a1.asks(2);
    assert_eq!(a1.changes(3, Change::Delete), "user: r3 not asked");
    assert_eq!((a1.node.issued, a1.node.version), (1, 0), "neither was issued");
    a1.on(Input::Command(Command::Leave));
    assert_eq!(a1.asks(4), "user: r4 not asked");
}

#[test]
fn a_client_that_moves_asks_there_for_what_it_waits_for() {
    let mut a1 = client(config());
    a1.asks(1);
    a1.asks(2);
    assert_eq!(a1.on(Input::Command(Command::Cancel(RequestId(1)))), "B0 Cancel r1");
    assert_eq!(a1.on(Input::Command(Command::Cancel(RequestId(1)))), "", "it waits no more");
    assert_eq!(a1.on(Input::Command(Command::Move { to: b(1) })), "B1 Request r2 token 0");
    assert_eq!(a1.reset(b(0)), "", "its session is elsewhere");
    assert_eq!(a1.on(Input::Command(Command::Leave)), "");
    assert_eq!(a1.gets(b(1), reply(2, 1)), "dropped");
    assert_eq!(a1.on(Input::Command(Command::Move { to: b(0) })), "", "it has gone away");
    assert!(a1.node.candidates(0).is_empty());
}

#[test]
fn its_own_timer_asks_again_after_longer_and_longer_waits() {
    let mut a1 = client(with(|config| {
        config.timers.retry_us = 100;
        config.timers.backoff_us_max = 300;
        config.timers.jitter_percent = 0;
    }));
    let timer = Timer::Retry(RequestId(1));
    assert_eq!(a1.asks(1), "B0 Request r1 token 0; arm retry(r1) 100");
    for wait_us in [200, 300, 300] {
        let again = format!("B0 Request r1 token 0; arm retry(r1) {wait_us}");
        assert_eq!(a1.on(Input::Timer(timer)), again);
        let step = Action::Retry { client: a(1), request: RequestId(1) };
        assert_eq!(a1.out[0], Output::Step(step));
    }
    assert!(a1.gets(b(0), reply(1, 1)).ends_with("disarm retry(r1)"));
    assert_eq!(a1.on(Input::Timer(timer)), "", "it waits for nothing");
}

#[test]
fn on_datagram_links_it_asks_again_for_all() {
    let mut a1 = client(with(|config| {
        config.knobs.links = Links::Datagram;
        config.timers.jitter_percent = 0;
    }));
    assert!(a1.asks(1).ends_with("arm resend B0 200000"));
    a1.asks(2);
    let all = "B0 Request r1 token 0; B0 Request r2 token 0";
    assert_eq!(a1.step(Action::Resend { from: a(1), to: b(0) }), all);
    assert_eq!(a1.on(Input::Timer(Timer::Resend(b(0)))), format!("{all}; arm resend B0 400000"));
    let moved = a1.on(Input::Command(Command::Move { to: b(1) }));
    assert!(moved.ends_with("disarm resend B0; arm resend B1 200000"), "{moved}");
}
