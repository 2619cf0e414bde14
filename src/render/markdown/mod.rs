//! Plans, outcomes and errors as Markdown, for pull-request comments and step summaries.
//!
//! `plan`, `outcome` and `stop` write documents; `fit` leaves out what is least important until a document fits its
//! place, and says what it left out; `escape` keeps values from becoming markup. Where a document goes is decided in
//! `cli`.

mod escape;
mod fit;
mod outcome;
mod plan;
mod stop;

pub use fit::Room;
pub use outcome::{Ending, outcome};
pub use plan::plan;
pub use stop::stop;

/// The hidden line at the top by which a bot finds the comment that it wrote before.
pub fn marker(what: &str, application: &str, environment: &str) -> String {
    // Names are checked by the manifests; nothing in them can end a comment.
    format!("<!-- shipit:{what} {application}/{environment} -->\n")
}
