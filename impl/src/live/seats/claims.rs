//! Who has claimed which user's seat: kept by the global server, on its disk, so that a user never has two.
//!
//! A seat is had for as long as the process that claimed it lives. Then the next one that asks gets it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::live::links::news::Life;

/// A user's seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Whose it is.
    pub life: Life,
    /// How many had it before.
    pub before: u32,
}

impl Claim {
    /// As it is stored.
    pub fn write(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a claim can be written")
    }

    /// The stored one; none if it is not one.
    pub fn read(bytes: &[u8]) -> Option<Claim> {
        postcard::from_bytes(bytes).ok()
    }
}

/// What came of asking for a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is whose it was.
    Granted(Claim),
    /// It is to be stored, and then said.
    Store(Claim),
    /// Somebody else has it.
    Held(Life),
}

/// All seats.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    known: BTreeMap<u16, Claim>,
    /// Users whose claim is not known to be on the disk.
    unsaved: BTreeMap<u16, Claim>,
}

impl Claims {
    /// Those that are on the disk.
    pub fn new(stored: impl IntoIterator<Item = (u16, Claim)>) -> Claims {
        Claims { known: stored.into_iter().collect(), unsaved: BTreeMap::new() }
    }

    /// Somebody asks for the seat of a user. Others may live, as far as is known, or do not.
    pub fn claim(&mut self, user: u16, by: Life, may_live: impl Fn(Life) -> bool) -> Claimed {
        let claim = match self.known.get(&user) {
            Some(claim) if claim.life == by => *claim,
            Some(claim) if claim.life.0 != by.0 && may_live(claim.life) => {
                return Claimed::Held(claim.life);
            }
            Some(claim) if claim.life.0 == by.0 && claim.life.1 > by.1 => {
                return Claimed::Held(claim.life); // by one who has begun anew since
            }
            Some(claim) => Claim { life: by, before: claim.before.saturating_add(1) },
            None => Claim { life: by, before: 0 },
        };
        let is_new = self.known.insert(user, claim) != Some(claim);
        if is_new {
            self.unsaved.insert(user, claim);
        }
        match self.unsaved.contains_key(&user) {
            true => Claimed::Store(claim),
            false => Claimed::Granted(claim),
        }
    }

    /// A claim is on the disk.
    pub fn stored(&mut self, user: u16, claim: Claim) {
        if self.unsaved.get(&user) == Some(&claim) {
            self.unsaved.remove(&user);
        }
    }

    /// Who has the seat of a user, alive or not.
    pub fn of(&self, user: u16) -> Option<Life> {
        self.known.get(&user).map(|claim| claim.life)
    }

    /// Everybody who has a seat, alive or not.
    pub fn lives(&self) -> BTreeSet<Life> {
        self.known.values().map(|claim| claim.life).collect()
    }

    /// Whether this is who has the seat of a user.
    pub fn has(&self, user: u16, life: Life) -> bool {
        self.of(user) == Some(life)
    }
}

#[cfg(test)]
mod tests {
    use spillway_traces::Node;

    use super::*;

    const B0: Life = (Node::communication(0), 0);
    const B1: Life = (Node::communication(1), 4);

    #[test]
    fn a_seat_is_had_by_one_at_a_time_and_by_who_lives() {
        let mut claims = Claims::default();
        let claim = Claim { life: B0, before: 0 };
        assert_eq!(claims.claim(7, B0, |_| true), Claimed::Store(claim));
        assert_eq!(claims.claim(7, B0, |_| true), Claimed::Store(claim), "it is not stored yet");
        assert_eq!(claims.claim(7, B1, |_| true), Claimed::Held(B0), "nor anybody else's");
        claims.stored(7, claim);
        assert_eq!(claims.claim(7, B0, |_| true), Claimed::Granted(claim));
        let next = Claim { life: B1, before: 1 };
        assert_eq!(claims.claim(7, B1, |life| life != B0), Claimed::Store(next));
        claims.stored(7, claim);
        assert_eq!(claims.claim(7, B1, |_| true), Claimed::Store(next), "that was an older one");
        assert!(claims.has(7, B1) && !claims.has(7, B0) && claims.of(8).is_none());
    }

    #[test]
    fn who_begins_anew_takes_what_it_had_and_nobody_goes_back() {
        let mut claims = Claims::new([(7, Claim { life: B1, before: 3 })]);
        let (older, newer) = ((B1.0, 3), (B1.0, 5));
        assert_eq!(claims.claim(7, older, |_| true), Claimed::Held(B1), "a late question");
        let next = Claim { life: newer, before: 4 };
        assert_eq!(claims.claim(7, newer, |_| true), Claimed::Store(next));
    }
}
