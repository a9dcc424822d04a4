//! Configurations from seeds, marks, and the disk.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use spillway_impl::config::{Disk as Kind, Links, Routing, Strategy, Unit};
use spillway_impl::node::Store;
use spillway_impl::sim::disk::{Disk, Left};
use spillway_impl::sim::draw::{Draw, Stream};
use spillway_impl::sim::marks::{Mark, Marks};
use spillway_impl::sim::swarm::span::exponential;
use spillway_impl::sim::swarm::{FIGURE, FaultSet, Faults, Rate, Shape, Span, Swarm};
use xxhash_rust::xxh3::xxh3_64;

const SEEDS: u64 = 2_000;

fn all() -> impl Iterator<Item = Swarm> {
    let sets = FaultSet::ALL.iter().copied();
    sets.flat_map(|set| (0..SEEDS).map(move |seed| Swarm::derive(seed, set)))
}

#[test]
fn no_seed_derives_what_the_protocol_excludes() {
    for swarm in all() {
        assert_eq!(swarm.check(), Ok(()), "{swarm}");
    }
}

/// A kind of fault with its rate.
type Named = (&'static str, fn(&Faults) -> Rate);

#[test]
fn every_feature_is_on_in_some_run_and_off_in_another() {
    let runs: Vec<Swarm> = (0..SEEDS).map(|seed| Swarm::derive(seed, FaultSet::All)).collect();
    let some = |what: &str, is: &dyn Fn(&Swarm) -> bool| {
        let on = runs.iter().filter(|run| is(run)).count();
        assert!((1..runs.len()).contains(&on), "{what}: in {on} of {} runs", runs.len());
    };
    for strategy in ["any", "least-loaded", "round-robin", "two-choices", "weighted", "classes"] {
        let strategy: Strategy = serde_json::from_value(strategy.into()).unwrap();
        some(&format!("{strategy:?}"), &|run| run.config.knobs.strategy == strategy);
    }
    let sizes = |run: &Swarm| {
        let config = &run.config;
        (config.clients, config.communication_servers, config.query_servers)
    };
    some("the figure", &|run| sizes(run) == FIGURE);
    some("standby", &|run| run.config.control_servers == 2);
    some("any routing", &|run| run.config.knobs.routing == Routing::Any);
    some("delay", &|run| run.config.knobs.unit == Unit::Delay);
    some("ageing", &|run| run.config.knobs.overtaken_max > 0);
    some("rooms", &|run| !run.config.knobs.rooms.is_empty());
    some("datagrams", &|run| run.config.knobs.links == Links::Datagram);
    some("disk", &|run| run.config.knobs.disk == Kind::Flushed);
    some("sessions", &|run| run.config.knobs.sessions);
    some("compaction", &|run| run.config.knobs.compact_after > 0);
    some("batches", &|run| run.config.knobs.sync_batch_max > 1);
    some("retry", &|run| run.config.timers.retry_us > 0);
    some("moves", &|run| run.workload.moves_per_million > 0);
    some("a hot server", &|run| run.hot_factor > 1);
    let rates: [Named; 11] = [
        ("crash B", |faults| faults.crash_communication),
        ("crash C", |faults| faults.crash_query),
        ("crash G", |faults| faults.crash_global),
        ("crash K", |faults| faults.crash_control),
        ("slow", |faults| faults.slow),
        ("stall", |faults| faults.stall),
        ("reset", |faults| faults.reset),
        ("cut", |faults| faults.cut),
        ("partition", |faults| faults.partition),
        ("jump", |faults| faults.jump),
        ("lease", |faults| faults.lease),
    ];
    for (what, rate) in rates {
        some(what, &|run| rate(&run.faults).is_on());
    }
    some("stops", &|run| run.faults.stops_per_million > 0);
    some("drop", &|run| run.faults.drop_per_million > 0);
    some("duplicate", &|run| run.faults.duplicate_per_million > 0);
    some("reorder", &|run| run.faults.reorder_per_million > 0);
    some("skew", &|run| run.faults.skew_per_million > 0);
    some("torn", &|run| run.disk.torn_per_million > 0);
    some("full", &|run| run.disk.full.is_on());
    some("read errors", &|run| run.disk.read_error_per_million > 0);
}

#[test]
fn a_set_has_the_faults_of_its_name_only() {
    for swarm in all() {
        let f = &swarm.faults;
        let crashes = [f.crash_communication, f.crash_query, f.crash_control, f.slow, f.stall];
        let network = [f.reset, f.cut, f.partition];
        let is_on = |rates: &[Rate]| rates.iter().any(Rate::is_on);
        match swarm.set {
            FaultSet::None => assert_eq!(*f, Faults::NONE),
            FaultSet::Crashes => assert!(!is_on(&network) && !f.jump.is_on()),
            FaultSet::Network | FaultSet::Clocks => {
                assert!(!is_on(&crashes) && !f.crash_global.is_on() && !swarm.disk.full.is_on());
                assert!(swarm.set == FaultSet::Network || !is_on(&network));
            }
            FaultSet::Disk => assert!(!is_on(&crashes) && !is_on(&network)),
            FaultSet::All => {}
        }
    }
}

#[test]
fn a_set_is_found_by_its_name() {
    for set in FaultSet::ALL {
        assert_eq!(FaultSet::named(set.name()), Some(*set));
        assert_eq!(serde_json::to_value(set).unwrap(), set.name());
    }
    assert_eq!(FaultSet::named("some"), None);
}

#[test]
fn a_run_is_read_as_it_was_written() {
    for swarm in all().step_by(97) {
        let text = serde_json::to_string(&swarm).unwrap();
        assert_eq!(serde_json::from_str::<Swarm>(&text).unwrap(), swarm);
    }
    let unknown = r#"{"seed":1,"colour":2}"#;
    assert!(serde_json::from_str::<Swarm>(unknown).is_err());
}

/// The bytes of all configurations of the first seeds: whoever changes what a seed means knows it.
#[test]
fn a_seed_means_the_same_on_any_machine() {
    let mut text = String::new();
    for set in FaultSet::ALL {
        (0..50)
            .for_each(|seed| text += &serde_json::to_string(&Swarm::derive(seed, *set)).unwrap());
    }
    assert_eq!(xxh3_64(text.as_bytes()), PINNED);
}
const PINNED: u64 = 3_389_589_995_979_343_063;

#[test]
fn what_is_off_is_not_printed() {
    let swarm = Swarm::derive(1, FaultSet::None);
    let text = swarm.to_string();
    assert!(text.starts_with("seed 1: A"), "{text}");
    assert!(text.contains("us: none\n") && !text.contains("crash-"), "{text}");
    let fierce = (0..SEEDS).map(|seed| Swarm::derive(seed, FaultSet::All));
    let fierce = fierce.into_iter().find(|run| run.faults.crash_query.is_on()).unwrap();
    assert!(fierce.to_string().contains("crash-c every "), "{fierce}");
}

#[test]
fn what_cannot_be_is_named() {
    let base = (0..).map(|seed| Swarm::derive(seed, FaultSet::None));
    let base = base.into_iter().find(|run| run.config.knobs.links == Links::Datagram).unwrap();
    let expect = |change: &dyn Fn(&mut Swarm), words: &str| {
        let mut swarm = base.clone();
        change(&mut swarm);
        let why = swarm.check().unwrap_err().to_string();
        assert!(why.contains(words), "{why}");
    };
    let often = Rate { every_us: 5, lasts: Span::constant(1) };
    expect(&|run| run.faults.reset = often, "datagrams exclude resets");
    expect(&|run| run.faults.stops_per_million = 1, "datagrams exclude resets");
    expect(&|run| run.config.knobs.sync_batch_max = 2, "one revision");
    expect(&|run| run.config.knobs.threshold[0] = 1_000, "above queue-max");
    expect(&|run| run.config.knobs.rooms = vec![1, 1], "one for each class");
    expect(&|run| run.config.knobs.rooms = vec![1_000, 1, 1], "from 1 to queue-max");
    expect(&|run| run.config.knobs.rooms = vec![1, 2, 1], "more room than a higher one");
    expect(&|run| run.config.query_servers = 1, "two query servers");
    expect(&|run| run.sessions.push(0), "each client has a session");
    expect(
        &|run| {
            run.config.knobs.sessions = true;
            run.config.communication_servers = 1;
            run.workload.moves_per_million = 1;
        },
        "moving needs two",
    );
}

#[test]
fn the_mean_of_each_shape_is_what_it_says() {
    const DRAWS: u64 = 200_000;
    let mut draw = Draw::new(7, Stream::Network);
    let mut mean = |span: Span| (0..DRAWS).map(|_| span.draw(&mut draw)).sum::<u64>() / DRAWS;
    let span = |shape| Span { shape, spikes_per_million: 0, spike_us: 0 };
    assert_eq!(mean(Span::constant(70)), 70);
    let uniform = mean(span(Shape::Uniform { from_us: 1_000, to_us: 3_000 }));
    assert!((1_980..2_020).contains(&uniform), "{uniform}");
    let exponential = mean(span(Shape::Exponential { mean_us: 10_000 }));
    assert!((9_800..10_200).contains(&exponential), "{exponential}");
    let spiky = Span { spikes_per_million: 100_000, spike_us: 1_000, ..Span::constant(70) };
    assert!((165..175).contains(&mean(spiky)));
}

#[test]
fn long_times_are_rare_as_they_should_be() {
    let mut draw = Draw::new(7, Stream::Network);
    let times: Vec<u64> = (0..100_000).map(|_| exponential(&mut draw, 1_000)).collect();
    let above = |us: u64| times.iter().filter(|time| **time > us).count();
    // e^-1 and e^-4 of all are 36,788 and 1,832.
    assert!((35_000..39_000).contains(&above(1_000)), "{}", above(1_000));
    assert!((1_300..2_400).contains(&above(4_000)), "{}", above(4_000));
    assert!(exponential(&mut draw, 1 << 40) > 0, "no overflow");
}

#[test]
fn a_mark_that_was_never_met_is_named() {
    let (mut one, mut other) = (Marks::default(), Marks::default());
    for mark in Mark::ALL {
        assert_eq!(Mark::named(mark.name()), Some(*mark));
        if *mark != Mark::WriteTorn {
            let marks = if mark.name().len().is_multiple_of(2) { &mut one } else { &mut other };
            marks.hit(*mark);
        }
    }
    one.merge(&other);
    assert_eq!(one.all_met().unwrap_err().to_string(), "never met in any run: write-torn");
    one.hit(Mark::WriteTorn);
    assert_eq!(one.all_met(), Ok(()));
    let names: BTreeSet<&str> = Mark::ALL.iter().map(|mark| mark.name()).collect();
    assert_eq!(names.len(), Mark::ALL.len(), "no name is given twice");
}

fn bad_disk(seed: u64) -> Disk {
    let mut faults = Swarm::derive(1, FaultSet::Disk).disk;
    faults.torn_per_million = 400_000;
    faults.whole_per_million = 200_000;
    Disk::new(faults, Draw::new(seed, Stream::Disk))
}

#[test]
fn a_crash_never_takes_what_was_synced_and_leaves_nothing_that_was_not_written() {
    let (synced, append) = (b"synced".to_vec(), b"under way".to_vec());
    let mut marks = Marks::default();
    for seed in 0..2_000 {
        let (mut disk, mut file) = (bad_disk(seed), synced.clone());
        let store = Store::Append(append.clone());
        let left = disk.crash(&store, true, &mut marks);
        left.leave(&mut file, store);
        assert!(file.starts_with(&synced));
        let tail = &file[synced.len()..];
        match left {
            Left::Nothing => assert!(tail.is_empty()),
            Left::Whole => assert_eq!(tail, append),
            Left::Torn { good, bad } => {
                assert!(good < append.len() && tail.len() == good + bad);
                assert_eq!(tail[..good], append[..good]);
                assert!(!tail.starts_with(&append), "what is torn is not whole");
            }
        }
    }
    for mark in [Mark::WriteLost, Mark::WriteTorn, Mark::WriteWhole] {
        assert!(marks.count(mark) > 100, "{}: {}", mark.name(), marks.count(mark));
    }
}

#[test]
fn a_replacement_is_there_or_not_and_a_full_disk_takes_nothing() {
    let mut marks = Marks::default();
    for seed in 0..500 {
        let (mut disk, mut file) = (bad_disk(seed), b"old".to_vec());
        let store = Store::Replace(b"new".to_vec());
        disk.crash(&store, true, &mut marks).leave(&mut file, store);
        assert!(file == b"old" || file == b"new");
    }
    assert_eq!(marks.count(Mark::WriteTorn), 0);
    let mut disk = bad_disk(1);
    disk.set_full(true);
    assert!(!disk.begin(&mut marks).done);
    for _ in 0..100 {
        assert_eq!(disk.crash(&Store::Append(vec![1; 9]), false, &mut marks), Left::Nothing);
    }
    disk.heal();
    assert!(disk.begin(&mut marks).done);
    assert_eq!(marks.count(Mark::DiskFull), 1);
}
