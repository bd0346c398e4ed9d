//! Plain objects from JavaScript, read field by field: what is wrong is named in the refusal.
//!
//! By hand, since a derived reader of the configuration alone took 15 kB of compressed wasm.

use std::str::FromStr;

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::convert::argument;

/// Above this, not every integer is a JavaScript number.
const EXACT_MAX: f64 = 9_007_199_254_740_991.0;

/// An object, and where it stands in an argument.
pub(crate) struct Fields {
    path: String,
    object: JsValue,
}

impl Fields {
    /// The fields of an argument, or of a part of one.
    pub(crate) fn of(path: &str, object: JsValue) -> Result<Self, JsValue> {
        if !object.is_object() {
            return Err(argument(path, "expected an object"));
        }
        let path = path.into();
        Ok(Self { path, object })
    }

    /// Refuses fields that nobody knows.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), JsValue> {
        for key in Object::keys(self.object.unchecked_ref()).iter() {
            let key = key.as_string().unwrap_or_default();
            if !known.contains(&key.as_str()) {
                return Err(self.wrong(&key, "no such field is known"));
            }
        }
        Ok(())
    }

    /// A field's value; `undefined` if it is missing.
    pub(crate) fn value(&self, field: &str) -> Result<JsValue, JsValue> {
        Reflect::get(&self.object, &JsValue::from_str(field))
    }

    /// A field's value, nothing if it is missing or `null`.
    pub(crate) fn optional(&self, field: &str) -> Result<Option<JsValue>, JsValue> {
        let value = self.value(field)?;
        Ok((!value.is_undefined() && !value.is_null()).then_some(value))
    }

    pub(crate) fn text(&self, field: &str) -> Result<String, JsValue> {
        let text = self.value(field)?.as_string();
        text.ok_or_else(|| self.wrong(field, "expected a string"))
    }

    /// A text that stands for something, like an address.
    pub(crate) fn parsed<T: FromStr>(&self, field: &str, expected: &str) -> Result<T, JsValue> {
        let parsed = self.text(field)?.parse();
        parsed.map_err(|_| self.wrong(field, expected))
    }

    /// A whole number, as a number or as a bigint.
    pub(crate) fn integer(&self, field: &str) -> Result<u64, JsValue> {
        let value = self.value(field)?;
        let integer = match value.as_f64() {
            Some(number) => exact(number),
            None if value.is_bigint() => u64::try_from(value).ok(),
            None => None,
        };
        integer.ok_or_else(|| self.wrong(field, "expected a whole number, not negative"))
    }

    /// A whole number up to 255.
    pub(crate) fn small(&self, field: &str) -> Result<u8, JsValue> {
        u8::try_from(self.integer(field)?)
            .map_err(|_| self.wrong(field, "expected a number up to 255"))
    }

    /// A bigint up to 2^128 - 1.
    pub(crate) fn bigint(&self, field: &str) -> Result<u128, JsValue> {
        let value = self.value(field)?;
        let number = value.is_bigint().then(|| u128::try_from(value).ok());
        number
            .flatten()
            .ok_or_else(|| self.wrong(field, "expected a bigint from 0 to 2^128 - 1"))
    }

    pub(crate) fn bytes(&self, field: &str) -> Result<Vec<u8>, JsValue> {
        let bytes = self.value(field)?.dyn_into::<Uint8Array>();
        bytes
            .map(|bytes| bytes.to_vec())
            .map_err(|_| self.wrong(field, "expected a Uint8Array"))
    }

    /// What `read` makes of each item of an array; of none if the field is missing.
    pub(crate) fn list<T>(
        &self,
        field: &str,
        read: impl Fn(&Self) -> Result<T, JsValue>,
    ) -> Result<Vec<T>, JsValue> {
        let objects = self.items(field)?.into_iter();
        objects
            .map(|item| read(&Self::of(&self.path_of(field), item)?))
            .collect()
    }

    /// An array of strings; an empty one if the field is missing.
    pub(crate) fn texts(&self, field: &str) -> Result<Vec<String>, JsValue> {
        let texts = self.items(field)?.into_iter().map(|item| item.as_string());
        let texts: Option<Vec<String>> = texts.collect();
        texts.ok_or_else(|| self.wrong(field, "expected an array of strings"))
    }

    /// The rejection for a field.
    pub(crate) fn wrong(&self, field: &str, problem: &str) -> JsValue {
        argument(&self.path_of(field), problem)
    }

    pub(crate) fn path_of(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    fn items(&self, field: &str) -> Result<Vec<JsValue>, JsValue> {
        let value = self.value(field)?;
        if value.is_undefined() {
            return Ok(Vec::new());
        }
        let array: Result<Array, _> = value.dyn_into();
        array
            .map(|array| array.iter().collect())
            .map_err(|_| self.wrong(field, "expected an array"))
    }
}

/// A JavaScript number that is a whole one without doubt.
pub(crate) fn exact(number: f64) -> Option<u64> {
    let whole = (0.0..=EXACT_MAX).contains(&number) && number.trunc() == number;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between 0 and 2^53, checked above"
    )]
    whole.then_some(number as u64)
}
