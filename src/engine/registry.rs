//! All drivers of a run, found by kind.

use std::collections::HashMap;

use super::{Driver, Failure, KindInfo};

/// The drivers of one account and region, one per kind.
pub struct Registry {
    drivers: Vec<Box<dyn Driver>>,
    by_kind: HashMap<&'static str, usize>,
}

impl Registry {
    /// Where a kind is given twice the last one counts.
    pub fn new(drivers: Vec<Box<dyn Driver>>) -> Self {
        let by_kind =
            drivers.iter().enumerate().map(|(index, driver)| (driver.info().kind, index)).collect();
        Self { drivers, by_kind }
    }

    /// The driver of a kind.
    ///
    /// # Errors
    /// Nobody registered the kind: a mistake in shipit.
    pub fn driver(&self, kind: &str) -> Result<&dyn Driver, Failure> {
        match self.by_kind.get(kind) {
            Some(index) => Ok(self.drivers[*index].as_ref()),
            None => Err(Failure::internal(format!("no driver knows the kind `{kind}`"))),
        }
    }

    /// What is fixed about a kind.
    ///
    /// # Errors
    /// Nobody registered the kind: a mistake in shipit.
    pub fn info(&self, kind: &str) -> Result<&'static KindInfo, Failure> {
        self.driver(kind).map(Driver::info)
    }

    /// Every driver, in the order of registration.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Driver> {
        self.drivers.iter().map(AsRef::as_ref)
    }
}
