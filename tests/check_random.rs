//! `spillway check --random`: exit codes, every format, what is refused, and that threads change nothing.

mod common;

use common::{BROKEN, Ended, Folder, MUTANT, TRACE};
use serde_json::{Value, json};

fn random(folder: &Folder, args: &[&str]) -> Ended {
    folder.run(&[&["check", "tiny.toml", "--random"], args].concat())
}

fn report(ended: &Ended) -> Value {
    assert_eq!(ended.out.lines().count(), 1, "one object, and nothing else: {}", ended.out);
    serde_json::from_str(&ended.out).expect("it is JSON")
}

/// Without what differs from run to run: how long it took, and on how many threads.
fn steady(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("took "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The same without how much was walked, which changes with every action that is added to the protocol.
fn lasting(text: &str) -> String {
    let measured = ["walked ", "met ", "collisions "];
    let counts = |line: &&str| measured.iter().any(|label| line.trim_start().starts_with(label));
    let text = steady(text);
    text.lines().filter(|line| !counts(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn walks_that_break_nothing_pass_and_say_that_this_is_no_proof() {
    let folder = Folder::new();
    let ended = random(&folder, &["--seeds", "0..200"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(lasting(&ended.out));
    assert!(!ended.out.contains("holds\n"), "{}", ended.out);

    let ended = random(&folder, &["--seeds", "0..200", "--format", "json"]);
    let report = report(&ended);
    assert_eq!(
        (ended.code, &report["verdict"], &report["engine"]),
        (0, &json!("pass"), &json!("random"))
    );
    let properties = report["properties"].as_array().expect("a list");
    let verdict = |kind: &str| {
        let of_kind = properties.iter().filter(move |p| p["kind"] == kind);
        of_kind.map(|p| p["verdict"].as_str().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert!(verdict("always").iter().all(|verdict| *verdict == "inconclusive"));
    assert_eq!(verdict("sometimes"), ["reached"]);
    let walks = &report["walks"];
    assert_eq!((&walks["seeds"], &walks["walked"]), (&json!([0, 200]), &json!(200)));
    assert_eq!(walks["ended_early"], 200);
    assert_eq!(walks["states"]["count"], report["unique_states"]);
    assert_eq!(walks["met"][0]["name"], "overflow-happens");
    assert_eq!(folder.files(), ["tiny.toml"]);
}

#[test]
fn a_violation_is_shrunk_and_every_command_takes_its_trace() {
    let folder = Folder::new();
    let ended = random(&folder, &["--mutant", MUTANT]);
    assert_eq!(ended.code, 1);
    insta::assert_snapshot!(lasting(&ended.out));
    assert_eq!(folder.files(), [TRACE, "tiny.toml"]);
    let replayed = folder.run(&["replay", TRACE]);
    assert_eq!(replayed.code, 1);
    assert!(replayed.out.contains(&format!("{BROKEN} is violated at event ")), "{}", replayed.out);
    assert!(replayed.out.ends_with(", as recorded\n"), "{}", replayed.out);
    assert_eq!(folder.run(&["show", TRACE]).code, 0);
    let shrunk = folder.run(&["shrink", TRACE]);
    assert!(shrunk.out.contains("step can be left out"), "{}", shrunk.out);
}

/// The walk that is named is made again, by its seed alone, and shows the same; the trace bears the seed.
#[test]
fn the_seed_alone_makes_the_walk_again() {
    let folder = Folder::new();
    let ended = random(&folder, &["--mutant", MUTANT, "--seeds", "40..999", "--depth", "60"]);
    let again = ended.out.lines().find_map(|line| line.trim_start().strip_prefix("walk again"));
    let command = again.expect("it says how").trim().strip_prefix("spillway ").expect("a command");
    let args: Vec<&str> = command.split(' ').collect();
    let ended = folder.run(&[args.as_slice(), &["--trace-out", "again.ndjson"]].concat());
    assert_eq!(ended.code, 1, "{command}: {}", ended.err);
    assert_eq!(folder.read(TRACE), folder.read("again.ndjson"));
    let seed = args.iter().find_map(|arg| arg.split_once("..")).expect("the seeds").0;
    let header = folder.read(TRACE).lines().next().map(str::to_owned).unwrap_or_default();
    assert!(header.contains(&format!("\"seed\":{seed},")), "{header}");
}

#[test]
fn threads_change_no_byte() {
    let folder = Folder::new();
    let with = |args: &[&str], threads| {
        let ended = random(&folder, &[args, &["--threads", threads]].concat());
        (ended.code, steady(&ended.out), ended.err)
    };
    for args in [
        ["--seeds", "0..3000"].as_slice(),
        &["--mutant", MUTANT, "--trace-out"],
        &["--mutant", "refusals-forgotten", "--seeds", "3..2000"],
        &["--seeds", "0..300", "--format", "github"],
    ] {
        let mut files = 0;
        let mut run = |threads| {
            files += 1;
            let file = format!("{threads}-{files}.ndjson");
            let args = match args.last() {
                Some(&"--trace-out") => [args, &[file.as_str()]].concat(),
                _ => args.to_vec(),
            };
            let (code, out, err) = with(&args, threads);
            let written = folder.files().contains(&file).then(|| folder.read(&file));
            (code, out.replace(&file, "FILE"), err, written)
        };
        let one = run("1");
        assert_eq!((&one, &one), (&run("1"), &run("2")), "{args:?}");
    }
}

#[test]
fn build_servers_are_not_told_that_anything_passed() {
    let folder = Folder::new();
    let ended = random(&folder, &["--seeds", "0..50", "--format", "junit"]);
    assert_eq!(ended.code, 0);
    let skipped = "name=\"fresh-answer\">\n      <skipped message=\"not violated on 50 random walks of at most 1,000 steps; that is no proof\"/>";
    assert!(ended.out.contains(skipped), "{}", ended.out);
    let ended = random(&folder, &["--seeds", "0..50", "--format", "github"]);
    let notice =
        "::notice title=spillway check tiny --random::tiny is not violated on 50 random walks";
    assert!(ended.out.starts_with(notice) && ended.out.lines().count() == 1, "{}", ended.out);
    let ended = random(&folder, &["--mutant", MUTANT, "--format", "junit"]);
    assert_eq!(ended.code, 1);
    assert!(ended.out.contains(&format!("spillway replay {TRACE}</failure>")), "{}", ended.out);
}

#[test]
fn what_is_asked_for_and_not_met_is_inconclusive() {
    let folder = Folder::new();
    let with = |args: &[&str]| random(&folder, &[args, &["--seeds", "0..20"]].concat());
    assert_eq!(with(&["--property", "fresh-answer"]).code, 0);
    assert_eq!(with(&["--property", "overflow-happens"]).code, 0);
    let ended = with(&["--property", "stale-replica-waits"]);
    assert_eq!(ended.code, 3);
    let last = "? tiny is inconclusive: not reached on 20 random walks of at most 1,000 steps; that is no proof\n";
    assert!(ended.out.ends_with(last), "{}", ended.out);
    assert_eq!(with(&["--property", "every-task-settled"]).code, 3);
}

#[test]
fn a_full_bound_is_named_with_its_knob() {
    let folder = Folder::new();
    folder
        .write("small.toml", &common::TINY.replace("threshold = 0", "threshold = 0\nlink-max = 1"));
    let ended = folder.run(&["check", "small.toml", "--random", "--format", "json"]);
    let report = report(&ended);
    assert_eq!((ended.code, &report["verdict"]), (3, &json!("inconclusive")));
    assert_eq!(report["stopped"]["by"], "link-max");
    assert_eq!(report["stopped"]["trace"], "tiny.scope-bounds.trace.ndjson");
    assert!(report["walks"]["bound_seed"].is_u64());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = Folder::new();
    let cases: &[(&[&str], &str)] = &[
        (&["--random", "--states-max", "9"], "cannot be used with '--states-max <N>'"),
        (&["--random", "--depth-max", "9"], "cannot be used with '--depth-max <N>'"),
        (&["--random", "--engine", "stateright"], "cannot be used with '--engine <ENGINE>'"),
        (&["--seeds", "0..9"], "--random"),
        (&["--depth", "9"], "--random"),
        (&["--fault-percent", "9"], "--random"),
        (&["--random", "--seeds", "9"], "expected A..B, two whole numbers"),
        (&["--random", "--seeds", "1..x"], "expected A..B, two whole numbers"),
        (&["--random", "--seeds", "..4"], "expected A..B, two whole numbers"),
        (&["--random", "--seeds", "1..=4"], "expected A..B, two whole numbers"),
        (&["--random", "--seeds", "4..4"], "there is no seed in it; expected A..B"),
        (&["--random", "--seeds", "5..4"], "there is no seed in it; expected A..B"),
        (&["--random", "--seeds", "0..1000000001"], "expected 1000000000 at most"),
        (
            &["--random", "--seeds", "0..99999999999999999999"],
            "a seed is at most 18446744073709551615",
        ),
        (&["--random", "--depth", "0"], "0 is not in 1..=100000"),
        (&["--random", "--depth", "100001"], "100001 is not in 1..=100000"),
        (&["--random", "--fault-percent", "101"], "101 is not in 0..=100"),
        (&["--random", "--memory-max", "0"], "--memory-max"),
    ];
    for (args, expected) in cases {
        let told = folder.refused(&[&["check", "tiny.toml"], *args].concat());
        assert!(told.contains(expected), "{args:?} says: {told}");
    }
    // The last seed that there is has a walk, too.
    let last = "18446744073709551614..18446744073709551615";
    assert_eq!(random(&folder, &["--seeds", last]).code, 0);
}

#[cfg(unix)]
#[test]
fn interrupted_walks_say_what_they_covered() {
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    let child = Command::new(env!("CARGO_BIN_EXE_spillway"))
        .args(["check", "deep", "--random", "--seeds", "0..100000000", "--format", "json"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("there is kill").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(report["stopped"]["by"], "interrupted");
    assert!(report["walks"]["walked"].as_u64() > Some(10), "{report}");
}
