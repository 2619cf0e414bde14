//! What AWS (and container registries) say of things that shipit uses and does not make: for checks
//! before a plan is applied. Reads only, one file per subject; what an answer means is judged by
//! `preflight`.

pub mod alarms;
pub mod balancers;
pub mod buckets;
pub mod certificates;
pub mod clusters;
pub mod files;
pub mod images;
pub mod insights;
pub mod kubernetes;
pub mod namespaces;
pub mod networks;
pub mod policies;
pub mod prefix_lists;
pub mod quotas;
pub mod reference;
pub mod secrets;
pub mod web;
pub mod zones;
