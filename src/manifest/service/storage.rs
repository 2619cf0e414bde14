//! Disks of a task.

use std::collections::BTreeMap;

use super::container::{AbsolutePath, bounded};
use crate::manifest::read::{notation, record};

record! {
    /// Disks of a task.
    #[derive(Default)]
    pub struct Storage {
        /// GiB of scratch disk, 21 to 200; every task has 20 when left out.
        ephemeral: Option<u32> as Option<Gigabytes>,
        /// Whether the containers cannot write to their own file systems.
        readonly_fs: bool = false,
        /// Directories that the containers of a task share, by name; they live as long as the task.
        volumes: BTreeMap<String, Volume>,
    }
}

record! {
    /// A directory that the containers of a task share.
    pub struct Volume {
        /// Where it appears in the main container.
        path: String as AbsolutePath,
        /// Whether the main container may not write to it.
        read_only: bool = true,
    }
}

notation! {
    /// GiB of scratch disk.
    Gigabytes as u32,
    { "type": "integer", "minimum": 21, "maximum": 200 },
    |node, reader| {
        let size = bounded(node, reader, 21, 200, "GiB of scratch disk, 21 to 200");
        if size.is_none() && node.text() == Some("20")
            && let Some(problem) = reader.problems.last_mut() {
                problem.help = Some("every task has 20 GiB without it: remove the line".to_owned());
            }
        size
    }
}
