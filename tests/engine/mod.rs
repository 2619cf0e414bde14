//! The engine against a small cloud in memory: whole plans as text, runs with scripted
//! failures, and properties over random graphs. No AWS, no sleep.

mod cloud;
mod execution;
mod graph;
mod plans;
mod properties;
mod saved;
mod speed;
mod stopping;
