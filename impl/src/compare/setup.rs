//! What all allocators of a comparison have in common.

use crate::config::{Class, Config};

/// Servers, times and bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The system: its sizes, and the knobs of its query servers. Baselines take from it the number of query servers,
    /// thresholds and rooms.
    pub config: Config,
    /// The mean time that a query takes, exponentially distributed.
    pub work_us: u64,
    /// What a message takes on each link.
    pub hop_us: u64,
    /// After how long without a reply a client gives a request up.
    pub patience_us: u64,
    /// How many in a hundred requests are of each class: interactive, normal, bulk.
    pub classes: [u32; 3],
}

/// Links between a client and a query server, there and back: no way of placing work has fewer.
pub const HOPS: u64 = 4;

impl Setup {
    /// How many query servers there are.
    pub fn servers(&self) -> u16 {
        self.config.query_servers
    }

    /// How many tasks a query server may hold so that one more of this class still fits.
    pub fn room(&self, class: Class) -> usize {
        self.config.knobs.room(class) as usize
    }

    /// How many tasks all servers together may hold so that one more of this class still fits: what their thresholds let
    /// them keep, and the room of the ledger.
    pub fn room_of_all(&self, class: Class) -> usize {
        let kept: u32 = self.config.knobs.threshold.iter().sum();
        (kept + self.config.knobs.ledger_room(class)) as usize
    }
}
