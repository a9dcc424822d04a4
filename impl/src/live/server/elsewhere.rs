//! What the server does with those elsewhere: it hears and answers other servers, and where it has no store of its own it asks
//! the one that has for accounts and rosters.

use std::time::{Duration, Instant};

use super::super::aside::{self, Answer, Ask, Seat};
use super::super::book::Book;
use super::super::control;
use super::super::desk::ConnectionId;
use super::super::disk::{Asker, Job, ROSTER};
use super::super::links::news::Life;
use super::super::seats::Claim;
use super::super::seats::claims::Claimed;
use super::super::seats::whereabouts::Question;
use super::super::wires;
use super::Server;
use crate::config::Config;

/// Within what time after it has begun the global server hears of everybody who lives.
const HEARD_OF_WITHIN: Duration = Duration::from_secs(10);

impl Server {
    /// Reads what other servers have said.
    pub(super) fn hear(&mut self) {
        let now_us = self.now_us();
        let Some(wires) = &mut self.wires else { return };
        wires.tick(self.poll.registry(), now_us);
        wires.read(now_us);
        wires.deliver(&mut self.desk.host);
    }

    /// Says what is to be said to other servers, and does what they ask for. True if there is more to do at once.
    pub(super) fn say(&mut self) -> bool {
        let now_us = self.now_us();
        let Some(wires) = &mut self.wires else { return false };
        let mut nowhere = Vec::new();
        for question in self.whereabouts.take_questions() {
            match question {
                Question::Seat(user) => drop(wires.ask(Ask::Seat(user), now_us)),
                // There is no other place.
                Question::Where(users) if is_alone(self.desk.host.config()) => {
                    nowhere.extend(users);
                }
                Question::Where(users) => drop(wires.ask(Ask::Where(users), now_us)),
            }
        }
        let events = wires.collect(&mut self.desk.host, now_us);
        let any = !events.is_empty() || !nowhere.is_empty();
        nowhere.into_iter().for_each(|user| self.place_known(user, None));
        events.into_iter().for_each(|event| self.take_event(event));
        if let Some(wires) = &mut self.wires {
            wires.deliver(&mut self.desk.host);
        }
        any
    }

    fn take_event(&mut self, event: wires::Event) {
        match event {
            wires::Event::Outcast => self.is_outcast = true,
            wires::Event::Asked { by, from, number, ask } => {
                self.asked(Asker { by, from, number }, ask);
            }
            wires::Event::Answered { number, answer } => self.answered(number, answer),
            wires::Event::Stirred => self.ask_accounts(),
            wires::Event::Came { from, parcels } => {
                parcels.into_iter().for_each(|parcel| self.came(from, parcel));
            }
            wires::Event::Gone { life, lost } => self.server_gone(life, lost),
        }
    }

    /// Another process asks what only this one has.
    fn asked(&mut self, asker: Asker, ask: Ask) {
        let Book::Store(accounts) = &self.book else { return };
        let answer = match ask {
            Ask::Seat(user) => return self.seat_asked(user, asker),
            Ask::Where(users) => {
                Answer::Where(users.into_iter().map(|user| (user, self.seat_of(user))).collect())
            }
            Ask::Accounts { after } if after == self.stirred => {
                let revision = self.stirred;
                Answer::Accounts(aside::Accounts { revision, ..Default::default() })
            }
            Ask::Accounts { .. } => match control::everything(accounts) {
                Ok(known) => {
                    let revision = self.stirred;
                    Answer::Accounts(aside::Accounts { is_all: true, known, revision })
                }
                Err(error) => return tracing::error!(%error, "accounts cannot be read"),
            },
            // Whoever had the seat before has nothing to say any more.
            Ask::Roster { user, .. }
                if !is_alone(self.desk.host.config()) && !self.claims.has(user, asker.from) =>
            {
                return;
            }
            // A newer one came before it, by another way, or this one again after that: the newer one is it.
            Ask::Roster { user, .. } if self.is_older_roster(user, &asker) => {
                return self.ask_disk(Job::Nothing { asker });
            }
            Ask::Roster { user, bytes } => {
                return self.ask_disk(Job::RosterFor { user, bytes, asker });
            }
        };
        self.answer_asker(asker, answer);
    }

    /// Whether a newer roster of a user has come from the same process. If not, this is the newest.
    fn is_older_roster(&mut self, user: u16, asker: &Asker) -> bool {
        let newest = self.newest_rosters.get(&user);
        if newest.is_some_and(|(life, number)| *life == asker.from && *number > asker.number) {
            return true;
        }
        self.newest_rosters.insert(user, (asker.from, asker.number));
        false
    }

    /// Who has not been heard of within a while after this process has begun is gone, and so are the seats it had.
    pub(super) fn give_up_unknown(&mut self) {
        if self.has_given_up || self.begun.elapsed() <= HEARD_OF_WITHIN {
            return;
        }
        self.has_given_up = true;
        if let Some(wires) = &mut self.wires {
            self.claims.lives().into_iter().for_each(|life| wires.give_up_unknown(life));
        }
    }

    /// Who has the seat of a user, as far as it may be alive.
    fn seat_of(&self, user: u16) -> Option<Life> {
        let (life, wires) = (self.claims.of(user)?, self.wires.as_ref()?);
        wires.may_live(life).then_some(life)
    }

    /// A communication server asks for the seat of a user.
    fn seat_asked(&mut self, user: u16, asker: Asker) {
        if self.desk.directory.name(user).is_none() {
            return self.answer_asker(asker, Answer::Seat(user, Seat::Nobody));
        }
        if is_alone(self.desk.host.config()) {
            return self.answer_seat(user, asker.from.1, asker);
        }
        let Some(wires) = &self.wires else { return };
        match self.claims.claim(user, asker.from, |life| wires.may_live(life)) {
            Claimed::Granted(claim) => self.answer_seat(user, claim.before, asker),
            Claimed::Store(claim) => self.ask_disk(Job::Seat { user, claim, asker }),
            Claimed::Held(life) => self.answer_asker(asker, Answer::Seat(user, Seat::There(life))),
        }
    }

    /// It is on the disk who has the seat of a user. If not, it is asked again.
    pub(super) fn seat_stored(
        &mut self,
        stored: Result<(), String>,
        user: u16,
        claim: Claim,
        asker: Asker,
    ) {
        match stored {
            Ok(()) => {
                self.claims.stored(user, claim);
                if self.claims.has(user, asker.from) {
                    self.answer_seat(user, claim.before, asker);
                }
            }
            Err(error) => {
                self.desk.host.metrics.disk_failed();
                tracing::error!(%error, "the seat of a user cannot be stored");
            }
        }
    }

    fn answer_seat(&mut self, user: u16, before: u32, asker: Asker) {
        let Book::Store(accounts) = &self.book else { return };
        match accounts.get_private(user, ROSTER) {
            Ok(roster) => {
                let recalled = self.desk.host.recall(user, before);
                let roster = roster.map(|roster| roster.value);
                let seat = Seat::Here { recalled, roster };
                self.answer_asker(asker, Answer::Seat(user, seat));
            }
            Err(error) => tracing::error!(%error, "a roster cannot be read"),
        }
    }

    pub(super) fn answer_asker(&mut self, asker: Asker, answer: Answer) {
        if let Some(wires) = &mut self.wires {
            wires.answer(asker.by, asker.from, asker.number, answer);
        }
    }

    /// A question of this process is answered.
    fn answered(&mut self, number: u64, answer: Answer) {
        match answer {
            Answer::Seat(user, seat) => self.seat_known(user, seat),
            Answer::Where(places) => {
                places.into_iter().for_each(|(user, life)| self.place_known(user, life));
            }
            Answer::Roster(stored) => {
                let then = self.rosters.remove(&number).unwrap_or_default();
                self.roster_stored(stored, then);
            }
            Answer::Accounts(accounts) => {
                let Book::Copy(copied) = &mut self.book else { return };
                let is_first = copied.revision.is_none();
                let changed = copied.take(accounts);
                for (name, number) in changed.added {
                    self.desk.directory.add(&name, number);
                }
                changed.removed.iter().for_each(|name| self.end_account(name));
                if is_first {
                    tracing::info!("accounts are known: clients may come");
                }
            }
        }
    }

    /// Asks which accounts there are, if this process has a copy of them only.
    pub(super) fn ask_accounts(&mut self) {
        let now_us = self.now_us();
        self.accounts_asked = Instant::now();
        if let (Book::Copy(copied), Some(wires), false) =
            (&self.book, &mut self.wires, self.doors.is_empty())
        {
            let after = copied.revision.unwrap_or(0);
            wires.ask(Ask::Accounts { after }, now_us);
        }
    }

    /// Whether clients may come: it is known who has an account.
    pub(super) fn is_ready(&self) -> bool {
        match &self.book {
            Book::Store(_) => true,
            Book::Copy(copied) => copied.revision.is_some(),
        }
    }

    pub(super) fn save_roster(
        &mut self,
        user: u16,
        bytes: Vec<u8>,
        then: Vec<(ConnectionId, minidom::Element)>,
    ) {
        let now_us = self.now_us();
        match (&self.disk, &mut self.wires) {
            (Some(disk), _) => disk.ask(Job::Roster { user, bytes, then }),
            (None, Some(wires)) => {
                let number = wires.ask(Ask::Roster { user, bytes }, now_us);
                self.rosters.insert(number, then);
            }
            (None, None) => {}
        }
    }

    pub(super) fn roster_stored(
        &mut self,
        stored: Result<(), String>,
        then: Vec<(ConnectionId, minidom::Element)>,
    ) {
        match stored {
            Ok(()) => then.iter().for_each(|(id, stanza)| self.send(*id, stanza)),
            Err(error) => {
                self.desk.host.metrics.disk_failed();
                tracing::error!(%error, "a roster cannot be stored");
                for (id, _) in then {
                    self.close(id, "internal-server-error", "the roster cannot be stored");
                }
            }
        }
    }
}

/// Whether there is one communication server, which has all seats.
fn is_alone(config: &Config) -> bool {
    config.communication_servers == 1
}
