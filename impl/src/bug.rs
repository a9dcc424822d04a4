//! The seeded bugs of the implementation: each leaves one rule out, and shows that something notices.

use serde::{Deserialize, Serialize};

macro_rules! bugs {
    ($($(#[doc = $about:literal])+ $bug:ident $name:literal),+ $(,)?) => {
        /// A seeded bug. A node that has one behaves as its sentence says, and in nothing else differently.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Bug {
            $($(#[doc = $about])+ $bug,)+
        }

        impl Bug {
            /// All of them, in the order of the nodes.
            pub const ALL: &[Bug] = &[$(Bug::$bug),+];

            /// Its name, as on the command line and in the header of a trace.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Bug::$bug => $name,)+
                }
            }

            /// What it does, in a sentence.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Bug::$bug => concat!($($about),+),)+
                }
            }

            /// The bug of this name.
            pub fn named(name: &str) -> Option<Bug> {
                Self::ALL.iter().copied().find(|bug| bug.name() == name)
            }
        }
    };
}

bugs! {
    /// The client hands every reply to its user, also a second one.
    SecondReplyTaken "second-reply-taken",
}
