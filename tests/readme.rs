//! What the README shows is what the program prints: every `console` block is run, command by command.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

const README: &str = include_str!("../README.md");

/// The console blocks: each a list of commands with what they print.
fn blocks() -> Vec<Vec<(&'static str, String)>> {
    let blocks = README.split("```console\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| {
            let mut commands: Vec<(&str, String)> = Vec::new();
            for line in block.lines() {
                match line.strip_prefix("$ spillway ") {
                    Some(arguments) => commands.push((arguments, String::new())),
                    None => commands.last_mut().unwrap().1 += &format!("{line}\n"),
                }
            }
            commands
        })
        .collect()
}

/// Without the line that says how long it took.
fn timeless(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("took "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_the_readme_shows_is_what_the_program_prints() {
    let blocks = blocks();
    assert_eq!(
        blocks.iter().map(Vec::len).sum::<usize>(),
        9,
        "the blocks are where this test looks"
    );
    for block in blocks {
        let folder = tempfile::tempdir().unwrap();
        for (arguments, shown) in block {
            let mut program = Command::new(env!("CARGO_BIN_EXE_spillway"));
            let output = program.current_dir(&folder).args(arguments.split(' ')).output().unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            assert_eq!(timeless(&printed), timeless(&shown), "spillway {arguments}");
        }
    }
}

#[test]
fn the_picture_is_what_show_draws() {
    let root = env!("CARGO_MANIFEST_DIR");
    let trace = format!("{root}/traces/corpus/redistribution.trace.ndjson");
    let mut program = Command::new(env!("CARGO_BIN_EXE_spillway"));
    let output = program.args(["show", &trace, "--as", "svg"]).output().unwrap();
    let drawn = String::from_utf8(output.stdout).unwrap();
    assert_eq!(drawn, include_str!("../docs/redistribution.svg"));
}
