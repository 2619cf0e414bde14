//! What Fargate runs: sizes, and the strings in which they may be written.

/// vCPU units of a task as written: `256`, `.25 vCPU`, `1vcpu`.
pub(super) fn cpu_units(text: &str) -> Option<u64> {
    let lower = text.trim().to_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(number) => scaled(number),
        None => lower.parse().ok(),
    }
}

/// MiB of a task as written: `512`, `0.5 GB`, `2gb`.
pub(super) fn memory_mib(text: &str) -> Option<u64> {
    let lower = text.trim().to_lowercase();
    match lower.strip_suffix("gb") {
        Some(number) => scaled(number),
        None => lower.parse().ok(),
    }
}

fn scaled(number: &str) -> Option<u64> {
    let number: f64 = number.trim().parse().ok()?;
    let units = number * 1024.0;
    (units.fract() == 0.0 && (0.0..=1e9).contains(&units)).then_some(units as u64)
}

/// Does Fargate offer this size?
pub(super) fn offers(cpu: u64, memory: u64) -> bool {
    let stepped = |low: u64, high: u64, step: u64| {
        (low..=high).contains(&memory) && (memory - low).is_multiple_of(step)
    };
    match cpu {
        256 => matches!(memory, 512 | 1024 | 2048),
        512 => stepped(1024, 4096, 1024),
        1024 => stepped(2048, 8192, 1024),
        2048 => stepped(4096, 16_384, 1024),
        4096 => stepped(8192, 30_720, 1024),
        8192 => stepped(16_384, 61_440, 4096),
        16_384 => stepped(32_768, 122_880, 8192),
        32_768 => matches!(memory, 61_440 | 122_880 | 249_856),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_ecs_reads_them() {
        assert_eq!(cpu_units("256"), Some(256));
        assert_eq!(cpu_units(".5 vCPU"), Some(512));
        assert_eq!(cpu_units("1vcpu"), Some(1024));
        assert_eq!(cpu_units("lots"), None);
        assert_eq!(memory_mib("2 GB"), Some(2048));
        assert_eq!(memory_mib("512"), Some(512));
        assert_eq!(memory_mib("0.3 GB"), None);
    }

    #[test]
    fn only_the_documented_sizes_are_offered() {
        assert!(
            offers(256, 512)
                && offers(1024, 3072)
                && offers(8192, 20_480)
                && offers(32_768, 249_856)
        );
        assert!(
            !offers(256, 4096)
                && !offers(250, 512)
                && !offers(512, 1536)
                && !offers(16_384, 36_864)
        );
    }
}
