//! The two macros in which manifest types are written.

/// A struct read from a map, its reader and its JSON Schema, from one list of fields:
///
/// ```text
/// record! {
///     /// What the schema says about the whole.
///     pub struct Rule {
///         /// What the schema says about the key `path`, which is required.
///         path: String,
///         /// May be left out. Read with the rules of the notation `Port`, kept as `u16`.
///         target_port: Option<u16> as Option<Port>,
///         /// The key is not the field's name; with a default.
///         "in" scale_in: Duration as Seconds = seconds(120),
///     }
/// }
/// ```
///
/// `..name: Type,` as the first line takes in all keys of another record; `..=name: Type,` does so, too, and messages
/// list its keys last.
macro_rules! record {
    (
        $(#[doc = $about:literal])*
        $(#[derive($derive:ident)])?
        $visible:vis struct $name:ident {
            $(.. $base:ident : $base_type:ty,)?
            $(..= $last:ident : $last_type:ty,)?
            $(
                $(#[doc = $doc:literal])*
                $($key:literal)? $field:ident : $type:ty $(as $shape:ty)? $(= $default:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize $(, $derive)?)]
        $visible struct $name {
            $(
                /// The keys that both have in common.
                #[serde(flatten)]
                pub $base: $base_type,
            )?
            $(
                /// The keys that both have in common.
                #[serde(flatten)]
                pub $last: $last_type,
            )?
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl $name {
            pub(crate) fn read_fields(
                fields: &mut $crate::manifest::read::Fields<'_>,
                reader: &mut $crate::manifest::read::Reader,
            ) -> Option<Self> {
                $(let $base = <$base_type>::read_fields(fields, reader);)?
                let _ = (&fields, &reader);
                $(let $field = record!(@read fields reader
                    (record!(@key $($key)? $field)) [$type $(as $shape)?] $($default)?);)*
                $(let $last = <$last_type>::read_fields(fields, reader);)?
                Some(Self { $($base: $base?,)? $($last: $last?,)? $($field: $field?,)* })
            }

            pub(crate) fn schema_fields(
                generator: &mut schemars::SchemaGenerator,
                schema: &mut $crate::manifest::schema::Fields,
            ) {
                $(<$base_type>::schema_fields(generator, schema);)?
                $(<$last_type>::schema_fields(generator, schema);)?
                $(record!(@schema generator schema
                    (record!(@key $($key)? $field)) [$type $(as $shape)?]
                    (concat!($($doc, "\n"),*)) $($default)?);)*
                let _ = (generator, schema);
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut fields = $crate::manifest::schema::Fields::default();
                Self::schema_fields(generator, &mut fields);
                fields.into_schema(concat!($($about, "\n"),*))
            }
        }

        impl $crate::manifest::read::Read for $name {
            type Value = Self;

            fn read(
                node: &$crate::manifest::yaml::Node,
                reader: &mut $crate::manifest::read::Reader,
            ) -> Option<Self> {
                let mut fields = reader.fields(node, "a map: one `key: value` per line")?;
                let value = Self::read_fields(&mut fields, reader);
                fields.finish(reader);
                value
            }
        }
    };
    (@key $key:literal $field:ident) => { $key };
    (@key $field:ident) => { stringify!($field) };
    (@read $fields:ident $reader:ident ($key:expr) [$type:ty as $shape:ty] $default:expr) => {
        $fields.field_or::<$shape>($reader, $key, $default)
    };
    (@read $fields:ident $reader:ident ($key:expr) [$type:ty as $shape:ty]) => {
        $fields.field::<$shape>($reader, $key)
    };
    (@read $fields:ident $reader:ident ($key:expr) [$type:ty] $default:expr) => {
        $fields.field_or::<$type>($reader, $key, $default)
    };
    (@read $fields:ident $reader:ident ($key:expr) [$type:ty]) => {
        $fields.field::<$type>($reader, $key)
    };
    (@schema $generator:ident $schema:ident ($key:expr) [$type:ty as $shape:ty] ($doc:expr) $($default:expr)?) => {
        $schema.add::<$shape>($generator, $key, $doc, record!(@default $($default)?))
    };
    (@schema $generator:ident $schema:ident ($key:expr) [$type:ty] ($doc:expr) $($default:expr)?) => {
        $schema.add::<$type>($generator, $key, $doc, record!(@default $($default)?))
    };
    (@default $default:expr) => { Some(serde_json::json!($default)) };
    (@default) => { None };
}

/// An enum of which each variant is one word, its reader and its JSON Schema.
macro_rules! choice {
    (
        $(#[doc = $about:literal])*
        $visible:vis enum $name:ident {
            $($(#[doc = $doc:literal])* $variant:ident = $word:literal $(| $other:literal)*),+ $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
        $visible enum $name {
            $($(#[doc = $doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// The words a manifest may use, the usual ones.
            pub(crate) const WORDS: &'static [&'static str] = &[$($word),+];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),+ })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": $crate::manifest::schema::prose(concat!($($about, "\n"),*)),
                    "enum": [$($word $(, $other)*),+],
                })
            }
        }

        impl $crate::manifest::read::Read for $name {
            type Value = Self;

            fn read(
                node: &$crate::manifest::yaml::Node,
                reader: &mut $crate::manifest::read::Reader,
            ) -> Option<Self> {
                let expected = $crate::manifest::read::list(Self::WORDS);
                let text = reader.text(node, &expected)?.text.clone();
                match text.as_str() {
                    $($word $(| $other)* => Some(Self::$variant),)+
                    other => $crate::manifest::read::not_a_choice(node, reader, other, Self::WORDS),
                }
            }
        }
    };
}

pub(crate) use {choice, record};
