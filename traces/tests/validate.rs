//! Following a trace of one system in the states of another, with steps that nobody saw.
#![allow(clippy::unwrap_used)]

mod common;

use common::{BACK, Ball, Move, PingPong, Player, THERE, Table, WIND, play};
use spillway_traces::{
    Acceptor, Bounds, Judgement, Machine, Observed, Outcome, Refusal, Trace, Validated, validate,
};

/// The table, on which the wind may blow unseen.
#[derive(Clone)]
struct Windy {
    table: Table,
    unseen: bool,
}

impl Acceptor<PingPong> for Windy {
    fn step(&mut self, action: &Move) -> Result<Observed<PingPong>, Refusal> {
        self.table.step(action)
    }
    fn hidden(&self) -> Vec<Move> {
        let flies = !self.table.to_pong.is_empty();
        (self.unseen && flies).then_some(WIND).into_iter().collect()
    }
    fn fingerprint(&self) -> u64 {
        let cells = [&self.table.to_pong, &self.table.to_ping].map(|balls| {
            balls.iter().fold(balls.len() as u64, |all, hits| all * 31 + u64::from(*hits))
        });
        cells[0] * 1_000_003 + cells[1] + (u64::from(self.table.rests) << 40)
    }
    fn broken(&self) -> Vec<&'static str> {
        self.table.broken()
    }
    fn full(&self) -> Option<String> {
        None
    }
}

fn judge(trace: &Trace<PingPong>, unseen: bool, bounds: Bounds) -> Validated {
    validate(trace, Windy { table: Table::default(), unseen }, bounds)
}

/// A trace from which the events at these places are left out, as if nobody had seen them.
fn without(actions: &[Move], unseen: &[usize]) -> Trace<PingPong> {
    let mut trace = play(actions);
    let mut place = 0;
    trace.events.retain(|_| {
        place += 1;
        !unseen.contains(&(place - 1))
    });
    for (event, index) in trace.events.iter_mut().zip(0..) {
        (event.index, event.cause) = (index, None);
    }
    trace
}

#[test]
fn what_a_system_did_it_accepts() {
    let trace = play(&[Move::Serve, THERE, BACK, Move::Rest { player: Player::Ping }]);
    for unseen in [false, true] {
        let validated = judge(&trace, unseen, Bounds::default());
        assert_eq!(validated.judgement, Judgement::Accepted);
        assert_eq!((validated.events, validated.hidden, validated.complete), (4, 0, true));
    }
}

/// Balls of 3 and of 1 hits fly to pong; the wind takes both, and a ball that is served then is returned.
const BLOWN: [Move; 7] = [Move::Serve, THERE, BACK, Move::Serve, WIND, Move::Serve, THERE];

#[test]
fn a_step_that_nobody_saw_is_found() {
    let trace = without(&BLOWN, &[4]);
    let refused = judge(&trace, false, Bounds::default());
    let Judgement::Refused(Outcome::Differs { event, line, field, .. }) = &refused.judgement else {
        panic!("{:?}", refused.judgement);
    };
    assert_eq!((*event, *line, *field, refused.events), (5, 7, "took", 5));
    // It has blown before the last ball was served, two events before the one that shows it.
    let accepted = judge(&trace, true, Bounds::default());
    assert_eq!(accepted.judgement, Judgement::Accepted);
    assert_eq!((accepted.hidden, accepted.events), (1, 6));
}

#[test]
fn a_search_that_is_cut_short_is_inconclusive() {
    let trace = without(&BLOWN, &[4]);
    for (bounds, what) in [
        (Bounds { hidden_max: 0, ..Bounds::default() }, "the hidden steps"),
        (Bounds { states_max: 1, ..Bounds::default() }, "the states that are followed"),
        (Bounds { events_back_max: 1, ..Bounds::default() }, "the events that a search goes back"),
    ] {
        let cut = judge(&trace, true, bounds).judgement;
        let Judgement::Inconclusive { why, tried: Some(tried) } = &cut else { panic!("{cut:?}") };
        assert!(matches!(tried, Outcome::Differs { event: 5, field: "took", .. }), "{tried}");
        assert!(why.contains(what), "{why}");
    }
}

#[test]
fn what_no_hidden_step_explains_is_refused() {
    let mut trace = play(&[Move::Serve, THERE, BACK]);
    trace.events[2].observed.took = Some(Ball { hits: 9 });
    let refused = judge(&trace, true, Bounds::default());
    assert!(matches!(
        refused.judgement,
        Judgement::Refused(Outcome::Differs { event: 2, field: "took", .. })
    ));
    let mut trace = play(&[Move::Serve, THERE]);
    trace.events.remove(0);
    trace.events[0].index = 0;
    let refused = judge(&trace, true, Bounds::default());
    assert!(matches!(refused.judgement, Judgement::Refused(Outcome::Refused { event: 0, .. })));
}

#[test]
fn a_trace_without_an_end_says_so() {
    let mut trace = play(&[Move::Serve, THERE]);
    trace.end = None;
    let validated = judge(&trace, false, Bounds::default());
    assert_eq!((validated.judgement, validated.complete), (Judgement::Accepted, false));
}
