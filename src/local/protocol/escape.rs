//! Percent-encoding, as forms, query strings and paths use it.

use crate::local::error::AwsError;

/// What a `+` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plus {
    /// A space: in forms and query strings.
    IsSpace,
    /// Itself: in paths.
    IsPlus,
}

/// Decodes `%41`, and `+` where it stands for a space.
pub(super) fn decode(text: &str, plus: Plus) -> Result<String, AwsError> {
    let malformed = || AwsError::new("MalformedQueryString", format!("`{text}` is badly escaped"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' if plus == Plus::IsSpace => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit().ok_or_else(malformed)?, digit().ok_or_else(malformed)?);
                bytes.push((high * 16 + low) as u8);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}
