//! What was computed before, by key: read and written without a lock. It may forget, so whoever asks must be able to compute
//! it again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Slots of the first table: twice as many as there are threads, at least, for each may have one more than is allowed.
const SLOTS_LOG2_FIRST: usize = 12;
const TABLES: usize = 36;
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Results by key, neither of which is 0.
pub(super) struct Memo {
    /// Each has twice the slots of the one before; only the last is asked.
    tables: [OnceLock<Table>; TABLES],
    last: AtomicUsize,
}

struct Table {
    /// Key and result; 0 while there is none.
    slots: Box<[[AtomicU64; 2]]>,
    taken: AtomicUsize,
}

impl Default for Memo {
    fn default() -> Self {
        Memo { tables: [const { OnceLock::new() }; TABLES], last: AtomicUsize::new(0) }
    }
}

impl Memo {
    /// The result for a key, computed if it is not known.
    #[inline(always)]
    pub(super) fn get(&self, key: u64, compute: impl FnOnce() -> u64) -> u64 {
        let at = self.last.load(Ordering::Acquire);
        let known = self.tables[at].get().and_then(|table| table.get(key));
        known.unwrap_or_else(|| self.put(key, compute()))
    }

    #[cold]
    fn put(&self, key: u64, result: u64) -> u64 {
        let at = self.last.load(Ordering::Acquire);
        let mut table = self.tables[at].get_or_init(|| Table::new(SLOTS_LOG2_FIRST + at));
        if table.is_crowded() {
            // What is put into the old one after this is forgotten.
            let larger = self.tables[at + 1].get_or_init(|| {
                let larger = Table::new(SLOTS_LOG2_FIRST + at + 1);
                table.slots.iter().for_each(|[key, result]| {
                    let [key, result] = [key, result].map(|word| word.load(Ordering::Acquire));
                    if result != 0 {
                        larger.put(key, result);
                    }
                });
                larger
            });
            self.last.fetch_max(at + 1, Ordering::AcqRel);
            table = larger;
        }
        table.put(key, result);
        result
    }
}

impl Table {
    fn new(slots_log2: usize) -> Table {
        let slots = (0..1usize << slots_log2).map(|_| Default::default()).collect();
        Table { slots, taken: AtomicUsize::new(0) }
    }

    fn is_crowded(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > self.slots.len() / 2
    }

    /// The slots in which a key may be, in order.
    #[inline(always)]
    fn probe(&self, key: u64) -> impl Iterator<Item = &[AtomicU64; 2]> {
        let mixed = key.wrapping_mul(MIX);
        let first = (mixed ^ (mixed >> 32)) as usize;
        let mask = self.slots.len() - 1;
        (0..self.slots.len()).map(move |more| &self.slots[(first.wrapping_add(more)) & mask])
    }

    #[inline(always)]
    fn get(&self, wanted: u64) -> Option<u64> {
        for [key, result] in self.probe(wanted) {
            match key.load(Ordering::Acquire) {
                0 => return None,
                key if key == wanted => {
                    // Somebody may have come so far as to write the key.
                    let result = result.load(Ordering::Acquire);
                    return (result != 0).then_some(result);
                }
                _ => {}
            }
        }
        None
    }

    fn put(&self, wanted: u64, value: u64) {
        for [key, result] in self.probe(wanted) {
            let found = key.compare_exchange(0, wanted, Ordering::AcqRel, Ordering::Acquire);
            if found.is_ok() {
                self.taken.fetch_add(1, Ordering::Relaxed);
            }
            if found.is_ok() || found == Err(wanted) {
                return result.store(value, Ordering::Release);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_those_that_were_computed_while_threads_make_it_grow() {
        let (memo, computed) = (&Memo::default(), &AtomicUsize::new(0));
        let keys = 4 << SLOTS_LOG2_FIRST;
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(move || {
                    for key in 1..=keys {
                        let result = memo.get(key, || {
                            computed.fetch_add(1, Ordering::Relaxed);
                            key * 3
                        });
                        assert_eq!(result, key * 3);
                    }
                });
            }
        });
        assert!(computed.load(Ordering::Relaxed) >= keys as usize);
        // What is put in while nobody else does, and it does not grow, is not computed again.
        assert_eq!(memo.get(keys, || unreachable!("it is known")), keys * 3);
    }
}
