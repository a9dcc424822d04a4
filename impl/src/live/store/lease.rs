//! When leases run out.
//!
//! Only how long a lease lasts is on the disk. When it runs out is not: clocks start anew with their machine, and keeping
//! a lease alive shall not wait for a disk. So each lease lasts its whole time from a start, as with etcd.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Revision;

/// A lease. No two ever get the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u64);

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lease {}", self.0)
    }
}

/// A lease that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Which.
    pub lease: LeaseId,
    /// The revision in which its keys went, if it had any.
    pub revision: Option<Revision>,
    /// The keys that went.
    pub keys: Vec<Vec<u8>>,
}

/// How long a lease lasts, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    pub(super) ttl_us: u64,
    pub(super) until_us: u64,
}

/// The leases that run.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    running: BTreeMap<LeaseId, Running>,
    by_time: BTreeSet<(u64, LeaseId)>,
}

impl Deadlines {
    /// Lets a lease run from now; returns when it runs out.
    pub(super) fn start(&mut self, lease: LeaseId, ttl_us: u64, now_us: u64) -> u64 {
        let until_us = now_us.saturating_add(ttl_us);
        self.put_back(lease, Running { ttl_us, until_us });
        until_us
    }

    /// Lets a lease run from now, if it runs still. A call that comes late takes nothing away.
    pub(super) fn extend(&mut self, lease: LeaseId, now_us: u64) -> Option<u64> {
        let Running { ttl_us, until_us } = self.take(lease)?;
        let until_us = until_us.max(now_us.saturating_add(ttl_us));
        self.put_back(lease, Running { ttl_us, until_us });
        Some(until_us)
    }

    /// Takes a lease out.
    pub(super) fn take(&mut self, lease: LeaseId) -> Option<Running> {
        let running = self.running.remove(&lease)?;
        self.by_time.remove(&(running.until_us, lease));
        Some(running)
    }

    /// Takes out those that have run out, the oldest first. From then on nobody can keep them alive.
    pub(super) fn take_due(&mut self, now_us: u64, max: usize) -> Vec<(LeaseId, Running)> {
        let due = self.by_time.iter().take_while(|(until_us, _)| *until_us <= now_us).take(max);
        let due: Vec<LeaseId> = due.map(|(_, lease)| *lease).collect();
        due.into_iter().filter_map(|lease| Some((lease, self.take(lease)?))).collect()
    }

    /// Puts one back that could not be ended.
    pub(super) fn put_back(&mut self, lease: LeaseId, running: Running) {
        self.running.insert(lease, running);
        self.by_time.insert((running.until_us, lease));
    }
}
