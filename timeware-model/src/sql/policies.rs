//! Policies.

use super::Rulebook;
use super::database::Database;
use super::fault::Step;
use super::receipts::asked;
use super::statements::Template;
use super::value::{Value, values};
use crate::contract::Table;
use crate::error::{Error, ErrorKind};
use crate::ids::PolicyId;
use crate::policy::{Policy, PolicyRights};
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::description;
use crate::store::{Created, CreatedHow, Written};

const POLICIES: Template = Template::Read(
    "SELECT {terminal_policy.id@p}, {terminal_policy.description@p}, {terminal_policy.data@p}, \
     (SELECT {top 1}external_id FROM {own.link} WHERE source = ?1 AND entity = 'policy' \
     AND internal_id = {terminal_policy.id@p} ORDER BY link_id{limit 1}) \
     FROM {terminal_policy} p ORDER BY 1",
);
const OTHER_NAMED: Template = Template::Read(
    "SELECT {terminal_policy.id} FROM {terminal_policy}{lock} \
     WHERE {terminal_policy.description} = {as terminal_policy.description ?1} AND {terminal_policy.id} <> ?2",
);
const EXISTS: Template = Template::Read("SELECT 1 FROM {terminal_policy} WHERE {terminal_policy.id} = ?1");
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] =
    &[("policies", POLICIES), ("another policy of a name", OTHER_NAMED), ("a policy is there", EXISTS)];

impl Rulebook {
    pub(super) async fn all_policies(&self, db: &mut impl Database, source: Option<&str>) -> Step<Vec<Policy>> {
        let rows = self.sql.rows(db, POLICIES, &values![asked(source)]).await?;
        let policy = |row: &super::value::Row| {
            Ok(Policy {
                id: PolicyId::new(row.integer(0)?),
                description: row.text(1)?,
                data: row.maybe_text(2)?,
                receipt: row.maybe_text(3)?,
            })
        };
        rows.iter().map(policy).collect()
    }

    pub(super) async fn insert_policy(
        &self,
        db: &mut impl Database,
        text: &str,
        rights: Option<&PolicyRights>,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<PolicyId>> {
        if let Some(id) = self.linked(db, LinkEntity::Policy, receipt).await? {
            return Ok(Created::new(PolicyId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let text = description(Table::TerminalPolicy, text, &mut warnings)?;
        self.refuse_other_policy(db, &text, None).await?;
        let mut values = vec![("description", Value::Text(text))];
        if let Some(rights) = rights.filter(|_| self.settings.config().write_policy_data) {
            values.push(("data", Value::Text(rights.to_data())));
        }
        let id = made(self.sql.insert(db, Table::TerminalPolicy, values).await?)?;
        self.write_link(db, LinkEntity::Policy, receipt, id).await?;
        Ok(Created { id: PolicyId::new(id), how: CreatedHow::New, warnings })
    }

    pub(super) async fn change_policy(
        &self,
        db: &mut impl Database,
        id: PolicyId,
        text: Option<&str>,
        rights: Option<&PolicyRights>,
    ) -> Step<Written> {
        let mut warnings = Vec::new();
        let mut values = Vec::new();
        if let Some(text) = text {
            let text = description(Table::TerminalPolicy, text, &mut warnings)?;
            self.refuse_other_policy(db, &text, Some(id.get())).await?;
            values.push(("description", Value::Text(text)));
        }
        if let Some(rights) = rights.filter(|_| self.settings.config().write_policy_data) {
            values.push(("data", Value::Text(rights.to_data())));
        }
        let changed = !values.is_empty();
        if !self.sql.update(db, Table::TerminalPolicy, id.get(), values).await? {
            return Err(Error::not_found("policy", id.get()).into());
        }
        Ok(Written { changed, warnings })
    }

    async fn refuse_other_policy(&self, db: &mut impl Database, text: &str, own: Option<i64>) -> Step<()> {
        match self.sql.first(db, OTHER_NAMED, &values![text, own.unwrap_or(-1)]).await? {
            None => Ok(()),
            Some(other) => {
                let reason = "another policy has this name";
                Err(Error::conflict("terminal_policy.description", reason, Some(other.integer(0)?)).into())
            }
        }
    }

    pub(super) async fn policy_exists(&self, db: &mut impl Database, id: PolicyId) -> Step<bool> {
        self.sql.exists(db, EXISTS, &values![id.get()]).await
    }
}

/// The id of a row that was made; a database that does not say it cannot be served.
pub(super) fn made(id: Option<i64>) -> Result<i64, Error> {
    id.ok_or_else(|| Error::new(ErrorKind::Protocol, "the database does not say the id of a new row"))
}
