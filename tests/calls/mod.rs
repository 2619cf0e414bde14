//! How many API calls a plan that changes nothing makes, on local AWS with AWS's page and batch
//! sizes, and which chain of calls an apply cannot be shorter than.

mod account;
pub(crate) mod budget;
mod chain;
mod foreign;
