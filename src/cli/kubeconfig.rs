//! A kubeconfig with one cluster, context and user more: all else stays as it is, comments and order too.
//!
//! The text is changed line by line and read again: what does not come out as it should (a file in flow style, say) is
//! written anew from what it means, and its comments are lost, which is said.

use serde_json::{Value, json};

/// What is put in.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The context's name.
    pub(super) context: String,
    /// What cluster and user are called: the cluster's ARN.
    pub(super) name: String,
    /// `https://…`.
    pub(super) server: String,
    /// Base64 of PEM.
    pub(super) authority: String,
    /// What gives the token.
    pub(super) command: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// The context becomes the current one.
    pub(super) current: bool,
}

/// A merged file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) text: String,
    /// It was written anew, and had comments.
    pub(super) comments_lost: bool,
}

/// The lists of a kubeconfig that get an item, each under its name.
const LISTS: [&str; 3] = ["clusters", "contexts", "users"];

impl Entry {
    /// The items of the three lists.
    fn items(&self) -> [Value; 3] {
        [
            json!({
                "name": self.name,
                "cluster": {"server": self.server, "certificate-authority-data": self.authority},
            }),
            json!({"name": self.context, "context": {"cluster": self.name, "user": self.name}}),
            json!({"name": self.name, "user": {"exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "command": self.command,
                "args": self.arguments, "interactiveMode": "Never", "provideClusterInfo": false,
            }}}),
        ]
    }
}

/// Puts an entry into the text of a kubeconfig, which may be empty.
///
/// # Errors
/// It cannot be read, or its context of that name is for another cluster; in words.
pub(super) fn merge(text: &str, entry: &Entry) -> Result<Merged, String> {
    let before = read(text)?;
    let taken = item(&before["contexts"], &entry.context);
    if let Some(other) = taken.and_then(|one| one["context"]["cluster"].as_str())
        && other != entry.name
    {
        return Err(format!("its context `{}` is for another cluster, {other}", entry.context));
    }
    let wanted = merged(before.clone(), entry);
    if wanted == before {
        return Ok(Merged { text: text.to_owned(), comments_lost: false });
    }
    let edited = edited(text, &before, entry);
    if read(&edited).is_ok_and(|read| read == wanted) {
        return Ok(Merged { text: edited, comments_lost: false });
    }
    let comments_lost = text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with('#') || line.contains(" #")
    });
    let text = serde_json::to_string_pretty(&wanted).unwrap_or_default() + "\n";
    Ok(Merged { text, comments_lost })
}

fn read(text: &str) -> Result<Value, String> {
    let bare = text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    });
    if bare {
        return Ok(json!({}));
    }
    let read: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    if read.is_object() { Ok(read) } else { Err("it is no kubeconfig".to_owned()) }
}

fn item<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|one| one["name"] == name)
}

/// What the file means then.
fn merged(mut config: Value, entry: &Entry) -> Value {
    for (name, value) in [("apiVersion", "v1"), ("kind", "Config")] {
        if config[name].is_null() {
            config[name] = json!(value);
        }
    }
    for (list, new) in LISTS.into_iter().zip(entry.items()) {
        let mut items = config[list].as_array().cloned().unwrap_or_default();
        match items.iter_mut().find(|one| one["name"] == new["name"]) {
            Some(old) if list == "contexts" => {
                // A namespace that somebody chose stays.
                for part in ["cluster", "user"] {
                    old["context"][part] = new["context"][part].clone();
                }
            }
            Some(old) => *old = new,
            None => items.push(new),
        }
        config[list] = Value::Array(items);
    }
    if entry.current {
        config["current-context"] = json!(entry.context);
    }
    config
}

/// The text with the changes in place.
fn edited(text: &str, before: &Value, entry: &Entry) -> String {
    let after = merged(before.clone(), entry);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (name, value) in [("apiVersion", "v1"), ("kind", "Config")] {
        if before[name].is_null() {
            let at = usize::from(lines.first().is_some_and(|line| line == "---"));
            lines.insert(at, format!("{name}: {value}"));
        }
    }
    let names = [&entry.name, &entry.context, &entry.name];
    for (list, name) in LISTS.into_iter().zip(names) {
        let (old, new) = (item(&before[list], name), item(&after[list], name));
        if let Some(new) = new.filter(|new| old != Some(*new)) {
            put(&mut lines, list, name, new);
        }
    }
    if after["current-context"] != before["current-context"] {
        let line = format!("current-context: {}", after["current-context"]);
        match lines.iter().position(|line| line.starts_with("current-context:")) {
            Some(at) => lines[at] = line,
            None => lines.push(line),
        }
    }
    lines.join("\n") + "\n"
}

/// Puts an item into a list that stands at the left margin, in place of the one with its name or at the end.
fn put(lines: &mut Vec<String>, list: &str, name: &str, new: &Value) {
    let head = format!("{list}:");
    let Some(start) = lines.iter().position(|line| line.starts_with(&head)) else {
        lines.push(head);
        lines.extend(written(new, 0));
        return;
    };
    // An empty list may stand behind the key.
    let rest = lines[start][head.len()..].trim().to_owned();
    if ["[]", "null", "~"].contains(&rest.as_str()) {
        lines[start] = head;
    }
    let below = |line: &String| {
        line.is_empty() || line.starts_with([' ', '#']) || line.starts_with("- ") || line == "-"
    };
    let mut end = start + 1 + lines[start + 1..].iter().take_while(|line| below(line)).count();
    // Blank lines and comments at the margin before the next key are the next key's.
    while end > start + 1 && (lines[end - 1].is_empty() || lines[end - 1].starts_with('#')) {
        end -= 1;
    }
    let first = lines[start + 1..end].iter().find(|line| line.trim_start().starts_with('-'));
    let indent = first.map_or(0, |line| line.len() - line.trim_start().len());
    let begins = |line: &String| {
        line.len() - line.trim_start().len() == indent && line.trim_start().starts_with('-')
    };
    let starts: Vec<usize> = (start + 1..end).filter(|at| begins(&lines[*at])).collect();
    for (at, from) in starts.iter().enumerate() {
        let to = starts.get(at + 1).copied().unwrap_or(end);
        let text = lines[*from..to].join("\n");
        let read: Option<Value> = serde_saphyr::from_str(&text).ok();
        if read.is_some_and(|read| item(&read, name).is_some()) {
            lines.splice(*from..to, written(new, indent));
            return;
        }
    }
    lines.splice(end..end, written(new, indent));
}

/// A list's item in block style; strings in double quotes, which JSON and YAML write alike.
fn written(item: &Value, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    block(item, indent + 2, &mut lines);
    if let Some(first) = lines.first_mut() {
        first.replace_range(indent..indent + 1, "-");
    }
    lines
}

fn block(value: &Value, indent: usize, lines: &mut Vec<String>) {
    let margin = " ".repeat(indent);
    for (key, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Object(below) if !below.is_empty() => {
                lines.push(format!("{margin}{key}:"));
                block(value, indent + 2, lines);
            }
            Value::Array(items) if !items.is_empty() => {
                lines.push(format!("{margin}{key}:"));
                lines.extend(items.iter().map(|item| format!("{margin}- {item}")));
            }
            plain => lines.push(format!("{margin}{key}: {plain}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn entry() -> Entry {
        Entry {
            context: "demo-test".to_owned(),
            name: "arn:aws:eks:eu-west-1:1:cluster/demo-test-main".to_owned(),
            server: "https://one.example".to_owned(),
            authority: "QQ==".to_owned(),
            command: "shipit".to_owned(),
            arguments: ["kube", "token"].map(str::to_owned).into(),
            current: true,
        }
    }

    const MINE: &str = r#"# mine
apiVersion: v1
kind: Config
preferences: {}
clusters:
- cluster:
    server: https://kind   # a local one
  name: kind
# people
users:
  - name: kind
    user:
      token: abc
contexts: []
current-context: kind
"#;

    #[test]
    fn what_is_there_stays_with_its_comments() {
        let merged = merge(MINE, &entry()).unwrap();
        assert!(!merged.comments_lost);
        assert_snapshot!(merged.text, @r#"
        # mine
        apiVersion: v1
        kind: Config
        preferences: {}
        clusters:
        - cluster:
            server: https://kind   # a local one
          name: kind
        - cluster:
            certificate-authority-data: "QQ=="
            server: "https://one.example"
          name: "arn:aws:eks:eu-west-1:1:cluster/demo-test-main"
        # people
        users:
          - name: kind
            user:
              token: abc
          - name: "arn:aws:eks:eu-west-1:1:cluster/demo-test-main"
            user:
              exec:
                apiVersion: "client.authentication.k8s.io/v1"
                args:
                - "kube"
                - "token"
                command: "shipit"
                interactiveMode: "Never"
                provideClusterInfo: false
        contexts:
        - context:
            cluster: "arn:aws:eks:eu-west-1:1:cluster/demo-test-main"
            user: "arn:aws:eks:eu-west-1:1:cluster/demo-test-main"
          name: "demo-test"
        current-context: "demo-test"
        "#);
    }

    #[test]
    fn a_second_time_nothing_changes_and_a_new_server_changes_one_line() {
        let first = merge(MINE, &entry()).unwrap().text;
        assert_eq!(merge(&first, &entry()).unwrap().text, first);
        let moved = Entry { server: "https://two.example".to_owned(), ..entry() };
        let second = merge(&first, &moved).unwrap().text;
        assert_eq!(second, first.replace("https://one.example", "https://two.example"));
    }

    #[test]
    fn an_empty_file_and_one_in_flow_style_become_whole_ones() {
        let fresh = merge("", &entry()).unwrap();
        assert_eq!(read(&fresh.text).unwrap(), merged(json!({}), &entry()));
        let flow =
            "{apiVersion: v1, kind: Config, clusters: [{name: a, cluster: {server: b}}]} # mine\n";
        let anew = merge(flow, &entry()).unwrap();
        assert!(anew.comments_lost);
        assert_eq!(read(&anew.text).unwrap()["clusters"][0]["name"], "a");
        assert_eq!(read(&anew.text).unwrap(), merged(read(flow).unwrap(), &entry()));
    }

    #[test]
    fn a_namespace_stays_and_another_cluster_is_refused() {
        let first = merge("", &entry()).unwrap().text;
        let chosen = first.replace("    user: \"arn", "    namespace: web\n    user: \"arn");
        let moved = Entry { server: "https://two.example".to_owned(), ..entry() };
        let again = read(&merge(&chosen, &moved).unwrap().text).unwrap();
        assert_eq!(again["contexts"][0]["context"]["namespace"], "web");
        let other = Entry { name: "other".to_owned(), ..entry() };
        let refused = merge(&first, &other).unwrap_err();
        assert_eq!(
            refused,
            "its context `demo-test` is for another cluster, arn:aws:eks:eu-west-1:1:cluster/demo-test-main"
        );
        let quiet = Entry { current: false, ..entry() };
        assert_eq!(read(&merge(MINE, &quiet).unwrap().text).unwrap()["current-context"], "kind");
    }
}
