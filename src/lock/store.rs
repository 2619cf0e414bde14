//! Where leases are kept: a handful of calls on Parameter Store, so that the rules can be tested on a
//! store in memory.

use std::sync::Arc;

use crate::aws::Cx;
use crate::aws::parameters::{self, Parameter};
use crate::engine::{BoxFuture, Failure};

/// Text by name. Only `create` is atomic; reads may lag behind writes.
pub trait Store: Send + Sync {
    /// Creates `name` unless it is there; `false` if it is.
    fn create<'a>(&'a self, name: &'a str, value: &'a str) -> BoxFuture<'a, Result<bool, Failure>>;
    /// Writes `name` in one attempt; its new version.
    fn overwrite<'a>(
        &'a self,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<i64, Failure>>;
    /// Those of the names that are there.
    fn get<'a>(&'a self, names: &'a [String]) -> BoxFuture<'a, Result<Vec<Parameter>, Failure>>;
    /// Everything below a path.
    fn under<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Vec<Parameter>, Failure>>;
    /// Deletes what is there of these.
    fn delete<'a>(&'a self, names: &'a [String]) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Parameter Store itself.
pub(super) struct ParameterStore(pub(super) Arc<Cx>);

impl Store for ParameterStore {
    fn create<'a>(&'a self, name: &'a str, value: &'a str) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(parameters::create(&self.0, name, value))
    }

    fn overwrite<'a>(
        &'a self,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<i64, Failure>> {
        Box::pin(parameters::overwrite(&self.0, name, value))
    }

    fn get<'a>(&'a self, names: &'a [String]) -> BoxFuture<'a, Result<Vec<Parameter>, Failure>> {
        Box::pin(async move {
            match names {
                [name] => Ok(parameters::get(&self.0, name).await?.into_iter().collect()),
                names => parameters::get_many(&self.0, names).await,
            }
        })
    }

    fn under<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Vec<Parameter>, Failure>> {
        Box::pin(parameters::under(&self.0, path))
    }

    fn delete<'a>(&'a self, names: &'a [String]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(parameters::delete(&self.0, names))
    }
}
