//! From the command line to the exit code.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::Value;
use sync_core::clock::Clock;
use tempfile::TempDir;

use crate::arguments::{Asked, Options, Verb, read};
use crate::desk::Access;
use crate::progress::progress;
use crate::{Answer, Desk, Exit, Failure, Host, Program, Setup, config, logs, verbs};

/// What is written out when it is dropped.
type Log = Option<tracing_appender::non_blocking::WorkerGuard>;

/// Runs the program with the arguments of this process; prints and returns what the shell sees.
pub fn main_of<P: Program>() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    runtime.block_on(async { ExitCode::from(run::<P>(std::env::args_os(), &mut Host::of_process()).await) })
}

/// Runs the program with these arguments, the program's own name first; returns the exit code.
pub async fn run<P: Program>(arguments: impl IntoIterator<Item = OsString>, host: &mut Host) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let asked = match read::<P>(arguments) {
        Ok(asked) => asked,
        Err(error) => return usage(&error, json, host),
    };
    // Kept to the end, so that the log has what the failure says.
    let mut log = None;
    match perform::<P>(asked, host, &mut log).await {
        Ok(answer) => {
            if json {
                host.say(&one_line(&answer.json));
            } else {
                host.say(&answer.text);
            }
            answer.exit.code()
        }
        Err(failure) => {
            failure.log();
            if json {
                host.say(&one_line(&failure.to_json()));
            } else {
                host.warn(&failure.to_string());
            }
            Exit::Failed.code()
        }
    }
}

/// A wrong command line ends with 1, as any failure; help and version are no failures.
fn usage(error: &clap::Error, json: bool, host: &mut Host) -> u8 {
    if !error.use_stderr() {
        host.say(&error.to_string());
        return Exit::Done.code();
    }
    if json {
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        host.say(&one_line(&Failure::new(first).with_remedy("`--help` shows what can be asked").to_json()));
    } else {
        host.warn(&error.to_string());
    }
    Exit::Failed.code()
}

async fn perform<P: Program>(asked: Asked, host: &mut Host, log: &mut Log) -> Result<Answer, Failure> {
    match asked {
        Asked::Shared(options, Verb::Init) => verbs::init::<P>(&config_file::<P>(&options)),
        Asked::Shared(_, Verb::Schema) => Ok(verbs::schema::<P>()),
        Asked::Shared(options, Verb::Check) => {
            verbs::check::<P>(&options, &config_file::<P>(&options), host.clock.clone()).await
        }
        Asked::Shared(options, verb) => {
            let opened = Opened::<P>::open(&options, host.clock.clone(), None).await?;
            opened.perform(verb, &options, host, log).await
        }
        Asked::Own(options, name, arguments) => {
            if let Some(answer) = P::alone(&name, &arguments) {
                return answer;
            }
            let opened = Opened::<P>::open(&options, host.clock.clone(), Some(&name)).await?;
            let (program, desk) = opened.desk(&options, Access::Order, host, log)?;
            verbs::warm_up(&program, &desk).await?;
            program.verb(&name, &arguments, &desk).await
        }
    }
}

pub(crate) fn config_file<P: Program>(options: &Options) -> PathBuf {
    options.config.clone().unwrap_or_else(|| PathBuf::from(format!("{}.toml", P::NAME)))
}

/// A program whose configuration was read, or a fresh demo.
struct Opened<P> {
    program: P,
    setup: Setup,
    demo: Option<TempDir>,
}

impl<P: Program> Opened<P> {
    async fn open(options: &Options, clock: Arc<dyn Clock>, own_verb: Option<&str>) -> Result<Self, Failure> {
        if options.demo {
            let folder = tempfile::Builder::new().prefix(P::NAME).tempdir()?;
            let mut setup = Setup::in_folder(P::NAME, folder.path()).with_clock(clock);
            setup.schedule = P::schedule();
            let program = P::demo(&setup).await?;
            return Ok(Self { program, setup, demo: Some(folder) });
        }
        let file = config_file::<P>(options);
        let (program, setup) = config::load::<P>(&file, options.data.as_deref(), clock, own_verb).await?;
        Ok(Self { program, setup, demo: None })
    }

    fn desk(self, options: &Options, access: Access, host: &mut Host, log: &mut Log) -> Result<(P, Desk), Failure> {
        for warning in self.setup.warnings().iter().filter(|_| !options.json) {
            host.warn(&format!("Note: {warning}"));
        }
        *log = if host.logs { Some(logs::start(&self.setup)?) } else { None };
        let installation = self.program.installation().clone();
        let shown = host.terminal && !options.json;
        let access = if self.demo.is_some() { Access::Write } else { access };
        let actor = options.by.clone().unwrap_or_else(user);
        let clock = self.program.clock(&self.setup);
        let desk = Desk::open(self.setup, installation, access, actor, clock, progress(shown), self.demo)?;
        Ok((self.program, desk))
    }

    async fn perform(self, verb: Verb, options: &Options, host: &mut Host, log: &mut Log) -> Result<Answer, Failure> {
        let access = match verb {
            Verb::Plan | Verb::Apply(_) | Verb::Run(_) => Access::Write,
            Verb::Approve(_) | Verb::Release(_) | Verb::Resend(_) => Access::Order,
            _ => Access::Look,
        };
        if let Verb::Test = verb {
            return verbs::test(&self.program, &self.setup).await;
        }
        let (program, mut desk) = self.desk(options, access, host, log)?;
        match verb {
            Verb::Plan => verbs::plan(&program, &desk).await,
            Verb::Apply(apply) => verbs::apply(&program, &desk, apply).await,
            Verb::Run(run) if run.once => verbs::once(&program, &mut desk).await,
            Verb::Run(_) => crate::service::serve(&program, &mut desk, host, options.json).await,
            Verb::Approve(approve) => verbs::approve(&desk, &approve.hash).await,
            Verb::Resend(resend) => verbs::resend(&desk, &resend).await,
            Verb::Release(release) => verbs::release(&mut desk, &release).await,
            shown => {
                verbs::warm_up(&program, &desk).await?;
                verbs::show(&program, &desk, shown).await
            }
        }
    }
}

/// Who sits at the keyboard, for the audit trail.
fn user() -> String {
    ["USER", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "administrator".to_owned())
}

fn one_line(value: &Value) -> String {
    value.to_string()
}
