//! Folders, and somebody in the place of the Astrow IO service who looks into them whenever the driver waits.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use astrow_client::Clock;
use astrow_client::files::{BookingsIn, FilesConfig, FilesDriver};
use async_trait::async_trait;
use tempfile::TempDir;

/// The header of the employees export.
pub(crate) const EMPLOYEES: &str =
    "PersNo;EmployeeNo;BadgeNr;FirstName;MiddleName;LastName;Department;StartCalculation;EndCalculation;Field1\r\n";

/// Folders of an Astrow server whose service moves what it finds to one folder.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: TempDir,
    start: SystemTime,
    steady: Instant,
    passed: Mutex<Duration>,
    result: Mutex<String>,
}

impl Service {
    /// Its files go to this folder; with an empty name they stay.
    pub(crate) fn new(result: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["in/completed", "in/failed", "in/incomplete", "elsewhere", "out", "people"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let at: chrono::DateTime<chrono::Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
        let shared = Shared {
            root,
            start: at.into(),
            steady: Instant::now(),
            passed: Mutex::default(),
            result: Mutex::new(result.to_owned()),
        };
        let service = Self { shared: Arc::new(shared) };
        service.export_employees(
            "1042;E-1042;101;Mira;;Vandenholt;LOG;2020-01-01;;\r\n1043;E-1043;118;Teo;;Maes;;2020-01-01;2026-03-01;\r\n",
        );
        service
    }

    /// A driver on these folders that waits for five looks.
    pub(crate) fn driver(&self, change: impl FnOnce(&mut FilesConfig)) -> FilesDriver {
        FilesDriver::with_clock(&self.config(change), Arc::new(self.clone())).unwrap()
    }

    /// Its settings.
    pub(crate) fn config(&self, change: impl FnOnce(&mut FilesConfig)) -> FilesConfig {
        FilesConfig::new("Europe/Brussels").with(|config| {
            let mut import = BookingsIn::new(self.path("in"));
            import.wait_seconds = 5.0;
            config.bookings_in = Some(import);
            config.employees_out = Some(self.path("employees.csv"));
            change(config);
        })
    }

    /// Where files go from now on.
    pub(crate) fn result(&self, result: &str) {
        result.clone_into(&mut self.shared.result.lock().unwrap());
    }

    /// Moves what waits.
    pub(crate) fn take(&self) {
        let result = self.shared.result.lock().unwrap().clone();
        let target = match result.as_str() {
            "" => return,
            "elsewhere" => self.path("elsewhere"),
            sub => self.path("in").join(sub),
        };
        for file in self.waiting() {
            fs::rename(self.path("in").join(&file), target.join(&file)).unwrap();
        }
    }

    /// Takes the import folder away, or puts it back.
    pub(crate) fn away(&self, away: bool) {
        let (here, there) = (self.path("in"), self.path("in-away"));
        if away { fs::rename(here, there).unwrap() } else { fs::rename(there, here).unwrap() }
    }

    /// Leaves what a process leaves that ends between noting a file and moving it.
    pub(crate) fn leave_unsent(&self, file: &str, key: &str) {
        let work = self.path("in.pac-bridge");
        fs::create_dir_all(work.join("sent")).unwrap();
        fs::write(work.join(file), "x").unwrap();
        let row =
            serde_json::json!({"reference": key, "badge": "101", "at": "2026-03-02T08:01:00", "terminal": "9001011"});
        let note = serde_json::json!({"file": file, "at": "2026-03-02T08:59:00Z", "rows": [row]});
        fs::write(work.join("sent").join(format!("{file}.json")), note.to_string()).unwrap();
    }

    /// Leaves a file that was refused.
    pub(crate) fn leave_refused(&self, file: &str) {
        self.leave_unsent(file, "pac:5D1E:1");
        fs::rename(self.path("in.pac-bridge").join(file), self.path("in/failed").join(file)).unwrap();
    }

    /// A new employees export.
    pub(crate) fn export_employees(&self, rows: &str) {
        self.write("employees.csv", &format!("{EMPLOYEES}{rows}"));
    }

    /// A new bookings export, written so many seconds after the beginning.
    pub(crate) fn export_bookings(&self, lines: &str, seconds: u64) {
        let path = self.path("out").join(format!("bookings-{seconds:04}.csv"));
        fs::write(&path, lines).unwrap();
        let at = self.shared.start + *self.shared.passed.lock().unwrap() + Duration::from_secs(seconds);
        File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    /// Writes a file.
    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// A path below the root.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.shared.root.path().join(name)
    }

    /// Files that wait in the import folder.
    pub(crate) fn waiting(&self) -> Vec<String> {
        self.files("in")
    }

    /// Files in a result folder.
    pub(crate) fn moved(&self, sub: &str) -> Vec<String> {
        self.files(&format!("in/{sub}"))
    }

    /// Files in a folder, by name.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap().map(Result::unwrap);
        let mut names: Vec<_> = entries
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// What is in a file of a result folder, or of another folder.
    pub(crate) fn text(&self, folder: &str, file: &str) -> String {
        let moved = self.path("in").join(folder).join(file);
        let path = if moved.exists() { moved } else { self.path(folder).join(file) };
        fs::read_to_string(path).unwrap()
    }
}

#[async_trait]
impl Clock for Service {
    fn now(&self) -> Instant {
        self.shared.steady + *self.shared.passed.lock().unwrap()
    }

    fn wall(&self) -> SystemTime {
        self.shared.start + *self.shared.passed.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        *self.shared.passed.lock().unwrap() += duration;
        self.take();
    }
}
