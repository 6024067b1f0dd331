//! Time and memory of this process.

use std::time::Instant;

use serde_json::{Value, json};

/// Ticks per second of the times in `/proc`; part of Linux' contract with programs.
const TICKS: f64 = 100.0;

/// Starts now.
pub(crate) struct Stopwatch {
    started: Instant,
    cpu: Option<f64>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { cpu: cpu_seconds(), started: Instant::now() }
    }

    /// Wall and CPU seconds since the start, and the peak memory of the process; beside them what else was counted.
    pub(crate) fn stop(self, mut counted: Value) -> Value {
        let wall = self.started.elapsed().as_secs_f64();
        let cpu = cpu_seconds().zip(self.cpu).map(|(now, then)| now - then);
        if let Value::Object(fields) = &mut counted {
            fields.insert("wall_s".to_owned(), json!(wall));
            fields.insert("cpu_s".to_owned(), json!(cpu));
            fields.insert("peak_mb".to_owned(), json!(peak_megabytes()));
        }
        counted
    }
}

/// User and system time of all threads; where there is no `/proc` it is not known.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / TICKS)
}

/// Does something on this thread: its times, and what it took in memory above what was there before. Counting and
/// dropping what came out is not measured.
pub(crate) fn once<T>(
    work: impl FnOnce() -> T,
    count: impl FnOnce(&T) -> anyhow::Result<Value>,
) -> anyhow::Result<Value> {
    let before = resident_megabytes();
    let (cpu, started) = (thread_cpu_seconds(), Instant::now());
    let made = std::hint::black_box(work());
    let wall = started.elapsed().as_secs_f64();
    let cpu = thread_cpu_seconds().zip(cpu).map(|(now, then)| now - then);
    let peak = peak_megabytes();
    let mut counted = count(&made)?;
    if let Value::Object(fields) = &mut counted {
        fields.insert("wall_s".to_owned(), json!(wall));
        fields.insert("cpu_s".to_owned(), json!(cpu));
        fields.insert("peak_mb".to_owned(), json!(peak));
        fields.insert("above_mb".to_owned(), json!(peak.zip(before).map(|(peak, before)| peak - before)));
    }
    Ok(counted)
}

/// CPU time of this thread, finer than that of the process.
fn thread_cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = stat.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn resident_megabytes() -> Option<f64> {
    status_megabytes("VmRSS:")
}

fn peak_megabytes() -> Option<f64> {
    status_megabytes("VmHWM:")
}

fn status_megabytes(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
