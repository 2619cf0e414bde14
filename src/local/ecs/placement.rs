//! Where a task goes on instances: what it needs, which instances may take it, and which of them does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{instances, task_definition};
use crate::local::call::Call;
use crate::local::document::Document;

/// What a task takes of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) gpus: i64,
    /// Fixed ports of the host.
    pub(super) ports: BTreeSet<(i64, String)>,
    /// It has a network interface of its own.
    pub(super) interface: bool,
    /// `x86_64` or `arm64`, if it says so.
    pub(super) architecture: Option<String>,
    /// `LINUX` or `WINDOWS_…`, if it says so.
    pub(super) system: Option<String>,
}

impl Need {
    /// What tasks of a definition need.
    pub(super) fn of(definition: &Value) -> Self {
        let number = |text: &str| text.parse::<i64>().ok();
        let containers = definition.list("containerDefinitions");
        let sum = |value: fn(&Value) -> i64| containers.iter().map(value).sum::<i64>();
        let memory = |one: &Value| match one.integer("memoryReservation") {
            0 => one.integer("memory"),
            reserved => reserved,
        };
        let gpus = containers.iter().flat_map(|one| one.list("resourceRequirements"));
        let gpus = gpus.filter(|one| one.text("type") == "GPU");
        let mode = definition.text("networkMode");
        let mappings = containers.iter().flat_map(|one| one.list("portMappings"));
        let ports = mappings.filter(|_| matches!(mode, "bridge" | "host"));
        let ports = ports.map(|one| (one.integer("hostPort"), one.text("protocol").to_owned()));
        let platform = &definition["runtimePlatform"];
        let architecture = match platform.text("cpuArchitecture") {
            "" => None,
            "ARM64" => Some("arm64".to_owned()),
            _ => Some("x86_64".to_owned()),
        };
        Self {
            cpu: number(definition.text("cpu")).unwrap_or_else(|| sum(|one| one.integer("cpu"))),
            memory: number(definition.text("memory")).unwrap_or_else(|| sum(memory)),
            gpus: gpus.filter_map(|one| number(one.text("value"))).sum(),
            ports: ports.filter(|(port, _)| *port > 0).collect(),
            interface: mode == "awsvpc",
            architecture,
            system: Some(platform.text("operatingSystemFamily").to_owned())
                .filter(|system| !system.is_empty()),
        }
    }

    /// What a task takes, as it is described.
    pub(super) fn of_task(call: &Call<'_>, wire: &Value) -> Option<Self> {
        let definition = task_definition::find(call, wire.text("taskDefinitionArn"))?;
        Some(Self::of(&definition))
    }
}

/// Where a task may go.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) cluster: &'a str,
    /// A capacity provider's instances alone, or those of a launch type.
    pub(super) provider: Option<&'a str>,
    pub(super) launch_type: &'a str,
    pub(super) definition: &'a Value,
    /// `service:NAME` or `family:NAME`: tasks of one group are what `distinctInstance` keeps apart.
    pub(super) group: &'a str,
    pub(super) constraints: &'a [Value],
    pub(super) strategy: &'a [Value],
    /// With `awsvpc`: an instance must be in one of these zones.
    pub(super) zones: Vec<String>,
    /// The daemon scheduler looks at one instance at a time.
    pub(super) only: Option<&'a str>,
}

/// An instance as placement sees it: key, document, and what is taken of it.
struct Candidate {
    id: String,
    instance: Value,
    free: (i64, i64, i64),
    tasks: Vec<String>,
}

/// The id of the container instance that a task goes to, or why there is none.
pub(super) fn place(call: &Call<'_>, wish: &Wish<'_>) -> Result<String, String> {
    let need = Need::of(wish.definition);
    let all = instances::active(call, wish.cluster);
    let mut candidates = Vec::new();
    let mut reason = "No Container Instances were found in your cluster.";
    for (id, instance) in all {
        if wish.only.is_some_and(|only| only != id) || !is_of(call, &instance, wish) {
            continue;
        }
        if reason.starts_with("No Container") {
            reason =
                "The closest matching container-instance has insufficient CPU units available.";
        }
        let taken = instances::taken(call, wish.cluster, &instance);
        let free = (
            instance.integer("cpu") - taken.cpu,
            instance.integer("memory") - taken.memory,
            instance.integer("gpus") - taken.gpus,
        );
        let attributes = &instance["attributes"];
        let same = |wanted: &Option<String>, attribute: &str| {
            wanted.as_ref().is_none_or(|wanted| attributes.text(attribute) == wanted)
        };
        if !same(&need.architecture, "ecs.cpu-architecture") || !runs_on(&need, attributes) {
            reason = "The closest matching container-instance is missing an attribute required by your task.";
        } else if free.0 < need.cpu {
            reason =
                "The closest matching container-instance has insufficient CPU units available.";
        } else if free.1 < need.memory {
            reason = "The closest matching container-instance has insufficient memory available.";
        } else if free.2 < need.gpus {
            reason =
                "The closest matching container-instance has insufficient GPU resource available.";
        } else if !taken.ports.is_disjoint(&need.ports) {
            reason = "The closest matching container-instance is already using a port required by your task.";
        } else if need.interface
            && (taken.interfaces + 1 >= instance.integer("interfaces")
                || !wish.zones.iter().any(|zone| zone == instance.text("zone")))
        {
            reason = "The closest matching container-instance encountered error \"RESOURCE:ENI\".";
        } else if !meets(&instance, wish, &taken.groups) {
            reason =
                "The closest matching container-instance does not meet the placement constraints.";
        } else {
            candidates.push(Candidate { id, instance, free, tasks: taken.groups });
        }
    }
    choose(candidates, wish.strategy, wish.group).ok_or_else(|| reason.to_owned())
}

/// Linux runs on Linux; Windows needs its own edition.
fn runs_on(need: &Need, attributes: &Value) -> bool {
    let system = attributes.text("ecs.os-family");
    match &need.system {
        Some(wanted) if wanted.starts_with("WINDOWS") => wanted == system,
        _ => !system.starts_with("WINDOWS"),
    }
}

fn is_of(call: &Call<'_>, instance: &Value, wish: &Wish<'_>) -> bool {
    match wish.provider {
        Some(provider) => instance.text("provider") == provider,
        None => instances::launch_type(call, instance) == wish.launch_type,
    }
}

/// Does an instance match a daemon, apart from its free room?
pub(super) fn matches_daemon(call: &Call<'_>, instance: &Value, wish: &Wish<'_>) -> bool {
    let need = Need::of(wish.definition);
    let attributes = &instance["attributes"];
    is_of(call, instance, wish)
        && need
            .architecture
            .as_ref()
            .is_none_or(|wanted| attributes.text("ecs.cpu-architecture") == wanted)
        && runs_on(&need, attributes)
        && (!need.interface || wish.zones.iter().any(|zone| zone == instance.text("zone")))
        && meets(instance, wish, &[])
}

fn meets(instance: &Value, wish: &Wish<'_>, groups: &[String]) -> bool {
    let own = wish.definition.list("placementConstraints");
    wish.constraints.iter().chain(own).all(|constraint| match constraint.text("type") {
        "distinctInstance" => !groups.iter().any(|group| group == wish.group),
        "memberOf" => {
            expression::holds(constraint.text("expression"), instance, groups).unwrap_or(false)
        }
        _ => true,
    })
}

/// Each rule leaves the best; the first that is left takes the task.
fn choose(mut candidates: Vec<Candidate>, strategy: &[Value], group: &str) -> Option<String> {
    let zone = serde_json::json!({"type": "spread", "field": "attribute:ecs.availability-zone"});
    let instance = serde_json::json!({"type": "spread", "field": "instanceId"});
    let default = [zone, instance];
    let strategy = if strategy.is_empty() { &default } else { strategy };
    for rule in strategy {
        let field = rule.text("field").to_lowercase();
        let score = |one: &Candidate, all: &[Candidate]| -> i64 {
            match (rule.text("type"), field.as_str()) {
                ("binpack", "cpu") => one.free.0,
                ("binpack", _) => one.free.1,
                ("spread", "instanceid" | "host") => count(&one.tasks, group),
                ("spread", field) => {
                    let name = field.strip_prefix("attribute:").unwrap_or(field);
                    let value = |one: &Candidate| one.instance["attributes"].text(name).to_owned();
                    let same = all.iter().filter(|other| value(other) == value(one));
                    same.map(|other| count(&other.tasks, group)).sum()
                }
                _ => 0,
            }
        };
        let scores: Vec<i64> = candidates.iter().map(|one| score(one, &candidates)).collect();
        let best = scores.iter().min().copied()?;
        let mut scores = scores.into_iter();
        candidates.retain(|_| scores.next() == Some(best));
    }
    candidates.into_iter().next().map(|one| one.id)
}

fn count(groups: &[String], group: &str) -> i64 {
    i64::try_from(groups.iter().filter(|one| *one == group).count()).unwrap_or(i64::MAX)
}

/// The cluster query language.
pub(super) mod expression {
    use serde_json::Value;

    use crate::local::document::Document;

    /// Does an expression hold for an instance with tasks of these groups? `None` where it cannot be read.
    pub(in crate::local::ecs) fn holds(
        text: &str,
        instance: &Value,
        groups: &[String],
    ) -> Option<bool> {
        let words = words(text)?;
        let mut reader = Reader { words: &words, at: 0, instance, groups };
        let value = reader.either()?;
        (reader.at == words.len()).then_some(value)
    }

    fn words(text: &str) -> Option<Vec<String>> {
        let mut words = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let two = ["==", "!=", "=~", "!~", ">=", "<=", "&&", "||"];
            let length = if two.iter().any(|one| rest.starts_with(one)) {
                2
            } else if rest.starts_with(['(', ')', '[', ']', ',', '>', '<', '!']) {
                1
            } else if let Some(quoted) = rest.strip_prefix('"') {
                quoted.find('"')? + 2
            } else {
                let end = |c: char| c.is_whitespace() || "()[],=!<>~".contains(c);
                rest.find(end).unwrap_or(rest.len()).max(1)
            };
            words.push(rest[..length].trim_matches('"').to_owned());
            rest = rest[length..].trim_start();
        }
        Some(words)
    }

    struct Reader<'a> {
        words: &'a [String],
        at: usize,
        instance: &'a Value,
        groups: &'a [String],
    }

    impl Reader<'_> {
        fn take(&mut self, words: &[&str]) -> bool {
            let there = self.words.get(self.at).is_some_and(|word| words.contains(&word.as_str()));
            self.at += usize::from(there);
            there
        }

        fn either(&mut self) -> Option<bool> {
            let mut value = self.both()?;
            while self.take(&["or", "||"]) {
                value |= self.both()?;
            }
            Some(value)
        }

        fn both(&mut self) -> Option<bool> {
            let mut value = self.one()?;
            while self.take(&["and", "&&"]) {
                value &= self.one()?;
            }
            Some(value)
        }

        fn one(&mut self) -> Option<bool> {
            if self.take(&["not", "!"]) {
                return self.one().map(|value| !value);
            }
            if self.take(&["("]) {
                let value = self.either()?;
                return self.take(&[")"]).then_some(value);
            }
            let subject = self.words.get(self.at)?.clone();
            let values = self.subject(&subject)?;
            let operator = self.words.get(self.at + 1)?.clone();
            self.at += 2;
            let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(value));
            Some(match operator.as_str() {
                "exists" => !values.is_empty(),
                "!exists" | "not_exists" => values.is_empty(),
                "in" | "not_in" | "!in" => {
                    let listed = self.list()?;
                    any(&|value| listed.iter().any(|one| one == value)) == (operator == "in")
                }
                "==" | "equals" => {
                    let word = self.word()?;
                    any(&|value| value == word)
                }
                "!=" | "not_equals" => {
                    let word = self.word()?;
                    !any(&|value| value == word)
                }
                "=~" | "matches" => {
                    let word = self.word()?;
                    any(&|value| like(&word, value))
                }
                "!~" | "not_matches" => {
                    let word = self.word()?;
                    !any(&|value| like(&word, value))
                }
                "!" if self.take(&["exists"]) => values.is_empty(),
                "!" if self.take(&["in"]) => {
                    let listed = self.list()?;
                    !any(&|value| listed.iter().any(|one| one == value))
                }
                _ => return None,
            })
        }

        fn word(&mut self) -> Option<String> {
            self.at += 1;
            self.words.get(self.at - 1).cloned()
        }

        fn list(&mut self) -> Option<Vec<String>> {
            let mut listed = Vec::new();
            if !self.take(&["["]) {
                return None;
            }
            while !self.take(&["]"]) {
                listed.push(self.word()?);
                self.take(&[","]);
            }
            Some(listed)
        }

        /// The values that a subject has.
        fn subject(&self, subject: &str) -> Option<Vec<String>> {
            if let Some(name) = subject.strip_prefix("attribute:") {
                let value = self.instance["attributes"].get(name).and_then(Value::as_str);
                return Some(value.map(str::to_owned).into_iter().collect());
            }
            Some(match subject {
                "task:group" => self.groups.to_vec(),
                "ec2InstanceId" => vec![self.instance.text("ec2InstanceId").to_owned()],
                "agentConnected" => vec!["true".to_owned()],
                "status" => vec![self.instance.text("status").to_owned()],
                "instance" | "containerInstanceId" => vec![self.instance.text("arn").to_owned()],
                _ => return None,
            })
        }
    }

    /// Patterns as far as people write them: `.*` and `*` for anything, `|` between alternatives.
    fn like(pattern: &str, text: &str) -> bool {
        pattern.split('|').any(|pattern| {
            let pattern = pattern.trim_start_matches('^').trim_end_matches('$').replace(".*", "*");
            let pattern = pattern.replace("\\.", ".");
            let mut parts = pattern.split('*');
            let first = parts.next().unwrap_or_default();
            let Some(mut rest) = text.strip_prefix(first) else { return false };
            let parts: Vec<&str> = parts.collect();
            let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
            for part in middle {
                match rest.find(part) {
                    Some(at) => rest = &rest[at + part.len()..],
                    None => return false,
                }
            }
            rest.ends_with(last)
        })
    }

    #[cfg(test)]
    mod tests {
        use serde_json::json;

        use super::holds;

        #[test]
        fn expressions_are_read_as_ecs_reads_them() {
            let instance = json!({
                "attributes": {"ecs.instance-type": "g5.xlarge", "ecs.cpu-architecture": "x86_64", "stack": "prod"},
                "ec2InstanceId": "i-1",
            });
            let groups = ["service:web".to_owned()];
            let is = |text: &str| holds(text, &instance, &groups);
            assert_eq!(is("attribute:ecs.instance-type =~ g5.*"), Some(true));
            assert_eq!(is("attribute:ecs.instance-type == m7g.large"), Some(false));
            assert_eq!(
                is("attribute:stack in [prod, test] and not(task:group == service:api)"),
                Some(true)
            );
            assert_eq!(is("attribute:zone exists"), Some(false));
            assert_eq!(is("attribute:zone !exists or attribute:stack == prod"), Some(true));
            assert_eq!(is("attribute:ecs.cpu-architecture != arm64"), Some(true));
            assert_eq!(is("nonsense == 1"), None);
            assert_eq!(is("attribute:stack =="), None);
        }
    }
}
