#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
#[path = "../models/mod.rs"]
mod models;
use models::*;
use spillway_checker::*;
use stateright::{Checker as _, Model};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[1].parse().unwrap();
    let t: usize = args[2].parse().unwrap();
    for way in args[3].chars() {
        let begun = std::time::Instant::now();
        match way {
            'a' => println!(
                "a {}",
                Checker::new(two_phase_heap::TwoPhase(n)).threads(t).run().unwrap()
            ),
            'b' => println!(
                "b {}",
                Checker::new(two_phase_word::TwoPhase(n as u32)).threads(t).run().unwrap()
            ),
            'c' => println!(
                "c {}",
                Checker::new(two_phase_word::TwoPhase(n as u32)).threads(t).packed().run().unwrap()
            ),
            'B' => {
                let c = two_phase_word::TwoPhase(n as u32).checker().threads(t).spawn_bfs().join();
                println!("B {} {} {}", c.unique_state_count(), c.state_count(), c.max_depth())
            }
            'A' => {
                let c = two_phase_heap::TwoPhase(n).checker().threads(t).spawn_bfs().join();
                println!("A {} {} {}", c.unique_state_count(), c.state_count(), c.max_depth())
            }
            _ => {}
        }
        println!("{way} {:.2} s", begun.elapsed().as_secs_f64());
    }
}
