//! What a communication server knows of where users have their seats, and what waits until it is known. That a user has its seat
//! here the desk knows.

use std::collections::{BTreeMap, BTreeSet};

use minidom::Element;

use crate::live::aside::USERS_MAX;
use crate::live::desk::ConnectionId;
use crate::live::front::write;
use crate::live::links::news::Life;

/// Things that wait until it is known where a user has its seat, at most, and their bytes.
const WAITING_MAX: usize = 65_536;
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Waiting {
    /// A client that has logged in, with its account and resource.
    Client(ConnectionId, String, String),
    /// A stanza to the user.
    Stanza(Element),
}

impl Waiting {
    /// Whether the user needs a seat for it: for what it says itself, and for what its roster is to keep.
    fn needs_seat(&self) -> bool {
        match self {
            Waiting::Client(..) => true,
            Waiting::Stanza(stanza) => is_for_roster(stanza),
        }
    }

    /// Its bytes, about.
    fn bytes(&self) -> usize {
        match self {
            Waiting::Client(_, account, resource) => account.len() + resource.len(),
            Waiting::Stanza(stanza) => {
                let mut bytes = Vec::new();
                write::whole(stanza, &mut bytes);
                bytes.len()
            }
        }
    }
}

/// Whether a stanza changes the roster of whom it is for.
pub fn is_for_roster(stanza: &Element) -> bool {
    let kind = stanza.attr("type").unwrap_or_default();
    let kinds = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"];
    stanza.name() == "presence" && kinds.contains(&kind)
}

/// What is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The seat of a user, for this server.
    Seat(u16),
    /// Where users have their seats.
    Where(Vec<u16>),
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    /// Seats of others, at servers that live as far as is known.
    there: BTreeMap<u16, Life>,
    waiting: BTreeMap<u16, Vec<Waiting>>,
    waits: usize,
    bytes: usize,
    /// Users whose seat, or where it is, is to be asked for, or is being asked for.
    seats: BTreeSet<u16>,
    places: BTreeSet<u16>,
    questions: Vec<Question>,
    unasked: Vec<u16>,
}

impl Whereabouts {
    /// Where a user has its seat, if that is not here, and is known.
    pub fn of(&self, user: u16) -> Option<Life> {
        self.there.get(&user).copied()
    }

    /// Something waits until it is known where a user has its seat. If too much waits it comes back.
    pub fn wait(&mut self, user: u16, what: Waiting) -> Option<Waiting> {
        let bytes = what.bytes();
        if self.waits >= WAITING_MAX || self.bytes + bytes > WAITING_BYTES_MAX {
            return Some(what);
        }
        match what.needs_seat() {
            true => self.want_seat(user),
            false if self.places.insert(user) => self.unasked.push(user),
            false => {}
        }
        (self.waits, self.bytes) = (self.waits + 1, self.bytes + bytes);
        self.waiting.entry(user).or_default().push(what);
        None
    }

    /// Whether something waits.
    pub fn is_waiting(&self) -> bool {
        self.waits > 0
    }

    /// A user has its seat there, of whom something has come.
    pub fn note(&mut self, user: u16, life: Life) {
        self.there.insert(user, life);
    }

    fn want_seat(&mut self, user: u16) {
        if self.seats.insert(user) {
            self.questions.push(Question::Seat(user));
        }
    }

    /// What is to be asked now.
    pub fn take_questions(&mut self) -> Vec<Question> {
        let unasked = std::mem::take(&mut self.unasked);
        let places = unasked.chunks(USERS_MAX).map(|users| Question::Where(users.to_vec()));
        let questions = std::mem::take(&mut self.questions);
        questions.into_iter().chain(places).collect()
    }

    /// A user has its seat here from now on. What has waited for that.
    pub fn here(&mut self, user: u16) -> Vec<Waiting> {
        self.there.remove(&user);
        self.known(user)
    }

    /// A user has its seat there. What has waited for that.
    pub fn there(&mut self, user: u16, life: Life) -> Vec<Waiting> {
        self.there.insert(user, life);
        self.known(user)
    }

    /// Where a user has its seat is to be asked again.
    pub fn ask_again(&mut self, user: u16) {
        match self.seats.contains(&user) {
            true => self.questions.push(Question::Seat(user)),
            false if self.places.contains(&user) => self.unasked.push(user),
            false => {}
        }
    }

    /// A user has its seat here, of which this server has not been told all that it needs to know.
    pub fn mine(&mut self, user: u16) {
        self.places.remove(&user);
        self.want_seat(user);
    }

    /// There is no such user any more. What has waited for it.
    pub fn nobody(&mut self, user: u16) -> Vec<Waiting> {
        self.known(user)
    }

    /// A user has no seat. What is for nobody then; for the rest a seat is asked for.
    pub fn nowhere(&mut self, user: u16) -> Vec<Waiting> {
        self.places.remove(&user);
        if self.seats.contains(&user) {
            return Vec::new(); // it is about to have one
        }
        self.known(user)
    }

    fn known(&mut self, user: u16) -> Vec<Waiting> {
        self.seats.remove(&user);
        self.places.remove(&user);
        let waiting = self.waiting.remove(&user).unwrap_or_default();
        self.waits -= waiting.len();
        self.bytes -= waiting.iter().map(Waiting::bytes).sum::<usize>();
        waiting
    }

    /// A server is gone, and seats with it: of these users, as far as was known.
    pub fn lost(&mut self, life: Life) -> Vec<u16> {
        let of = self.there.iter().filter(|(_, there)| **there == life);
        let users = of.map(|(user, _)| *user).collect();
        self.there.retain(|_, there| *there != life);
        users
    }
}

#[cfg(test)]
mod tests {
    use spillway_traces::Node;

    use super::*;

    const LIFE: Life = (Node::communication(1), 0);

    fn stanza(text: &str) -> Waiting {
        Waiting::Stanza(text.parse().expect("it is XML"))
    }

    fn message() -> Waiting {
        stanza("<message xmlns='jabber:client'/>")
    }

    fn subscribe() -> Waiting {
        stanza("<presence xmlns='jabber:client' type='subscribe'/>")
    }

    #[test]
    fn it_is_asked_once_and_all_go_where_the_user_is() {
        let mut whereabouts = Whereabouts::default();
        assert_eq!(whereabouts.wait(1, message()), None);
        assert_eq!(whereabouts.wait(1, message()), None);
        assert_eq!(whereabouts.wait(2, message()), None);
        assert_eq!(whereabouts.take_questions(), [Question::Where(vec![1, 2])]);
        assert_eq!(whereabouts.take_questions(), []);
        assert_eq!(whereabouts.there(1, LIFE).len(), 2);
        assert_eq!(whereabouts.of(1), Some(LIFE));
        assert_eq!(whereabouts.nowhere(2).len(), 1);
        assert_eq!((whereabouts.of(2), whereabouts.waits, whereabouts.bytes), (None, 0, 0));
        assert_eq!(whereabouts.lost(LIFE), [1]);
        assert_eq!(whereabouts.of(1), None);
    }

    #[test]
    fn what_a_roster_keeps_asks_for_a_seat_and_the_rest_waits_for_that() {
        let mut whereabouts = Whereabouts::default();
        assert_eq!(whereabouts.wait(1, message()), None);
        assert_eq!(whereabouts.wait(1, subscribe()), None);
        let asked = whereabouts.take_questions();
        assert_eq!(asked, [Question::Seat(1), Question::Where(vec![1])]);
        assert_eq!(whereabouts.nowhere(1), [], "it is about to have a seat");
        assert_eq!(whereabouts.here(1), [message(), subscribe()], "in order");
    }

    #[test]
    fn what_is_for_a_seat_that_is_to_be_here_waits_for_it() {
        let mut whereabouts = Whereabouts::default();
        assert_eq!(whereabouts.wait(1, message()), None);
        assert_eq!(whereabouts.take_questions(), [Question::Where(vec![1])]);
        whereabouts.mine(1);
        whereabouts.mine(1);
        assert_eq!(whereabouts.take_questions(), [Question::Seat(1)], "once");
        assert_eq!(whereabouts.here(1), [message()]);
    }

    #[test]
    fn no_more_waits_than_may() {
        let mut whereabouts = Whereabouts { waits: WAITING_MAX, ..Whereabouts::default() };
        assert_eq!(whereabouts.wait(1, message()), Some(message()));
        assert_eq!(whereabouts.take_questions(), []);
    }
}
