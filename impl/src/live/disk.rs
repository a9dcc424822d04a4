//! The disk at work: one thread that stores what it is given, in order, and says when it is synced. What has come while it
//! was syncing is stored together.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use mio::Waker;
use spillway_traces::Node;

use super::control;
use super::desk::ConnectionId;
use super::links::news::Life;
use super::seats::Claim;
use super::store::{Accounts, FileLog, RedbStore};
use crate::node::Store;

/// The name under which a user's roster is stored.
pub(super) const ROSTER: &str = "roster";

/// The name under which it is stored who has a user's seat.
pub(super) const SEAT: &str = "seat";

/// What is to be stored.
pub(super) enum Job {
    /// What the global server asks for.
    Log(Store),
    /// A user's roster; when it is stored what says so is sent.
    Roster { user: u16, bytes: Vec<u8>, then: Vec<(ConnectionId, minidom::Element)> },
    /// A user's roster, which another process asks for.
    RosterFor { user: u16, bytes: Vec<u8>, asker: Asker },
    /// Nothing: what another process has asked for is superseded by what was asked before.
    Nothing { asker: Asker },
    /// Who has a user's seat, which another process asks for.
    Seat { user: u16, claim: Claim, asker: Asker },
    /// What an operator asks of the accounts, and who is to be told.
    Account { request: control::Request, peer: usize },
}

/// What became of it.
pub(super) enum Done {
    Log(Result<(), String>),
    Roster { stored: Result<(), String>, then: Vec<(ConnectionId, minidom::Element)> },
    RosterFor { stored: Result<(), String>, asker: Asker },
    Seat { stored: Result<(), String>, user: u16, claim: Claim, asker: Asker },
    Account { reply: control::Reply, peer: usize },
}

/// Who has asked, by which neighbour, and with which number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) by: Node,
    pub(super) from: Life,
    pub(super) number: u64,
}

/// The thread, as the others see it.
pub(super) struct DiskThread {
    jobs: Option<Sender<Job>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
}

impl DiskThread {
    /// Begins.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(
        log: FileLog,
        accounts: Arc<Accounts<RedbStore>>,
        waker: Waker,
    ) -> io::Result<DiskThread> {
        let (jobs, inbox) = channel();
        let (outbox, done) = channel();
        let work = move || {
            while let Ok(job) = inbox.recv() {
                if outbox.send(carry_out(job, &log, &accounts)).is_err() || waker.wake().is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("disk".to_owned()).spawn(work)?;
        Ok(DiskThread { jobs: Some(jobs), done, thread: Some(thread) })
    }

    /// Asks for something to be stored.
    pub(super) fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job); // a thread that has died is met when its answer is missed
        }
    }

    /// What is done by now.
    pub(super) fn take_done(&self) -> Vec<Done> {
        self.done.try_iter().collect()
    }

    /// Waits until all that was asked for is stored.
    pub(super) fn stop(mut self) -> Vec<Done> {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // its panic was told
        }
        self.done.try_iter().collect()
    }
}

fn carry_out(job: Job, log: &FileLog, accounts: &Accounts<RedbStore>) -> Done {
    match job {
        Job::Log(store) => {
            let stored = match &store {
                Store::Append(bytes) => log.append(bytes),
                Store::Replace(bytes) => log.replace(bytes),
            };
            Done::Log(stored.map_err(|error| error.to_string()))
        }
        Job::Roster { user, bytes, then } => {
            let stored = accounts.put_private(user, ROSTER, &bytes, None);
            Done::Roster { stored: stored.map(|_| ()).map_err(|error| error.to_string()), then }
        }
        Job::RosterFor { user, bytes, asker } => {
            let stored = accounts.put_private(user, ROSTER, &bytes, None);
            let stored = stored.map(|_| ()).map_err(|error| error.to_string());
            Done::RosterFor { stored, asker }
        }
        Job::Nothing { asker } => Done::RosterFor { stored: Ok(()), asker },
        Job::Seat { user, claim, asker } => {
            let stored = accounts.put_private(user, SEAT, &claim.write(), None);
            let stored = stored.map(|_| ()).map_err(|error| error.to_string());
            Done::Seat { stored, user, claim, asker }
        }
        Job::Account { request, peer } => {
            Done::Account { reply: control::carry_out(&request, accounts), peer }
        }
    }
}
