//! Each count is told something and asked what it has.

use super::text::seconds;
use super::*;

const REQUEST: RequestId = RequestId(7);
const SOURCE: Node = Node::query(0);
const OTHER: Node = Node::query(1);

fn offered() -> Metrics {
    let mut metrics = Metrics::new(3);
    metrics.step(&Action::Offer { server: SOURCE, request: REQUEST }, 5);
    metrics
}

fn assign(to: Node) -> Action {
    Action::Assign { source: SOURCE, request: REQUEST, to, by: Node::CONTROL }
}

fn newest(metrics: &Metrics) -> (Option<Node>, Fate) {
    metrics.hand_overs().next().map(|handed| (handed.to, handed.fate)).expect("there is one")
}

#[test]
fn a_bound_is_in_its_bucket_and_buckets_add_up() {
    let mut histogram = Histogram::default();
    for wait_us in [0, 20, 21, 10_000_000, 10_000_001, u64::MAX] {
        histogram.observe(wait_us);
    }
    let cumulative: Vec<_> = histogram.cumulative().collect();
    assert_eq!(cumulative[0], (20, 2));
    assert_eq!(cumulative[1], (50, 3));
    assert_eq!(cumulative.last(), Some(&(10_000_000, 4)));
    assert_eq!(histogram.count(), 6);
    assert_eq!(histogram.sum_us(), u64::MAX, "a sum that is too large stays there");
}

#[test]
fn seconds_are_exact_and_short() {
    let all = [(0, "0"), (20, "0.00002"), (1_500_000, "1.5"), (10_000_000, "10")];
    all.into_iter().for_each(|(us, text)| assert_eq!(seconds(us), text));
}

#[test]
fn a_queue_that_came_and_went_is_seen_for_as_long_as_it_is_asked_for() {
    let mut peaks = Peaks::default();
    let second = |second: u64| second * 1_000_000;
    peaks.reached(3, second(1));
    peaks.reached(9, second(1) + 10);
    peaks.reached(4, second(1) + 20);
    assert_eq!(peaks.longest(2, second(1)), 9);
    peaks.reached(2, second(2));
    assert_eq!(peaks.longest(1, second(2)), 2);
    assert_eq!(peaks.longest(2, second(2)), 9);
    assert_eq!(peaks.longest(2, second(4)), 0, "nothing was queued since");
    assert_eq!(peaks.longest(PEAK_SECONDS as u64, second(16)), 9);
    assert_eq!(peaks.longest(PEAK_SECONDS as u64, second(17)), 2);
    // Far later the places are used again, and hold nothing of before.
    peaks.reached(1, second(1000));
    assert_eq!(peaks.longest(PEAK_SECONDS as u64, second(1000)), 1);
}

#[test]
fn a_hand_over_is_followed_to_its_answer() {
    let mut metrics = offered();
    assert_eq!(newest(&metrics), (None, Fate::Offered));
    assert_eq!((metrics.offers(SOURCE), metrics.offers(OTHER)), (1, 0));
    metrics.step(&assign(OTHER), 6);
    assert_eq!(newest(&metrics), (Some(OTHER), Fate::Assigned));
    metrics.queued(OTHER, REQUEST, 1, 7);
    assert_eq!(newest(&metrics), (Some(OTHER), Fate::TakenOn));
    metrics.step(&Action::Serve { server: OTHER, request: REQUEST }, 8);
    assert_eq!(newest(&metrics), (Some(OTHER), Fate::Answered));
    // What is settled stays so, also while others are not.
    metrics.step(&Action::Offer { server: OTHER, request: RequestId(8) }, 9);
    metrics.given_up(REQUEST);
    let fates: Vec<Fate> = metrics.hand_overs().map(|handed| handed.fate).collect();
    assert_eq!(fates, [Fate::Offered, Fate::Answered]);
}

#[test]
fn a_hand_over_that_nobody_takes_comes_back() {
    let mut metrics = offered();
    metrics.step(&assign(OTHER), 6);
    metrics.queued(SOURCE, REQUEST, 1, 7);
    assert_eq!(newest(&metrics), (Some(OTHER), Fate::CameBack));
    metrics.step(&Action::Serve { server: SOURCE, request: REQUEST }, 8);
    assert_eq!(newest(&metrics), (Some(OTHER), Fate::AnsweredAtHome));
    let mut metrics = offered();
    metrics.step(&Action::PullBack { server: SOURCE, request: REQUEST }, 6);
    assert_eq!(newest(&metrics), (None, Fate::CameBack));
    metrics.given_up(REQUEST);
    assert_eq!(newest(&metrics), (None, Fate::GivenUp));
}

#[test]
fn only_the_last_hand_overs_are_kept_and_the_newest_of_a_request_counts() {
    let mut metrics = offered();
    for number in 0..1000 {
        metrics.step(&Action::Offer { server: OTHER, request: RequestId(number) }, 6);
    }
    let numbers: Vec<u64> = metrics.hand_overs().map(|handed| handed.number).collect();
    assert_eq!(numbers, (1001 - HANDED_OVER_KEPT as u64..1001).rev().collect::<Vec<_>>());
    // One that is forgotten is nobody else's.
    metrics.given_up(REQUEST);
    assert!(metrics.hand_overs().all(|handed| handed.fate == Fate::Offered));
    // Of the same request twice the newer one is meant.
    metrics.step(&Action::Offer { server: OTHER, request: RequestId(999) }, 7);
    metrics.given_up(RequestId(999));
    let fates: Vec<Fate> = metrics.hand_overs().take(2).map(|handed| handed.fate).collect();
    assert_eq!(fates, [Fate::GivenUp, Fate::Offered]);
    // When all are settled, those that are offered next are followed again.
    (0..1000).for_each(|number| metrics.given_up(RequestId(number)));
    metrics.step(&Action::Offer { server: SOURCE, request: REQUEST }, 8);
    metrics.step(&assign(OTHER), 9);
    assert_eq!(newest(&metrics), (Some(OTHER), Fate::Assigned));
}

#[test]
fn the_text_has_every_family_with_its_values() {
    let mut metrics = offered();
    metrics.queued(OTHER, RequestId(8), 12, 1_000_000);
    metrics.answered(Kind::Get(Class::Bulk), 1_000, 1_150);
    metrics.answered(Kind::Change, 0, 3_000_000);
    metrics.refused(Kind::Get(Class::Interactive));
    metrics.disk_failed();
    metrics.step(&Action::Retry { client: Node::client(1), request: REQUEST }, 9);
    let gauge = Gauge { server: OTHER, queued: 2, handed_over: 3, threshold: 256, lag: 4 };
    let now = Now { servers: vec![gauge], connections: 5, sessions: 6, now_us: 1_000_000 };
    let text = exposition(&metrics, &now);
    let expected = [
        "# HELP spillway_queue_length Tasks in the queue of a query server.",
        "# TYPE spillway_queue_length gauge",
        "spillway_queue_length{server=\"C1\"} 2",
        "spillway_queue_length_peak{server=\"C1\"} 12",
        "spillway_queue_threshold{server=\"C1\"} 256",
        "spillway_tasks_handed_over_open{server=\"C1\"} 3",
        "spillway_replica_lag_revisions{server=\"C1\"} 4",
        "spillway_tasks_handed_over_total{server=\"C1\"} 0",
        "spillway_requests_answered_total{class=\"bulk\"} 1",
        "spillway_requests_answered_total{class=\"normal\"} 0",
        "spillway_publishes_acknowledged_total 1",
        "spillway_requests_refused_total{class=\"interactive\"} 1",
        "spillway_requests_refused_total{class=\"publish\"} 0",
        "spillway_requests_retried_total 1",
        "# TYPE spillway_wait_seconds histogram",
        "spillway_wait_seconds_bucket{class=\"bulk\",le=\"0.0001\"} 0",
        "spillway_wait_seconds_bucket{class=\"bulk\",le=\"0.0002\"} 1",
        "spillway_wait_seconds_bucket{class=\"bulk\",le=\"+Inf\"} 1",
        "spillway_wait_seconds_sum{class=\"bulk\"} 0.00015",
        "spillway_wait_seconds_count{class=\"bulk\"} 1",
        "spillway_wait_seconds_sum{class=\"publish\"} 3",
        "spillway_connections 5",
        "spillway_sessions 6",
        "spillway_disk_errors_total 1",
    ];
    for line in expected {
        assert!(text.lines().any(|has| has == line), "`{line}` is missing:\n{text}");
    }
    assert!(text.ends_with('\n'));
}
