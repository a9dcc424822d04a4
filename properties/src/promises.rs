//! Which property kills which seeded bug, in which scope, and how deep: promised here, and tested.

use spillway_model::Mutant;

/// What a check of a scope with a seeded bug is promised to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The seeded bug.
    pub mutant: Mutant,
    /// The guarantee that it breaks.
    pub property: &'static str,
    /// The built-in scope in which it shows.
    pub scope: &'static str,
    /// Steps of the shortest counterexample.
    pub steps: usize,
}

/// The promise for each seeded bug, in the order of [`Mutant::ALL`].
pub const PROMISES: &[Promise] = &[];

/// The promise for a seeded bug.
///
/// # Panics
/// If there is none: a test shows that there is one for each.
pub fn promise(mutant: Mutant) -> Promise {
    let found = PROMISES.iter().find(|promise| promise.mutant == mutant);
    *found.expect("every mutant has its promise")
}
