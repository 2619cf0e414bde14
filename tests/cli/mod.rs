//! Whole commands, on local AWS: a file per command or flow.

mod access_logs;
mod adopt;
mod anywhere;
mod capacity;
mod convert;
mod domains;
mod examples;
mod exit_codes;
mod flags;
mod forms;
mod imported_cluster;
mod init;
mod jobs;
mod lattice;
mod main_job;
mod market;
mod network;
mod observed;
mod preflight;
mod protection;
mod refusals;
mod releases;
mod saved;
mod scaled;
mod secrets;
mod storage;
