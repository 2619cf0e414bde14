//! The `shipit` command: parses, runs, sets the exit code.

fn main() {}
