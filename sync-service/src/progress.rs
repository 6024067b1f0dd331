//! Progress for a person at a terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sync_core::reconcile::{Progress, Silent};

/// A line that moves while long work is done, and is gone afterwards.
#[derive(Debug)]
struct Bar {
    bar: ProgressBar,
    stage: Mutex<String>,
}

/// Progress on a terminal; silence elsewhere.
pub(crate) fn progress(shown: bool) -> Box<dyn Progress> {
    if !shown {
        return Box::new(Silent);
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    Box::new(Bar { bar, stage: Mutex::default() })
}

impl Progress for Bar {
    fn step(&self, stage: &str, done: u64, total: Option<u64>) {
        let mut current = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != stage {
            stage.clone_into(&mut current);
            self.bar.set_style(style(total.is_some()));
            self.bar.set_message(stage.to_owned());
        }
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Progress of work that can be told to end.
#[derive(Debug)]
pub(crate) struct Stoppable {
    shown: Box<dyn Progress>,
    stopped: AtomicBool,
}

impl Stoppable {
    pub(crate) fn new(shown: Box<dyn Progress>) -> Self {
        Self { shown, stopped: AtomicBool::new(false) }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

impl Progress for Stoppable {
    fn step(&self, stage: &str, done: u64, total: Option<u64>) {
        self.shown.step(stage, done, total);
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

fn style(measured: bool) -> ProgressStyle {
    let template = if measured { "{spinner} {msg} {wide_bar} {pos}/{len}" } else { "{spinner} {msg} {pos}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
