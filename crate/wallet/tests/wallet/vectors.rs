//! Files of `tests/vectors`.

use serde_json::Value;
use std::path::Path;

pub(crate) fn text(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    std::fs::read_to_string(folder.join(file)).expect(file)
}

pub(crate) fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).expect(file)
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub(crate) fn string<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect(field)
}
