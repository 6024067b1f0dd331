//! A client as plain as possible.

use chrono::{DateTime, Utc};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use vendor_sim::net2::{Net2Options, Net2Sim};

pub(crate) struct Api {
    pub(crate) sim: Net2Sim,
    pub(crate) http: Client,
    pub(crate) token: String,
}

/// A Monday morning in winter, standing still.
pub(crate) fn monday() -> DateTime<Utc> {
    "2027-03-01T09:00:00Z".parse().unwrap()
}

pub(crate) fn options() -> Net2Options {
    Net2Sim::builder().start_at(monday()).frozen(true)
}

impl Api {
    pub(crate) async fn new() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: Net2Options) -> Self {
        let mut api = Self::signed_out(options).await;
        api.sign_in().await;
        api
    }

    pub(crate) async fn signed_out(options: Net2Options) -> Self {
        let sim = options.start().await.unwrap();
        Self { sim, http: Client::new(), token: String::new() }
    }

    pub(crate) async fn sign_in(&mut self) {
        let (status, body) = self.tokens(&self.password_form()).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }

    pub(crate) fn password_form(&self) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "password".to_owned()),
            ("username", self.sim.operator().to_owned()),
            ("password", self.sim.password().to_owned()),
            ("client_id", self.sim.client_id().to_owned()),
            ("scope", "offline_access".to_owned()),
        ]
    }

    pub(crate) async fn tokens(&self, form: &[(&'static str, String)]) -> (u16, Value) {
        let url = format!("{}/api/v1/authorization/tokens", self.sim.url());
        let answer = self.http.post(url).form(form).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn try_send(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Response> {
        let url = format!("{}/api/v1/{path}", self.sim.url());
        let request = self.http.request(method, url).header("Authorization", format!("bearer {}", self.token));
        match body {
            Some(body) => request.json(body),
            None => request,
        }
        .send()
        .await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let answer = self.try_send(method, path, body).await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(json!(text)) };
        (status, body)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    /// The body of a successful GET.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::PUT, path, Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::DELETE, path, Some(&body)).await
    }

    /// Events that meet a condition.
    pub(crate) async fn events(&self, parameters: &[(&str, &str)]) -> (u16, Value) {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.get(&format!("events?{query}")).await
    }

    pub(crate) async fn sql(&self, statement: &str) -> (u16, Value) {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", statement).finish();
        self.get(&format!("customquery/querydb?{query}")).await
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self.http.request(method, format!("{}/{path}", self.sim.control_url()));
        let answer = match body {
            Some(body) => request.json(&body),
            None => request,
        }
        .send()
        .await
        .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) fn any_user(&self) -> i64 {
        self.sim.world(|w| w.active_users().next().unwrap().id)
    }

    pub(crate) fn door_named(&self, name: &str) -> i64 {
        self.sim.world(|w| w.doors.values().find(|door| door.name == name).unwrap().id)
    }
}
