//! What the server does with those elsewhere: it hears and answers other servers, and where it has no store of its own it asks
//! the one that has for accounts and rosters.

use std::time::Instant;

use super::super::aside::{self, Answer, Ask};
use super::super::book::Book;
use super::super::control;
use super::super::desk::ConnectionId;
use super::super::disk::{Asker, Job};
use super::super::wires;
use super::Server;

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
        for user in self.desk.host.take_recalls() {
            wires.ask(Ask::Recall(user), now_us);
        }
        let events = wires.collect(&mut self.desk.host);
        let any = !events.is_empty();
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
        }
    }

    /// Another process asks what only this one has.
    fn asked(&mut self, asker: Asker, ask: Ask) {
        let Book::Store(accounts) = &self.book else { return };
        let answer = match ask {
            Ask::Recall(user) => Answer::Recalled(user, self.desk.host.recall(user)),
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
            Ask::Roster { user, bytes } => {
                return self.ask_disk(Job::RosterFor { user, bytes, asker });
            }
        };
        self.answer_asker(asker, answer);
    }

    pub(super) fn answer_asker(&mut self, asker: Asker, answer: Answer) {
        if let Some(wires) = &mut self.wires {
            wires.answer(asker.by, asker.from, asker.number, answer);
        }
    }

    /// A question of this process is answered.
    fn answered(&mut self, number: u64, answer: Answer) {
        let now_us = self.now_us();
        match answer {
            Answer::Recalled(user, recalled) => self.desk.host.recalled(user, recalled, now_us),
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
                for (user, roster) in changed.rosters {
                    self.desk.learn_roster(user, &roster);
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
