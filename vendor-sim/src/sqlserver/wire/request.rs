//! What clients ask for.

use anyhow::bail;

use super::packet::{Kind, Message};
use super::read::{Reader, utf16};
use super::values::{self, Sent};

/// A request.
#[derive(Debug)]
pub(crate) enum Request {
    /// A text of statements.
    Batch(String),
    /// A call of a procedure.
    Call(Call),
    /// A transaction's begin or end without a statement.
    Transaction(Step),
    /// The client no longer wants the answer.
    Attention,
}

/// A call of a procedure.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) procedure: String,
    pub(crate) parameters: Vec<Parameter>,
}

/// A parameter of a call.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// With or without `@`, perhaps empty.
    pub(crate) name: String,
    pub(crate) output: bool,
    pub(crate) sent: Sent,
}

/// A step of a transaction.
#[derive(Debug)]
pub(crate) enum Step {
    Begin,
    Commit,
    /// With the name of a savepoint, or empty.
    Rollback(String),
    Save(String),
}

/// Reads a request.
pub(crate) fn read(message: &Message) -> anyhow::Result<Request> {
    let mut body = Reader::new(&message.body);
    Ok(match message.kind {
        Kind::Batch => {
            body.skip_headers()?;
            Request::Batch(utf16(body.rest())?)
        }
        Kind::Rpc => {
            body.skip_headers()?;
            Request::Call(call(&mut body)?)
        }
        Kind::Transaction => {
            body.skip_headers()?;
            Request::Transaction(step(&mut body)?)
        }
        Kind::Attention => Request::Attention,
        other => bail!("a message of the kind {other:?} in a session"),
    })
}

fn call(body: &mut Reader<'_>) -> anyhow::Result<Call> {
    let procedure = match body.u16()? {
        u16::MAX => match body.u16()? {
            10 => "sp_executesql".to_owned(),
            11 => "sp_prepare".to_owned(),
            12 => "sp_execute".to_owned(),
            13 => "sp_prepexec".to_owned(),
            15 => "sp_unprepare".to_owned(),
            other => bail!("a call of the unknown procedure number {other}"),
        },
        units => body.text(usize::from(units))?,
    };
    body.u16()?;
    let mut parameters = Vec::new();
    while !body.is_empty() {
        let name = body.short_text()?;
        let output = body.u8()? & 1 != 0;
        parameters.push(Parameter { name, output, sent: values::read(body)? });
    }
    Ok(Call { procedure, parameters })
}

fn step(body: &mut Reader<'_>) -> anyhow::Result<Step> {
    Ok(match body.u16()? {
        5 => Step::Begin,
        7 => Step::Commit,
        8 => Step::Rollback(body.short_text()?),
        9 => Step::Save(body.short_text()?),
        other => bail!("a transaction request of the unknown kind {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_read_without_harm() {
        for kind in [Kind::Batch, Kind::Rpc, Kind::Transaction, Kind::Attention, Kind::Login] {
            for filler in [0_u8, 1, 4, 0xff] {
                for length in 0..80 {
                    let _ = read(&Message { kind, body: vec![filler; length] });
                }
            }
        }
    }
}
