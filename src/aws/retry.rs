//! Which calls the SDK may repeat by itself.
//!
//! A read may always be repeated. A create whose answer was lost (timeout, reset, 5xx) may have acted: the SDK
//! would send it again and make a second object, so creates get one attempt, and the
//! executor decides: it looks by tags before it tries again.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;

/// Verbs whose repetition makes a second object.
const MAKES_ANEW: &[&str] = &["Create", "Allocate", "Register", "Run", "Request"];
/// EKS's operations that begin something, and are refused as in use when it has begun: sent again by the SDK, an answer
/// that was lost would become that refusal.
const BEGINS: &[&str] = &["AssociateEncryptionConfig", "AssociateIdentityProviderConfig"];

/// Gives creates one attempt.
#[derive(Clone, Copy, Debug)]
pub struct NeverCreateTwice;

#[dyn_dispatch_hint]
impl Intercept for NeverCreateTwice {
    fn name(&self) -> &'static str {
        "NeverCreateTwice"
    }

    // The first hook at which the operation's name is known.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let anew = config.load::<Metadata>().is_some_and(|call| {
            MAKES_ANEW.iter().any(|verb| call.name().starts_with(verb))
                || BEGINS.contains(&call.name())
        });
        if anew {
            config.interceptor_state().store_put(RetryConfig::disabled());
        }
        Ok(())
    }
}
