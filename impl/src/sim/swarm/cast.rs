//! A run of something given: nodes, knobs and requests are those of a scope, and the seed draws only the rest.

use serde::{Deserialize, Serialize};

use super::{FaultSet, Scale, Span, Swarm, Workload, knobs};
use crate::config::Config;
use crate::sim::draw::{Draw, Stream};
use crate::world::{Planned, Wish};

/// What is run, where the seed does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// Sizes and knobs. Timers, how many revisions an Update has and when the log is compacted are drawn all the same.
    pub config: Config,
    /// Whether the log is ever compacted.
    pub compacts: bool,
    /// The communication server of each client at the start.
    pub sessions: Vec<u16>,
    /// What clients will ask for.
    pub script: Script,
}

/// Requests that are given, instead of drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Script {
    /// The name of what they were taken from.
    pub name: String,
    /// The requests; each client issues its own in their order.
    pub requests: Vec<Planned>,
}

impl Script {
    /// The most requests of any client.
    fn requests_max(&self) -> u32 {
        let own = |client| self.requests.iter().filter(|planned| planned.client == client).count();
        let clients = self.requests.iter().map(|planned| planned.client);
        clients.map(own).max().unwrap_or_default() as u32
    }

    /// Whether every request is of a client and about users and a server that are there.
    pub(super) fn fits(&self, config: &Config) -> bool {
        let user = |user: &u16| *user < config.clients;
        self.requests.iter().all(|planned| {
            let wish = match &planned.wish {
                Wish::Query { user: of, .. } => user(of),
                Wish::Contacts(contacts) | Wish::Restate { contacts, .. } => {
                    contacts.iter().all(user)
                }
                Wish::Publish | Wish::Delete | Wish::Share(_) => true,
            };
            wish && user(&planned.client) && planned.home < config.query_servers
        })
    }
}

impl Swarm {
    /// The run of a seed under the faults of a set, of what is given.
    pub fn derive_for(seed: u64, set: FaultSet, cast: &Cast) -> Swarm {
        let draw = &mut Draw::new(seed, Stream::Swarm);
        let scale = Scale::drawn(draw);
        let mut config = cast.config.clone();
        config.timers = knobs::timers(draw, scale.latency_us);
        config.knobs.sync_batch_max = knobs::sync_batch_max(draw, config.knobs.links);
        config.knobs.compact_after = if cast.compacts { knobs::compact_after(draw) } else { 0 };
        let mut workload = Workload::drawn(draw, &config, scale.service_us);
        workload.requests = cast.script.requests_max();
        if draw.flip() {
            // A few requests are over before much has gone wrong, so that they are spread out.
            workload.think = Span::drawn(draw, scale.least_us() / u64::from(workload.requests + 1));
        }
        Swarm::of(draw, (seed, set), scale, config, workload, Some(cast))
    }
}
