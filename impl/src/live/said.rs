//! What clients have said and nobody has heeded yet. More may be asked than there is time to answer: then what waits would grow,
//! and with it how long each has to wait, until answers come when nobody is there for them any more. So there are only so many
//! places for gets that wait. Clients take turns, so who has its share of the places waits as long as everybody else; a get
//! beyond that is refused at once. One that somebody waits for finds a place where others do not.

use std::collections::VecDeque;

use super::front::stream::Event;
use crate::config::Class;

/// Places for gets, together for all who fetch many: heeded within 10 ms, and within 50 where a server is five times slower.
const PLACES: usize = 4096;
/// Gets that wait, whatever their class: as many again are for what somebody waits for.
const WAITING_MAX: usize = 8192;

/// What one client has said, in order.
#[derive(Default)]
pub(super) struct Said {
    events: VecDeque<Event>,
    gets: usize,
}

/// What all of them wait for.
pub(super) struct Waiting {
    gets: usize,
    /// Clients that have any of these.
    clients: usize,
    /// What each of them may have: its share of the places.
    share: usize,
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting { gets: 0, clients: 0, share: PLACES }
    }
}

impl Waiting {
    /// Whether one more get of this class may wait behind what its client has said.
    pub(super) fn has_place(&self, class: Class, said: &Said) -> bool {
        match class {
            Class::Interactive => self.gets < WAITING_MAX,
            // The total too: one after the other, clients that come at once would each find a larger share than they have.
            _ => self.gets < PLACES && said.gets < self.share,
        }
    }

    pub(super) fn push(&mut self, said: &mut Said, event: Event) {
        if matches!(event, Event::Get(_)) {
            if said.gets == 0 {
                self.set_clients(self.clients + 1);
            }
            self.gets += 1;
            said.gets += 1;
        }
        said.events.push_back(event);
    }

    pub(super) fn pop(&mut self, said: &mut Said) -> Option<Event> {
        let event = said.events.pop_front()?;
        if matches!(event, Event::Get(_)) {
            said.gets -= 1;
            self.gets -= 1;
            if said.gets == 0 {
                self.set_clients(self.clients - 1);
            }
        }
        Some(event)
    }

    /// A client is gone with what it has said.
    pub(super) fn forget(&mut self, said: &Said) {
        self.gets -= said.gets;
        self.set_clients(self.clients - usize::from(said.gets > 0));
    }

    fn set_clients(&mut self, clients: usize) {
        (self.clients, self.share) = (clients, PLACES / clients.max(1));
    }
}

impl Said {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn gets(&self) -> usize {
        self.gets
    }

    /// What is not a get, and so is never refused for want of time.
    pub(super) fn others(&self) -> usize {
        self.events.len() - self.gets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::front::get::Get;

    fn get() -> Event {
        Event::Get(Get { id: "1".to_owned(), to: "alice@localhost".to_owned() })
    }

    #[test]
    fn who_fetches_many_has_a_share_of_the_places_and_who_waits_has_a_place() {
        let (mut waiting, mut first, mut second) =
            (Waiting::default(), Said::default(), Said::default());
        while waiting.has_place(Class::Bulk, &first) {
            waiting.push(&mut first, get());
        }
        assert_eq!(first.gets(), PLACES, "all of them while nobody else asks");
        assert!(!waiting.has_place(Class::Bulk, &second));
        assert!(waiting.has_place(Class::Interactive, &second));
        while first.gets() > PLACES / 4 {
            waiting.pop(&mut first);
        }
        while waiting.has_place(Class::Bulk, &second) {
            waiting.push(&mut second, get());
        }
        assert_eq!(second.gets(), PLACES / 2, "no more than its share");
        while waiting.has_place(Class::Interactive, &second) {
            waiting.push(&mut second, get());
        }
        assert_eq!(first.gets() + second.gets(), WAITING_MAX, "and no more than that");
        waiting.forget(&second);
        while waiting.pop(&mut first).is_some() {}
        assert_eq!((waiting.gets, waiting.clients), (0, 0));
    }
}
