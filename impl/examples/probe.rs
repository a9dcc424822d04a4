#![allow(clippy::print_stdout, missing_docs, clippy::unwrap_used)]
use spillway_impl::compare::{allocator::all, scenario::*};
use std::time::Instant;
fn main() {
    let setup = default_setup();
    let effort = Effort { seed: 1, requests: 60_000, steps: 20 };
    let all = all(&setup.config.knobs);
    let what: Vec<String> = std::env::args().skip(1).collect();
    let has = |w: &str| what.is_empty() || what.iter().any(|x| x == w);
    if has("hot") {
        for a in &all {
            let t = Instant::now();
            let s = steady(&setup, a, (HOT_LOAD_MILLI, HOT_MILLI), effort);
            println!(
                "{:24} mean {:6} p50 {:6} p99 {:7} wait {:6} refused {} givenup {} good {} {:?}",
                a.name,
                s.all.response_us,
                s.all.p50_us,
                s.all.p99_us,
                s.all.wait_us,
                s.all.refused,
                s.all.given_up,
                s.goodput_milli,
                t.elapsed()
            );
        }
    }
    if has("intime") {
        for a in &all {
            let t = Instant::now();
            let r: Vec<_> = SKEWS
                .iter()
                .map(|s| in_time(&setup, a, *s, Effort { requests: 20_000, ..effort }))
                .map(|i| (i.load_milli, i.per_second_milli / 1000))
                .collect();
            println!("{:24} {:?} {:?}", a.name, r, t.elapsed());
        }
    }
    if has("over") {
        for a in &all {
            for load in [1000, 2000, 4000] {
                let t = Instant::now();
                let s = steady(&setup, a, (load, 125), effort);
                println!(
                    "{:24} {load} good {} answered {:?} wait {:?} {:?}",
                    a.name,
                    s.goodput_milli,
                    s.classes.map(|c| c.answered_milli()),
                    s.classes.map(|c| c.wait_us),
                    t.elapsed()
                );
            }
        }
    }
    if has("step") {
        for a in &all {
            let t = Instant::now();
            let s = step(&setup, a, effort);
            println!(
                "{:24} all {:?} {:?} refused {:?} {:?}",
                a.name,
                s.all_back_after_us,
                s.back_after_us,
                s.refused_milli,
                t.elapsed()
            );
        }
    }
}
