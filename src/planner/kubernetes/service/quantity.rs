//! Amounts of CPU, memory and disk as Kubernetes itself writes them, so that what is read back is equal.

/// CPU units of ECS, 1024 of which are a virtual CPU, rounded up to thousandths: `250m`, `1`, `1500m`.
pub(super) fn cpu(units: u32) -> String {
    let thousandths = (u64::from(units) * 1000).div_ceil(1024);
    match thousandths % 1000 {
        0 => (thousandths / 1000).to_string(),
        _ => format!("{thousandths}m"),
    }
}

/// MiB: `512Mi`, `1Gi`, `1536Mi`.
pub(super) fn memory(mebibytes: u32) -> String {
    match mebibytes {
        0 => "0".to_owned(),
        more if more % 1024 == 0 => disk(more / 1024),
        more => format!("{more}Mi"),
    }
}

/// GiB: `20Gi`, `2Ti`.
pub(super) fn disk(gibibytes: u32) -> String {
    match gibibytes {
        0 => "0".to_owned(),
        more if more % 1024 == 0 => format!("{}Ti", more / 1024),
        more => format!("{more}Gi"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_kubernetes_writes_them() {
        let cpus: Vec<String> =
            [100, 128, 256, 512, 1024, 1536, 4096].into_iter().map(cpu).collect();
        assert_eq!(cpus, ["98m", "125m", "250m", "500m", "1", "1500m", "4"]);
        let memories: Vec<String> =
            [0, 512, 1024, 1536, 30_720, 1_048_576].into_iter().map(memory).collect();
        assert_eq!(memories, ["0", "512Mi", "1Gi", "1536Mi", "30Gi", "1Ti"]);
        assert_eq!([disk(21), disk(2048)], ["21Gi", "2Ti"]);
    }
}
