//! What a kind says about its fields, beyond their types.

/// A rule about one field, by its path in the document: `health_check.path`,
/// `containers[].secrets` (`[]` stands for every element, `*` for every key of a map).
///
/// A path covers everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A change cannot be made in place: the resource is replaced.
    Immutable(&'static str),
    /// A list whose order means nothing.
    Unordered(&'static str),
    /// Sent when the resource is created, and owned by someone else from then on
    /// (autoscaling owns a desired count): a difference is no change. The second part says who.
    OwnedElsewhere(&'static str, &'static str),
    /// A JSON policy document, compared by meaning (order of statements, one string or a list of one).
    Policy(&'static str),
    /// Masked wherever it would be shown.
    Sensitive(&'static str),
    /// A field whose texts are names and no references, even where something of ours is called so: whom a proxy may call need not be there yet, and may call back.
    Names(&'static str),
    /// Its outputs are names that anything may bear: what equals one of them is no reference to it.
    SaysNames,
}

impl Rule {
    /// The path the rule is about; empty for one that is about no field.
    pub fn path(&self) -> &'static str {
        match self {
            Self::Immutable(path)
            | Self::Unordered(path)
            | Self::OwnedElsewhere(path, _)
            | Self::Policy(path)
            | Self::Sensitive(path)
            | Self::Names(path) => path,
            Self::SaysNames => "",
        }
    }
}
