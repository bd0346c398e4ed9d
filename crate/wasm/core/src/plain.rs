//! Rust values as plain JavaScript values: what answers and events are made of, and no more.
//!
//! By hand, since a general serializer with its table of strings took more code than all answers.

use std::fmt::{self, Display};

use js_sys::{Array, BigInt, Object, Reflect};
use serde::{
    Serialize, Serializer,
    ser::{Impossible, SerializeSeq, SerializeStruct},
};
use wasm_bindgen::JsValue;

/// The only key of a chain integer on its way out; see `lampyris_client::event::Big`. It is a field's
/// name, so that no text from outside can imitate it.
const BIGINT_KEY: &str = "$bigint";

/// Makes JavaScript values: objects of structs, arrays of lists, `null` of nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

/// The value is of a kind that no answer has, or JavaScript refused to make it.
#[derive(Debug)]
pub(crate) struct Unsupported;

type Outcome = Result<JsValue, Unsupported>;

impl Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of this kind has no plain form")
    }
}

impl std::error::Error for Unsupported {}

impl serde::ser::Error for Unsupported {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// A list as it grows.
#[derive(Debug)]
pub(crate) struct Items(Array);

impl SerializeSeq for Items {
    type Ok = JsValue;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.0.push(&value.serialize(Plain)?);
        Ok(())
    }

    fn end(self) -> Outcome {
        Ok(self.0.into())
    }
}

/// An object as it grows; a `bigint` in its place once the key of one is met.
#[derive(Debug)]
pub(crate) struct Entries(JsValue);

impl Entries {
    fn set(&mut self, key: &str, value: JsValue) -> Result<(), Unsupported> {
        if key == BIGINT_KEY {
            self.0 = BigInt::new(&value).map_err(|_| Unsupported)?.into();
        } else {
            Reflect::set(&self.0, &JsValue::from_str(key), &value).map_err(|_| Unsupported)?;
        }
        Ok(())
    }
}

impl SerializeStruct for Entries {
    type Ok = JsValue;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        self.set(key, value.serialize(Plain)?)
    }

    fn end(self) -> Outcome {
        Ok(self.0)
    }
}

/// Kinds of values that no answer has.
macro_rules! unsupported {
    ($($method:ident($($type:ty),*) -> $output:ty;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$output, Unsupported> {
            Err(Unsupported)
        })*
    };
}

impl Serializer for Plain {
    type Ok = JsValue;
    type Error = Unsupported;
    type SerializeSeq = Items;
    type SerializeStruct = Entries;
    type SerializeTuple = Impossible<JsValue, Unsupported>;
    type SerializeTupleStruct = Impossible<JsValue, Unsupported>;
    type SerializeTupleVariant = Impossible<JsValue, Unsupported>;
    type SerializeMap = Impossible<JsValue, Unsupported>;
    type SerializeStructVariant = Impossible<JsValue, Unsupported>;

    fn serialize_bool(self, value: bool) -> Outcome {
        Ok(value.into())
    }

    fn serialize_u8(self, value: u8) -> Outcome {
        Ok(value.into())
    }

    fn serialize_f64(self, value: f64) -> Outcome {
        Ok(value.into())
    }

    fn serialize_str(self, value: &str) -> Outcome {
        Ok(JsValue::from_str(value))
    }

    fn serialize_unit(self) -> Outcome {
        Ok(JsValue::NULL)
    }

    fn serialize_none(self) -> Outcome {
        Ok(JsValue::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Outcome {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Outcome {
        Err(Unsupported)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Unsupported> {
        Ok(Items(Array::new()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, Unsupported> {
        Ok(Entries(Object::new().into()))
    }

    unsupported! {
        serialize_i8(i8) -> JsValue;
        serialize_i16(i16) -> JsValue;
        serialize_i32(i32) -> JsValue;
        serialize_i64(i64) -> JsValue;
        serialize_u16(u16) -> JsValue;
        serialize_u32(u32) -> JsValue;
        serialize_u64(u64) -> JsValue;
        serialize_f32(f32) -> JsValue;
        serialize_char(char) -> JsValue;
        serialize_bytes(&[u8]) -> JsValue;
        serialize_unit_struct(&'static str) -> JsValue;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}
