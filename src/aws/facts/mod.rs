//! What AWS says of things that shipit uses and does not make: for checks before a plan is
//! applied. Reads only, one file per subject; what an answer means is judged by `preflight`.

mod certificates;

pub use certificates::{Certificate, certificate};
