//! A profile tried on an answer that somebody saved: what each pointer finds.

use super::{FieldKind, Item, Misfit, Profile};
use serde_json::Value;

/// What a profile makes of a saved answer.
///
/// It is for the person who writes the profile: its texts are the vendor's data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// How many objects there are.
    pub items: usize,
    /// What each field is, object after object.
    pub rows: Vec<SampleRow>,
    /// Where the answer is not as the profile says.
    pub faults: Vec<Misfit>,
}

/// One field of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampleRow {
    /// Which object, counted from 1.
    pub item: usize,
    /// Its logical name, such as `credentials[0].card_number`.
    pub name: String,
    /// Where the profile says it is.
    pub pointer: String,
    /// What it was read as; `-` for nothing.
    pub text: String,
}

impl Profile {
    /// The objects that a profile knows.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.0.fields.keys().map(String::as_str)
    }

    /// The object that a saved answer of this name is about: `badges` and `badge` are about `badge`.
    pub fn object_of(&self, name: &str) -> Option<&str> {
        let name = name.trim().to_ascii_lowercase().replace('-', "_");
        let plural = |object: &str| match object.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{object}s"),
        };
        self.objects().find(|object| *object == name || plural(object) == name)
    }

    /// Reads a saved answer: a page, a bare list, or one object. Every pointer is tried on every object.
    pub fn sample(&self, object: &str, answer: &Value) -> Sample {
        let mut sample = Sample::default();
        for (place, value) in self.sampled(object, answer).into_iter().enumerate() {
            sample.items = place + 1;
            let item = self.item(object, value, "the sample");
            self.sample_item(object, item, &mut sample);
        }
        sample
    }

    /// A list at the place of a page's items, a bare list, or the answer itself; always that, where the object is what stands
    /// around a list.
    fn sampled<'a>(&self, object: &str, answer: &'a Value) -> Vec<&'a Value> {
        let items = self.paging().items.as_str();
        let around = self.fields(object).is_some_and(|fields| fields.pointer("items").is_some());
        if around {
            return vec![answer];
        }
        let found = if items.is_empty() { Some(answer) } else { answer.pointer(items).or(Some(answer)) };
        match found {
            Some(Value::Array(items)) => items.iter().collect(),
            _ => vec![answer],
        }
    }

    fn sample_item(&self, object: &str, item: Item<'_>, sample: &mut Sample) {
        let shape = self.shape_of(object);
        let names: Vec<&str> =
            self.fields(object).map(|fields| fields.0.keys().map(String::as_str).collect()).unwrap_or_default();
        for name in &names {
            if shape.is_some_and(|shape| shape.list_of(name).is_some()) {
                continue;
            }
            match shape.and_then(|shape| shape.lists.iter().find(|list| list.list == *name)) {
                Some(list) => match item.list(name) {
                    Ok(elements) => {
                        let elements = elements.unwrap_or_default();
                        self.row(object, item, name, name, &format!("{} of them", elements.len()), sample);
                        let members =
                            || std::iter::once(&list.element).chain(list.members).filter(|member| !member.is_empty());
                        for (place, element) in elements.into_iter().enumerate() {
                            for member in members() {
                                self.field(object, element, member, &format!("{name}[{place}].{member}"), sample);
                            }
                        }
                    }
                    Err(misfit) => sample.faults.push(misfit),
                },
                None => self.field(object, item, name, name, sample),
            }
        }
    }

    fn field(&self, object: &str, item: Item<'_>, name: &str, shown: &str, sample: &mut Sample) {
        if !item.has(name) {
            return;
        }
        let shape = self.shape_of(object);
        let kind = shape.map_or(FieldKind::Text, |shape| shape.kind(name));
        match text_of(item, name, kind) {
            Ok(Some(text)) => self.row(object, item, name, shown, &text, sample),
            Ok(None) => {
                if shape.is_some_and(|shape| shape.required.contains(&name)) {
                    sample.faults.push(item.misfit_of(name, "a value"));
                }
                self.row(object, item, name, shown, "-", sample);
            }
            Err(misfit) => sample.faults.push(misfit),
        }
    }

    fn row(&self, object: &str, item: Item<'_>, name: &str, shown: &str, text: &str, sample: &mut Sample) {
        if !item.has(name) {
            return;
        }
        let pointer = self.fields(object).and_then(|fields| fields.pointer(name)).unwrap_or_default().to_owned();
        sample.rows.push(SampleRow { item: sample.items, name: shown.to_owned(), pointer, text: text.to_owned() });
    }
}

fn text_of(item: Item<'_>, name: &str, kind: FieldKind) -> Result<Option<String>, Misfit> {
    Ok(match kind {
        FieldKind::Text => item.text_opt(name)?,
        FieldKind::Int => item.int_opt(name)?.map(|number| number.to_string()),
        FieldKind::Bool => item.bool_opt(name)?.map(|truth| truth.to_string()),
        FieldKind::Instant => item.instant_opt(name, Some(chrono_tz::UTC))?.map(|at| at.to_rfc3339()),
        FieldKind::Date => item.date_opt(name)?.map(|date| date.to_string()),
        FieldKind::Word(map) => item.word_opt(name, map)?.map(|word| match word.known() {
            Some(ours) => ours.to_owned(),
            None => format!("{} (not in [values.{map}])", word.theirs()),
        }),
        FieldKind::Texts => {
            let texts = item.texts(name)?;
            (!texts.is_empty()).then(|| texts.join(", "))
        }
    })
}
