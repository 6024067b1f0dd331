//! The JSON Schema of a whole configuration file.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Shared;
use crate::Program;

/// The JSON Schema of the configuration file of a program: its own sections and the shared ones.
pub fn schema<P: Program>() -> Value {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let own = generator.root_schema_for::<P::Config>().to_value();
    let mut shared = generator.root_schema_for::<Shared>().to_value();
    let mut whole = own;
    if let (Some(target), Some(Value::Object(shared))) =
        (object(&mut whole, "properties"), shared.get_mut("properties"))
    {
        for (name, section) in std::mem::take(shared) {
            merge(target, name, section);
        }
    }
    if let Value::Object(whole) = &mut whole {
        whole.insert("title".to_owned(), format!("Configuration of {}", P::NAME).into());
    }
    whole
}

/// Puts a shared section in, or its keys into the program's section of the same name.
fn merge(target: &mut Map<String, Value>, name: String, mut section: Value) {
    match target.get_mut(&name).and_then(|own| object(own, "properties")) {
        Some(own) => {
            if let Some(keys) = object(&mut section, "properties") {
                own.extend(std::mem::take(keys));
            }
        }
        None => {
            target.insert(name, section);
        }
    }
}

fn object<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Map<String, Value>> {
    value.as_object_mut()?.entry(key).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}
