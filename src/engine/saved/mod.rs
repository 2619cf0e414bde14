//! What a plan was made from, so that it is carried out as shown or refused as stale.
//!
//! `basis` writes down what a plan rests on while it is made; `moved` compares that with what is live now and names
//! each field that differs; `renew` makes the plan that is carried out: the same steps, with the live objects as they
//! are now. Reading and writing files, and asking AWS, is not done here.

mod basis;
mod moved;
mod renew;

pub use basis::{Basis, Fact, basis, digests};
pub use moved::{Moved, moved, rewanted};
pub use renew::renew;
