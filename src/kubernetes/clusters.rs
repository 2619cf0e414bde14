//! The clusters of a run, each with one client.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::{Around, Client, Server};
use crate::engine::Failure;

/// Access that was given is known in a cluster within this.
const ACCESS_SPREADS: Duration = Duration::from_secs(60);

/// The clients of a run's clusters; clones share them.
#[derive(Clone, Debug)]
pub struct Clusters {
    around: Arc<dyn Around>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    clients: Mutex<BTreeMap<String, Arc<Client>>>,
    let_in: Mutex<BTreeMap<String, Instant>>,
    noted: Mutex<std::collections::BTreeSet<String>>,
    force: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clusters {
    /// No cluster yet.
    pub fn new(around: Arc<dyn Around>) -> Self {
        Self { around, state: Arc::default() }
    }

    /// The client of a cluster that was connected to.
    pub fn known(&self, cluster: &str) -> Option<Arc<Client>> {
        locked(&self.state.clients).get(cluster).cloned()
    }

    /// The clients of all clusters that were connected to.
    pub fn all(&self) -> Vec<Arc<Client>> {
        locked(&self.state.clients).values().cloned().collect()
    }

    /// A client of this server; the one there is, if it leads to the same place.
    ///
    /// # Errors
    /// Endpoint or certificate make no sense.
    pub fn connect(&self, server: Server) -> Result<Arc<Client>, Failure> {
        let mut clients = locked(&self.state.clients);
        if let Some(known) = clients.get(&server.cluster)
            && *known.server() == server
        {
            return Ok(known.clone());
        }
        let name = server.cluster.clone();
        let client = Arc::new(Client::new(server, self.around.clone())?);
        clients.insert(name, client.clone());
        Ok(client)
    }

    /// Forgets a cluster.
    pub fn forget(&self, cluster: &str) {
        locked(&self.state.clients).remove(cluster);
    }

    /// Somebody was given access to a cluster just now, which does not know it at once.
    pub fn let_in(&self, cluster: &str) {
        locked(&self.state.let_in).insert(cluster.to_owned(), Instant::now());
    }

    /// Whether access that this run gave may not be known in the cluster yet.
    pub fn may_not_know_us(&self, cluster: &str) -> bool {
        locked(&self.state.let_in).get(cluster).is_some_and(|at| at.elapsed() < ACCESS_SPREADS)
    }

    /// Notes something that is done once in a run; says whether it was new.
    pub fn note(&self, what: &str) -> bool {
        locked(&self.state.noted).insert(what.to_owned())
    }

    /// Takes fields over from other managers.
    pub fn force_conflicts(&self, force: bool) {
        self.state.force.store(force, Ordering::Relaxed);
    }

    /// Whether fields are taken over from other managers.
    pub fn forces_conflicts(&self) -> bool {
        self.state.force.load(Ordering::Relaxed)
    }
}
