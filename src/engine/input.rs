//! Typed references between resources, which are plain data once serialised.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::Address;

/// What a dependant waits for before it may use another resource.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// The create call has answered: its outputs are known.
    Created,
    /// The resource works ([`super::Health::Ready`]).
    Ready,
}

/// One output of one resource, as a document: `{"$output": ["ec2/vpc.main", "id"]}`, with
/// `"$wait": "ready"` beside it where the dependant needs the resource to work.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputRef {
    /// Whose output.
    pub address: Address,
    /// Which field of its outputs.
    pub field: String,
    /// What the dependant waits for.
    pub wait: Wait,
}

impl OutputRef {
    /// The document form of this reference.
    pub fn to_value(&self) -> Value {
        match self.wait {
            Wait::Created => json!({ "$output": [self.address, self.field] }),
            Wait::Ready => json!({ "$output": [self.address, self.field], "$wait": "ready" }),
        }
    }

    /// Reads a reference back, if `value` is one.
    pub fn from_value(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let pair = object.get("$output")?.as_array()?;
        let [address, field] = pair.as_slice() else { return None };
        let wait = match object.get("$wait") {
            Some(wait) => serde_json::from_value(wait.clone()).ok()?,
            None => Wait::Created,
        };
        Some(Self {
            address: address.as_str()?.parse().ok()?,
            field: field.as_str()?.to_owned(),
            wait,
        })
    }
}

impl fmt::Display for OutputRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.address, self.field)
    }
}

/// A field whose value is known now, or is another resource's output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input<T> {
    /// Known while planning.
    Known(T),
    /// Only AWS can say it, once the other resource exists.
    Output(OutputRef),
}

impl<T> Input<T> {
    /// The same reference, waiting until the other resource works rather than merely exists.
    #[must_use]
    pub fn when_ready(self) -> Self {
        match self {
            Self::Output(from) => Self::Output(OutputRef { wait: Wait::Ready, ..from }),
            known => known,
        }
    }
}

impl<T: Clone> Input<T> {
    /// The value. By the time a driver sees a document every reference is resolved, so
    /// there the error means a mistake in the engine.
    ///
    /// # Errors
    /// The reference is still unresolved.
    pub fn get(&self) -> Result<T, super::Failure> {
        match self {
            Self::Known(value) => Ok(value.clone()),
            Self::Output(from) => {
                Err(super::Failure::internal(format!("`{from}` is used before it is known")))
            }
        }
    }
}

impl<T> From<T> for Input<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: Serialize> Serialize for Input<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Output(from) => from.to_value().serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Input<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match OutputRef::from_value(&value) {
            Some(from) => Ok(Self::Output(from)),
            None => {
                serde_json::from_value(value).map(Self::Known).map_err(serde::de::Error::custom)
            }
        }
    }
}

/// What a resource looks like as a document; every struct under `resources` is one.
pub trait Spec: Serialize + DeserializeOwned {
    /// `service/type`: `ec2/vpc`.
    const KIND: &'static str;
}

/// A resource in the desired graph; hands typed inputs to those that need its outputs.
pub struct Handle<R> {
    address: Address,
    of: PhantomData<fn() -> R>,
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self { address: self.address.clone(), of: PhantomData }
    }
}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.address)
    }
}

impl<R: Spec> Handle<R> {
    /// A handle to the resource of this kind with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { address: Address::new(R::KIND, name), of: PhantomData }
    }
}

impl<R> Handle<R> {
    /// Where the resource stands in the graph.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// An untyped output; kinds wrap it with the `outputs!` macro.
    pub fn output<T>(&self, field: &str) -> Input<T> {
        Input::Output(OutputRef {
            address: self.address.clone(),
            field: field.to_owned(),
            wait: Wait::Created,
        })
    }
}

/// Declares what only AWS can say about a kind: the struct that observing fills, and for
/// each field a typed accessor on the handle (`vpc.id()` is an `Input<VpcId>`).
#[macro_export]
macro_rules! outputs {
    ($resource:ty => $outputs:ident { $($(#[$doc:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        #[doc = concat!("What only AWS can say about a [`", stringify!($resource), "`].")]
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $outputs { $($(#[$doc])* pub $field: $type),+ }

        impl $crate::engine::Handle<$resource> {
            $($(#[$doc])* pub fn $field(&self) -> $crate::engine::Input<$type> {
                self.output(stringify!($field))
            })+
        }
    };
}

/// Declares identifier types, so that a subnet's id cannot be passed for a VPC's.
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The identifier as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}
