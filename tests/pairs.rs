//! `spillway pairs`: what it lists, checks and writes, and that a pair is a scope like any other.
//!
//! Which pairs there are grows with every feature, so nothing here counts them; how many states a pair has is no
//! matter here either.

mod common;

use common::{Ended, Folder};
use serde_json::{Value, json};
use spillway_model::Scope;
use spillway_model::scope::pairs::{self, FEATURES, Feature};

/// A sample of pairs that is small and holds.
const SAMPLE: &[&str] = &["pairs", "--of", "disk", "--every", "9"];

fn sample(folder: &Folder, more: &[&str]) -> Ended {
    folder.run(&[SAMPLE, more].concat())
}

/// The names of the pairs in the sample, in order.
fn sampled() -> Vec<String> {
    let all: Vec<Scope> = pairs::pairs();
    let half = |scope: &Scope| scope.name.split("-and-").any(|half| half == "disk");
    all.into_iter().filter(half).step_by(9).map(|scope| scope.name).collect()
}

fn object(out: &str) -> Value {
    assert_eq!(out.lines().count(), 1, "one object, and nothing else: {out}");
    serde_json::from_str(out).expect("it is JSON")
}

fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|element| element[key].as_str().expect("a text")).collect()
}

#[test]
fn the_list_has_a_line_for_each_feature() {
    let ended = Folder::new().run(&["pairs", "--list"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let told = ended.out.lines().map(|line| line.trim().split_once("  ").expect("two columns"));
    let told: Vec<(&str, &str)> = told.map(|(name, about)| (name, about.trim())).collect();
    let known: Vec<_> = FEATURES.iter().map(|feature| (feature.name, feature.about)).collect();
    assert_eq!(told, known);
}

#[test]
fn a_sample_has_a_row_for_each_pair_and_a_sentence_at_the_end() {
    let folder = Folder::new();
    let ended = sample(&folder, &[]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    let mut lines = ended.out.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    assert_eq!(head, ["pair", "states", "depth", "took"]);
    for name in sampled() {
        let cells: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
        assert_eq!(cells[..2], ["✓", name.as_str()], "{}", ended.out);
    }
    assert_eq!(lines.next(), Some(""));
    let sentence = format!(
        "✓ {} pairs hold: every guarantee kept, every situation reached, ",
        sampled().len()
    );
    assert!(lines.next().is_some_and(|line| line.starts_with(&sentence)), "{}", ended.out);
    assert_eq!((lines.next(), folder.files()), (None, vec!["tiny.toml".to_owned()]));
}

#[test]
fn names_that_are_no_feature_are_refused_with_the_nearest() {
    let folder = Folder::new();
    let cases: &[(&[&str], &str)] = &[
        (&["--of", "dsk"], "no feature is called `dsk`; did you mean `disk`?"),
        (&["--of", "Disk"], "did you mean `disk`?"),
        (&["--of", "zzz"], "`spillway pairs --list` lists them"),
        (&["--of"], "a value is required for '--of <FEATURE>'"),
        (&["--every", "0"], "0 is not in 1..=65535"),
        (&["--every", "some"], "invalid value 'some' for '--every <N>'"),
        (&["--list", "--of", "disk"], "cannot be used with '--of <FEATURE>'"),
        (&["--format", "jsn"], "a similar value exists: 'json'"),
    ];
    for (args, expected) in cases {
        let told = folder.refused(&[&["pairs"], *args].concat());
        assert!(told.contains(expected), "{args:?} says: {told}");
    }
}

#[test]
fn json_has_an_object_for_each_pair() {
    let ended = sample(&Folder::new(), &["--format", "json"]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    let report = object(&ended.out);
    assert_eq!(report["verdict"], "pass");
    assert_eq!(texts(&report["pairs"], "name"), sampled());
    let rows = report["pairs"].as_array().expect("a list");
    for row in rows {
        assert_eq!(row["verdict"], "pass");
        assert!(row["seconds"].is_f64() && row["depth"].as_u64() > Some(0), "{row}");
        assert!(row["unique_states"].as_u64() < row["generated_states"].as_u64(), "{row}");
        assert!(row.get("complaint").is_none(), "{row}");
    }
    let states: Option<u64> = rows.iter().map(|row| row["unique_states"].as_u64()).sum();
    assert_eq!(report["unique_states"].as_u64(), states);
}

#[test]
fn junit_has_a_case_for_each_pair() {
    let ended = sample(&Folder::new(), &["--format", "junit"]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    let tests = sampled().len();
    let head = format!("<testsuites tests=\"{tests}\" failures=\"0\" errors=\"0\" skipped=\"0\"");
    assert!(ended.out.contains(&head), "{}", ended.out);
    let case = |name| format!("<testcase classname=\"spillway pairs\" name=\"{name}\"/>");
    assert!(sampled().into_iter().all(|name| ended.out.contains(&case(name))), "{}", ended.out);
}

#[test]
fn github_gets_one_notice_if_all_hold() {
    let ended = sample(&Folder::new(), &["--format", "github"]);
    let notice = format!("::notice title=spillway pairs::{} pairs hold: ", sampled().len());
    assert!(ended.code == 0 && ended.out.starts_with(&notice), "{}", ended.out);
    assert_eq!(ended.out.lines().count(), 1);
}

#[test]
fn sarif_has_a_rule_for_each_pair_and_no_results_if_all_hold() {
    let ended = sample(&Folder::new(), &["--format", "sarif"]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    let run = &object(&ended.out)["runs"][0];
    let rules = &run["tool"]["driver"]["rules"];
    assert_eq!(texts(rules, "id"), sampled());
    for (rule, name) in rules.as_array().into_iter().flatten().zip(sampled()) {
        let about = pairs::named(&name).expect("it is a pair").about;
        assert_eq!(rule["shortDescription"]["text"], about);
    }
    assert_eq!(run["results"], json!([]));
}

#[test]
fn pairs_of_a_feature_are_among_all_of_them() {
    let all: Vec<String> = pairs::pairs().into_iter().map(|scope| scope.name).collect();
    // The last feature comes second in the names of all its pairs, the first one first.
    for Feature { name, .. } in [&FEATURES[0], &FEATURES[FEATURES.len() - 1]] {
        let ended = Folder::new().run(&["pairs", "--of", name, "--every", "7", "--format", "json"]);
        let report = object(&ended.out);
        for pair in texts(&report["pairs"], "name") {
            assert!(all.iter().any(|known| known == pair), "{pair} is called otherwise elsewhere");
        }
    }
}

#[test]
fn a_pair_is_a_scope_whichever_half_is_named_first() {
    let folder = Folder::new();
    for name in ["disk-and-publish", "publish-and-disk"] {
        let ended = folder.run(&["check", name, "--format", "json"]);
        assert_eq!(ended.code, 0, "{name}: {}", ended.err);
        assert_eq!(object(&ended.out)["scope"], "publish-and-disk");
        let described = folder.run(&["scopes", "describe", name]);
        let about = pairs::named(name).expect("it is a pair").about;
        assert!(described.out.starts_with(&format!("publish-and-disk\n{about}\n")));
    }
}

#[test]
fn a_pair_can_be_written_out_and_checked_as_a_file() {
    let folder = Folder::new();
    let shown = folder.run(&["scopes", "show", "disk-and-publish"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    folder.write("publish-and-disk.toml", &shown.out);
    let counts = |scope: &str| {
        let ended = folder.run(&["check", scope, "--format", "json"]);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        let report = object(&ended.out);
        [report["unique_states"].clone(), report["generated_states"].clone()]
    };
    assert_eq!(counts("./publish-and-disk.toml"), counts("publish-and-disk"));
}

#[test]
fn what_is_no_pair_is_no_scope() {
    let folder = Folder::new();
    let cases = [
        ("disk-and-publsh", "no feature is called `publsh`; did you mean `publish`?"),
        ("disk-and-zzz", "no feature is called `zzz`; `spillway pairs --list` lists them"),
        ("disk-and-disk", "expected two features that go together"),
        ("weighted-and-classes", "expected two features that go together"),
    ];
    for (name, expected) in cases {
        for command in [["check"].as_slice(), &["scopes", "describe"], &["scopes", "show"]] {
            let told = folder.refused(&[command, &[name]].concat());
            assert!(told.contains(expected), "{name}: {told}");
            assert!(told.contains(&format!("`{name}`")), "{name}: {told}");
        }
    }
}
