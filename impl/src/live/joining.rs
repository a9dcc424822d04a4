//! Users whose clients are not ready yet: their records are stated anew, until that is acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use spillway_traces::RequestId;

/// After how long a record is stated again that was refused.
const RENEW_AGAIN_US: u64 = 100_000;

/// The users.
#[derive(Debug, Default)]
pub(super) struct Joining {
    /// Of each what is not answered yet; nothing while it waits to be stated again.
    renewing: BTreeMap<u16, Option<RequestId>>,
    joined: Vec<u16>,
    /// Whose record is to be stated again, and when.
    again: BTreeSet<(u64, u16)>,
}

impl Joining {
    pub(super) fn is_joining(&self, user: u16) -> bool {
        !self.renewing.is_empty() && self.renewing.contains_key(&user)
    }

    /// A user's record is being stated anew.
    pub(super) fn renewing(&mut self, user: u16, request: RequestId) {
        self.renewing.insert(user, Some(request));
    }

    /// A reply has come. Whether it is to a record that was stated anew.
    pub(super) fn replied(
        &mut self,
        user: u16,
        request: RequestId,
        is_refused: bool,
        now_us: u64,
    ) -> bool {
        if self.renewing.is_empty() {
            return false;
        }
        let waiting = self.renewing.get_mut(&user).filter(|waiting| **waiting == Some(request));
        let Some(waiting) = waiting else { return false };
        if is_refused {
            *waiting = None;
            self.again.insert((now_us + RENEW_AGAIN_US, user));
        } else {
            self.renewing.remove(&user);
            self.joined.push(user);
        }
        true
    }

    /// A user goes away. Whether its client was not ready.
    pub(super) fn leave(&mut self, user: u16) -> bool {
        self.again.retain(|(_, other)| *other != user);
        self.renewing.remove(&user).is_some()
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
