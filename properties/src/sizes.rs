//! Which fixed size of the state a scope is explored with: the smallest that holds it.

use spillway_model::Fixed;
use spillway_model::scope::Scope;
use spillway_model::scope::limits::FAULT_ANY;

/// For most scopes: up to 4 nodes of a role and 4 requests.
pub type Small = Fixed<16, 6, 4, 8>;
/// For scopes with a third query server or more requests.
pub type Medium = Fixed<32, 16, 8, 32>;
/// For every scope that the reader accepts, as far as 255 cells reach.
pub type Large = Fixed<160, 96, 32, 255>;

/// A fixed size of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// See [`Small`].
    Small,
    /// See [`Medium`].
    Medium,
    /// See [`Large`].
    Large,
}

impl Tier {
    /// The smallest tier that holds every table of a scope but the flight, whose need is not known beforehand.
    /// None if there is none: the scope has too many users on too many query servers, or faults without end.
    pub fn of(scope: &Scope) -> Option<Tier> {
        let nodes = &scope.nodes;
        let most = nodes.clients.max(nodes.communication_servers).max(nodes.query_servers);
        let cells = usize::from(nodes.clients) * usize::from(nodes.query_servers);
        // A request may be held twice in one table while a crash or a reset is being mended.
        let held = scope.requests.len() * scope.rounds as usize + 2;
        let fits = |max: (usize, usize, usize)| {
            usize::from(most) <= max.0 && held <= max.1 && cells <= max.2
        };
        let endless = scope.faults.by_key().iter().any(|(_, often)| *often == FAULT_ANY);
        if endless {
            return None;
        }
        let tiers =
            [(Tier::Small, (4, 6, 8)), (Tier::Medium, (8, 16, 32)), (Tier::Large, (32, 96, 255))];
        tiers.into_iter().find(|(_, max)| fits(*max)).map(|(tier, _)| tier)
    }

    /// The next larger tier.
    pub fn next(self) -> Option<Tier> {
        match self {
            Tier::Small => Some(Tier::Medium),
            Tier::Medium => Some(Tier::Large),
            Tier::Large => None,
        }
    }
}

/// Runs an expression with a type name standing for the size of a tier.
#[macro_export]
macro_rules! with_tier {
    ($tier:expr, $size:ident => $run:expr) => {
        match $tier {
            $crate::sizes::Tier::Small => {
                type $size = $crate::sizes::Small;
                $run
            }
            $crate::sizes::Tier::Medium => {
                type $size = $crate::sizes::Medium;
                $run
            }
            $crate::sizes::Tier::Large => {
                type $size = $crate::sizes::Large;
                $run
            }
        }
    };
}
