//! Users whose clients are not ready yet: first the global server is asked what it has of them, if it runs elsewhere, then
//! their records are stated anew, until that is acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use spillway_traces::RequestId;

use crate::node::Change;

/// After how long a record is stated again that was refused.
const RENEW_AGAIN_US: u64 = 100_000;

#[derive(Debug)]
enum Stage {
    /// It is not known yet what is stored; this is wanted meanwhile.
    Recalling(Vec<(RequestId, Change)>),
    /// This is not answered yet; nothing while it waits to be stated again.
    Renewing(Option<RequestId>),
}

/// The users.
#[derive(Debug, Default)]
pub(super) struct Joining {
    stages: BTreeMap<u16, Stage>,
    recalls: Vec<u16>,
    joined: Vec<u16>,
    /// Whose record is to be stated again, and when.
    again: BTreeSet<(u64, u16)>,
}

impl Joining {
    pub(super) fn is_joining(&self, user: u16) -> bool {
        !self.stages.is_empty() && self.stages.contains_key(&user)
    }

    pub(super) fn is_recalling(&self, user: u16) -> bool {
        matches!(self.stages.get(&user), Some(Stage::Recalling(_)))
    }

    /// It has to be asked what is stored of a user.
    pub(super) fn recall(&mut self, user: u16) {
        self.stages.insert(user, Stage::Recalling(Vec::new()));
        self.recalls.push(user);
    }

    pub(super) fn take_recalls(&mut self) -> Vec<u16> {
        std::mem::take(&mut self.recalls)
    }

    /// A user who is being recalled wants a change.
    pub(super) fn want(&mut self, user: u16, request: RequestId, change: Change) {
        if let Some(Stage::Recalling(wants)) = self.stages.get_mut(&user) {
            wants.push((request, change));
        }
    }

    /// It is known what is stored of a user. What was wanted meanwhile, if it was being recalled.
    pub(super) fn recalled(&mut self, user: u16) -> Option<Vec<(RequestId, Change)>> {
        if !self.is_recalling(user) {
            return None;
        }
        match self.stages.remove(&user) {
            Some(Stage::Recalling(wants)) => {
                self.joined.push(user);
                Some(wants)
            }
            _ => None,
        }
    }

    /// A user's record is being stated anew.
    pub(super) fn renewing(&mut self, user: u16, request: RequestId) {
        self.stages.insert(user, Stage::Renewing(Some(request)));
    }

    /// A reply has come. Whether it is to a record that was stated anew.
    pub(super) fn replied(
        &mut self,
        user: u16,
        request: RequestId,
        is_refused: bool,
        now_us: u64,
    ) -> bool {
        if self.stages.is_empty() {
            return false;
        }
        let Some(Stage::Renewing(waiting)) = self.stages.get_mut(&user) else { return false };
        if *waiting != Some(request) {
            return false;
        }
        if is_refused {
            *waiting = None;
            self.again.insert((now_us + RENEW_AGAIN_US, user));
        } else {
            self.stages.remove(&user);
            self.joined.push(user);
        }
        true
    }

    /// A user goes away. Whether its client was not ready.
    pub(super) fn leave(&mut self, user: u16) -> bool {
        self.again.retain(|(_, other)| *other != user);
        self.stages.remove(&user).is_some()
    }

    pub(super) fn take_joined(&mut self) -> Vec<u16> {
        std::mem::take(&mut self.joined)
    }

    /// A user whose record is to be stated again by now.
    pub(super) fn take_due(&mut self, now_us: u64) -> Option<u16> {
        let (at_us, user) = *self.again.first()?;
        (at_us <= now_us).then(|| {
            self.again.pop_first();
            user
        })
    }

    pub(super) fn next_due_us(&self) -> Option<u64> {
        Some(self.again.first()?.0)
    }
}

#[cfg(test)]
mod tests;
