//! Campaigns on local AWS: the binary is killed at every call of a run, and run with faults on many of its calls.
//!
//! `kill` and `faults` are the campaigns, `microburst` is the same from without, in front of an independent emulator.
//! `place` copies prepared accounts and runs the binary in them, `neighbours` is what others have there, `wire` calls the account
//! without an SDK, and `objects` lists what is in a cluster, and `audit` judges all of it: what comes of a run is
//! never looked at through shipit's own observers.

mod audit;
mod faults;
mod kill;
mod microburst;
mod neighbours;
mod objects;
mod place;
mod wire;
