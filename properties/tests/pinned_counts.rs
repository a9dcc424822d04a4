//! Every scope but `figure` and `deep` to its end: all guarantees hold, all it is there for is reached, and the counts are known.
//!
//! The counts are stateright's, initial state included. They change only with the protocol or the scope; whoever
//! changes those pins new ones here and says why.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_model::Scope;
use spillway_model::scope::BUILTIN;
use spillway_properties::{
    Go, Options, Overall, SOMETIMES_NAMES, Stopped, Verdict, catalog, check,
};

fn holds(scope: &str, unique: usize, generated: usize, depth: usize) {
    let scope = Scope::builtin(scope, SOMETIMES_NAMES).unwrap();
    let report = check(&scope, &Options::default(), &mut |_| Go::On).unwrap();
    assert!(report.is_complete());
    assert_eq!(report.overall(), Overall::Pass, "{:#?}", report.findings);
    let counts = (report.unique_states, report.generated_states, report.depth);
    assert_eq!(counts, (unique, generated, depth));
}

macro_rules! pinned {
    ($($test:ident: $scope:literal, $unique:literal, $generated:literal, $depth:literal;)+) => {
        $(#[test] fn $test() { holds($scope, $unique, $generated, $depth); })+

        #[test]
        fn every_scope_that_ends_is_pinned() {
            let pinned = [$($scope),+];
            let open = BUILTIN.iter().map(|(name, _)| *name).filter(|name| !pinned.contains(name));
            assert_eq!(open.collect::<Vec<_>>(), ["figure", "deep"]);
        }
    };
}

pinned! {
    default: "default", 1_819_244, 9_155_977, 65;
    overflow: "overflow", 874_470, 3_735_581, 61;
    full: "full", 508_362, 2_040_173, 55;
    sync: "sync", 370_177, 1_688_395, 41;
    crash: "crash", 1_481_400, 7_330_355, 61;
    crash_global: "crash-global", 101_001, 497_667, 32;
    reset: "reset", 2_919_795, 13_585_059, 63;
    reset_global: "reset-global", 511_134, 2_688_506, 39;
    catch_up: "catch-up", 10_175, 41_791, 26;
    catch_up_crash: "catch-up-crash", 86_410, 362_532, 38;
    handover: "handover", 1_210_764, 6_200_961, 60;
    refused: "refused", 15_919, 52_913, 50;
    refusals: "refusals", 1_692, 4_120, 41;
    rooms: "rooms", 1_509, 3_469, 33;
    ledger_rooms: "ledger-rooms", 197_723, 742_695, 48;
    relay_full: "relay-full", 693, 2_022, 23;
    routing: "routing", 165_164, 563_349, 53;
    give_back: "give-back", 5_615, 17_108, 34;
    two_sources: "two-sources", 3_487, 8_118, 32;
    retry: "retry", 211_555, 867_663, 46;
    deletion: "deletion", 10_089, 37_765, 30;
    anew: "anew", 24_918, 96_514, 52;
    sharing: "sharing", 76_646, 322_140, 41;
    contacts: "contacts", 8_852, 28_441, 44;
    snapshot: "snapshot", 47_288, 174_778, 35;
    tombstone: "tombstone", 22_139, 82_592, 27;
    disk: "disk", 25_582, 94_860, 29;
    disk_overtaken: "disk-overtaken", 16_638, 69_645, 28;
    ageing: "ageing", 5_147, 14_192, 28;
    ageing_unready: "ageing-unready", 19_198, 73_253, 33;
    delay: "delay", 12_127, 43_831, 39;
    least_loaded: "least-loaded", 1_384, 3_617, 29;
    two_choices: "two-choices", 1_384, 3_617, 29;
    weighted: "weighted", 165_225, 603_529, 43;
    round_robin: "round-robin", 43_959, 150_758, 50;
    classes: "classes", 37_321, 125_483, 40;
    strategies: "strategies", 53_810, 186_538, 47;
    standby: "standby", 43_900, 197_987, 41;
    standby_crash: "standby-crash", 15_990, 72_470, 35;
    standby_crash_query: "standby-crash-query", 167_564, 851_739, 48;
    standby_reset: "standby-reset", 139_525, 793_734, 47;
    moving_client: "moving-client", 25_925, 94_800, 42;
    moving_publisher: "moving-publisher", 4_107, 14_421, 30;
    moving_routes: "moving-routes", 13_504, 39_629, 33;
    cancel: "cancel", 22_104, 77_571, 31;
    cancel_lost: "cancel-lost", 68_104, 280_014, 50;
    downtime: "downtime", 60_983, 224_752, 46;
    pull_back: "pull-back", 3_606, 12_758, 32;
    cut: "cut", 71_882, 352_717, 42;
    reroute: "reroute", 33_353, 132_149, 44;
    feed_outage: "feed-outage", 12_405, 49_814, 25;
    datagram: "datagram", 69_081, 253_331, 57;
    datagram_crash: "datagram-crash", 73_749, 270_703, 51;
    datagram_refused: "datagram-refused", 1_534, 3_409, 40;
    datagram_feed: "datagram-feed", 70_462, 258_419, 31;
    cover_tasks: "cover-tasks", 8_364, 24_170, 48;
    cover_deletion: "cover-deletion", 4_913, 17_125, 37;
    cover_revocation: "cover-revocation", 7_019, 26_658, 32;
}

#[test]
fn deep_loads_and_runs_bounded() {
    let scope = Scope::builtin("deep", SOMETIMES_NAMES).unwrap();
    let depth_max = std::num::NonZeroUsize::new(14);
    let report = check(&scope, &Options { depth_max, ..Options::default() }, &mut |_| Go::On);
    let report = report.unwrap();
    assert!(!report.is_complete());
    assert_eq!(report.overall(), Overall::Inconclusive);
}

#[test]
fn figure_is_pinned_as_far_as_three_steps() {
    let scope = Scope::builtin("figure", SOMETIMES_NAMES).unwrap();
    let depth_max = std::num::NonZeroUsize::new(3);
    let report = check(&scope, &Options { depth_max, ..Options::default() }, &mut |_| Go::On);
    let report = report.unwrap();
    assert_eq!(report.overall(), Overall::Inconclusive);
    assert_eq!((report.unique_states, report.depth), (141_525, 4));
}

/// A situation that is reached after six steps is found with a bound of six steps, and not with one of five.
#[test]
fn a_depth_bound_counts_steps_and_judges_the_last() {
    let scope = Scope::builtin("handover", SOMETIMES_NAMES).unwrap();
    let verdict = |steps| {
        let depth_max = std::num::NonZeroUsize::new(steps);
        let property = Some(catalog::find("overflow-happens").unwrap());
        let options = Options { depth_max, property, ..Options::default() };
        let report = check(&scope, &options, &mut |_| Go::On).unwrap();
        assert_eq!(report.stopped, Some(Stopped::Depth(steps)));
        (report.findings[0].verdict, report.depth)
    };
    assert_eq!(verdict(6), (Verdict::Reached, 7));
    assert_eq!(verdict(5), (Verdict::Inconclusive, 6));
}

#[test]
fn counts_come_out_the_same_twice() {
    let scope = Scope::builtin("catch-up", SOMETIMES_NAMES).unwrap();
    let run = || {
        let report = check(&scope, &Options::default(), &mut |_| Go::On).unwrap();
        let paths: Vec<_> = report.findings.iter().map(|finding| finding.path.clone()).collect();
        (report.unique_states, report.generated_states, report.depth, paths)
    };
    assert_eq!(run(), run());
}
