//! The arrows of `ARCHITECTURE.md`: who may know whom, and that what must be deterministic has nothing that is not.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

/// What each crate may depend on, of ours. `model` never sees `impl`, nor `impl` `model`.
const MAY_KNOW: [(&str, &[&str]); 5] = [
    ("traces", &[]),
    ("model", &["spillway-traces"]),
    ("impl", &["spillway-traces"]),
    ("properties", &["spillway-traces", "spillway-model", "spillway-impl"]),
    ("checker", &[]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The crates of ours that a manifest names as dependencies, its own name for tests aside.
fn known(manifest: &str, own: &str) -> Vec<String> {
    let names = manifest.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    let ours = names.filter(|name| name.starts_with("spillway-") && *name != own);
    ours.map(str::to_owned).collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    for (folder, may) in MAY_KNOW {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let known = known(&manifest, &format!("spillway-{folder}"));
        let odd: Vec<_> = known.iter().filter(|name| !may.contains(&name.as_str())).collect();
        assert!(odd.is_empty(), "{folder} knows {odd:?}");
        assert_eq!(known.len(), may.len(), "{folder} knows {known:?}");
    }
}

#[test]
fn every_crate_of_the_workspace_is_judged() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert_eq!(members, MAY_KNOW.map(|(folder, _)| folder));
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn model_and_guarantees_have_no_clock_no_thread_no_io_and_no_unordered_table() {
    const FORBIDDEN: [&str; 7] =
        ["std::time", "std::thread", "std::fs", "std::net", "std::env", "HashMap", "HashSet"];
    let mut found = Vec::new();
    for folder in ["model/src", "impl/src", "properties/src/always", "properties/src/sometimes"] {
        sources(&root().join(folder), &mut found);
    }
    // Of the live system those that move bytes, time and storage, by name, and what is not part of the program.
    let live = root().join("impl/src/live");
    const MOVERS: [&str; 14] = [
        "admin/listener.rs",
        "disk.rs",
        "door.rs",
        "open.rs",
        "operators.rs",
        "parting.rs",
        "server.rs",
        "server/chat.rs",
        "server/elsewhere.rs",
        "server/stop.rs",
        "tls.rs",
        "keys.rs",
        "trace_files.rs",
        "wires.rs",
    ];
    let movers = MOVERS.map(|name| live.join(name));
    assert!(movers.iter().all(|mover| found.contains(mover)), "each is where it was");
    found.retain(|path| {
        !movers.contains(path)
            && !path.starts_with(live.join("store/redb"))
            && !path.starts_with(live.join("store/tests"))
    });
    assert!(found.len() > 40, "the sources are where this test looks for them");
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        for word in FORBIDDEN {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
    }
}
