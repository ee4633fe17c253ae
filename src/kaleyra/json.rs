//! JSON of a reply, borrowed from its bytes: each reply is read once and thrown away, so its
//! texts are not copied.
//!
//! What is JSON and what is not is up to `serde_json`, its limit of depth included.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Json<'b> {
    Null,
    Bool,
    Number(Number),
    Text(Cow<'b, str>),
    List(Vec<Json<'b>>),
    Object(Object<'b>),
}

/// A JSON object: each name once, in the order they stand. Of a name that stands twice the
/// last value counts.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Object<'b>(Vec<(Cow<'b, str>, Json<'b>)>);

/// Most fields of one object: names are looked for one by one, and Kaleyra's own objects have
/// a dozen fields, or one for each of 100 recipients.
const MOST_FIELDS: usize = 1_000;
/// Room made at the first field.
const USUAL_FIELDS: usize = 8;

impl Json<'_> {
    /// A field of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.get(name),
            _ => None,
        }
    }

    /// A text or a number without the white space around it, as text. `None` when nothing is
    /// left.
    pub(super) fn scalar(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(Cow::Borrowed(text.trim())),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }
}

impl<'b> Object<'b> {
    /// A field.
    pub(super) fn get(&self, name: &str) -> Option<&Json<'b>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// All fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &Json<'b>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn set(&mut self, name: Cow<'b, str>, value: Json<'b>) {
        if self.0.is_empty() {
            self.0.reserve(USUAL_FIELDS);
        }
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

impl<'b> Deserialize<'b> for Json<'b> {
    fn deserialize<D: Deserializer<'b>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'b> Visitor<'b> for AnyValue {
    type Value = Json<'b>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'b>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json<'b>, E> {
        Ok(Json::Bool)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'b>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'b>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'b>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'b str) -> Result<Json<'b>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'b>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut source: A) -> Result<Json<'b>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = source.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'b>>(self, mut source: A) -> Result<Json<'b>, A::Error> {
        let mut object = Object::default();
        while let Some((name, value)) = source.next_entry::<Name<'b>, _>()? {
            object.set(name.0, value);
            if object.0.len() > MOST_FIELDS {
                return Err(A::Error::custom("an object with too many fields"));
            }
        }
        Ok(Json::Object(object))
    }
}

/// A field's name. (`Cow` by itself would be copied: serde borrows into it only as a field.)
struct Name<'b>(Cow<'b, str>);

impl<'b> Deserialize<'b> for Name<'b> {
    fn deserialize<D: Deserializer<'b>>(source: D) -> Result<Self, D::Error> {
        struct AnyName;

        impl<'b> Visitor<'b> for AnyName {
            type Value = Name<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_borrowed_str<E>(self, text: &'b str) -> Result<Name<'b>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'b>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }

        source.deserialize_str(AnyName)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read(text: &str) -> Option<Json<'_>> {
        serde_json::from_str(text).ok()
    }

    /// The same value as `serde_json`'s own type has it, truth aside.
    fn same(value: &Value) -> Json<'static> {
        match value {
            Value::Null => Json::Null,
            Value::Bool(_) => Json::Bool,
            Value::Number(number) => Json::Number(number.clone()),
            Value::String(text) => Json::Text(Cow::Owned(text.clone())),
            Value::Array(items) => Json::List(items.iter().map(same).collect()),
            Value::Object(fields) => {
                let own = |(name, value): (&String, _)| (Cow::Owned(name.clone()), same(value));
                Json::Object(Object(fields.iter().map(own).collect()))
            }
        }
    }

    fn agree(text: &str) {
        let theirs: Option<Value> = serde_json::from_str(text).ok();
        assert_eq!(read(text), theirs.as_ref().map(same), "{text}");
    }

    #[test]
    fn whatever_the_library_reads_is_read_the_same_and_nothing_else() {
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        let too_deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
        for text in [
            "",
            "{",
            "{}",
            "[]",
            "[1,-1,1.5,1e3,1e400,18446744073709551616,-0]",
            "nul",
            "\"\\ud800\"",
            "\"\\u00e9\\n\"",
            "\"\u{1}\"",
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"\u0061":{"a":[true,null]}}"#,
            "{} {}",
            "{\"a\":1,}",
            "[1,]",
            "01",
            deep.as_str(),
            too_deep.as_str(),
        ] {
            agree(text);
        }
    }

    #[test]
    fn an_object_without_end_is_not_read() {
        let fields = |count: usize| {
            let fields: Vec<_> = (0..count).map(|at| format!("\"{at}\":0")).collect();
            format!("{{{}}}", fields.join(","))
        };
        assert!(read(&fields(MOST_FIELDS)).is_some());
        assert!(read(&fields(MOST_FIELDS + 1)).is_none());
    }

    proptest! {
        #[test]
        fn any_text_of_jsons_own_marks_is_read_as_the_library_reads_it(
            text in r#"([\[\]{},:0-9eE.+-]|"[a-c\\nu0]{0,6}"|true|null| ){0,24}"#,
        ) {
            agree(&text);
        }
    }
}
