//! The requests of a run, one by one.

use std::collections::BTreeSet;

use super::knobs::{CLASSES, RULES};
use super::{Swarm, Workload};
use crate::sim::draw::{Draw, MILLION, Stream};
use crate::world::{Plan, Planned, Wish};

impl Swarm {
    /// What clients will ask for: what the script says, or else the clients in turn, so that ids rise with time.
    pub fn plan(&self) -> Plan {
        if let Some(script) = &self.script {
            return Plan::new(self.config.clients, script.requests.clone(), 1);
        }
        let draw = &mut Draw::new(self.seed, Stream::Plan);
        let clients = self.config.clients;
        let turns = (0..self.workload.requests).flat_map(|_| 0..clients);
        let list = turns.map(|client| self.planned(client, draw)).collect();
        Plan::new(clients, list, 1)
    }

    fn planned(&self, client: u16, draw: &mut Draw) -> Planned {
        let hot = draw.happens(self.workload.hot_per_million);
        let home = if hot { 0 } else { draw.below(self.config.query_servers.into()) as u16 };
        let wish = match draw.happens(self.workload.changes_per_million) {
            true => self.workload.change(self.config.clients, draw),
            false => Wish::Query {
                user: draw.below(self.config.clients.into()) as u16,
                class: self.workload.class(draw),
            },
        };
        Planned { client, wish, home }
    }
}

impl Workload {
    fn class(&self, draw: &mut Draw) -> crate::config::Class {
        let sum = self.classes.iter().map(|part| u64::from(*part)).sum();
        let mut drawn = draw.below(sum);
        for (class, part) in CLASSES.into_iter().zip(self.classes) {
            match drawn.checked_sub(part.into()) {
                Some(rest) => drawn = rest,
                None => return class,
            }
        }
        unreachable!("a number below the sum falls into one of its parts")
    }

    fn change(&self, clients: u16, draw: &mut Draw) -> Wish {
        let drawn = draw.below(MILLION) as u32;
        let shares = self.deletions_per_million + self.shares_per_million;
        if drawn < self.deletions_per_million {
            Wish::Delete
        } else if drawn < shares {
            Wish::Share(draw.pick(&RULES))
        } else if drawn < shares + self.contacts_per_million {
            let contacts: BTreeSet<u16> = (0..clients).filter(|_| draw.flip()).collect();
            Wish::Contacts(contacts)
        } else {
            Wish::Publish
        }
    }
}
