//! What a query server tells whom: it judges by the rule in its replica, at the moment it answers.
//!
//! Rules travel with the information in one record and one log, so that a replica never holds the one without the
//! other. Whoever may not see it is answered exactly as if there were nothing.

use spillway_traces::Node;

use crate::document::Document;
use crate::mutant::Mutant;
use crate::scope::Body;
use crate::size::{Num, Size, Table};
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// The revision and the version of a user's information with which a query server answers.
    pub(super) fn disclosed(
        &self,
        server: Node,
        user: u16,
        asker: u16,
        revision: u32,
    ) -> (u32, u32) {
        let held = self.state.replicas.get(self.cell(server, user)).version.get();
        let document = self.document_held(server, user, held);
        let shared = match self.protocol.mutant() {
            Some(Mutant::RulesIgnored) => true,
            Some(Mutant::PreviousRuleUsed) => {
                let previous = held.saturating_sub(1);
                self.protocol.document(user, previous).is_shared_with(user, asker)
            }
            Some(Mutant::AskerListUsed) => {
                let held = self.state.replicas.get(self.cell(server, asker)).version.get();
                let contacts = self.protocol.document(asker, held).contacts;
                let document = Document { contacts, ..document };
                document.is_shared_with(asker, user) || user == asker
            }
            // Nobody is the asker with this index.
            Some(Mutant::OwnerHidden) if user == asker => document.is_shared_with(user, u16::MAX),
            _ => document.is_shared_with(user, asker),
        };
        match shared {
            true => (revision, document.data),
            false if self.protocol.has(Mutant::HiddenToldApart) => (0, 0),
            false => (revision, 0),
        }
    }

    /// The record that a query server holds of a user.
    fn document_held(&self, server: Node, user: u16, held: u32) -> Document {
        let first = self.protocol.unchanged();
        match self.protocol.mutant() {
            Some(Mutant::ChangeAloneCarried) => {
                let applied = self.state.servers.get(server.index.into()).applied.get();
                let log = self.state.log_to(applied as usize);
                let own = log.filter(|r| r.user.get() == u32::from(user));
                own.map(|r| r.version.get()).fold(first, |document, version| {
                    document.changed(self.change(user, version), version)
                })
            }
            Some(Mutant::RuleDeleted) => {
                (1..=held).fold(first, |document, version| match self.change(user, version) {
                    Body::Delete => first,
                    change => document.changed(change, version),
                })
            }
            _ => *self.protocol.document(user, held),
        }
    }

    /// The change that made a version of a user's record.
    fn change(&self, user: u16, version: u32) -> Body {
        let made = |(_, planned): &(_, &crate::Planned)| {
            planned.client == user && planned.version == version
        };
        let (id, _) = self.protocol.requests().find(made).expect("a version has its request");
        self.protocol.body(id)
    }
}
