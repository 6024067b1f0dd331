//! `approve` and `release`: a person's word.

use serde_json::json;

use crate::arguments::Release;
use crate::orders::{self, Ordered};
use crate::{Answer, Desk, Failure, approvals};

pub(crate) async fn approve(desk: &Desk, hash: &str) -> Result<Answer, Failure> {
    let hash = approvals::approve(desk, hash).await?;
    let text = format!(
        "The plan {} is approved. The next `apply` or run of the service carries it out, if it is still the same then.",
        hash.get(..12).unwrap_or_default()
    );
    Ok(Answer::new(text, json!({"command": "approve", "hash": hash})))
}

pub(crate) async fn release(desk: &mut Desk, asked: &Release) -> Result<Answer, Failure> {
    match (asked.key.as_str(), &asked.endpoint) {
        ("identity", Some(endpoint)) => identity(desk, endpoint).await,
        ("identity", None) => Err(Failure::new("which system was replaced?")
            .with_remedy("Write `release identity NAME` with the name that the message shows")),
        (_, Some(extra)) => Err(Failure::new(format!("\"{extra}\" says nothing here"))
            .with_remedy("Write `release ID`, or `release identity NAME`")),
        (key, None) => record(desk, key).await,
    }
}

async fn identity(desk: &Desk, endpoint: &str) -> Result<Answer, Failure> {
    let known = orders::confirm_identity(desk, endpoint).await?;
    let text = if known {
        format!("Whatever answers as {endpoint} at the next run is taken for the right one from then on.")
    } else {
        format!("{endpoint} was not known yet; the next run takes what answers for the right one.")
    };
    Ok(Answer::new(text, json!({"command": "release", "identity": endpoint, "known": known})))
}

async fn record(desk: &mut Desk, key: &str) -> Result<Answer, Failure> {
    let (text, state) = match orders::release(desk, key).await? {
        Ordered::Done => (format!("{key} is released; the next run plans it again."), "done"),
        Ordered::Left => (format!("The service releases {key} before its next run."), "ordered"),
        Ordered::NothingHeld => {
            let failure = Failure::new(format!("nothing is held under \"{key}\""));
            return Err(failure.with_remedy(format!("`{0} explain {key}` tells what is known", desk.setup().name)));
        }
    };
    Ok(Answer::new(text, json!({"command": "release", "record": key, "state": state})))
}
