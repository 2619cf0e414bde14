//! Clients and what all of them share: session, retries, error classes, tags, call counts.
//!
//! Knows the SDKs and nothing of ours but the engine's contract. What a resource is lives in
//! `resources`.

pub mod activations;
pub mod bulk_tags;
pub mod calls;
pub mod error;
pub mod facts;
pub mod kube;
pub mod kube_token;
pub mod local_client;
pub mod pace;
pub mod parameters;
pub mod retry;
pub mod session;
pub mod tags;
pub mod trail;
pub mod zones;

pub use error::{class_of, classify, unless_gone};
pub use session::{Cx, Session, SessionOptions};
