//! The scopes that the program carries, so that a check needs no file.

use std::fmt;

use super::names::{nearest, one_of};
use super::{Scope, ScopeError};

/// The scopes compiled in, by name, each with the text of its file. The first is the default.
pub const BUILTIN: &[(&str, &str)] = &[
    ("default", include_str!("../../scopes/default.toml")),
    ("overflow", include_str!("../../scopes/overflow.toml")),
    ("full", include_str!("../../scopes/full.toml")),
    ("sync", include_str!("../../scopes/sync.toml")),
    ("crash", include_str!("../../scopes/crash.toml")),
    ("crash-global", include_str!("../../scopes/crash-global.toml")),
    ("reset", include_str!("../../scopes/reset.toml")),
    ("reset-global", include_str!("../../scopes/reset-global.toml")),
    ("catch-up", include_str!("../../scopes/catch-up.toml")),
    ("catch-up-crash", include_str!("../../scopes/catch-up-crash.toml")),
    ("handover", include_str!("../../scopes/handover.toml")),
    ("refused", include_str!("../../scopes/refused.toml")),
    ("refusals", include_str!("../../scopes/refusals.toml")),
    ("rooms", include_str!("../../scopes/rooms.toml")),
    ("ledger-rooms", include_str!("../../scopes/ledger-rooms.toml")),
    ("relay-full", include_str!("../../scopes/relay-full.toml")),
    ("routing", include_str!("../../scopes/routing.toml")),
    ("give-back", include_str!("../../scopes/give-back.toml")),
    ("two-sources", include_str!("../../scopes/two-sources.toml")),
    ("retry", include_str!("../../scopes/retry.toml")),
    ("deletion", include_str!("../../scopes/deletion.toml")),
    ("anew", include_str!("../../scopes/anew.toml")),
    ("sharing", include_str!("../../scopes/sharing.toml")),
    ("contacts", include_str!("../../scopes/contacts.toml")),
    ("snapshot", include_str!("../../scopes/snapshot.toml")),
    ("tombstone", include_str!("../../scopes/tombstone.toml")),
    ("disk", include_str!("../../scopes/disk.toml")),
    ("disk-overtaken", include_str!("../../scopes/disk-overtaken.toml")),
    ("ageing", include_str!("../../scopes/ageing.toml")),
    ("ageing-unready", include_str!("../../scopes/ageing-unready.toml")),
    ("delay", include_str!("../../scopes/delay.toml")),
    ("least-loaded", include_str!("../../scopes/least-loaded.toml")),
    ("two-choices", include_str!("../../scopes/two-choices.toml")),
    ("weighted", include_str!("../../scopes/weighted.toml")),
    ("round-robin", include_str!("../../scopes/round-robin.toml")),
    ("classes", include_str!("../../scopes/classes.toml")),
    ("strategies", include_str!("../../scopes/strategies.toml")),
    ("standby", include_str!("../../scopes/standby.toml")),
    ("standby-crash", include_str!("../../scopes/standby-crash.toml")),
    ("standby-crash-query", include_str!("../../scopes/standby-crash-query.toml")),
    ("standby-reset", include_str!("../../scopes/standby-reset.toml")),
    ("moving-client", include_str!("../../scopes/moving-client.toml")),
    ("moving-publisher", include_str!("../../scopes/moving-publisher.toml")),
    ("moving-routes", include_str!("../../scopes/moving-routes.toml")),
    ("cancel", include_str!("../../scopes/cancel.toml")),
    ("cancel-lost", include_str!("../../scopes/cancel-lost.toml")),
    ("downtime", include_str!("../../scopes/downtime.toml")),
    ("pull-back", include_str!("../../scopes/pull-back.toml")),
    ("cut", include_str!("../../scopes/cut.toml")),
    ("reroute", include_str!("../../scopes/reroute.toml")),
    ("feed-outage", include_str!("../../scopes/feed-outage.toml")),
    ("datagram", include_str!("../../scopes/datagram.toml")),
    ("datagram-crash", include_str!("../../scopes/datagram-crash.toml")),
    ("datagram-refused", include_str!("../../scopes/datagram-refused.toml")),
    ("datagram-feed", include_str!("../../scopes/datagram-feed.toml")),
    ("cover-tasks", include_str!("../../scopes/cover-tasks.toml")),
    ("cover-deletion", include_str!("../../scopes/cover-deletion.toml")),
    ("cover-revocation", include_str!("../../scopes/cover-revocation.toml")),
    ("figure", include_str!("../../scopes/figure.toml")),
    ("deep", include_str!("../../scopes/deep.toml")),
];

/// Why there is no such builtin scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuiltinError {
    /// No builtin scope has this name.
    Unknown {
        /// The name asked for.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// Its file is at fault, which this crate's tests rule out, or lists a name that the caller does not know.
    File(ScopeError),
}

impl fmt::Display for BuiltinError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, nearest } => {
                let unknown = super::names::quoted(name);
                write!(formatter, "no builtin scope is named {unknown}; expected ")?;
                match nearest {
                    Some(near) => {
                        let all = BUILTIN.len();
                        write!(formatter, "one of the {all} there are; did you mean `{near}`?")
                    }
                    None => formatter.write_str(&one_of(BUILTIN.iter().map(|(name, _)| *name))),
                }
            }
            Self::File(error) => write!(formatter, "{error}"),
        }
    }
}

impl std::error::Error for BuiltinError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unknown { .. } => None,
            Self::File(error) => Some(error),
        }
    }
}

impl Scope {
    /// The builtin scope of this name. `known_sometimes` is as in [`Scope::parse`].
    ///
    /// # Errors
    /// There is none of this name, or it lists a name that is not known.
    pub fn builtin(name: &str, known_sometimes: &[&str]) -> Result<Scope, BuiltinError> {
        let Some((_, text)) = BUILTIN.iter().find(|(builtin, _)| *builtin == name) else {
            let nearest = nearest(name, BUILTIN.iter().map(|(name, _)| *name));
            return Err(BuiltinError::Unknown { name: name.to_owned(), nearest });
        };
        Scope::parse(&builtin_file_name(name), text, known_sometimes).map_err(BuiltinError::File)
    }

    /// The scope that a check without a scope explores.
    ///
    /// # Errors
    /// It lists a name that is not known.
    pub fn default_scope(known_sometimes: &[&str]) -> Result<Scope, BuiltinError> {
        Self::builtin("default", known_sometimes)
    }
}

/// What a message calls the file of a builtin scope.
pub fn builtin_file_name(name: &str) -> String {
    format!("scopes/{name}.toml")
}
