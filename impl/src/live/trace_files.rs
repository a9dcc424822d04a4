//! The files that tell what the nodes did, on a disk. A disk that is full ends that, and nothing else.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use spillway_traces::Node;
use spillway_traces::live::file_name;

/// The files of a process.
#[derive(Debug)]
pub(super) struct TraceFiles {
    files: BTreeMap<Node, File>,
}

impl TraceFiles {
    /// New files for these nodes in a folder.
    ///
    /// # Errors
    /// In words that name the path.
    pub(super) fn create(
        folder: &Path,
        nodes: &[Node],
        incarnation: u32,
    ) -> Result<TraceFiles, String> {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut files = BTreeMap::new();
        for node in nodes {
            let path = folder.join(file_name(*node, incarnation));
            let file = OpenOptions::new().write(true).create_new(true).open(&path);
            files.insert(*node, file.map_err(|error| format!("{}: {error}", path.display()))?);
        }
        Ok(TraceFiles { files })
    }

    /// Hands lines to the system: what is written so far outlives this process, if not the machine.
    ///
    /// # Errors
    /// The system takes no more.
    pub(super) fn write(&mut self, told: &[(Node, Vec<u8>)]) -> io::Result<()> {
        for (node, lines) in told {
            if let Some(file) = self.files.get_mut(node) {
                file.write_all(lines)?;
            }
        }
        Ok(())
    }
}
