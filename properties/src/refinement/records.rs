//! What users share, wherever it is: at every place it must be what the plan says of its user and version, and every
//! request what the plan says of its id.

use std::fmt;
use std::sync::Arc;

use spillway_impl::profile::{Info, Record};
use spillway_impl::wire::{Ask, Body, Entry, Wire};
use spillway_impl::world::{Plan, Wish, World};

use super::map::Refinement;

/// Collects what is not as planned.
struct Search<'a> {
    records: &'a [Vec<Record>],
    plan: &'a Plan,
    odd: Vec<String>,
}

impl Search<'_> {
    fn note(&mut self, place: impl fmt::Display, what: impl fmt::Display) {
        self.odd.push(format!("{place}: nodes have {what}, which is not what was planned"));
    }

    fn record(&mut self, place: impl fmt::Display, user: u16, version: u32, record: &Record) {
        let planned = self.records.get(usize::from(user)).and_then(|own| own.get(version as usize));
        if planned != Some(record) {
            self.note(place, format_args!("version {version} of user {user} as {record:?}"));
        }
    }

    fn entries(&mut self, place: &str, entries: &[Entry]) {
        for entry in entries {
            self.record(place, entry.user, entry.version, &entry.record);
        }
    }

    fn ask(&mut self, place: impl fmt::Display, ask: &Ask) {
        let planned = self.plan.planned(ask.request);
        let as_planned = planned.is_some_and(|planned| {
            let body = match (&planned.wish, &ask.body) {
                // No plan has a search, so that nodes have none either.
                (
                    Wish::Query { user, class },
                    Body::Query { user: asked, class: of, search: None },
                ) => (user, class) == (asked, of),
                (Wish::Query { .. }, Body::Query { .. } | Body::Publish { .. }) => false,
                (_, Body::Publish { version, .. }) => *version == self.plan.version(ask.request),
                (_, Body::Query { .. }) => false,
            };
            body && (planned.client, planned.home) == (ask.client, ask.home)
        });
        if !as_planned {
            return self.note(place, format_args!("{ask:?}"));
        }
        if let Body::Publish { version, record } = &ask.body {
            self.record(place, ask.client, *version, record);
        }
    }

    /// What a client is shown, if anything: information that its owner published.
    fn info(&mut self, place: &str, user: u16, info: Option<&Arc<Info>>) {
        let Some(info) = info else { return };
        let published =
            self.records.get(usize::from(user)).and_then(|own| own.get(info.version as usize));
        if published.and_then(|record| record.info.as_ref()) != Some(info) {
            self.note(place, format_args!("{info:?} as the information of user {user}"));
        }
    }

    fn message(&mut self, place: &str, message: &Wire) {
        let user = |request| match self.plan.planned(request).map(|planned| &planned.wish) {
            Some(Wish::Query { user, .. }) => *user,
            _ => u16::MAX,
        };
        match message {
            Wire::Request(asked) | Wire::Query(asked) => self.ask(place, &asked.ask),
            Wire::Offer { asked, .. } | Wire::Assign { asked, .. } => self.ask(place, &asked.ask),
            Wire::Publish(ask) => self.ask(place, ask),
            Wire::Update { entries } | Wire::Snapshot { entries, .. } => {
                self.entries(place, entries);
            }
            Wire::Answer { request, info, .. } => self.info(place, user(*request), info.as_ref()),
            Wire::Reply { request, info, version, .. } => {
                let shown = info.as_ref().map_or(0, |info| info.version);
                let publish = user(*request) == u16::MAX;
                if publish && info.is_some() || !publish && *version != shown {
                    self.note(place, format_args!("{message:?}"));
                }
                self.info(place, user(*request), info.as_ref());
            }
            _ => {}
        }
    }
}

impl Refinement {
    /// Whatever the nodes hold, or have on the way, that is not what was planned for its user and version.
    pub(super) fn odd_records(&self, world: &World) -> Vec<String> {
        let mut search = Search { records: &self.records, plan: world.plan(), odd: Vec::new() };
        for (from, to) in world.links.directions() {
            for message in world.links.on(from, to) {
                search.message(&format!("{from} → {to}"), message);
            }
        }
        for (client, at) in world.clients.iter().zip(0..) {
            client.waiting.values().for_each(|asked| search.ask(format_args!("A{at}"), &asked.ask));
        }
        for (server, at) in world.communication.iter().zip(0..) {
            let pending = server.pending.values();
            pending.for_each(|pending| search.ask(format_args!("B{at}"), &pending.asked.ask));
        }
        for (server, at) in world.query.iter().zip(0..) {
            let place = || format!("C{at}");
            for (user, held) in &server.replica {
                search.record(place(), *user, held.version, &held.record);
            }
            server.queue.iter().for_each(|task| search.ask(place(), &task.asked.ask));
            server.handed.values().for_each(|handed| search.ask(place(), &handed.asked.ask));
            server.relayed.values().for_each(|relayed| search.ask(place(), &relayed.ask));
        }
        for (control, at) in world.control.iter().zip(0..) {
            let held = control.ledger.values();
            held.for_each(|entry| search.ask(format_args!("K{at}"), &entry.asked.ask));
        }
        for entry in world.global.checkpoint.values().chain(&world.global.log) {
            search.record("G", entry.user, entry.version, &entry.record);
        }
        search.odd
    }
}
