//! History that properties need and the protocol does not keep: all of it, in one place.
//!
//! In the protocol without a seeded bug every cell here follows from the state, so that it adds no states.

use std::hash::{Hash, Hasher};

use spillway_model::rows;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Action, Note};

use crate::judged::Stepped;

rows! {
    /// What a client knows: row i is client i.
    Known [2] {
        /// The newest revision it was acknowledged for or has seen.
        revision,
        /// The newest version of its own information that was acknowledged.
        acknowledged,
    }

    /// What the client of a query knew when it asked, in the order of request ids; until it is settled.
    Floor [2] {
        /// The query.
        request,
        /// The newest revision its client was acknowledged for or had seen.
        revision,
    }

    /// A query that was handed over at least once, in the order of request ids; until it is settled.
    Moved [1] {
        /// The query.
        request,
    }
}

/// The history.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each table is described at its row
pub struct Ghost<S: Size> {
    pub known: S::Nodes<Known<S::Num>>,
    pub floors: S::Held<Floor<S::Num>>,
    pub moved: S::Held<Moved<S::Num>>,
}

impl<S: Size> Ghost<S> {
    /// The history of a run that has not begun.
    pub fn new(clients: u16) -> Self {
        let mut ghost = Ghost::<S> {
            known: Default::default(),
            floors: Default::default(),
            moved: Default::default(),
        };
        let zero = S::Num::of(0);
        for at in 0..clients.into() {
            let fits = ghost.known.insert(at, Known { revision: zero, acknowledged: zero });
            assert!(fits, "the ghost state has room for every client");
        }
        ghost
    }

    /// The revision that a client knew when it asked.
    pub fn floor(&self, request: u32) -> Option<u32> {
        let row = self.floors.iter().find(|f| f.request.get() == request)?;
        Some(row.revision.get())
    }

    /// The history after a step.
    pub(crate) fn after(mut self, step: &Stepped<'_, S>) -> Self {
        match step.action {
            Action::Issue { client, request } if !step.protocol.planned(request).is_publish() => {
                let revision = self.known.get(client.index.into()).revision;
                let row = Floor { request: S::Num::of(request.0), revision };
                let place = self.floors.position(|f| f.request > row.request);
                let place = place.unwrap_or(self.floors.len());
                let fits = self.floors.insert(place, row);
                assert!(fits, "there are as many floors as requests waited for");
            }
            Action::Offer { request, .. } if self.floor(request.0).is_some() => {
                let row = Moved { request: S::Num::of(request.0) };
                if self.moved.position(|m| m == row).is_none() {
                    let place = self.moved.position(|m| m.request > row.request);
                    let place = place.unwrap_or(self.moved.len());
                    let fits = self.moved.insert(place, row);
                    assert!(fits, "there are at most as many moved queries as floors");
                }
            }
            _ => {}
        }
        if let Some(note) = step.outcome {
            self.settle(step, note);
        }
        self
    }

    fn settle(&mut self, step: &Stepped<'_, S>, note: Note) {
        let (Note::Given { request, .. } | Note::Refused { request }) = note else { return };
        if let Some(at) = self.floors.position(|f| f.request.get() == request.0) {
            self.floors.remove(at);
        }
        if let Some(at) = self.moved.position(|m| m.request.get() == request.0) {
            self.moved.remove(at);
        }
        let Note::Given { revision, .. } = note else { return };
        let planned = step.protocol.planned(request);
        let mut known = self.known.get(planned.client.into());
        known.revision = known.revision.max(S::Num::of(revision));
        known.acknowledged = known.acknowledged.max(S::Num::of(planned.version));
        self.known.set(planned.client.into(), known);
    }
}

impl<S: Size> Hash for Ghost<S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write(&[self.floors.len() as u8, self.moved.len() as u8]);
        self.known.hash_cells(hasher);
        self.floors.hash_cells(hasher);
        self.moved.hash_cells(hasher);
    }
}
