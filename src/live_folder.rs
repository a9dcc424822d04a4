//! A folder of files that live nodes have written, as one trace.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use spillway_properties::live::{Merged, Place, Trouble, merge};
use spillway_traces::live::NodeFile;
use spillway_traces::{Spillway, Trace};

use crate::failure::Failure;

/// What the names of the files end with.
const EXTENSION: &str = ".trace.ndjson";
/// Files of a folder, at most.
const FILES_MAX: usize = 10_000;

/// The files, merged.
pub(crate) struct Folder {
    /// The trace.
    pub(crate) trace: Trace<Spillway>,
    paths: Vec<PathBuf>,
    places: Vec<Option<Place>>,
}

impl Folder {
    /// Reads a folder.
    ///
    /// # Errors
    /// With file and line, what was found and what was expected.
    pub(crate) fn read(folder: &Path) -> Result<Folder, Failure> {
        let paths = files_of(folder)?;
        let mut files = Vec::new();
        let mut read = Vec::new();
        for path in paths {
            if fs::metadata(&path).is_ok_and(|file| file.len() == 0) {
                continue; // its node was killed before it wrote anything
            }
            files.push(node_file(&path)?);
            read.push(path);
        }
        let Merged { trace, places } = merge(&files).map_err(|trouble| match &trouble {
            Trouble::At(place, what) => {
                Failure::Input(format!("{}:{}: {what}", read[place.file].display(), place.line))
            }
            Trouble::All(what) => Failure::Input(format!("{}: {what}", folder.display())),
            Trouble::Undecided(place, what) => {
                let at = format!("{}:{}", read[place.file].display(), place.line);
                Failure::Inconclusive(format!("{at}: undecided: {what}"))
            }
        })?;
        Ok(Folder { trace, paths: read, places })
    }

    /// The trace, which is not here any more then.
    pub(crate) fn take_trace(&mut self) -> Trace<Spillway> {
        let header = self.trace.header.clone();
        std::mem::replace(&mut self.trace, Trace::new(header, Vec::new()))
    }

    /// Where an event was written, as `file:line`; of one that is assumed, the last before it that was written.
    pub(crate) fn place(&self, event: u64) -> Option<String> {
        let before = self.places.get(..=event as usize)?.iter().rev().flatten().next()?;
        Some(format!("{}:{}", self.paths[before.file].display(), before.line))
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |what: String| Failure::Input(format!("{}: {what}", folder.display()));
    let entries = fs::read_dir(folder).map_err(|error| failed(error.to_string()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(error.to_string()))?.path();
        if path.to_string_lossy().ends_with(EXTENSION) {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(failed(format!("more than {FILES_MAX} files")));
        }
    }
    if paths.is_empty() {
        return Err(failed(format!(
            "no file whose name ends with {EXTENSION}; expected those of `serve --trace-dir`"
        )));
    }
    paths.sort();
    Ok(paths)
}

fn node_file(path: &Path) -> Result<NodeFile, Failure> {
    let file =
        File::open(path).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    NodeFile::read(BufReader::new(file)).map_err(|error| {
        let (line, what, expected) = (error.line, &error.what, &error.expected);
        Failure::Input(format!("{}:{line}: {what}; expected {expected}", path.display()))
    })
}
