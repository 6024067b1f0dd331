//! Frames of classic SignalR, as far as this hub uses them.

use serde_json::{Value, json};

use super::Subscription;
use crate::json::{FromJson, Object, Shape, items};

/// The one hub.
pub(super) const HUB: &str = "eventHubLocal";

/// One frame from the server; an empty one keeps the connection alive.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Frame {
    /// The server is ready.
    pub(super) is_init: bool,
    /// Calls of the hub, with arguments flattened.
    pub(super) calls: Vec<Call>,
    /// The answer to one of our calls.
    pub(super) answer: Option<Answer>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Call {
    /// In lower case: servers differ in it.
    pub(super) method: String,
    pub(super) arguments: Vec<Value>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) number: u64,
    pub(super) is_refusal: bool,
}

impl Frame {
    pub(super) fn parse(text: &str) -> Result<Self, Shape> {
        let value = serde_json::from_str(text).map_err(|_| Shape::malformed("JSON"))?;
        let mut object = Object::from_json(value)?;
        let is_init = object.optional::<i64>("S").ok().flatten() == Some(1);
        let calls = object.take("M").map(items).transpose()?.unwrap_or_default();
        let calls = calls.into_iter().filter_map(|call| call_of_hub(call).transpose()).collect::<Result<_, _>>()?;
        let answer = object.optional::<i64>("I")?.and_then(|number| u64::try_from(number).ok());
        let is_refusal = object.take("E").is_some();
        Ok(Self { is_init, calls, answer: answer.map(|number| Answer { number, is_refusal }) })
    }
}

/// A call of our hub; calls of other hubs are none.
fn call_of_hub(value: Value) -> Result<Option<Call>, Shape> {
    let mut object = Object::from_json(value)?;
    let hub: String = object.or_default("H")?;
    if !hub.eq_ignore_ascii_case(HUB) {
        return Ok(None);
    }
    let method: String = object.required("M")?;
    let mut arguments = Vec::new();
    flatten(object.take("A").unwrap_or_default(), &mut arguments);
    Ok(Some(Call { method: method.to_ascii_lowercase(), arguments }))
}

/// Arguments come in lists within lists. The reader of JSON bounds their depth.
fn flatten(value: Value, to: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| flatten(item, to)),
        Value::Null => {}
        other => to.push(other),
    }
}

/// A call to the server. Ids go as numbers at first, as texts where a server refuses that.
pub(super) fn subscribe(subscription: Subscription, as_text: bool, number: u64) -> String {
    let arguments = match subscription.id() {
        None => json!([]),
        Some(id) if as_text => json!([id.to_string()]),
        Some(id) => json!([id]),
    };
    json!({ "H": HUB.to_ascii_lowercase(), "M": subscription.method(), "A": arguments, "I": number }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::DoorId;
    use proptest::prelude::*;

    #[test]
    fn a_keep_alive_is_an_empty_frame() {
        assert_eq!(Frame::parse("{}").unwrap(), Frame::default());
        assert!(Frame::parse(r#"{"C":"x","S":1,"M":[]}"#).unwrap().is_init);
    }

    #[test]
    fn nested_arguments_and_names_in_any_case_are_read() {
        let text =
            r#"{"C":"d","M":[{"H":"EventHubLocal","M":"LiveEvents","A":[[{"a":1},[{"a":2}]]]},{"H":"other","M":"x"}]}"#;
        let frame = Frame::parse(text).unwrap();
        assert_eq!(
            frame.calls,
            [Call { method: "liveevents".to_owned(), arguments: vec![json!({"a":1}), json!({"a":2})] }]
        );
    }

    #[test]
    fn answers_and_refusals_are_told_apart() {
        let answer = |text| Frame::parse(text).unwrap().answer.unwrap();
        assert_eq!(answer(r#"{"I":"3"}"#), Answer { number: 3, is_refusal: false });
        assert_eq!(answer(r#"{"I":"3","E":"no"}"#), Answer { number: 3, is_refusal: true });
    }

    #[test]
    fn an_id_goes_as_number_then_as_text() {
        let door = Subscription::Door(DoorId::new(7));
        let call = |as_text| serde_json::from_str::<Value>(&subscribe(door, as_text, 0)).unwrap()["A"].clone();
        assert_eq!((call(false), call(true)), (json!([7]), json!(["7"])));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,200}") {
            let _ = Frame::parse(&text);
        }
    }
}
