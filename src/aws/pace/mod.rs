//! Keeps the calls of a run below the rates that AWS allows an account, as other tools share them.
//!
//! `rates` is the table, `bucket` counts. An interceptor writes the operation's name on the request and hears of
//! throttles; the connector, which may wait, takes the token. Observing and applying share the buckets.

mod bucket;
mod rates;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::error::class_of;
use crate::engine::{Class, Clock, waits};
use bucket::Bucket;

/// A wait shorter than this is not worth a word.
const WORTH_SAYING: Duration = Duration::from_secs(1);

/// The buckets of one account and region; clones share them.
#[derive(Clone)]
pub struct Pace {
    clock: Arc<dyn Clock>,
    buckets: Arc<Mutex<HashMap<Key, Bucket>>>,
}

/// The row of the table, and the operation where each has its own bucket.
type Key = (usize, String);

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pace")
    }
}

/// Which operation a request is of.
#[derive(Clone, Debug)]
struct Called {
    service: String,
    operation: String,
}

impl Pace {
    /// Full buckets on this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Arc::default() }
    }

    /// Waits until the call may be made; says so where it takes long.
    pub async fn wait(&self, service: &str, operation: &str) {
        let Some(wait) = self.with(service, operation, |bucket, now| bucket.take(now)) else {
            return;
        };
        if wait.is_zero() {
            return;
        }
        if wait >= WORTH_SAYING {
            waits::tell(&format!("{}'s rate limit", rates::name(service)));
        }
        self.clock.sleep(wait).await;
    }

    /// AWS refused a call as one too many.
    pub fn throttled(&self, service: &str, operation: &str) {
        self.with(service, operation, |bucket, now| bucket.throttled(now));
        waits::tell(&format!("{} throttles its calls", rates::name(service)));
    }

    fn with<T>(
        &self,
        service: &str,
        operation: &str,
        act: impl FnOnce(&mut Bucket, Duration) -> T,
    ) -> Option<T> {
        let (row, rate) = rates::of(service, operation)?;
        let own = if rate.each { operation } else { "" };
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((row, own.to_owned())).or_insert_with(|| Bucket::new(rate, now));
        Some(act(bucket, now))
    }

    /// The client whose every request first takes a token.
    pub fn client(&self, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Paced { inner, pace: self.clone() })
    }
}

#[derive(Debug)]
struct Paced<T> {
    inner: T,
    pace: Pace,
}

impl HttpClient for Paced<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Paced { inner, pace: self.pace.clone() })
    }
}

impl HttpConnector for Paced<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(called) = request.extension::<Called>().cloned() else {
            return self.inner.call(request);
        };
        let (inner, pace) = (self.inner.clone(), self.pace.clone());
        HttpConnectorFuture::new(async move {
            pace.wait(&called.service, &called.operation).await;
            inner.call(request).await
        })
    }
}

#[dyn_dispatch_hint]
impl Intercept for Pace {
    fn name(&self) -> &'static str {
        "Pace"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            let (service, operation) = (call.service().to_owned(), call.name().to_owned());
            context.request_mut().add_extension(Called { service, operation });
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let status = response.status().as_u16();
        if status < 400 {
            return Ok(());
        }
        let body = response.body().bytes().unwrap_or_default();
        let Some(code) = code(body) else { return Ok(()) };
        if class_of(&code, "", status) == Class::Throttled
            && let Some(call) = config.load::<Metadata>()
        {
            self.throttled(call.service(), call.name());
        }
        Ok(())
    }
}

/// The error's code, in JSON or XML.
fn code(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    if let Some((_, rest)) = text.split_once("<Code>") {
        return Some(rest.split('<').next()?.to_owned());
    }
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    let code = body.get("__type").or_else(|| body.get("code"))?.as_str()?;
    Some(code.rsplit('#').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clock::TestClock;

    #[tokio::test]
    async fn a_call_too_many_waits_and_says_why() {
        let pace = Pace::new(Arc::new(TestClock::new()));
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        let calls = async {
            for _ in 0..20 {
                pace.wait("IAM", "CreateRole").await;
            }
            assert_eq!(pace.clock.now(), Duration::ZERO);
            for _ in 0..5 {
                pace.throttled("IAM", "CreateRole");
                pace.clock.sleep(Duration::from_secs(2)).await;
            }
            pace.wait("IAM", "CreateRole").await;
            pace.wait("IAM", "CreateRole").await;
        };
        let hear = move |said: waits::Said<'_>| {
            if let waits::Said::WaitsFor(text) = said {
                heard.lock().unwrap().push(text.to_owned());
            }
        };
        waits::telling(hear, calls).await;
        assert_eq!(pace.clock.now().as_millis(), 14_400);
        let mut said = said.lock().unwrap().clone();
        said.dedup();
        assert_eq!(said, ["iam throttles its calls", "iam's rate limit"]);
    }

    #[test]
    fn codes_are_read_in_both_forms() {
        let xml = b"<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>";
        assert_eq!(code(xml).as_deref(), Some("RequestLimitExceeded"));
        let json =
            br#"{"__type":"com.amazonaws.ecs#ThrottlingException","message":"Rate exceeded"}"#;
        assert_eq!(code(json).as_deref(), Some("ThrottlingException"));
        assert_eq!(code(b"<html>"), None);
    }
}
