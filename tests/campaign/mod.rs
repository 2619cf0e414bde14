//! Campaigns on local AWS: the binary is killed at every call of a run, and run with faults on many of its calls.
//!
//! `place` copies prepared accounts and runs the binary in them, `neighbours` is what others have there, `wire` calls the account
//! without an SDK, and `audit` judges what is in it. `kill` is the one campaign; what comes of a killed run is
//! never looked at through shipit's own observers.

mod audit;
mod kill;
mod neighbours;
mod place;
mod wire;
