//! Tokens of users: cards, fobs, number plates.

use connector_http::{Error, ErrorKind, Phase, get, json_request};
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::answer;
use crate::client::Net2Client;
use crate::id::{TokenId, UserId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::{api, delete};
use crate::text::TokenValue;
use crate::token_types::TokenType;
use crate::users::UserHandle;

/// A token of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Token {
    /// Number of the record; 0 is one.
    pub id: TokenId,
    /// Its kind.
    pub token_type: TokenType,
    /// The card number in decimal, or the plate.
    pub token_value: TokenValue,
    /// Reported lost: barred, the record stays.
    pub is_lost: bool,
}

/// A token to be issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    token_type: TokenType,
    token_value: TokenValue,
    is_lost: bool,
}

impl NewToken {
    /// A token of a kind with a value.
    pub fn new(token_type: TokenType, token_value: impl Into<TokenValue>) -> Self {
        Self { token_type, token_value: token_value.into(), is_lost: false }
    }
}

/// The tokens of one user.
#[derive(Clone, Debug)]
pub struct Tokens {
    client: Net2Client,
    user: UserId,
}

impl UserHandle {
    /// The tokens of this user.
    pub fn tokens(&self) -> Tokens {
        Tokens { client: self.client.clone(), user: self.id }
    }
}

impl Tokens {
    /// Lists the tokens.
    ///
    /// # Errors
    /// `NotFound` if there is no such user; else as any read.
    pub async fn list(&self) -> Result<Vec<Token>, Error> {
        self.client.send(&ListTokens::new(self.user)).await
    }

    /// Reads one token.
    ///
    /// # Errors
    /// `NotFound` if the user has no such token; else as any read.
    pub async fn get(&self, id: TokenId) -> Result<Token, Error> {
        self.client.send(&GetToken::new(self.user, id)).await
    }

    /// Issues a token. If the user holds it already, that one is returned.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the token was issued; calling again settles it.
    ///
    /// # Errors
    /// `Duplicate` if somebody else holds the value. `OutcomeUnknown` if the answer was lost.
    pub async fn add(&self, token: &NewToken) -> Result<Token, Error> {
        match self.client.send(&AddToken::new(self.user, token.clone())).await {
            Ok(Some(stored)) => Ok(stored),
            Ok(None) => self.own(&token.token_value).await?.ok_or_else(not_there),
            Err(error) if error.kind() == ErrorKind::Duplicate => match self.own(&token.token_value).await? {
                Some(own) => Ok(own),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Writes a token as a whole.
    ///
    /// # Errors
    /// `NotFound` if the user has no such token, `Duplicate` if somebody else holds the value; else as any write.
    pub async fn update(&self, token: &Token) -> Result<(), Error> {
        self.client.send(&UpdateToken::new(self.user, token.clone())).await
    }

    /// Bars a token, or lifts the bar, and keeps its record.
    ///
    /// # Errors
    /// As [`Tokens::get`] and [`Tokens::update`].
    pub async fn set_lost(&self, id: TokenId, lost: bool) -> Result<Token, Error> {
        let mut token = self.get(id).await?;
        if token.is_lost != lost {
            token.is_lost = lost;
            self.update(&token).await?;
        }
        Ok(token)
    }

    /// Deletes a token; one that is gone already counts as deleted.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`].
    pub async fn delete(&self, id: TokenId) -> Result<(), Error> {
        match self.client.send(&DeleteToken::new(self.user, id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    async fn own(&self, value: &TokenValue) -> Result<Option<Token>, Error> {
        Ok(self.list().await?.into_iter().find(|token| &token.token_value == value))
    }
}

/// Lists what kinds of tokens the server knows, in its own shape.
#[derive(Clone, Debug)]
pub struct TokenTypes(pub(crate) Net2Client);

impl TokenTypes {
    /// Lists the kinds. Their shape differs between servers, so they stay raw.
    ///
    /// # Errors
    /// `NotFound` where the server has no such list; else as any read.
    pub async fn list(&self) -> Result<Vec<Value>, Error> {
        self.0.send(&ListTokenTypes::new()).await
    }
}

operation! {
    /// `GET /users/{id}/tokens`.
    ListTokens { user: UserId } = "net2.list_tokens", Safe -> Vec<Token>;
    request(op, base) => get(api(base, &["users", &op.user.to_string(), "tokens"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /users/{id}/tokens/{tokenId}`.
    GetToken { user: UserId, id: TokenId } = "net2.get_token", Safe -> Token;
    request(op, base) => get(api(base, &["users", &op.user.to_string(), "tokens", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `POST /users/{id}/tokens`; the answer is the stored token where the server gives one.
    AddToken { user: UserId, token: NewToken } = "net2.add_token", Never -> Option<Token>;
    request(op, base) => json_request(
        Method::POST, api(base, &["users", &op.user.to_string(), "tokens"])?, &op.token);
    response(op, parts, body) => {
        refuse_duplicate(&op.token.token_value, parts, body)?;
        answer::maybe(parts, body)
    };
}

operation! {
    /// `PUT /users/{id}/tokens/{tokenId}`.
    UpdateToken { user: UserId, token: Token } = "net2.update_token", Idempotent -> ();
    request(op, base) => {
        let path = ["users", &op.user.to_string(), "tokens", &op.token.id.to_string()];
        json_request(Method::PUT, api(base, &path)?, &op.token)
    };
    response(op, parts, body) => {
        refuse_duplicate(&op.token.token_value, parts, body)?;
        answer::nothing(parts, body)
    };
}

operation! {
    /// `DELETE /users/{id}/tokens/{tokenId}`.
    DeleteToken { user: UserId, id: TokenId } = "net2.delete_token", Idempotent -> ();
    request(op, base) => delete(api(base, &["users", &op.user.to_string(), "tokens", &op.id.to_string()])?);
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `GET /users/token/types`.
    ListTokenTypes {} = "net2.list_token_types", Safe -> Vec<Value>;
    request(op, base) => get(api(base, &["users", "token", "types"])?);
    response(parts, body) => answer::list(parts, body);
}

impl FromJson for Token {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            id: object.required("id")?,
            token_type: object.optional("tokenType")?.unwrap_or(TokenType::Unspecified),
            token_value: object.required("tokenValue")?,
            is_lost: object.or_default("isLost")?,
        })
    }
}

readable!(Token);

/// Net2 names the value in its refusal, whatever its language: that is the sign of a duplicate.
fn refuse_duplicate(value: &TokenValue, parts: &http::response::Parts, body: &[u8]) -> Result<(), Error> {
    let refused = matches!(parts.status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT);
    let text = String::from_utf8_lossy(body);
    let named = !value.as_str().is_empty() && text.contains(value.as_str());
    if refused && (named || text.contains("already been issued")) {
        // The server's words stay out: they hold the number.
        return Err(Error::new(ErrorKind::Duplicate, "this token has been issued already").with_status(parts.status));
    }
    Ok(())
}

fn not_there() -> Error {
    Error::new(ErrorKind::OutcomeUnknown, "the server accepted the token and does not list it")
        .with_phase(Phase::Answered)
}
