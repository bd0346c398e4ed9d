//! What the operating system says of this process, by the names that Prometheus' own libraries use.

use super::Exposition;
use std::fs;

/// Linux counts CPU time in hundredths of a second, on every architecture that it runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Fields of `/proc/self/stat` behind the program's name, which may hold anything: user and system
/// time, and when it started after the system did.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;
const START_TICKS: usize = 19;

/// Writes what there is; a system without `/proc` has none of it.
pub(super) fn write(to: &mut Exposition) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let seconds = |index: usize| Some(fields.get(index)?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    let cpu = seconds(USER_TICKS).zip(seconds(SYSTEM_TICKS));
    let started = boot_seconds().zip(seconds(START_TICKS));
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| {
        let kilobytes = line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?;
        Some(kilobytes.parse::<f64>().ok()? * 1_024.0)
    });
    let files = fs::read_dir("/proc/self/fd").map(|files| files.count());
    let mut family = |name, kind, help: &str, value: Option<String>| {
        to.family(name, kind, help);
        if let Some(value) = value {
            to.sample(&[], &value);
        }
    };
    family(
        "process_cpu_seconds_total",
        "counter",
        "CPU time of this process",
        cpu.map(|(user, system)| (user + system).to_string()),
    );
    family(
        "process_start_time_seconds",
        "gauge",
        "When this process started, since 1970",
        started.map(|(boot, since)| (boot + since).to_string()),
    );
    family(
        "process_resident_memory_bytes",
        "gauge",
        "Memory of this process",
        resident.map(|bytes| bytes.to_string()),
    );
    family(
        "process_open_fds",
        "gauge",
        "Open files and sockets of this process",
        files.ok().map(|count| count.to_string()),
    );
}

fn boot_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_measured() {
        let mut text = Exposition::default();
        write(&mut text);
        let text = text.into_text();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse::<f64>().ok())
        };
        assert!(
            value("process_resident_memory_bytes ").unwrap() > 1e6,
            "{text}"
        );
        assert!(value("process_cpu_seconds_total ").unwrap() >= 0.0);
        assert!(value("process_start_time_seconds ").unwrap() > 1.6e9);
        assert!(value("process_open_fds ").unwrap() >= 3.0);
    }
}
