//! The `shipit` command: parses, runs, sets the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(shipit::cli::main())
}
