//! What a unit of work has lost: states that it found first by the clock, and an earlier unit found as well.

/// Bits for each lost one, about.
const BITS_OF_ONE: usize = 8;

/// The fingerprints that a unit has lost.
pub(crate) struct Lost {
    sorted: Vec<u64>,
    /// Nearly all of what is asked for is not lost, and most of that has a place here where nothing stands.
    filter: Vec<u64>,
}

impl Lost {
    pub(crate) fn new(mut fingerprints: Vec<u64>) -> Lost {
        let words = (fingerprints.len() * BITS_OF_ONE).div_ceil(u64::BITS as usize);
        let mut lost = Lost { sorted: Vec::new(), filter: vec![0; words.next_power_of_two()] };
        for one in &fingerprints {
            let (word, bit) = lost.place(*one);
            lost.filter[word] |= bit;
        }
        fingerprints.sort_unstable();
        lost.sorted = fingerprints;
        lost
    }

    #[inline(always)]
    fn place(&self, fingerprint: u64) -> (usize, u64) {
        let word = (fingerprint >> 6) as usize & (self.filter.len() - 1);
        (word, 1 << (fingerprint % u64::from(u64::BITS)))
    }

    #[inline(always)]
    pub(crate) fn is_one(&self, fingerprint: u64) -> bool {
        let (word, bit) = self.place(fingerprint);
        self.filter[word] & bit != 0 && self.sorted.binary_search(&fingerprint).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::fingerprint;

    #[test]
    fn what_is_lost_is_known_and_nothing_else() {
        for count in [1, 2, 7, 8, 9, 1000] {
            let of = |numbers: std::ops::Range<u64>| numbers.map(|one| fingerprint(&one));
            let lost = Lost::new(of(0..count).collect());
            assert!(of(0..count).all(|one| lost.is_one(one)));
            assert!(!of(count..10 * count).any(|one| lost.is_one(one)));
        }
    }
}
