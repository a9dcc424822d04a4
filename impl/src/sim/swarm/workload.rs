//! What clients want, and how often.

use serde::{Deserialize, Serialize};

use super::span::Span;
use crate::config::Config;
use crate::sim::draw::Draw;

/// The requests of a run. Which ones exactly follows from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Workload {
    /// Requests of each client.
    pub requests: u32,
    /// How long a client thinks before it asks for something new.
    pub think: Span,
    /// How many requests are changes of the client's own record, in a million.
    pub changes_per_million: u32,
    /// How many of these delete the information, in a million.
    pub deletions_per_million: u32,
    /// How many set another rule of sharing.
    pub shares_per_million: u32,
    /// How many set another contact list.
    pub contacts_per_million: u32,
    /// How likely each class is, in parts of the sum: interactive, normal, bulk.
    pub classes: [u32; 3],
    /// How many requests have the first query server as their home beside those to which it falls anyway, in a million.
    pub hot_per_million: u32,
    /// How many requests are given up before they are answered, in a million; none without *sessions*.
    pub cancels_per_million: u32,
    /// How long a client waits before it gives one up.
    pub patience: Span,
    /// How often a client moves when it has asked for something, in a million; none without *sessions*, or with one
    /// communication server.
    pub moves_per_million: u32,
    /// How many clients go away at their last request, in a million; none without *sessions*.
    pub leaves_per_million: u32,
}

/// The mean time from one request to the next of all clients together, in times of the mean service time of one server.
const LOADS: [(u64, u64); 4] = [(1, 3), (1, 1), (2, 1), (8, 1)];

impl Workload {
    pub(super) fn drawn(draw: &mut Draw, config: &Config, service_us: u64) -> Workload {
        let sessions = config.knobs.sessions;
        let can_move = sessions && config.communication_servers > 1;
        let (numerator, denominator) = draw.pick(&LOADS);
        let think_us = service_us * u64::from(config.clients) * denominator
            / (numerator * u64::from(config.query_servers));
        Workload {
            requests: draw.pick(&[5, 20, 60]),
            think: Span::drawn(draw, think_us),
            changes_per_million: draw.pick(&[50_000, 300_000, 700_000]),
            deletions_per_million: draw.pick(&[0, 100_000, 300_000]),
            shares_per_million: draw.pick(&[0, 100_000, 300_000]),
            contacts_per_million: draw.pick(&[0, 100_000, 300_000]),
            classes: draw.pick(&[[1, 1, 1], [1, 4, 4], [0, 1, 0], [8, 1, 1]]),
            hot_per_million: draw.pick(&[0, 500_000, 900_000]),
            cancels_per_million: if sessions { draw.pick(&[0, 20_000, 200_000]) } else { 0 },
            patience: Span::drawn(draw, service_us),
            moves_per_million: if can_move { draw.pick(&[0, 20_000, 200_000]) } else { 0 },
            leaves_per_million: if sessions { draw.pick(&[0, 300_000]) } else { 0 },
        }
    }
}
