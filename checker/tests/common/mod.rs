//! What runs are compared by, and the ways to run.
#![allow(dead_code, unreachable_pub)] // whoever includes this takes what is wanted

pub mod graph;
pub mod web;

use std::fmt::Debug;
use std::hash::Hash;

use spillway_checker::{Checker, Pack, Packing, Report, Stop, Verdict};
use stateright::{Checker as _, CheckerBuilder, Model};

/// Whatever of a report must not depend on how the run was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub unique: u64,
    pub generated: u64,
    pub depth: u64,
    pub unexplored: u64,
    pub stopped: Option<Stop>,
    pub verdicts: Vec<(&'static str, Verdict, Option<String>)>,
    /// Of each verdict: its path in words, if there is one.
    pub paths: Vec<Option<String>>,
    /// What the model was doing when it panicked, and what it said.
    pub panicked: Option<String>,
}

pub fn seen<M>(report: &Report<M>) -> Seen
where
    M: Model<State: Clone + Debug, Action: Clone + Debug>,
{
    let path = |name| report.discovery(name).map(|path| format!("{:?}", path.into_vec()));
    Seen {
        unique: report.unique_states,
        generated: report.generated_states,
        depth: report.max_depth,
        unexplored: report.unexplored_states,
        stopped: report.stopped.clone(),
        verdicts: report
            .verdicts
            .iter()
            .map(|judged| (judged.name, judged.verdict, judged.reason.clone()))
            .collect(),
        paths: report.verdicts.iter().map(|judged| path(judged.name)).collect(),
        panicked: report.panicked.as_ref().map(|panicked| format!("{panicked:?}")),
    }
}

/// Unique states, generated states and depth.
pub fn counts<M: Model>(report: &Report<M>) -> [u64; 3] {
    [report.unique_states, report.generated_states, report.max_depth]
}

/// The same of stateright's own search on one thread.
pub fn counts_of_stateright<M>(
    model: M,
    with: impl Fn(CheckerBuilder<M>) -> CheckerBuilder<M>,
) -> [u64; 3]
where
    M: Model<State: Clone + Hash + PartialEq + Send + Sync + 'static, Action: Clone + PartialEq>
        + Send
        + Sync
        + 'static,
{
    let checker = with(model.checker().threads(1)).spawn_bfs().join();
    [checker.unique_state_count(), checker.state_count(), checker.max_depth()]
        .map(|count| count as u64)
}

/// How states are kept and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Plain,
    Packed,
    Bytes,
    Exact,
    ExactPacked,
}

/// A run in each way, on 1, 2 and 4 threads where that makes a difference; the first is plain on one thread.
pub fn run_in_all_ways<M>(
    model: &M,
    with: impl Fn(Checker<'static, M>) -> Checker<'static, M>,
) -> Vec<((Kept, usize), Report<M>)>
where
    M: Pack<
            Code = u64,
            State: Clone + Hash + PartialEq + Debug + Send + Sync,
            Action: Clone + PartialEq + Debug,
        > + Clone
        + Send
        + Sync,
{
    let ways = [
        (Kept::Plain, 1),
        (Kept::Plain, 2),
        (Kept::Plain, 4),
        (Kept::Packed, 1),
        (Kept::Packed, 2),
        (Kept::Packed, 4),
        (Kept::Bytes, 1),
        (Kept::Bytes, 2),
        (Kept::Exact, 4),
        (Kept::ExactPacked, 1),
    ];
    let run = |(kept, threads)| {
        let checker = with(Checker::new(model.clone()).threads(threads));
        let mut checker = match kept {
            Kept::Plain => checker,
            Kept::Packed => checker.packed(),
            Kept::Bytes => checker.packed_by(Lengthy),
            Kept::Exact => checker.exact(),
            Kept::ExactPacked => checker.exact().packed(),
        };
        ((kept, threads), checker.run().unwrap())
    };
    ways.into_iter().map(run).collect()
}

/// Packs states that are numbers.
#[macro_export]
macro_rules! packs_its_number {
    ($model:ty, $number:ty) => {
        impl spillway_checker::Pack for $model {
            type Code = u64;

            fn pack(&self, state: &$number) -> u64 {
                (*state).into()
            }
            fn unpack(&self, code: u64) -> $number {
                code.try_into().unwrap()
            }
        }
    };
}

/// Packs into bytes of different lengths, some of them long.
pub struct Lengthy;

impl Lengthy {
    fn bytes(code: u64) -> usize {
        8 + (code % 7) as usize * 50
    }
}

impl<M: Pack<Code = u64>> Packing<M> for Lengthy {
    fn pack(&self, model: &M, state: &M::State, bytes: &mut Vec<u8>) {
        let (code, from) = (model.pack(state), bytes.len());
        bytes.extend_from_slice(&code.to_le_bytes());
        bytes.resize(from + Lengthy::bytes(code), 7);
    }
    fn unpack(&self, model: &M, bytes: &[u8]) -> M::State {
        let code = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        assert_eq!(bytes.len(), Lengthy::bytes(code), "all bytes of it, and no others");
        model.unpack(code)
    }
}

/// What was seen in each way, which is the same.
pub fn seen_in_all_ways<M>(
    model: &M,
    with: impl Fn(Checker<'static, M>) -> Checker<'static, M>,
) -> Seen
where
    M: Pack<
            Code = u64,
            State: Clone + Hash + PartialEq + Debug + Send + Sync,
            Action: Clone + PartialEq + Debug,
        > + Clone
        + Send
        + Sync,
{
    let runs = run_in_all_ways(model, with);
    let first = seen(&runs[0].1);
    for (way, report) in &runs {
        assert_eq!(seen(report), first, "{way:?}");
    }
    first
}
