//! What has been seen: fingerprints, or in exact mode the states themselves.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use stateright::Model;

use crate::form::Form;
use crate::table::{FingerprintSet, Inserted, OLD, Tag};

/// Slots to begin with.
const SLOTS_FIRST: usize = 1 << 18;

/// Everything that was seen.
pub(crate) enum Visited<M: Model, F: Form<M>> {
    /// By fingerprint.
    Fingerprints {
        table: RwLock<FingerprintSet>,
        /// Whoever opens the table goes through here, and whoever makes it larger stays until it is: or the next to open it
        /// would always be faster than one that waits for all to close it.
        gate: Mutex<()>,
        /// Somebody waits for all to close the table.
        is_awaited: AtomicBool,
        /// How many there are, as of the last time that each thread said.
        known: AtomicU64,
        /// What the table takes: asked without its lock, which a thread must not take twice.
        bytes: AtomicU64,
        threads: usize,
    },
    /// By itself: what has the same fingerprint is compared. For one thread.
    Exact(Mutex<BTreeMap<u64, Vec<F::Owned>>>),
}

impl<M: Model, F: Form<M>> Visited<M, F> {
    pub(crate) fn new(exact: bool, threads: usize) -> io::Result<Self> {
        if exact {
            return Ok(Visited::Exact(Mutex::default()));
        }
        let table = FingerprintSet::with_slots(SLOTS_FIRST)?;
        let (known, bytes) = (AtomicU64::new(0), AtomicU64::new(table.bytes()));
        Ok(Visited::Fingerprints {
            table: RwLock::new(table),
            gate: Mutex::default(),
            is_awaited: AtomicBool::new(false),
            known,
            bytes,
            threads,
        })
    }

    /// Whether states are kept themselves.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self, Visited::Exact(_))
    }

    /// What a thread inserts through for a while; meanwhile the table does not grow.
    pub(crate) fn open(&self) -> Open<'_, M, F> {
        match self {
            Visited::Fingerprints { table, gate, .. } => {
                drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
                Open::Fingerprints(table.read().unwrap_or_else(PoisonError::into_inner))
            }
            Visited::Exact(states) => Open::Exact(states),
        }
    }

    /// Whether somebody waits for all to close what they have open, and for nothing else.
    #[inline(always)]
    pub(crate) fn is_awaited(&self) -> bool {
        match self {
            Visited::Fingerprints { is_awaited, .. } => is_awaited.load(Ordering::Relaxed),
            Visited::Exact(_) => false,
        }
    }

    /// Counts so many more, and makes room if there should be more.
    ///
    /// # Errors
    /// If the system does not give the memory.
    pub(crate) fn count(&self, more: u64) -> io::Result<()> {
        let Visited::Fingerprints { table, known, .. } = self else { return Ok(()) };
        let known = known.fetch_add(more, Ordering::Relaxed) + more;
        let crowded = {
            let table = table.read().unwrap_or_else(PoisonError::into_inner);
            table.is_crowded_by(known).then(|| table.slots())
        };
        crowded.map_or(Ok(()), |slots| self.grow(slots))
    }

    /// Makes the table larger, unless somebody else has done so since it had so many slots.
    ///
    /// # Errors
    /// If the system does not give the memory.
    pub(crate) fn grow(&self, slots: usize) -> io::Result<()> {
        let Visited::Fingerprints { table, gate, is_awaited, bytes, threads, .. } = self else {
            return Ok(());
        };
        let gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        is_awaited.store(true, Ordering::Relaxed);
        let mut table = table.write().unwrap_or_else(PoisonError::into_inner);
        is_awaited.store(false, Ordering::Relaxed);
        let grown = if table.slots() == slots { table.grow(*threads) } else { Ok(()) };
        bytes.store(table.bytes(), Ordering::Relaxed);
        drop(gate);
        grown
    }

    /// The greatest tag there is room for.
    pub(crate) fn tag_max(&self) -> Tag {
        match self {
            Visited::Fingerprints { table, .. } => {
                table.read().unwrap_or_else(PoisonError::into_inner).tag_max()
            }
            Visited::Exact(_) => OLD,
        }
    }

    /// Makes all tags free again: nobody takes over what is there.
    pub(crate) fn forget_tags(&self) {
        if let Visited::Fingerprints { table, threads, .. } = self {
            table.write().unwrap_or_else(PoisonError::into_inner).forget_tags(*threads);
        }
    }

    /// Bytes of the table; in exact mode unknown, and 0.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Visited::Fingerprints { bytes, .. } => bytes.load(Ordering::Relaxed),
            Visited::Exact(_) => 0,
        }
    }
}

/// What is open for insertion.
pub(crate) enum Open<'a, M: Model, F: Form<M>> {
    Fingerprints(RwLockReadGuard<'a, FingerprintSet>),
    Exact(&'a Mutex<BTreeMap<u64, Vec<F::Owned>>>),
}

impl<M: Model, F: Form<M>> Open<'_, M, F> {
    /// Asks for the place of a fingerprint that is inserted soon.
    #[inline(always)]
    pub(crate) fn prefetch(&self, fingerprint: u64) {
        if let Open::Fingerprints(table) = self {
            table.prefetch(fingerprint);
        }
    }

    /// Inserts a state.
    #[inline(always)]
    pub(crate) fn insert(&self, fingerprint: u64, stored: &F::Stored, tag: Tag) -> Inserted {
        match self {
            Open::Fingerprints(table) => table.insert_for(fingerprint, tag),
            Open::Exact(states) => {
                let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
                let same = states.entry(fingerprint).or_default();
                if same.iter().any(|known| F::is(known, stored)) {
                    return Inserted::Known;
                }
                same.push(F::own(stored));
                Inserted::New
            }
        }
    }

    /// Slots of the table; in exact mode there are none.
    pub(crate) fn slots(&self) -> usize {
        match self {
            Open::Fingerprints(table) => table.slots(),
            Open::Exact(_) => 0,
        }
    }
}
