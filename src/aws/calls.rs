//! Counts and, on request, prints every API call: one interceptor sees them all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::engine::redact;

/// One finished API call.
#[derive(Clone, Debug)]
pub struct ApiCall {
    /// SDK service name: `ECS`.
    pub service: String,
    /// Operation name: `DescribeServices`.
    pub operation: String,
    /// When its last attempt was sent, since the log was made.
    pub sent: Duration,
    /// When it ended, since the log was made.
    pub ended: Duration,
    /// Whether it succeeded.
    pub ok: bool,
}

/// All API calls of a run; cheap to clone.
#[derive(Clone, Debug)]
pub struct CallLog {
    began: Instant,
    calls: Arc<Mutex<Vec<ApiCall>>>,
    /// Called after each call, for `-v`.
    notify: Option<fn(&ApiCall)>,
}

impl CallLog {
    /// An empty log; `notify` is told of each call.
    pub fn new(notify: Option<fn(&ApiCall)>) -> Self {
        Self { began: Instant::now(), calls: Arc::default(), notify }
    }

    /// The calls so far, in the order they ended.
    pub fn calls(&self) -> Vec<ApiCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a call that no SDK has made.
    pub fn add(&self, service: &str, operation: &str, sent: Instant, ok: bool) {
        let call = ApiCall {
            service: service.to_owned(),
            operation: operation.to_owned(),
            sent: sent.saturating_duration_since(self.began),
            ended: self.began.elapsed(),
            ok,
        };
        self.keep(call);
    }

    fn keep(&self, call: ApiCall) {
        if let Some(notify) = self.notify {
            notify(&call);
        }
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// How often each operation was called, as `ecs DescribeServices`.
    pub fn by_operation(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls() {
            *counts.entry(format!("{} {}", call.service, call.operation)).or_default() += 1;
        }
        counts
    }
}

#[derive(Debug)]
struct Sent(Instant);

impl aws_smithy_types::config_bag::Storable for Sent {
    type Storer = aws_smithy_types::config_bag::StoreReplace<Self>;
}

#[dyn_dispatch_hint]
impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "CallLog"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The only secret that requests carry; what AWS says about one may quote it.
        if let Some(token) = context.request().headers().get("x-amz-security-token") {
            redact::remember(token);
        }
        config.interceptor_state().store_put(Sent(Instant::now()));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(metadata) = config.load::<Metadata>() else { return Ok(()) };
        let sent = config.load::<Sent>().map_or(self.began, |sent| sent.0);
        let call = ApiCall {
            service: metadata.service().to_owned(),
            operation: metadata.name().to_owned(),
            sent: sent.saturating_duration_since(self.began),
            ended: self.began.elapsed(),
            ok: matches!(context.output_or_error(), Some(Ok(_))),
        };
        self.keep(call);
        Ok(())
    }
}
