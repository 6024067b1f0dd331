//! Which side leads is not changed by the way: the link of people stands still until somebody has seen what would happen.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use sync_core::connector::{Endpoint, ErrorClass, SyncError};
use sync_core::journal::{Durability, Journal, Write};
use sync_core::model::{ExternalId, Pair};
use sync_core::reconcile::{Approval, Context, Explanation, LinkReport, Plan, RunError, Settings, SyncLink};
use sync_service::{Answer, Desk, Exit, Failure};

use super::KIND;
use super::config::Master;

const KEY: &str = "master";

/// A link of people that is planned at any time and carried out only while the master is the one that was confirmed.
#[derive(Debug)]
pub(super) struct OneMaster {
    link: Arc<dyn SyncLink>,
    master: Master,
}

impl OneMaster {
    pub(super) fn new(link: Arc<dyn SyncLink>, master: Master) -> Self {
        Self { link, master }
    }

    /// The first master is confirmed by being the first.
    async fn confirmed(&self, journal: &dyn Journal) -> Result<(), RunError> {
        match confirmed(journal).await? {
            None => Ok(journal.commit(Durability::D1, vec![put(self.master)]).await.map(|_| ())?),
            Some(name) if name == self.master.as_str() => Ok(()),
            Some(name) => {
                let message =
                    format!("the configuration says that {} leads, and until now it was {name}", self.master.as_str());
                let remedy =
                    "`astrow-pac plan` shows what that would do; `astrow-pac switch-master --confirm` allows it";
                let error = SyncError::new(ErrorClass::Config, message).with_remedy(remedy);
                Err(RunError::Endpoint { endpoint: "people".to_owned(), error })
            }
        }
    }
}

/// Who led when people were last synchronised, as far as anybody did.
async fn confirmed(journal: &dyn Journal) -> Result<Option<String>, RunError> {
    Ok(journal.stored(KIND, KEY).await?)
}

fn put(master: Master) -> Write {
    Write::Put { kind: KIND, key: KEY.to_owned(), value: json!(master.as_str()) }
}

#[async_trait]
impl SyncLink for OneMaster {
    fn pair(&self) -> &Pair {
        self.link.pair()
    }

    fn settings(&self) -> &Settings {
        self.link.settings()
    }

    fn endpoints(&self) -> [&dyn Endpoint; 2] {
        self.link.endpoints()
    }

    async fn plan(&self, context: &Context<'_>) -> Result<Plan, RunError> {
        self.link.plan(context).await
    }

    async fn apply(&self, plan: Plan, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError> {
        self.confirmed(context.journal).await?;
        self.link.apply(plan, approval, context).await
    }

    async fn run(&self, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError> {
        self.confirmed(context.journal).await?;
        self.link.run(approval, context).await
    }

    async fn run_for(
        &self,
        ids: &[ExternalId],
        approval: &Approval,
        context: &Context<'_>,
    ) -> Result<LinkReport, RunError> {
        self.confirmed(context.journal).await?;
        self.link.run_for(ids, approval, context).await
    }

    async fn explain(&self, id: &ExternalId, context: &Context<'_>) -> Result<Option<Explanation>, RunError> {
        self.link.explain(id, context).await
    }
}

/// The verb's place on the command line.
pub(super) fn command() -> Command {
    Command::new("switch-master")
        .about("Shows what a change of the leading side would do, and allows it with --confirm")
        .long_about(
            "Write the new master into [people] first. Without --confirm this reads both sides and shows the plan under \
             the new master; nothing is changed. People stay linked as they are. Nobody is deleted whom this program has \
             not made. With --confirm people are synchronised under the new master from the next run on; what needs \
             an approval still needs it.",
        )
        .arg(Arg::new("confirm").long("confirm").action(ArgAction::SetTrue).help("Allows it"))
}

/// Does the verb.
///
/// # Errors
/// An endpoint that does not answer, or the journal.
pub(super) async fn run(arguments: &ArgMatches, master: Master, desk: &Desk) -> Result<Answer, Failure> {
    let before = confirmed(desk.journal()).await?;
    let is = master.as_str();
    if before.as_deref().is_none_or(|before| before == is) {
        let text = format!("{is} leads, and nothing is to be switched: write the new master into [people] first.");
        return Ok(Answer::new(text, json!({"command": "switch-master", "master": is, "switched": false})));
    }
    let before = before.unwrap_or_default();
    if arguments.get_flag("confirm") {
        desk.journal().commit(Durability::D1, vec![put(master)]).await?;
        let text = format!("{is} leads from now on; before it was {before}. `astrow-pac plan` shows the next run.");
        return Ok(Answer::new(
            text,
            json!({"command": "switch-master", "master": is, "before": before, "switched": true}),
        ));
    }
    let mut text = format!("Until now {before} led. If {is} does:\n");
    let mut plans = Vec::new();
    for link in &desk.installation().links {
        let plan = link.plan(&desk.context()).await?;
        let actions: Vec<_> = plan.visible().collect();
        let _ = writeln!(text, "\n{}: {} actions", plan.pair.title(), actions.len());
        for action in actions.iter().take(50) {
            let _ = writeln!(text, "  {} {}: {}", action.kind.as_str(), action.title, action.because);
        }
        if actions.len() > 50 {
            let _ = writeln!(text, "  … and {} more; `astrow-pac plan` shows all of them", actions.len() - 50);
        }
        plans.push(json!({"pair": plan.pair.title(), "hash": plan.hash, "actions": actions.len()}));
    }
    text.push_str("\nNothing was changed. `astrow-pac switch-master --confirm` allows it.");
    let json = json!({"command": "switch-master", "master": is, "before": before, "switched": false, "plans": plans});
    Ok(Answer::new(text, json).ending(Exit::Open))
}
