//! Clients whose users have their seats elsewhere, and stanzas to such users: what goes to other communication servers, and what
//! comes from them.

use std::collections::BTreeMap;

use minidom::Element;

use super::super::aside::Seat;
use super::super::connection::{Connection, ServedBy};
use super::super::desk::ConnectionId;
use super::super::front::error::ErrorType;
use super::super::front::write;
use super::super::links::news::Life;
use super::super::seats::Parcel;
use super::super::seats::whereabouts::{Waiting, is_for_roster};
use super::Server;

/// Why a stream ends whose user had its seat at a server that is gone (RFC 6120 §4.9.3.20): it may come again at once.
const GONE: &str = "system-shutdown";
/// Why a stream ends for which there is no room (RFC 6120 §4.9.3.17).
const NO_ROOM: &str = "resource-constraint";

/// Clients that have come in elsewhere, and whose users have their seats here.
#[derive(Debug, Default)]
pub(super) struct Guests {
    from: BTreeMap<ConnectionId, (Life, ConnectionId)>,
    ids: BTreeMap<(Life, ConnectionId), ConnectionId>,
}

impl Guests {
    fn come(&mut self, id: ConnectionId, life: Life, theirs: ConnectionId) {
        self.from.insert(id, (life, theirs));
        self.ids.insert((life, theirs), id);
    }

    fn go(&mut self, id: ConnectionId) {
        if let Some(from) = self.from.remove(&id) {
            self.ids.remove(&from);
        }
    }

    /// Those that have come in at a server.
    fn of(&self, life: Life) -> Vec<ConnectionId> {
        let all = self.ids.range((life, 0)..=(life, ConnectionId::MAX));
        all.map(|(_, id)| *id).collect()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<ConnectionId> {
        self.from.keys().copied().collect()
    }
}

impl Server {
    /// A client has logged in: it is served where its user has its seat. False if there is no such account any more.
    pub(super) fn serve(
        &mut self,
        id: ConnectionId,
        connection: &mut Connection,
        account: &str,
        resource: &str,
    ) -> bool {
        let Some(user) = self.desk.directory.number(account) else { return false };
        if self.desk.is_seated(user) {
            connection.served_by = ServedBy::Here;
            return self.desk.bound(id, account, resource, self.now_us());
        }
        let (account, resource) = (account.to_owned(), resource.to_owned());
        let has_room = match self.whereabouts.of(user) {
            Some(life) => {
                connection.served_by = ServedBy::There(life, 0);
                self.send_there(life, Parcel::Bound { id, account, resource })
            }
            None => {
                connection.served_by = ServedBy::Unknown;
                self.whereabouts.wait(user, Waiting::Client(id, account, resource)).is_none()
            }
        };
        if !has_room {
            connection.stream.close(Some((NO_ROOM, "")), &mut connection.out);
            connection.is_closing = true;
        }
        true
    }

    /// A stanza of a client.
    pub(super) fn said(&mut self, id: ConnectionId, connection: &mut Connection, stanza: Element) {
        match &mut connection.served_by {
            ServedBy::Here => self.desk.stanza(id, stanza, self.now_us()),
            ServedBy::There(life, under_way) => {
                *under_way += 1;
                if !self.send_there(*life, Parcel::Said { id, stanza: xml(&stanza) }) {
                    connection.stream.close(Some((NO_ROOM, "")), &mut connection.out);
                    connection.is_closing = true;
                }
            }
            ServedBy::Unknown => debug_assert!(false, "nothing is heeded before it is known"),
        }
    }

    /// A connection that came in here is over.
    pub(super) fn left(&mut self, id: ConnectionId, served_by: ServedBy) {
        match served_by {
            ServedBy::Here => self.desk.closed(id, self.now_us()),
            ServedBy::There(life, _) => {
                self.send_there(life, Parcel::Ended { id });
            }
            ServedBy::Unknown => {} // it is missed when it is known
        }
    }

    /// It is known where a user has its seat, for which this server has asked.
    pub(super) fn seat_known(&mut self, user: u16, seat: Seat) {
        let waiting = match seat {
            Seat::Here { recalled, roster } => {
                self.desk.seat(user, recalled, roster.as_deref());
                self.whereabouts.here(user)
            }
            Seat::There(life) => return self.place_known(user, Some(life)),
            Seat::Nobody => return self.is_nobody(user),
        };
        waiting.into_iter().for_each(|what| self.go_on_with(user, what));
    }

    /// There is no such account any more, of which this server has not heard yet.
    fn is_nobody(&mut self, user: u16) {
        for what in self.whereabouts.nobody(user) {
            match what {
                Waiting::Client(id, ..) => self.close(id, "not-authorized", "the account is gone"),
                Waiting::Stanza(stanza) => {
                    self.desk.bounce(&stanza, ErrorType::Cancel, "service-unavailable");
                }
            }
        }
    }

    /// It is known where a user has its seat, if it has any.
    pub(super) fn place_known(&mut self, user: u16, life: Option<Life>) {
        let Some(wires) = &mut self.wires else { return };
        let waiting = match life {
            _ if self.desk.is_seated(user) => self.whereabouts.here(user),
            None => self.whereabouts.nowhere(user),
            // This server is about to be told what is stored of the user.
            Some(life) if life == wires.me() => return self.whereabouts.mine(user),
            Some(life) if wires.may_live(life) => {
                wires.meet(life);
                self.whereabouts.there(user, life)
            }
            // Whoever said so does not know yet that it is gone.
            Some(_) => return self.whereabouts.ask_again(user),
        };
        waiting.into_iter().for_each(|what| self.go_on_with(user, what));
    }

    fn go_on_with(&mut self, user: u16, what: Waiting) {
        match what {
            Waiting::Stanza(stanza) => self.pass_on(user, stanza),
            Waiting::Client(id, account, resource) => {
                let Some(mut connection) = self.connections.remove(&id) else { return };
                if !self.serve(id, &mut connection, &account, &resource) {
                    let why = Some(("not-authorized", "the account is gone"));
                    connection.stream.close(why, &mut connection.out);
                    connection.is_closing = true;
                }
                self.connections.insert(id, connection);
                self.dirty.insert(id);
            }
        }
    }

    /// A stanza to a user goes to where that has its seat; of one who has none it is known here what is to be done.
    fn pass_on(&mut self, user: u16, stanza: Element) {
        let Some(life) = self.whereabouts.of(user) else {
            return self.desk.take_in(stanza, self.now_us());
        };
        if !self.send_there(life, Parcel::Stanza { user, stanza: xml(&stanza) }) {
            self.desk.bounce(&stanza, ErrorType::Wait, NO_ROOM);
        }
    }

    /// The desk has a stanza to a user who has no seat here.
    pub(super) fn send_elsewhere(&mut self, user: u16, stanza: Element) {
        if self.whereabouts.of(user).is_some() {
            return self.pass_on(user, stanza);
        }
        if let Some(Waiting::Stanza(stanza)) = self.whereabouts.wait(user, Waiting::Stanza(stanza))
        {
            self.desk.bounce(&stanza, ErrorType::Wait, NO_ROOM);
        }
    }

    fn send_there(&mut self, life: Life, parcel: Parcel) -> bool {
        self.wires.as_mut().is_some_and(|wires| wires.send(life, parcel))
    }

    /// Something is to be sent to a client that may have come in elsewhere.
    pub(super) fn send_to_guest(&mut self, id: ConnectionId, bytes: Vec<u8>) {
        let Some(&(life, theirs)) = self.guests.from.get(&id) else { return };
        if !self.send_there(life, Parcel::Say { id: theirs, bytes }) {
            self.close_guest(id, NO_ROOM);
        }
    }

    /// The stream of a client that may have come in elsewhere is to end.
    pub(super) fn close_guest(&mut self, id: ConnectionId, condition: &str) {
        let Some(&(life, theirs)) = self.guests.from.get(&id) else { return };
        let condition = condition.to_owned();
        self.send_there(life, Parcel::Close { id: theirs, condition });
        self.guest_left(id);
    }

    fn guest_left(&mut self, id: ConnectionId) {
        self.guests.go(id);
        self.desk.closed(id, self.now_us());
    }

    /// Another communication server has said something.
    pub(super) fn came(&mut self, from: Life, parcel: Parcel) {
        match parcel {
            Parcel::Bound { id, account, resource } => {
                self.guest_came(from, id, &account, &resource)
            }
            Parcel::Said { id, stanza } => {
                let Some(guest) = self.guests.ids.get(&(from, id)).copied() else { return };
                if let Some(stanza) = element(&stanza) {
                    self.desk.stanza(guest, stanza, self.now_us());
                }
                self.send_there(from, Parcel::Heeded { id });
            }
            Parcel::Ended { id } => {
                if let Some(guest) = self.guests.ids.get(&(from, id)).copied() {
                    self.guest_left(guest);
                }
            }
            Parcel::Stanza { user, stanza } => {
                if let Some(stanza) = element(&stanza).filter(|_| self.desk.is_seated(user)) {
                    self.note_place(from, &stanza);
                    self.desk.take_in(stanza, self.now_us());
                }
            }
            Parcel::Heeded { id } => {
                if let Some(connection) = self.connections.get_mut(&id)
                    && let ServedBy::There(_, under_way) = &mut connection.served_by
                {
                    *under_way = under_way.saturating_sub(1);
                    self.dirty.insert(id);
                }
            }
            Parcel::Say { id, bytes } => self.send_bytes(id, bytes),
            Parcel::Close { id, condition } => self.close(id, &condition, ""),
        }
    }

    /// Whoever is there has its seat where that comes from.
    fn note_place(&mut self, from: Life, stanza: &Element) {
        if stanza.name() == "presence"
            && stanza.attr("type").is_none()
            && let Some(user) = self.desk.sender(stanza)
        {
            self.whereabouts.note(user, from);
        }
    }

    fn guest_came(&mut self, from: Life, theirs: ConnectionId, account: &str, resource: &str) {
        let id = self.next_id;
        self.next_id += 1;
        self.guests.come(id, from, theirs);
        let user = self.desk.directory.number(account);
        let is_here = user.is_some_and(|user| self.desk.is_seated(user));
        if !is_here || !self.desk.bound(id, account, resource, self.now_us()) {
            self.close_guest(id, "not-authorized");
        }
    }

    /// Another communication server is gone, with the seats of its users and the clients that came in there; and what it
    /// has not taken.
    pub(super) fn server_gone(&mut self, life: Life, lost: Vec<Parcel>) {
        self.guests.of(life).into_iter().for_each(|id| self.guest_left(id));
        let users = self.whereabouts.lost(life);
        self.desk.gone_abroad(&users, self.now_us());
        let is_there = |connection: &Connection| matches!(connection.served_by, ServedBy::There(there, _) if there == life);
        let there = self.connections.iter().filter(|(_, connection)| is_there(connection));
        for id in there.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.close(id, GONE, "come again");
        }
        for parcel in lost {
            let Parcel::Stanza { user, stanza } = parcel else { continue };
            let Some(stanza) = element(&stanza) else { continue };
            match is_for_roster(&stanza) {
                // It does no harm twice.
                true => self.send_elsewhere(user, stanza),
                false => self.desk.bounce(&stanza, ErrorType::Wait, "remote-server-timeout"),
            }
        }
    }
}

/// A stanza as XML that stands for itself.
fn xml(stanza: &Element) -> Vec<u8> {
    let mut bytes = Vec::new();
    write::whole(stanza, &mut bytes);
    bytes
}

fn element(bytes: &[u8]) -> Option<Element> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_client_may_say_comes_as_it_was() {
        let said = "<message xmlns='jabber:client' xml:lang='en' to='a@b'><body>&lt;\u{e9}</body>\
                    <x xmlns='http://etherx.jabber.org/streams'/><y xmlns='urn:y' z='&apos;'><z xmlns=''/></y></message>";
        let said: Element = said.parse().expect("it is XML");
        assert_eq!(element(&xml(&said)), Some(said));
    }
}
