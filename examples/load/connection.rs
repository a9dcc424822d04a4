//! A connection: what it asks, what is under way, and what comes back.

use std::collections::VecDeque;
use std::io;

use crate::answer::{self, Came};
use crate::args::Args;
use crate::login::log_in;
use crate::pace::Pace;
use crate::requests::{Requests, users};
use crate::told::Told;
use crate::wire::Wire;

pub(crate) struct Connection {
    wire: Wire,
    requests: Requests,
    is_any_result: bool,
    pace: Pace,
    /// When each request was due, from id `first` on; none of those that have come back.
    due_us: VecDeque<Option<u64>>,
    first: u64,
    under_way: usize,
    heard: Vec<u8>,
    out: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(args: &Args, number: usize, pace: Pace) -> io::Result<Connection> {
        let users = users(args);
        let user = users[number % users.len()];
        let mut wire = log_in(args, number, user)?;
        wire.run()?;
        Ok(Connection {
            wire,
            requests: Requests::new(args, user),
            is_any_result: args.sets || args.searches,
            pace,
            due_us: VecDeque::new(),
            first: 0,
            under_way: 0,
            heard: Vec::new(),
            out: Vec::new(),
        })
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Asks all that is due.
    pub(crate) fn ask(&mut self, now_us: u64, told: &mut Told) {
        while let Some(due_us) = self.pace.take_due_us(now_us, self.under_way) {
            let id = self.first + self.due_us.len() as u64;
            self.requests.put(id, &mut self.out);
            self.due_us.push_back(Some(due_us));
            self.under_way += 1;
            told.asked(now_us - due_us);
        }
    }

    pub(crate) fn send(&mut self) -> io::Result<()> {
        self.wire.write(&mut self.out)
    }

    /// Takes the answers that are there; false if there are none. What comes after `span_us` does not count for the rate.
    pub(crate) fn take(
        &mut self,
        now_us: &impl Fn() -> u64,
        span_us: u64,
        told: &mut Told,
    ) -> io::Result<bool> {
        if !self.wire.read(&mut self.heard)? {
            return Ok(false);
        }
        let (now_us, mut from) = (now_us(), 0);
        while let Some(length) = answer::length(&self.heard[from..]) {
            let stanza = &self.heard[from..from + length];
            from += length;
            let Some(id) = answer::id(stanza) else { continue };
            let place = id.checked_sub(self.first).map(|place| place as usize);
            let due_us = place.and_then(|place| self.due_us.get_mut(place)).and_then(Option::take);
            let came = answer::came(stanza, self.is_any_result);
            match due_us {
                Some(_) if came == Came::Wrong => told.wrong(stanza),
                Some(due_us) => told.came(came, now_us - due_us, now_us < span_us),
                None => told.wrong(stanza), // to nothing, or a second time
            }
            self.under_way -= usize::from(due_us.is_some());
        }
        self.heard.drain(..from);
        while let Some(None) = self.due_us.front() {
            self.due_us.pop_front();
            self.first += 1;
        }
        Ok(true)
    }
}
