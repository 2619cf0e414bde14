//! Everything that is printed: plans, progress, problems, tables; for people and as JSON.
//!
//! The only place, beside `main`, that writes to the terminal. Reads plans, events and
//! problems; knows no AWS.

pub mod events;
pub mod human;
pub mod json;
pub mod look;
pub mod markdown;
pub mod terminal;
pub mod topology;

pub use terminal::{Format, Terminal};
