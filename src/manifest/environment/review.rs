//! Environments that have no manifest of their own, and a time to live.

use std::time::Duration;

use crate::manifest::read::{SecondsBetween, notation, record};

record! {
    /// Environments that are made from this manifest, have none of their own, and go when their time is over.
    #[derive(Eq)]
    pub struct Review {
        /// What they are called: a beginning and `*`, such as `pr-*`.
        names: String as Beginning,
        /// How long one lives after a deploy, 1h to 365d. A deploy in the second half of that time renews it.
        ttl: Duration as SecondsBetween<3_600, 31_536_000>,
    }
}

notation! {
    /// A beginning of names, and `*`.
    Beginning as String,
    { "type": "string", "pattern": "^[a-z][a-z0-9-]*\\*$", "examples": ["pr-*"] },
    |node, reader| {
        let expected = "a beginning of names and `*`, such as `pr-*`";
        let text = &reader.text(node, expected)?.text;
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        match text.strip_suffix('*') {
            Some(start) if start.starts_with(|c: char| c.is_ascii_lowercase()) && start.chars().all(legal) => {
                Some(text.clone())
            }
            _ => reader.wrong(node, expected),
        }
    }
}

impl Review {
    /// Whether an environment of this name is made from the manifest.
    pub fn fits(&self, name: &str) -> bool {
        let start = self.names.trim_end_matches('*');
        name.len() > start.len() && name.starts_with(start)
    }
}
