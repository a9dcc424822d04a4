//! What the tests of the program share: a folder of its own for each, with a tiny scope in it.

#![allow(dead_code)] // each test file uses its part

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// Two queries overflow at once, and go to the other query server: a few hundred states.
pub(crate) const TINY: &str = r#"name = "tiny"
about = "Two queries overflow at once."

[nodes]
clients = 1
query-servers = 2

[knobs]
threshold = 0

[[request]]
client = 0
kind = "query"
user = 0
class = "normal"
home = 0

[[request]]
client = 0
kind = "query"
user = 0
class = "bulk"
home = 0

[expect]
sometimes = ["overflow-happens"]
"#;

/// A seeded bug that the tiny scope shows, the guarantee that it breaks, and the name of its trace.
pub(crate) const MUTANT: &str = "load-unchecked";
pub(crate) const BROKEN: &str = "threshold-kept";
pub(crate) const TRACE: &str = "tiny.load-unchecked.threshold-kept.trace.ndjson";

/// A folder in which the program runs.
pub(crate) struct Folder {
    folder: TempDir,
}

/// How the program ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    /// A folder that holds `tiny.toml`.
    pub(crate) fn new() -> Folder {
        let folder = Folder { folder: TempDir::new().expect("a temporary folder") };
        folder.write("tiny.toml", TINY);
        folder
    }

    /// A folder that also holds the trace of a violation.
    pub(crate) fn with_trace() -> Folder {
        let folder = Folder::new();
        assert_eq!(folder.run(&["check", "tiny.toml", "--mutant", MUTANT]).code, 1);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.at(name), text).expect("the folder can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).expect("the file is there")
    }

    /// The files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("the folder is there");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.expect("it can be listed").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spillway"));
        let output = command.args(args).current_dir(self.path()).output().expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("all output is UTF-8");
        Ended {
            code: output.status.code().expect("no signal ended it"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Runs the program, which must refuse to: nothing but an error, and no file left behind.
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let before = self.files();
        let ended = self.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}: {}", ended.err);
        assert!(ended.err.starts_with("error: "), "{args:?}: {}", ended.err);
        assert_eq!(self.files(), before, "{args:?} left files behind");
        ended.err
    }
}

/// The lines that tell how much was explored and how fast, with their numbers hidden: other tests pin counts.
pub(crate) fn steady(text: &str) -> String {
    let measured = ["explored ", "took ", "collisions "];
    let line = |line: &str| {
        let hidden = measured.iter().any(|label| line.trim_start().starts_with(label));
        if !hidden {
            return line.to_owned();
        }
        let label = line.trim_start().split(' ').next().unwrap_or_default();
        format!("  {label} …")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
