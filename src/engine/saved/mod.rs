//! What a plan was made from, so that it is carried out as shown or refused as stale.
//!
//! `basis` writes down what a plan rests on while it is made; `moved` compares that with what is live now and names
//! each field that differs; `renew` makes the plan that is carried out: the same steps, with the live objects as they
//! are now; `file` is the plan as a document that is kept; `sensitive` keeps out of it what must not be
//! written down. Reading and writing files, and asking AWS, is not done here.

mod basis;
mod file;
mod moved;
mod renew;
mod sensitive;

pub use basis::{Basis, Object, Wanted, basis, digests};
pub use file::{About, Saved, SavedPlan, Unusable, schema};
pub use moved::{Moved, moved, remanifested, reversioned, rewanted};
pub use renew::renew;
use sensitive::hides_nothing;
pub use sensitive::masked;
