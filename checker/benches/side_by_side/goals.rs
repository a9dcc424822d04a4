//! What is to be reached, and whether what was measured does.

use std::io::{self, Write};

use super::{CASES, Case, Engine, Found, Row, Way};

/// The rows of one model.
pub(super) struct OfCase<'a> {
    pub(super) rows: &'a [Row],
    pub(super) case: &'a Case,
}

impl OfCase<'_> {
    pub(super) fn found(&self, engine: Engine, threads: usize) -> Option<Found> {
        let row = self.rows.iter().find(|row| {
            (row.case.name, row.engine, row.threads) == (self.case.name, engine, threads)
        });
        row?.median()
    }

    pub(super) fn rate(&self, engine: Engine, threads: usize) -> Option<f64> {
        self.found(engine, threads).map(|found| found.millions_a_second())
    }

    /// This engine over breadth-first search.
    pub(super) fn over_breadth(&self, ours: Engine, threads: usize) -> Option<f64> {
        Some(self.rate(ours, threads)? / self.rate(Engine::Breadth, threads)?)
    }

    /// This engine over depth-first search, on that number of threads on which it is less.
    pub(super) fn over_depth(&self, ours: Engine) -> Option<f64> {
        let over = |threads| Some(self.rate(ours, threads)? / self.rate(Engine::Depth, threads)?);
        Some(over(1)?.min(over(2)?))
    }

    pub(super) fn two_over_one(&self, engine: Engine) -> Option<f64> {
        Some(self.rate(engine, 2)? / self.rate(engine, 1)?)
    }

    /// A number on that number of threads on which it is more.
    pub(super) fn most(&self, number: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        Some(number(1)?.max(number(2)?))
    }
}

/// What is to be reached, on all models that are written this way.
struct Goal {
    what: &'static str,
    way: Way,
    bound: Bound,
    measure: fn(&OfCase<'_>) -> Option<f64>,
}

#[derive(Clone, Copy)]
enum Bound {
    Least(f64),
    Most(f64),
}

const GOALS: [Goal; 17] = [
    Goal {
        what: "(a), 1 thread, over BFS",
        way: Way::Heap,
        bound: Bound::Least(1.7),
        measure: |of| of.over_breadth(Engine::Ours, 1),
    },
    Goal {
        what: "(a), 2 threads, over BFS with 2",
        way: Way::Heap,
        bound: Bound::Least(4.0),
        measure: |of| of.over_breadth(Engine::Ours, 2),
    },
    Goal {
        what: "(a), over DFS, the less of 1 and 2 threads",
        way: Way::Heap,
        bound: Bound::Least(1.0),
        measure: |of| of.over_depth(Engine::Ours),
    },
    Goal {
        what: "(b), 1 thread, over BFS",
        way: Way::Word,
        bound: Bound::Least(4.0),
        measure: |of| of.over_breadth(Engine::Ours, 1),
    },
    Goal {
        what: "(b), 1 thread, M/s",
        way: Way::Word,
        bound: Bound::Least(20.0),
        measure: |of| of.rate(Engine::Ours, 1),
    },
    Goal {
        what: "(c), 1 thread, over BFS on (b)",
        way: Way::Word,
        bound: Bound::Least(8.0),
        measure: |of| of.over_breadth(Engine::Packed, 1),
    },
    Goal {
        what: "(c), 1 thread, M/s",
        way: Way::Word,
        bound: Bound::Least(40.0),
        measure: |of| of.rate(Engine::Packed, 1),
    },
    Goal {
        what: "(b), 2 threads over 1",
        way: Way::Word,
        bound: Bound::Least(1.8),
        measure: |of| of.two_over_one(Engine::Ours),
    },
    Goal {
        what: "(c), 2 threads over 1",
        way: Way::Word,
        bound: Bound::Least(1.8),
        measure: |of| of.two_over_one(Engine::Packed),
    },
    Goal {
        what: "(c), peak memory, B a state, the more of 1 and 2 threads",
        way: Way::Word,
        bound: Bound::Most(32.0),
        measure: |of| of.most(|threads| Some(of.found(Engine::Packed, threads)?.bytes_a_state())),
    },
    Goal {
        what: "(c), the visited alone, B a state",
        way: Way::Word,
        bound: Bound::Most(16.0),
        measure: |of| {
            let found = of.found(Engine::Packed, 1)?;
            Some(found.table as f64 / found.unique as f64)
        },
    },
    Goal {
        what: "paxos, 1 thread, over BFS",
        way: Way::Paxos,
        bound: Bound::Least(2.2),
        measure: |of| of.over_breadth(Engine::Ours, 1),
    },
    Goal {
        what: "paxos, 2 threads, over BFS with 2",
        way: Way::Paxos,
        bound: Bound::Least(3.8),
        measure: |of| of.over_breadth(Engine::Ours, 2),
    },
    Goal {
        what: "paxos, over DFS, the less of 1 and 2 threads",
        way: Way::Paxos,
        bound: Bound::Least(1.0),
        measure: |of| of.over_depth(Engine::Ours),
    },
    Goal {
        what: "paxos, peak memory over that of BFS, the more of 1 and 2 threads",
        way: Way::Paxos,
        bound: Bound::Most(0.5),
        measure: |of| {
            let memory = |engine, threads| Some(of.found(engine, threads)?.memory as f64);
            of.most(|threads| {
                Some(memory(Engine::Ours, threads)? / memory(Engine::Breadth, threads)?)
            })
        },
    },
    Goal {
        what: "paxos, actors interned, 1 thread, over BFS",
        way: Way::Paxos,
        bound: Bound::Least(10.0),
        measure: |of| of.over_breadth(Engine::Interned, 1),
    },
    Goal {
        what: "paxos, actors interned, peak memory, B a state, the more of 1 and 2 threads",
        way: Way::Paxos,
        bound: Bound::Most(64.0),
        measure: |of| of.most(|threads| Some(of.found(Engine::Interned, threads)?.bytes_a_state())),
    },
];

impl Goal {
    /// What is measured, on every model that was, and whether that will do.
    fn judge(&self, rows: &[Row]) -> (String, &'static str) {
        let was = |case: &&Case| {
            case.way == self.way && rows.iter().any(|row| row.case.name == case.name)
        };
        let (mut said, mut reached) = (Vec::new(), true);
        for case in CASES.iter().filter(was) {
            let number = (self.measure)(&OfCase { rows, case });
            reached &= number.is_some_and(|number| match self.bound {
                Bound::Least(least) => number >= least,
                Bound::Most(most) => number <= most,
            });
            let number = number.map_or("failed".to_owned(), |number| format!("{number:.2}"));
            said.push(format!("{}: {number}", case.size));
        }
        match (said.is_empty(), reached) {
            (true, _) => ("not measured".to_owned(), "?"),
            (false, true) => (said.join(", "), "yes"),
            (false, false) => (said.join(", "), "**no**"),
        }
    }
}

pub(super) fn write_goals(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    writeln!(out, "\n| figure | to reach | measured, by size | reached |\n|---|--:|---|---|")?;
    for goal in &GOALS {
        let bound = match goal.bound {
            Bound::Least(least) => format!("≥ {least}"),
            Bound::Most(most) => format!("≤ {most}"),
        };
        let (measured, reached) = goal.judge(rows);
        writeln!(out, "| {} | {bound} | {measured} | {reached} |", goal.what)?;
    }
    Ok(())
}
