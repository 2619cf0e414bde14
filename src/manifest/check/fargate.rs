//! The sizes of tasks that Fargate offers.

use super::{Explain, Findings};
use crate::manifest::read::list;
use crate::manifest::service::ServiceManifest;

/// CPU units of a Fargate task.
const FARGATE_CPUS: &[u32] = &[256, 512, 1024, 2048, 4096, 8192, 16384, 32768];

/// The amounts of memory in MiB that Fargate offers with so many CPU units; none for other numbers.
pub(crate) fn memories(cpu: u32) -> Vec<u32> {
    let range = |from: u32, to: u32, step: usize| (from..=to).step_by(step).collect();
    match cpu {
        256 => vec![512, 1024, 2048],
        512 => range(1024, 4096, 1024),
        1024 => range(2048, 8192, 1024),
        2048 => range(4096, 16384, 1024),
        4096 => range(8192, 30720, 1024),
        8192 => range(16384, 61440, 4096),
        16384 => range(32768, 122_880, 8192),
        32768 => vec![61440, 122_880, 249_856],
        _ => Vec::new(),
    }
}

/// `cpu` and `memory` must be a size that Fargate offers.
pub(super) fn size(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if !FARGATE_CPUS.contains(&service.cpu) {
        let words: Vec<String> = FARGATE_CPUS.iter().map(ToString::to_string).collect();
        let near = FARGATE_CPUS.iter().min_by_key(|offered| offered.abs_diff(service.cpu));
        findings
            .error("cpu", format!("Fargate has no task with cpu {}", service.cpu))
            .explain(list(&words), format!("the nearest is {}", near.copied().unwrap_or(256)));
        return;
    }
    let offered = memories(service.cpu);
    if offered.contains(&service.memory) {
        return;
    }
    let path = if findings.node.get("memory").is_some() { "memory" } else { "cpu" };
    let message =
        format!("Fargate has no task with cpu {} and memory {}", service.cpu, service.memory);
    let words: Vec<String> = offered.iter().map(ToString::to_string).collect();
    let expected = match &words[..] {
        [first, second, .., last] if words.len() > 8 => {
            let step = offered[1] - offered[0];
            format!(
                "with cpu {} a memory from {first} to {last} in steps of {step}: {second} for instance",
                service.cpu
            )
        }
        _ => format!("with cpu {} a memory of {}", service.cpu, words.join(", ")),
    };
    let near =
        offered.iter().min_by_key(|memory| memory.abs_diff(service.memory)).copied().unwrap_or(512);
    // Those that Windows runs with, too.
    let fitting = FARGATE_CPUS.iter().find(|cpu| {
        memories(**cpu).contains(&service.memory)
            && (!service.platform.is_windows() || (1024..=4096).contains(*cpu))
    });
    let help = match fitting {
        Some(cpu) => format!("write memory: {near}, or cpu: {cpu}"),
        None => format!("write memory: {near}"),
    };
    findings.error(path, message).explain(expected, help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cpu_has_its_memories() {
        let counts: Vec<usize> = FARGATE_CPUS.iter().map(|cpu| memories(*cpu).len()).collect();
        assert_eq!(counts, [3, 4, 7, 13, 23, 12, 12, 3]);
        assert!(memories(300).is_empty());
    }
}
