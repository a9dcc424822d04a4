//! The replica: what G feeds into it, and whom it shows what.

use std::collections::BTreeMap;
use std::sync::Arc;

use spillway_traces::{Action, Node};

use super::{Held, Query, dropped};
use crate::bug::Bug;
use crate::node::{Context, Output};
use crate::profile::{Info, Record, Rule};
use crate::search::{Page, RECORDS_READ_MAX};
use crate::wire::{Ask, Body, Entry};

impl Query {
    /// Revisions of G's log, one by one.
    pub(super) fn update(&mut self, from: Node, entries: Vec<Entry>, context: &mut Context<'_>) {
        for (place, entry) in entries.into_iter().enumerate() {
            if place > 0 {
                let action = Action::Deliver { from, to: self.node() };
                context.out.push(Output::Step(action));
            }
            let after_gap = self.config.has(Bug::GapApplied) && entry.revision > self.applied;
            if entry.revision == self.applied + 1 || after_gap {
                self.applied = entry.revision;
                self.hold(entry);
            } else {
                dropped(context);
            }
        }
    }

    /// All records as of a revision, in the place of the whole replica.
    pub(super) fn snapshot(
        &mut self,
        revision: u32,
        entries: Vec<Entry>,
        context: &mut Context<'_>,
    ) {
        if revision <= self.applied {
            return dropped(context);
        }
        self.applied = revision;
        self.replica = BTreeMap::new();
        for entry in entries {
            debug_assert!(entry.revision <= revision);
            self.hold(entry);
        }
    }

    fn hold(&mut self, entry: Entry) {
        let Entry { user, version, mut record, .. } = entry;
        if self.config.has(Bug::RevokedCopyKept) {
            record = self.record_before_revocation(user, record);
        }
        self.replica.insert(user, Held { version, record });
    }

    /// For the seeded bug: the record as it is already held, if the new one is shared with fewer.
    fn record_before_revocation(&self, user: u16, record: Arc<Record>) -> Arc<Record> {
        match self.replica.get(&user) {
            Some(held) if held.record.rule < record.rule => held.record.clone(),
            _ => record,
        }
    }

    /// What this request's client may see of the user it asks about: hidden, deleted and never published look alike.
    pub(super) fn view(&self, ask: &Ask) -> Option<Arc<Info>> {
        let Body::Query { user, .. } = ask.body else { return None };
        self.shown_to(ask.client, user, &self.replica.get(&user)?.record).cloned()
    }

    /// What a search of this request's client finds, if it is one. It sees of each user what a query would show of it, since
    /// the same function judges both, at the same revision.
    pub(super) fn found(&self, ask: &Ask) -> Option<Arc<Page>> {
        let Body::Query { search: Some(search), .. } = &ask.body else { return None };
        let read = self.replica.iter().take(RECORDS_READ_MAX);
        let visible = read.filter_map(|(&user, held)| {
            Some((user, &self.shown_to(ask.client, user, &held.record)?.profile))
        });
        Some(Arc::new(search.page(visible)))
    }

    /// What a client may see of a user's record.
    fn shown_to<'a>(&self, client: u16, user: u16, record: &'a Record) -> Option<&'a Arc<Info>> {
        let shown = match record.rule {
            _ if client == user || self.config.has(Bug::RulesIgnored) => true,
            Rule::Everyone => true,
            Rule::Contacts => record.contacts.contains(&client),
            Rule::Nobody => false,
        };
        record.info.as_ref().filter(|_| shown)
    }
}
