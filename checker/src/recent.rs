//! What a thread found a moment ago. Most of what is generated is generated again soon after, from a neighbour: that need not
//! be looked for in the table, which is far away.

/// Places, by the high bits of a fingerprint: as many as fit into a core's own cache.
const PLACES_LOG2: u32 = 14;

/// Some of the fingerprints that a thread has found, in this level or an earlier one.
pub(crate) struct Recent {
    /// Empty if all is always new.
    places: Vec<u64>,
}

impl Recent {
    /// Nothing yet. Where equal fingerprints do not say that states are equal, everything is always new.
    pub(crate) fn new(is_exact: bool) -> Recent {
        if is_exact {
            return Recent { places: Vec::new() };
        }
        let mut recent = Recent { places: vec![0; 1 << PLACES_LOG2] };
        recent.clear();
        recent
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.places.fill(0);
        if let Some(first) = self.places.first_mut() {
            *first = u64::MAX; // whose place is another: so no place has what it would stand for
        }
    }

    /// Whether a fingerprint is not one of those that this thread found a moment ago; now it is.
    #[inline(always)]
    pub(crate) fn is_new(&mut self, fingerprint: u64) -> bool {
        let at = (fingerprint >> (u64::BITS - PLACES_LOG2)) as usize;
        match self.places.get_mut(at) {
            Some(place) if *place == fingerprint => false,
            Some(place) => {
                *place = fingerprint;
                true
            }
            None => true,
        }
    }
}
