//! Deployments that go wrong on local AWS, or take their time: what is said of them, and how soon.

mod screens;
mod timing;
