//! The token that carries a booker's code.

use connector_http::{Error, ErrorKind};
use sync_core::connector::{ErrorClass, SyncError};
use sync_core::model::{Known, SecretText};

use super::Net2Doors;
use super::booker::{self, plain_number};
use crate::id::UserId;
use crate::sync::details::HeldToken;
use crate::token_types::TokenType;
use crate::tokens::{NewToken, Token};

impl Net2Doors {
    /// The code of a user, read afresh; no call where codes are not ours.
    pub(super) async fn read_code(&self, user: UserId) -> Result<Known<SecretText>, Error> {
        let Some(kind) = self.config.code_kind() else { return Ok(Known::Unknown) };
        let tokens = self.endpoint.net2.user(user).tokens().list().await?;
        let held: Vec<_> = tokens.iter().map(HeldToken::from).collect();
        let code = booker::code(&held, Some(&kind));
        self.remember(|memory| memory.codes.insert(user, code.clone()));
        Ok(code)
    }

    /// The code of a user as it was read last.
    pub(super) async fn known_code(&self, user: UserId) -> Result<Known<SecretText>, Error> {
        match self.remember(|memory| memory.codes.get(&user).cloned()) {
            Some(code) => Ok(code),
            None => self.read_code(user).await,
        }
    }

    /// Makes a code the only token of our kind: others go first and are seen gone, then the new one is issued. If that is
    /// refused, the others come back.
    pub(super) async fn set_code(&self, user: UserId, wanted: Option<&str>) -> Result<(), SyncError> {
        let Some(kind) = self.config.code_kind() else {
            return Err(refused("codes are not kept as tokens here")
                .with_remedy("set `code_token_type` to the kind of token that carries a code"));
        };
        let wanted = wanted.map(plain_number);
        self.remember(|memory| memory.codes.remove(&user));
        let tokens = self.endpoint.once.user(user).tokens();
        let mut present = tokens.list().await?;
        let is_old = |token: &Token| is_ours(token, &kind) && Some(plain_number(token.token_value.as_str())) != wanted;
        let old: Vec<_> = present.iter().filter(|token| is_old(token)).cloned().collect();
        for token in &old {
            tokens.delete(token.id).await?;
        }
        if !old.is_empty() {
            present = tokens.list().await?;
            if present.iter().any(is_old) {
                return Err(SyncError::new(ErrorClass::Conflict, "the old code is still there after it was deleted")
                    .with_field("code"));
            }
        }
        let Some(wanted) = wanted else { return Ok(()) };
        let refused = match present.iter().find(|token| plain_number(token.token_value.as_str()) == wanted) {
            Some(token) if is_ours(token, &kind) => return Ok(()),
            Some(token) if token.is_lost => refused("the code is reported lost in Net2")
                .with_remedy("issue another code, or lift the report of loss in Net2"),
            Some(_) => clash(),
            None => match tokens.add(&NewToken::new(kind, wanted)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Duplicate => clash().with_source(error),
                Err(error) if error.kind() == ErrorKind::Rejected => SyncError::from(error).with_field("code"),
                Err(error) => return Err(error.into()),
            },
        };
        // It was refused for sure: what was there before is given back.
        for token in old {
            if let Err(error) = tokens.add(&NewToken::new(token.token_type, token.token_value)).await {
                tracing::warn!(user = user.get(), %error, "a code was refused, and the one before could not be given back");
            }
        }
        Err(refused)
    }
}

fn is_ours(token: &Token, kind: &TokenType) -> bool {
    !token.is_lost && token.token_type == *kind
}

fn refused(why: &'static str) -> SyncError {
    SyncError::new(ErrorClass::Invalid, why).with_field("code")
}

fn clash() -> SyncError {
    SyncError::new(ErrorClass::Duplicate, "this code has been issued in Net2 already").with_clashing_key("code")
}
