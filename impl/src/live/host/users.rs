//! Users whose clients are here: they come and go, ask, and change their records. What a client needs to go on from is kept
//! while the process lives, and recalled from the global server after that.

use std::sync::Arc;

use spillway_traces::{Node, RequestId};

use super::{BEFORE_BITS, COUNT_BITS, Host, Kept, Recalled};
use crate::config::Class;
use crate::node::{Change as Wanted, Command, Input};
use crate::nodes::client::Client;
use crate::profile::Record;
use crate::search::Search;

/// Lives whose versions are kept apart, while nothing of them is stored.
const LIVES_APART: u32 = 64;

impl Host {
    /// A user's client begins its session. Until [`Host::is_joining`] says no, it is to ask for nothing but changes.
    ///
    /// # Panics
    /// The global server is elsewhere, and the user has no seat here: see [`Host::seat`].
    pub fn attach(&mut self, user: u16, now_us: u64) {
        if self.clients.contains_key(&user) {
            return;
        }
        if !self.kept.contains_key(&user) {
            let recalled = self.recall(user, self.incarnation);
            self.seat(user, recalled);
        }
        if let Some(kept) = self.kept.remove(&user) {
            self.join(user, kept, now_us);
        }
    }

    /// What the global server, which is here, has stored of a user, of whom so many lives of communication servers may have
    /// changes under way.
    ///
    /// # Panics
    /// The global server is elsewhere.
    pub fn recall(&self, user: u16, before: u32) -> Recalled {
        let global = self.global.as_ref().expect("the global server is here");
        let newest = global.newest.get(&user);
        let entry = newest.and_then(|newest| match newest.revision.checked_sub(global.base + 1) {
            Some(place) => global.log.get(place as usize),
            None => global.checkpoint.get(&user),
        });
        let record = entry.map(|entry| (*entry.record).clone());
        let version = entry.map_or(0, |entry| entry.version);
        let is_first = before == 0 && global.newest_revision() == 0;
        Recalled { version, record, before, is_first }
    }

    /// A user has its seat here from now on: its clients are here and nowhere else. It goes on from what is stored.
    pub fn seat(&mut self, user: u16, recalled: Recalled) {
        let Recalled { version, record, before, is_first } = recalled;
        let rule = self.config.knobs.sharing;
        let record = record.unwrap_or_else(|| Record { rule, ..Record::default() });
        // Changes that were under way when a process ended may be stored later, under the versions that follow; and so
        // may those of a life before that, which went on from what was stored as well.
        let gap = self.config.knobs.window_max * (1 + before % LIVES_APART);
        let version = if is_first { 0 } else { version.saturating_add(gap) };
        self.before.insert(user, before);
        self.kept.insert(user, Kept { token: 0, version, record, is_renewed: is_first });
    }

    pub(super) fn join(&mut self, user: u16, kept: Kept, now_us: u64) {
        let server = self.server().index;
        let mut client = Client::new(self.config.clone(), user, server);
        (client.token, client.version, client.record) = (kept.token, kept.version, kept.record);
        client.issued = client.version; // each change was a request
        self.clients.insert(user, client);
        if !kept.is_renewed {
            self.renew(user, now_us);
        }
    }

    /// States a user's record anew. With its acknowledgement the client's token is as new as anything that the user can
    /// have seen or was acknowledged for before, which nobody has kept.
    pub(super) fn renew(&mut self, user: u16, now_us: u64) {
        let Record { info, rule, contacts } = self.clients[&user].record.clone();
        let profile = info.map(|info| info.profile.clone());
        let request = self.next_request(user);
        self.joining.renewing(user, request);
        self.change(user, request, Wanted::Restate { profile, rule, contacts }, now_us);
    }

    /// Whether a user's client is not ready for anything but changes.
    pub fn is_joining(&self, user: u16) -> bool {
        self.joining.is_joining(user)
    }

    /// Users whose clients have become ready.
    pub fn take_joined(&mut self) -> Vec<u16> {
        self.joining.take_joined()
    }

    /// A user's client goes away: what it waits for is given up. To the protocol its session goes on, so that it may come
    /// back.
    pub fn detach(&mut self, user: u16, now_us: u64) {
        let is_renewed = !self.joining.leave(user);
        let Some(client) = self.clients.get(&user) else { return };
        for request in client.waiting.keys().copied().collect::<Vec<_>>() {
            self.cancel(user, request, now_us);
        }
        let Some(client) = self.clients.remove(&user) else { return };
        let node = client.node();
        self.timers.forget(node);
        let Client { token, version, record, .. } = client;
        self.kept.insert(user, Kept { token, version, record, is_renewed });
    }

    /// Whether a user's client has a session.
    pub fn is_attached(&self, user: u16) -> bool {
        self.clients.contains_key(&user)
    }

    /// A user's own record as its client has it: the newest change that was asked for, acknowledged or not.
    pub fn record(&self, user: u16) -> Option<&Record> {
        self.clients.get(&user).map(|client| &client.record)
    }

    /// A user asks for another one's information.
    ///
    /// # Panics
    /// The user's client has no session.
    pub fn query(&mut self, asker: u16, user: u16, class: Class, now_us: u64) -> RequestId {
        self.ask(asker, user, class, None, now_us)
    }

    /// A user searches: a query of its own information that finds others besides.
    ///
    /// # Panics
    /// The user's client has no session.
    pub fn search(&mut self, asker: u16, search: Search, now_us: u64) -> RequestId {
        self.ask(asker, asker, Class::Normal, Some(Arc::new(search)), now_us)
    }

    pub(super) fn ask(
        &mut self,
        asker: u16,
        user: u16,
        class: Class,
        search: Option<Arc<Search>>,
        now_us: u64,
    ) -> RequestId {
        let request = self.next_request(asker);
        let home = user % self.config.query_servers;
        self.command(asker, Command::Query { request, user, class, search, home }, now_us);
        request
    }

    /// A user changes its own record.
    ///
    /// # Panics
    /// The user's client has no session.
    pub fn publish(&mut self, user: u16, change: Wanted, now_us: u64) -> RequestId {
        let request = self.next_request(user);
        self.change(user, request, change, now_us);
        request
    }

    pub(super) fn change(&mut self, user: u16, request: RequestId, change: Wanted, now_us: u64) {
        let home = user % self.config.query_servers;
        self.command(user, Command::Change { request, change, home }, now_us);
    }

    /// A user does not wait for a request any more.
    pub fn cancel(&mut self, user: u16, request: RequestId, now_us: u64) {
        if self.clients.contains_key(&user) {
            self.command(user, Command::Cancel(request), now_us);
        }
    }

    pub(super) fn next_request(&mut self, user: u16) -> RequestId {
        self.last_request = (self.last_request + 1) % (1 << COUNT_BITS);
        let before = self.before.get(&user).copied().unwrap_or_default() % (1 << BEFORE_BITS);
        let before = u64::from(before) << (u64::BITS - BEFORE_BITS);
        RequestId(before | self.request_base | self.last_request)
    }

    pub(super) fn command(&mut self, user: u16, command: Command, now_us: u64) {
        assert!(self.clients.contains_key(&user), "user {user} has a session");
        self.give(Node::client(user), Input::Command(command), now_us);
    }
}
