//! Pages as IAM cuts them: `MaxItems` (100 unless said), `Marker`, `IsTruncated`.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::error::AwsError;

/// One page of `items` under the name `list`, each item shown by `show` after the cut.
pub(super) fn page<T>(
    call: &Call<'_>,
    list: &str,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    show: impl Fn(&T) -> Value,
) -> Result<Value, AwsError> {
    let size = call.input.optional_integer_within("MaxItems", 1, 1000)?.unwrap_or(100);
    let marker = call.input.optional_text("Marker")?;
    let page = call.page(items, size as usize, marker.as_deref(), key)?;
    let shown: Vec<Value> = page.items.iter().map(show).collect();
    Ok(json!({list: shown, "IsTruncated": page.next.is_some(), "Marker": page.next}))
}
