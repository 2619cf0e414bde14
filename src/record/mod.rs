//! Releases: what was applied, by whom and when, kept in SSM Parameter Store; and what has changed
//! outside since.
//!
//! A record explains; it never decides what is done: without it the plan is the same, only
//! unmarked. `release` is one record, `store` its way to SSM and back, `digest` what it keeps of the
//! documents that were applied, `mark` tells drift from changed manifests by it, `suspect` asks CloudTrail who it was, `choose` says which
//! release is current and which one a rollback goes to, `book` is what a run reads before it plans
//! and writes after it has applied. What is shown of it is in `render`.

mod book;
mod choose;
mod commit;
mod digest;
mod mark;
mod release;
mod runs;
mod store;
mod suspect;

pub use book::{Book, Run};
pub use choose::{before, current};
pub use commit::Commit;
pub use digest::{Digests, digests};
pub use mark::{Applied, mark};
pub use release::{Ending, Image, LARGEST, Release};
pub use store::{Numbered, Records, history, parameter, read, remove, write};
pub use suspect::{Suspect, suspect};
