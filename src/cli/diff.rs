//! `shipit diff`: what differs between two environments.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::pipeline::{Pipeline, Which};
use super::{Exit, Global, Stop};
use crate::render::human::{self, table::table};
use crate::render::json;

/// Show what differs between two environments: their manifests as they apply there, and the images that run
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local diff --env test,prod")]
pub(super) struct Args {
    /// Exit with 2 if something differs
    #[arg(long)]
    exit_code: bool,
}

/// Values by path.
type Leaves = BTreeMap<String, Value>;

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let named = global.env.clone().unwrap_or_default();
    let names: Vec<&str> =
        named.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let [one, other] = names[..] else {
        return Err(Stop::failed(
            "`diff` compares two environments",
            "name them: `shipit diff --env test,prod`",
        ));
    };
    let mut sides = Vec::new();
    for name in [one, other] {
        let global = Global { env: Some(name.to_owned()), ..global.clone() };
        sides.push(Pipeline::open(&global, Which::Everything).await?.described().await?);
    }
    let (left, right) = (&sides[0], &sides[1]);
    let paths: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differing: Vec<(&String, Option<&Value>, Option<&Value>)> = paths
        .into_iter()
        .map(|path| (path, left.get(path), right.get(path)))
        .filter(|(_, left, right)| left != right)
        .collect();
    let exit = match args.exit_code && !differing.is_empty() {
        true => Exit::Changes,
        false => Exit::Done,
    };
    let terminal = global.terminal();
    if terminal.json() {
        let rows: Vec<Value> = differing
            .iter()
            .map(|(path, left, right)| json!({ "path": path, "values": [left, right] }))
            .collect();
        let document = json!({ "environments": [one, other], "differences": rows });
        terminal.out(&json::document(&document));
        return Ok(exit);
    }
    if differing.is_empty() {
        terminal.out(&format!("`{one}` and `{other}` do not differ"));
        return Ok(exit);
    }
    let shown = |value: Option<&Value>| match value {
        None => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let widest = differing.iter().map(|(path, ..)| path.chars().count()).max().unwrap_or_default();
    let room = human::columns().map(|columns| (columns.saturating_sub(widest + 4) / 2).max(16));
    let rows: Vec<Vec<String>> = differing
        .iter()
        .map(|(path, left, right)| {
            let (left, right) = (shown(*left), shown(*right));
            let (left, right) = match room {
                Some(room) => human::text::cut_pair(&left, &right, room),
                None => (left, right),
            };
            vec![(*path).clone(), left, right]
        })
        .collect();
    terminal.out(table(&["WHAT", one, other], &rows).trim_end());
    Ok(exit)
}

/// All values of a document that hold no others, by path below `above`; what is not set is left out.
pub(super) fn leaves(above: &str, value: &Value, found: &mut Leaves) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| leaves(&format!("{above}.{key}"), value, found));
        }
        Value::Null => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (index, item) in items.iter().enumerate() {
                leaves(&format!("{above}[{index}]"), item, found);
            }
        }
        value => drop(found.insert(above.to_owned(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_have_their_paths() {
        let mut found = Leaves::new();
        let value = json!({"a": {"b": 1, "c": null}, "d": [1, 2], "e": [{"f": "x"}], "g": []});
        leaves("api", &value, &mut found);
        let found: Vec<String> =
            found.into_iter().map(|(path, value)| format!("{path} {value}")).collect();
        assert_eq!(found, ["api.a.b 1", "api.d [1,2]", "api.e[0].f \"x\""]);
    }
}
