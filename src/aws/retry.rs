//! Which calls the SDK may repeat by itself.
//!
//! A call that was throttled did nothing and may be repeated. A create whose answer was lost
//! (timeout, reset, 5xx) may have acted: the SDK would send it again and make a second object,
//! so that is forbidden here and left to the executor, which looks by tags first.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};

/// Verbs whose repetition makes a second object.
const MAKES_ANEW: &[&str] = &["Create", "Allocate", "Register", "Run", "Request"];

/// Forbids repeating creates whose outcome is unknown.
#[derive(Debug)]
pub struct NeverCreateTwice;

impl ClassifyRetry for NeverCreateTwice {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = matches!(context.output_or_error(), Some(Err(_)));
        let status = context.response().map(|response| response.status().as_u16());
        let unknown_outcome =
            status.is_none_or(|status| (200..300).contains(&status) || status >= 500);
        // Local AWS and emulators answer 501 for what they do not serve; no use in asking again.
        if failed && status == Some(501) {
            return RetryAction::RetryForbidden;
        }
        if failed && unknown_outcome && makes_anew(context) && !throttled(context) {
            return RetryAction::RetryForbidden;
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "never create twice"
    }

    fn priority(&self) -> RetryClassifierPriority {
        // Classifiers run from the lowest priority up, and a verdict of "forbidden" is final.
        RetryClassifierPriority::run_before(RetryClassifierPriority::http_status_code_classifier())
    }
}

fn makes_anew(context: &InterceptorContext) -> bool {
    operation(context)
        .is_some_and(|operation| MAKES_ANEW.iter().any(|verb| operation.starts_with(verb)))
}

/// EC2 throttles with status 503.
fn throttled(context: &InterceptorContext) -> bool {
    let body = context.response().and_then(|response| response.body().bytes());
    body.is_some_and(|body| {
        let text = String::from_utf8_lossy(body);
        ["RequestLimitExceeded", "Throttl", "TooManyRequests", "SlowDown"]
            .iter()
            .any(|code| text.contains(code))
    })
}

/// The operation's name, from the request: a header in the JSON protocols, `Action=` in the
/// body of the query protocols.
fn operation(context: &InterceptorContext) -> Option<String> {
    let request = context.request()?;
    if let Some(target) = request.headers().get("x-amz-target") {
        return Some(target.rsplit('.').next().unwrap_or_default().to_owned());
    }
    let body = String::from_utf8_lossy(request.body().bytes()?);
    body.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned)
}
