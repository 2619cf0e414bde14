//! Structs that pair with the SDK's: one list of fields makes the document's struct and the way to the SDK's type
//! (or several of one shape) and back.
//!
//! Before each field stands how the SDK has it: `req` plainly, `must` as an option that is always there, `opt` as
//! an option, `full` as a list, `list` as an optional list, which is `None` where it is empty.

use aws_sdk_appmesh::types;

use super::virtual_node::VirtualNodeName;
use super::virtual_router::VirtualRouterName;
use super::virtual_service::VirtualServiceName;
use crate::engine::{Failure, Input};

/// A part of a document, as the SDK has it.
pub(super) trait Mirror<S>: Sized {
    /// What is sent.
    ///
    /// # Errors
    /// A reference is not resolved: shipit is mistaken.
    fn to_sdk(&self) -> Result<S, Failure>;

    /// What was answered; `None` where it is of a sort that the SDK does not know.
    fn from_sdk(sdk: &S) -> Option<Self>;
}

macro_rules! mirror {
    ($($(#[$doc:meta])* $name:ident for [$($how:ident $sdk:ident),+] $body:tt)+) => {$(
        mirror! { @struct [$(#[$doc])*] $name $body }
        $(mirror! { @impl $name $how $sdk $body })+
    )+};
    (@struct [$($doc:tt)*] $name:ident { $($(#[$about:meta])* $mode:ident $field:ident / $set:ident: $type:ty,)* }) => {
        $($doc)*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$about])* pub $field: mirror!(@type $mode $type),)*
        }
    };
    (@impl $name:ident $how:ident $sdk:ident { $($(#[$about:meta])* $mode:ident $field:ident / $set:ident: $type:ty,)* }) => {
        impl Mirror<types::$sdk> for $name {
            fn to_sdk(&self) -> Result<types::$sdk, Failure> {
                let builder = types::$sdk::builder();
                $(let builder = builder.$set(mirror!(@write $mode &self.$field));)*
                mirror!(@build $how builder)
            }

            fn from_sdk(sdk: &types::$sdk) -> Option<Self> {
                Some(Self { $($field: mirror!(@read $mode &sdk.$field),)* })
            }
        }
    };
    (@type req $type:ty) => { $type };
    (@type must $type:ty) => { $type };
    (@type opt $type:ty) => { Option<$type> };
    (@type list $type:ty) => { Vec<$type> };
    (@type full $type:ty) => { Vec<$type> };
    (@write req $value:expr) => { Some(Mirror::to_sdk($value)?) };
    (@write must $value:expr) => { Some(Mirror::to_sdk($value)?) };
    (@write opt $value:expr) => { $value.as_ref().map(Mirror::to_sdk).transpose()? };
    (@write list $value:expr) => { Some(Mirror::to_sdk($value)?).filter(|list| !list.is_empty()) };
    (@write full $value:expr) => { Some(Mirror::to_sdk($value)?) };
    (@read req $value:expr) => { Mirror::from_sdk($value)? };
    (@read must $value:expr) => { Mirror::from_sdk($value.as_ref()?)? };
    (@read opt $value:expr) => {
        match $value {
            Some(value) => Some(Mirror::from_sdk(value)?),
            None => None,
        }
    };
    (@read list $value:expr) => {
        match $value {
            Some(list) => Mirror::from_sdk(list)?,
            None => Vec::new(),
        }
    };
    (@read full $value:expr) => { Mirror::from_sdk($value)? };
    (@build plain $builder:ident) => { Ok($builder.build()) };
    (@build built $builder:ident) => {
        $builder.build().map_err(|error| Failure::internal(error.to_string()))
    };
}

/// An enum that pairs with unions of the SDK.
macro_rules! union {
    ($($(#[$doc:meta])* $name:ident for [$($sdk:ident),+] $body:tt)+) => {$(
        union! { @enum [$(#[$doc])*] $name $body }
        $(union! { @impl $name $sdk $body })+
    )+};
    (@enum [$($doc:tt)*] $name:ident { $($(#[$about:meta])* $variant:ident($type:ty),)+ }) => {
        $($doc)*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$about])* $variant($type),)+
        }
    };
    (@impl $name:ident $sdk:ident { $($(#[$about:meta])* $variant:ident($type:ty),)+ }) => {
        impl Mirror<types::$sdk> for $name {
            fn to_sdk(&self) -> Result<types::$sdk, Failure> {
                Ok(match self {
                    $(Self::$variant(value) => types::$sdk::$variant(Mirror::to_sdk(value)?),)+
                })
            }

            fn from_sdk(sdk: &types::$sdk) -> Option<Self> {
                match sdk {
                    $(types::$sdk::$variant(value) => Some(Self::$variant(Mirror::from_sdk(value)?)),)+
                    _ => None,
                }
            }
        }
    };
}

pub(super) use {mirror, union};

/// What is the same on both sides.
macro_rules! same {
    ($($type:ty),+) => {$(
        impl Mirror<$type> for $type {
            fn to_sdk(&self) -> Result<$type, Failure> {
                Ok(self.clone())
            }

            fn from_sdk(sdk: &$type) -> Option<Self> {
                Some(sdk.clone())
            }
        }
    )+};
}

same!(String, bool, i32, i64);

/// The SDK's words, which are text here.
macro_rules! words {
    ($($word:ident),+ $(,)?) => {$(
        impl Mirror<types::$word> for String {
            fn to_sdk(&self) -> Result<types::$word, Failure> {
                Ok(types::$word::from(self.as_str()))
            }

            fn from_sdk(sdk: &types::$word) -> Option<Self> {
                Some(sdk.as_str().to_owned())
            }
        }
    )+};
}

words!(
    DefaultGatewayRouteRewrite,
    DnsResponseType,
    DurationUnit,
    EgressFilterType,
    GrpcRetryPolicyEvent,
    HttpMethod,
    HttpScheme,
    IpPreference,
    ListenerTlsMode,
    PortProtocol,
    TcpRetryPolicyEvent,
    VirtualGatewayListenerTlsMode,
    VirtualGatewayPortProtocol,
);

/// Names of other objects.
macro_rules! names {
    ($($name:ident),+) => {$(
        impl Mirror<String> for Input<$name> {
            fn to_sdk(&self) -> Result<String, Failure> {
                Ok(self.get()?.0)
            }

            fn from_sdk(sdk: &String) -> Option<Self> {
                Some(Self::Known(sdk.as_str().into()))
            }
        }
    )+};
}

names!(VirtualNodeName, VirtualRouterName, VirtualServiceName);

impl<S, T: Mirror<S>> Mirror<Vec<S>> for Vec<T> {
    fn to_sdk(&self) -> Result<Vec<S>, Failure> {
        self.iter().map(Mirror::to_sdk).collect()
    }

    fn from_sdk(sdk: &Vec<S>) -> Option<Self> {
        sdk.iter().map(Mirror::from_sdk).collect()
    }
}
