//! The liveness guarantees: stated, and not decided yet.
//!
//! Deciding them takes fair cycles of the product with the property. stateright's own `eventually` misses every
//! cycle and errs where paths join, so that its "holds" means nothing; it is never reported here. Until the engine
//! decides them, `final-states` stands in: with finitely many faults most scopes have no cycle.

/// A guarantee that something happens at last, under weak fairness and finitely many faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eventually {
    /// Its name.
    pub name: &'static str,
    /// What it promises.
    pub statement: &'static str,
}

/// Why no liveness guarantee has another verdict than `inconclusive`.
pub const UNDECIDED: &str = "liveness is not decided yet: that takes a search for fair cycles, and stateright's \
    `eventually` misses cycles; `final-states` stands in for it";

/// All of them, in the order in which they are listed everywhere.
pub const EVENTUALLY: [Eventually; 5] = [
    Eventually {
        name: "every-task-settled",
        statement: "every query that its client awaits is answered or refused at last",
    },
    Eventually {
        name: "every-publish-acknowledged",
        statement: "every publish is acknowledged or refused at last",
    },
    Eventually {
        name: "info-converges",
        statement: "once nobody publishes any more, every replica holds what the global server stores",
    },
    Eventually {
        name: "hand-overs-settle",
        statement: "every hand-over is finished or returned at last",
    },
    Eventually { name: "no-starvation", statement: "every ready task is started at last" },
];
