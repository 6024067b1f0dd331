//! What a server says about a refusal, in our words.

use connector_http::Error;
use connector_http::profile::Problem;

use crate::id::BadgeId;
use crate::words::ProblemKind;

/// What a server says about a refusal: who has the card, who holds the record, what the oldest event is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Its kind, where the server names one that the profile knows.
    pub kind: Option<ProblemKind>,
    /// The member of the request that is to blame, as the server calls it.
    pub field: Option<String>,
    /// The badge that has the credential.
    pub holder: Option<BadgeId>,
    /// Who is editing the record.
    pub held_by: Option<String>,
    /// The oldest event that there is.
    pub oldest_seq: Option<i64>,
    /// The life of the event store.
    pub epoch: Option<String>,
}

/// What the server said about a refusal, if it said anything.
pub fn refusal(error: &Error) -> Option<Refusal> {
    let problem = Problem::of(error)?;
    let text = |name: &str| problem.more(name).map(str::to_owned);
    Some(Refusal {
        kind: problem.name.as_deref().map(Into::into),
        field: problem.field.clone(),
        holder: text("holder_id").map(Into::into),
        held_by: problem.held_by.clone(),
        oldest_seq: problem.more("oldest_seq").and_then(|number| number.parse().ok()),
        epoch: text("oldest_epoch"),
    })
}
