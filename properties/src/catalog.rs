//! Every property by name: what exists, and what it says.

use crate::always::for_each_always;
use crate::eventually::EVENTUALLY;
use crate::judged::{Always, Sometimes};
use crate::sometimes::for_each_sometimes;
use crate::{always, sometimes};

/// What kind of claim a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It holds in every state and over every step.
    Always,
    /// It happens at last on every fair path.
    Eventually,
    /// It is reached on some path.
    Sometimes,
}

/// A property by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What kind of claim it is.
    pub kind: Kind,
    /// The claim, in a sentence.
    pub statement: &'static str,
}

macro_rules! always_names {
    ($($name:ident),+ $(,)?) => {
        /// The safety guarantees, in listing order. A guarantee's place is its bit in [`crate::Broken`].
        pub const ALWAYS: &[Known] = &[$(Known {
            name: always::$name::NAME,
            kind: Kind::Always,
            statement: always::$name::STATEMENT,
        }),+];
    };
}
for_each_always!(always_names);

macro_rules! sometimes_names {
    ($($name:ident),+ $(,)?) => {
        /// The situations to reach, in listing order.
        pub const SOMETIMES: &[Known] = &[$(Known {
            name: sometimes::$name::NAME,
            kind: Kind::Sometimes,
            statement: sometimes::$name::STATEMENT,
        }),+];

        /// Their names alone, for reading scope files.
        pub const SOMETIMES_NAMES: &[&str] = &[$(sometimes::$name::NAME),+];
    };
}
for_each_sometimes!(sometimes_names);

/// Every property there is, in listing order.
pub fn all() -> impl Iterator<Item = Known> {
    let eventually = EVENTUALLY.iter().map(|e| Known {
        name: e.name,
        kind: Kind::Eventually,
        statement: e.statement,
    });
    ALWAYS.iter().copied().chain(eventually).chain(SOMETIMES.iter().copied())
}

/// The property of this name.
///
/// # Errors
/// If there is none: with the nearest name that exists.
pub fn find(name: &str) -> Result<Known, UnknownProperty> {
    all().find(|known| known.name == name).ok_or_else(|| UnknownProperty {
        name: name.to_owned(),
        nearest: nearest(name, all().map(|known| known.name)),
    })
}

/// The likeliest of some names for one that is none of them.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    /// Below this likeness a suggestion confuses more than it helps.
    const LIKENESS_MIN: f64 = 0.6;
    let scored = names.map(|known| (strsim::normalized_damerau_levenshtein(name, known), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(score, _)| *score >= LIKENESS_MIN).map(|(_, known)| known.to_owned())
}

/// The name of no property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProperty {
    /// The name that was given.
    pub name: String,
    /// The nearest that exists.
    pub nearest: Option<String>,
}

impl std::fmt::Display for UnknownProperty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no property is called `{}`", self.name)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => write!(f, "; `spillway check --help` lists them"),
        }
    }
}

impl std::error::Error for UnknownProperty {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A name that is listed twice would be judged and told twice, and take two bits.
    #[test]
    fn every_property_is_listed_once() {
        let names: BTreeSet<&str> = all().map(|known| known.name).collect();
        assert_eq!(names.len(), all().count());
    }
}
