//! The subcommands, a file each: its arguments, and what it does with them. And the workers that some of them share.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod cover;
pub(crate) mod engines;
#[cfg(feature = "live")]
pub(crate) mod keys;
pub(crate) mod mutants;
pub(crate) mod pairs;
pub(crate) mod properties;
pub(crate) mod replay;
pub(crate) mod scopes;
#[cfg(feature = "live")]
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod shrink;
pub(crate) mod simulate;
#[cfg(feature = "live")]
pub(crate) mod user;
pub(crate) mod validate;
pub(crate) mod workers;
