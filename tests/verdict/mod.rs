//! Deployments that go wrong on local AWS: what is said of them, and how soon.

mod screens;
mod timing;
